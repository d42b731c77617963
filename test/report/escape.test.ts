/** Nothing from a packet can act on a terminal, and JSON stays the same value. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clip, escapeJson, escapeText } from '../../src/report/escape.ts';

/** Written out here instead of the classes that the code uses: what a terminal or an editor acts on. */
function isHarmful(point: number): boolean {
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return true;
  if (point >= 0xd800 && point <= 0xdfff) return true;
  if (point === 0x061c || point === 0xfeff || point === 0x180e || point === 0xad) return true;
  return (
    (point >= 0x200b && point <= 0x200f) ||
    (point >= 0x2028 && point <= 0x202e) ||
    (point >= 0x2060 && point <= 0x2064) ||
    (point >= 0x2066 && point <= 0x206f) ||
    (point >= 0xe0000 && point <= 0xe007f && (point === 0xe0001 || point >= 0xe0020))
  );
}

const points = (text: string) => [...text].map((character) => character.codePointAt(0)!);

const HOSTILE = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\x1b[31m',
      '\x1b]0;x\x07',
      '\r',
      '\n',
      '\t',
      '\x7f',
      '\x9b',
      '\u202e',
      '\u2066',
      '\ud800',
      '"',
      '\\',
    ),
    fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
    fc.constantFrom('a', ' ', 'é', '支付', '😀'),
  ),
  maxLength: 40,
});

test.each([
  ['plain text ~', 'plain text ~'],
  ['\x1b[2J', '\\x1b[2J'],
  ['a\r\n\tb', 'a\\r\\n\\tb'],
  ['\x00\x7f\x9b', '\\x00\\x7f\\x9b'],
  ['x\u202egnp.exe', 'x\\u202egnp.exe'],
  ['\ud83d', '\\ud83d'],
  ['\u{e0041}', '\\u{e0041}'],
  ['支付 é 😀', '支付 é 😀'],
])('escapeText(%j)', (text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});

test('escapeText leaves nothing harmful', () => {
  fc.assert(
    fc.property(HOSTILE, (text) => {
      expect(points(escapeText(text)).filter(isHarmful)).toEqual([]);
    }),
  );
});

test('escapeJson leaves nothing harmful and changes no value', () => {
  fc.assert(
    fc.property(HOSTILE, (text) => {
      const json = escapeJson(JSON.stringify({ [text]: text }));
      expect(points(json).filter(isHarmful)).toEqual([]);
      expect(JSON.parse(json)).toEqual({ [text]: text });
    }),
  );
});

test('clip cuts between code points and says so', () => {
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdefg', 6)).toBe('abc...');
  expect(clip('😀😀😀😀', 4)).toBe('😀😀😀😀');
  expect(clip('😀😀😀😀😀', 4)).toBe('😀...');
  expect(clip('x'.repeat(1e6), 8)).toBe('xxxxx...');
});
