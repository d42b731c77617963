/** What is written arrives byte for byte, in order, however it is parted. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFile } from '../../src/cli/output.ts';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-output-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(pieces: readonly (string | Uint8Array)[]): Buffer {
  const path = join(folder, `${count++}`);
  const output = openFile(path, [], true, () => {});
  for (const piece of pieces) {
    output.write(piece);
    // Bytes are lent.
    if (typeof piece !== 'string') piece.fill(0);
  }
  output.close();
  return readFileSync(path);
}

/** Longer than what is gathered before a write. */
const LONG = 300_000;
const texts = fc.constantFrom(
  '',
  'a',
  'é',
  '支付',
  '\ud83d',
  '\ude00',
  '😀',
  'x'.repeat(1000),
  '支'.repeat(LONG),
  'y'.repeat(LONG),
);
const bytes = fc.constantFrom(0, 1, 1000, LONG).map((length) => new Uint8Array(length).fill(65));

test('text and bytes of any length, with characters that are parted between two texts', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(texts, bytes), { minLength: 1, maxLength: 12 }), (pieces) => {
      const expected: Buffer[] = [];
      let text = '';
      for (const piece of pieces) {
        if (typeof piece === 'string') text += piece;
        else {
          expected.push(Buffer.from(text), Buffer.from(piece));
          text = '';
        }
      }
      expected.push(Buffer.from(text));
      const all = Buffer.concat(expected);
      if (all.length > 0) expect(written(pieces).equals(all)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a line is in the file as soon as the event loop turns', async () => {
  const path = join(folder, 'grows');
  const output = openFile(path, [], true, () => {});
  output.write('one\n');
  await turn();
  await turn();
  expect(readFileSync(path, 'utf8')).toBe('one\n');
  output.write('two\n');
  output.close();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
});
