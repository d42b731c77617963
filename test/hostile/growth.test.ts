/** Time grows with the bytes, not with what the one who wrote them had in mind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { clip, escapeJson, escapeText } from '../../src/report/escape.ts';
import { SecretNames } from '../../src/report/redaction/names.ts';
import { redacted } from '../../src/report/redaction/redact.ts';
import { secretSpans } from '../../src/report/redaction/spans.ts';
import { LANGUAGES } from '../../src/report/summary/languages.ts';
import { widthOf } from '../../src/report/terminal.ts';
import { wrap } from '../../src/report/wrap.ts';
import type { RecordSink } from '../../src/verdict/verdict.ts';
import { allReports } from '../support/reports.ts';
import { FILE_TRAPS } from './file-traps.ts';
import { exponentOf, growthOf, type Work } from './growth.ts';
import { HTTP_TRAPS } from './http-traps.ts';
import { HTTP2_TRAPS } from './http2-traps.ts';
import { TCP_TRAPS } from './tcp-traps.ts';

const TRAPS = [...TCP_TRAPS, ...HTTP_TRAPS, ...HTTP2_TRAPS, ...FILE_TRAPS];

/** What grows faster than this is a trap. */
const LIMIT = 1.5;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-growth-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The whole way, from files to every format; or to verdicts that nobody asks for. */
function analysisOf(files: readonly Buffer[], name: string, reported: boolean): Work {
  const paths = files.map((bytes, i) => {
    const path = join(folder, `${name}-${i}`);
    writeFileSync(path, bytes);
    return path;
  });
  return async () => {
    const source = openCapture(paths);
    const reporters = reported ? allReports(source.facts, LANGUAGES.en).map(({ reporter }) => reporter) : [];
    const sink: RecordSink = {
      wants: () => reported,
      transaction(record) {
        for (const reporter of reporters) reporter.transaction(record);
      },
      end(findings) {
        for (const reporter of reporters) reporter.end(findings);
      },
    };
    await analyze(source, DEFAULT_OPTIONS, redacted(sink, new SecretNames([])));
  };
}

describe('time grows more slowly than n^1.5 with', () => {
  for (const [number, { name, from, files, reported = false }] of TRAPS.entries()) {
    test(name, async () => {
      const sizes = [from, 2 * from, 4 * from, 8 * from];
      const make = (size: number) => analysisOf(files(size), `${number}-${size}`, reported);
      const { exponent, seconds } = await growthOf(sizes, make, LIMIT);
      expect(exponent, `CPU seconds for ${sizes.join(', ')}: ${seconds.join(', ')}`).toBeLessThan(LIMIT);
    });
  }

  test('single values that it compares, escapes or wraps', async () => {
    const hostile = '\x1b\u202e支 [:;,';
    const works: ((text: string) => unknown)[] = [
      escapeText,
      escapeJson,
      (text) => clip(text, 80),
      (text) => wrap(text, 40),
      widthOf,
    ];
    for (const work of works) {
      const { exponent } = await growthOf(
        [20_000, 40_000, 80_000, 160_000],
        (size) => {
          const text = hostile.repeat(size / hostile.length);
          return () => void work(text);
        },
        LIMIT,
      );
      expect(exponent).toBeLessThan(LIMIT);
    }
  });
});

/** Texts of one thing again and again: what a search that goes back may stumble over. */
const UNITS =
  '\\ | % + = < : " & a 1 . - _ , ; / @ [ { ( \\" "\\ 1- 1, a. {"a": [1, sign= "sign": <sign> sign: a=%3d a=b& %41 :// a:b@ eyJa. </ &#'
    .split(' ')
    .concat(' ', '\n', '\r\n', '\t', '1 ', '"a" ', 'é', '支');

test('time grows more slowly than n^1.5 with the text in which secrets are looked for', async () => {
  const names = new SecretNames([]);
  const { exponent, seconds } = await growthOf(
    [8000, 16_000, 32_000, 64_000],
    (size) => () => {
      for (const unit of UNITS) secretSpans(`"${unit.repeat(size / unit.length)}=<:form-data`, names);
    },
    LIMIT,
  );
  expect(exponent, seconds.join(' ')).toBeLessThan(LIMIT);
});

describe('the measurement', () => {
  const sizes = [300, 600, 1200, 2400];
  /** What is bad is to be found bad at once. */
  const NO_RETRY = Number.POSITIVE_INFINITY;
  const spin =
    (steps: number): Work =>
    () => {
      let sum = 0;
      for (let i = 0; i < steps; i++) sum = (sum + i * i) % 1_000_003;
      if (sum < 0) throw new Error('never');
    };

  test('tells what is quadratic, also beside much that is linear', async () => {
    const { exponent } = await growthOf(sizes, (size) => spin(size * size), NO_RETRY);
    expect(exponent).toBeGreaterThan(LIMIT);
    const mixed = await growthOf(sizes, (size) => spin(size * size + 1000 * size), NO_RETRY);
    expect(mixed.exponent).toBeGreaterThan(LIMIT);
  });

  test('acquits what is linear, or has a logarithm', async () => {
    const linear = await growthOf(sizes, (size) => spin(size * 2000), LIMIT);
    expect(linear.exponent).toBeLessThan(LIMIT);
    const sorting = await growthOf(sizes, (size) => spin(size * 200 * Math.log2(size)), LIMIT);
    expect(sorting.exponent).toBeLessThan(LIMIT);
  });

  test('fits a power law', () => {
    expect(exponentOf([1, 2, 4], [3, 6, 12])).toBeCloseTo(1);
    expect(exponentOf([1, 2, 4, 8], [1, 4, 16, 64])).toBeCloseTo(2);
    expect(exponentOf([1, 2, 4, 8], [1, 4])).toBeCloseTo(2);
  });
});
