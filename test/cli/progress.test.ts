/** The progress bar: when it shows, what it says, and that it leaves no trace. */
import { describe, expect, test } from 'vitest';
import { progressLine, progressOn, size } from '../../src/cli/progress.ts';

describe('progressLine', () => {
  test.each([
    [
      1_200_000_000,
      2_000_000_000,
      4,
      100,
      '[########################----------------]  60%  1.2 GB of 2.0 GB  300 MB/s  3 s left',
    ],
    [50_000_000, 100_000_000, 1, 60, '[########--------]  50%  50 MB of 100 MB  50 MB/s  1 s left'],
    [50_000_000, 100_000_000, 1, 20, '50%  50 MB of 100 MB'],
    // Files grow while they are read.
    [120_000_000, 100_000_000, 1, 60, '[##############] 100%  120 MB of 100 MB  120 MB/s  0 s left'],
    [40_000_000, null, 2, 60, '40 MB read  20 MB/s'],
    [
      1_000_000,
      1_000_000_000_000,
      1,
      80,
      '[-------------------------]   0%  1.0 MB of 1.0 TB  1.0 MB/s  277 h 46 min left',
    ],
    [0, 100, 0, 60, '[-------------------------------]   0%  0 B of 100 B  0 B/s'],
  ])('%d of %s in %d s on %d columns', (read, total, seconds, width, line) => {
    expect(progressLine(read, total, seconds, width)).toBe(line);
    expect(line.length).toBeLessThanOrEqual(width);
  });
});

test.each([
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9_940, '9.9 kB'],
  [9_960, '10 kB'],
  [999_600, '1.0 MB'],
  [5e15, '5000 TB'],
])('size(%d) is %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: the line is drawn in place by them
const BAR = /^\r\[[#-]+\][^\r\n\x1b]+\x1b\[K$/;

function screen(columns: number | null = 80) {
  const written: string[] = [];
  let time = 0;
  const progress = progressOn(
    (text) => written.push(text),
    () => columns,
    () => time,
  );
  return {
    written,
    progress,
    at(milliseconds: number, read: number, total: number | null) {
      time = milliseconds;
      progress.update(read, total);
    },
  };
}

describe('progressOn', () => {
  test('small inputs draw nothing and clear nothing', () => {
    const { written, progress, at } = screen();
    at(500, 1_000_000, 20_000_000);
    at(5000, 20_000_000, null);
    progress.done();
    expect(written).toEqual([]);
  });

  test('at most ten times a second, in place, and gone when done', () => {
    const { written, progress, at } = screen();
    for (let time = 1; time <= 1000; time++) at(time, time * 50_000, 50_000_000);
    expect(written).toHaveLength(10);
    for (const text of written) expect(text).toMatch(BAR);
    progress.done();
    progress.done();
    expect(written.slice(10)).toEqual(['\r\x1b[K']);
  });

  test('a pipe shows once it is large', () => {
    const { written, at } = screen(null);
    at(200, 31_000_000, null);
    at(400, 33_000_000, null);
    expect(written).toEqual(['\r33 MB read  83 MB/s\x1b[K']);
  });
});
