/** `--keylog`: what is read, what is refused, and what is read on while it grows. */
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKeyLog } from '../../src/cli/keylog.ts';

const RANDOM = 'ab'.repeat(32);
const line = (label: string, byte: string) => `${label} ${RANDOM} ${byte.repeat(48)}`;

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'keylog-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

test('a whole log, its last line without an end', () => {
  const log = openKeyLog(
    file('whole', `# comment\n${line('EXPORTER_SECRET', '00')}\n${line('CLIENT_RANDOM', '01')}`),
    false,
  );
  expect(log.size).toBe(1);
  expect(log.find('CLIENT_RANDOM', RANDOM)).toEqual(Buffer.alloc(48, 1));
  expect(log.find('EXPORTER_SECRET', RANDOM)).toBeNull();
  expect(log.find('CLIENT_RANDOM', '00'.repeat(32))).toBeNull();
});

test('an empty one is one, anything else is none', () => {
  expect(openKeyLog(file('empty', ''), false).size).toBe(0);
  expect(() => openKeyLog(file('other', 'not a key log\n'), false)).toThrow(
    /other has no TLS secret: expected NSS key log lines/,
  );
  expect(() => openKeyLog(join(directory, 'absent'), false)).toThrow(
    /cannot read --keylog .*absent: no such file$/,
  );
  expect(() => openKeyLog(directory, false)).toThrow(/is a directory$/);
});

test('one that grows is read on, a line when it is whole', () => {
  const path = file('growing', `${line('CLIENT_RANDOM', '01')}\n`);
  const log = openKeyLog(path, true);
  expect(log.size).toBe(1);
  const next = line('CLIENT_TRAFFIC_SECRET_0', '02');
  appendFileSync(path, next.slice(0, 50));
  expect(log.size).toBe(1);
  appendFileSync(path, `${next.slice(50)}\n`);
  expect(log.size).toBe(2);
  expect(log.find('CLIENT_TRAFFIC_SECRET_0', RANDOM)).toEqual(Buffer.alloc(48, 2));
});

test('one that was emptied and begun anew is read from its start', () => {
  const path = file('rotated', `${line('CLIENT_RANDOM', '01')}\n${line('CLIENT_TRAFFIC_SECRET_0', '02')}\n`);
  const log = openKeyLog(path, true);
  expect(log.size).toBe(2);
  truncateSync(path);
  appendFileSync(path, `${line('SERVER_TRAFFIC_SECRET_0', '03')}\n`);
  expect(log.size).toBe(3);
});
