/** The digest that a thread computes is that of the bytes that were read, and comes only with them. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf, isWorthThread, WORTH_A_THREAD } from '../../src/capture/digest.ts';
import { openCapture } from '../../src/capture/file.ts';
import { pcap } from '../support/pcap-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'digest-'));
afterAll(() => rmSync(directory, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('of a thread', () => {
  const path = join(directory, 'some');
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * i) >> 7));
  writeFileSync(path, bytes);

  test.each([
    ['as long as it was', 700_000, 700_000],
    ['that has grown', 300_000, 700_000],
    ['that was read only in part', 700_000, 300_001],
    ['empty', 0, 0],
  ])('a file %s', async (_, size, read) => {
    const fd = openSync(path, 'r');
    expect(await digestOf(fd, size).of(read)).toBe(sha256(bytes.subarray(0, read)));
    closeSync(fd);
  });

  test('what the system refuses is told', async () => {
    const fd = openSync(directory, 'r');
    await expect(digestOf(fd, 9).of(9)).rejects.toMatchObject({ code: 'EISDIR' });
    closeSync(fd);
  });
});

/** As long as is worth a thread, and mostly holes that take no room on the disk. */
function largeCapture(): string {
  const path = join(directory, 'large.pcap');
  const fd = openSync(path, 'w');
  const header = pcap([]);
  writeSync(fd, header, 0, header.length, 0);
  const payload = 256 * 1024;
  const record = pcap([{ seconds: 1, fraction: 0, bytes: Buffer.alloc(payload) }]).subarray(header.length);
  let at = header.length;
  for (; at < WORTH_A_THREAD; at += record.length) writeSync(fd, record, 0, 64, at);
  ftruncateSync(fd, at);
  closeSync(fd);
  return path;
}

test('a large capture has the same digest, none when nobody asks, and none when it was not read to its end', async () => {
  const path = largeCapture();
  expect(isWorthThread(WORTH_A_THREAD)).toBe(availableParallelism() > 1);
  const read = async (options: { readonly digests?: boolean }, signal?: AbortSignal) => {
    const source = openCapture([path], options);
    await source.run(() => {}, signal);
    return source.facts.files[0]!;
  };
  const file = readFileSync(path);
  expect(await read({})).toMatchObject({
    sha256: sha256(file),
    bytes: file.length,
    packets: 256,
    truncated: false,
  });
  expect((await read({ digests: false })).sha256).toBeNull();
  const ended = new AbortController();
  const source = openCapture([path], {});
  await source.run(() => ended.abort(), ended.signal);
  expect(source.facts.files[0]?.sha256).toBeNull();
});
