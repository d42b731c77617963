/** What is too much for memory waits in a file that nobody else can see, and comes back in order. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/error.ts';
import { Spool } from '../../src/report/spool.ts';
import { collector } from './records.ts';

const before = process.env['TMPDIR'];
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-test-'));
  process.env['TMPDIR'] = directory;
});

afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(directory, { recursive: true, force: true });
});

test.each([0, 7, 1000, 1e9])('text comes back in order with %d characters in memory', (most) => {
  const spool = new Spool(most);
  const texts = Array.from({ length: 500 }, (_, i) => `${i} é 支付 😀\n`);
  for (const text of texts) spool.push(text);
  const output = collector();
  spool.drain(output);
  expect(output.text).toBe(texts.join(''));
  expect(readdirSync(directory)).toEqual([]);
});

test.each([0, 7, 1000, 1e9])('text comes back in any order with %d characters in memory', (most) => {
  const spool = new Spool(most);
  const texts = Array.from({ length: 500 }, (_, i) => `${i} é 支付 😀`);
  for (const text of texts) spool.push(text);
  const order = texts.map((_, i) => (i * 7) % 500);
  const found: string[] = [];
  spool.drainSorted(order, (text) => found.push(text));
  expect(found).toEqual(order.map((i) => texts[i]));
  expect(readdirSync(directory)).toEqual([]);
});

test('characters that lie across two reads of the file', () => {
  const spool = new Spool(0);
  const text = '支'.repeat(1_000_003);
  spool.push('x');
  spool.push(text);
  const output = collector();
  spool.drain(output);
  expect(output.text === `x${text}`).toBe(true);
});

test('leaves nothing behind while it is in use, and can be used again', () => {
  const spool = new Spool(0);
  spool.push('secret');
  expect(readdirSync(directory)).toEqual([]);
  spool.close();
  spool.push('again');
  const output = collector();
  spool.drain(output);
  expect(output.text).toBe('again');
});

test('no place for the file is the user’s to mend', () => {
  process.env['TMPDIR'] = join(directory, 'absent');
  expect(() => new Spool(0).push('x')).toThrow(UserError);
});
