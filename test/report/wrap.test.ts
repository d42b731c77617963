/** Widths of strings and lines broken to a width. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileNames } from '../../src/report/file-names.ts';
import { padEnd, padStart, widthOf } from '../../src/report/terminal.ts';
import { wrap } from '../../src/report/wrap.ts';

test.each([
  ['', 0],
  ['plain', 5],
  ['抓包', 4],
  ['（ACK）', 7],
  ['ｱ한か', 5],
  ['e\u0301', 1],
  ['\u1112\u1161\u11ab', 2],
  ['ü—…', 3],
  ['𠀀😀', 4],
])('%j takes %d columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
  expect(widthOf(padStart(text, 9))).toBe(9);
  expect(padEnd(text, 9)).toBe(text + ' '.repeat(9 - width));
});

describe('wrap', () => {
  test.each([
    ['one two three', 8, ['one two', 'three']],
    ['a  b', 10, ['a  b']],
    ['ab  cdefghij', 8, ['ab', 'cdefghij']],
    ['abcdefghij k', 4, ['abcd', 'efgh', 'ij k']],
    ['发送方关闭了连接', 6, ['发送方', '关闭了', '连接']],
    ['发送方关闭了连接', 7, ['发送方', '关闭了', '连接']],
    // A comma stays with what is before it, a bracket with what follows.
    ['发送方，关闭', 6, ['发送', '方，关', '闭']],
    ['连接（关闭', 6, ['连接', '（关闭']],
    ['发往 203.0.113.44:80，最后', 19, ['发往', '203.0.113.44:80，最', '后']],
    ['/a/long/path.pcap：1', 17, ['/a/long/path.pca', 'p：1']],
    ['抓', 1, ['抓']],
    ['', 5, []],
    ['   ', 5, []],
  ])('%j in %d columns', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  test('no line is too wide, nothing but spaces is lost', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '抓', '，', '（', '。', '\u0301', '😀'),
      maxLength: 80,
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (given, width) => {
        const lines = wrap(given, width);
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/^$| $/);
        }
        expect(lines.join('').replaceAll(' ', '')).toBe(given.replaceAll(' ', ''));
      }),
      { numRuns: 500 },
    );
  });
});

describe('names of files', () => {
  const names = (paths: readonly string[]) => paths.map(fileNames(paths, 'stdin').nameOf);

  test.each([
    [['x/a.pcap'], [null]],
    [
      ['x/a.pcap', 'x/a.pcap'],
      [null, null],
    ],
    [
      ['x/a.pcap', 'x/b.pcap'],
      ['a.pcap', 'b.pcap'],
    ],
    [
      ['x/a.pcap', 'y/a.pcap', 'y/b.pcap'],
      ['x/a.pcap', 'y/a.pcap', 'b.pcap'],
    ],
    [
      ['/w/x/a.pcap', '/v/x/a.pcap', 'a.pcap'],
      ['w/x/a.pcap', 'v/x/a.pcap', 'a.pcap'],
    ],
    [
      ['a.pcap', '/a.pcap'],
      ['a.pcap', '/a.pcap'],
    ],
    [
      ['\x1b', '-'],
      ['\\x1b', 'stdin'],
    ],
  ])('%j', (paths, expected) => {
    expect(names(paths)).toEqual(expected);
  });

  test('a path that was not read is told whole', () => {
    expect(fileNames(['x/a.pcap'], '').nameOf('y/a.pcap')).toBe('y/a.pcap');
    expect(fileNames([], '').nameOf('y/a.pcap')).toBe('y/a.pcap');
  });
});
