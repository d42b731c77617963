/**
 * A few seconds of fuzzing, the same on every machine, and what makes its silence worth something: every rule is broken
 * by a made-up breach, and what fails is made small. Inputs that once failed are kept in fixtures/found.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { FOLDER } from '../fixtures/files.ts';
import { fuzz, inputOf } from './loop.ts';
import { minimised, packetsIn } from './minimise.ts';
import { plainFileOf, samplesIn } from './packets.ts';
import { type Corpus, corpusOf, TARGETS } from './targets.ts';

let corpus: Corpus;
beforeAll(async () => {
  corpus = corpusOf(await samplesIn(FOLDER));
});

test('nothing is found in the first inputs', async () => {
  const forever = Number.POSITIVE_INFINITY;
  const { findings, byTarget } = await fuzz(corpus, { seed: 1, from: 0, to: 150, until: forever, out: null });
  expect(findings.map(({ rule, index, detail }) => `${index}: ${rule}: ${detail}`)).toEqual([]);
  expect(Object.keys(byTarget).sort()).toEqual(TARGETS.map(({ name }) => name).sort());
});

test('seed and number tell an input', () => {
  for (const index of [0, 1, 17]) {
    const one = inputOf(5, index, corpus);
    const again = inputOf(5, index, corpus);
    expect(again.target).toBe(one.target);
    expect(Buffer.concat(again.files).equals(Buffer.concat(one.files))).toBe(true);
    expect(Buffer.concat(inputOf(6, index, corpus).files).equals(Buffer.concat(one.files))).toBe(false);
  }
});

describe('what was found', () => {
  const found = join(FOLDER, 'found');
  for (const name of readdirSync(found).sort()) {
    test(name, async () => {
      const files = inputIn(join(found, name));
      for (const target of TARGETS) expect(await target.check(files), target.name).toEqual([]);
    });
  }
});

describe('what fails is made small', () => {
  test('to the packets that matter', async () => {
    const sample = corpus.samples.find(({ packets }) => packets.length > 30)!;
    const wanted = [sample.packets[4]!.bytes, sample.packets[20]!.bytes];
    const file = plainFileOf(sample.packets);
    const fails = async ([bytes]: readonly Buffer[]) => wanted.every((packet) => bytes!.includes(packet));
    const [small] = await minimised([file], fails, Number.POSITIVE_INFINITY);
    expect(packetsIn(file)).toHaveLength(sample.packets.length + 1);
    expect(small!.length).toBeLessThanOrEqual(24 + 16 + wanted[0]!.length + 16 + wanted[1]!.length);
    expect(wanted.every((packet) => small!.includes(packet))).toBe(true);
  });

  test('to the file and the bytes that matter', async () => {
    const files = [
      Buffer.from('one'),
      Buffer.from(`${'x'.repeat(5000)}needle${'y'.repeat(999)}`),
      Buffer.from('two'),
    ];
    const fails = async (some: readonly Buffer[]) => some.some((file) => file.includes('needle'));
    const small = await minimised(files, fails, Number.POSITIVE_INFINITY);
    expect(small).toHaveLength(1);
    expect(small[0]!.length).toBeLessThan(20);
    expect(small[0]!.includes('needle')).toBe(true);
  });
});

/** One file, or a folder of those that are one capture together. */
function inputIn(path: string): Buffer[] {
  const paths = statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [path];
  return paths.map((file) => readFileSync(file));
}
