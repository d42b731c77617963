/**
 * Text from packets and from file names goes to terminals, logs and pages. Here comes in any string, out goes
 * one that cannot move a cursor, change a colour, reorder what stands around it or hide in it: control
 * characters (C0, DEL, C1), format characters (bidi marks, zero-width, tags), line and paragraph separators
 * and lone surrogates are written as escapes. Everything else, of any script, stays.
 */

/** Cc: C0, DEL, C1. Cf: bidi marks, zero-width, soft hyphen, tags. Zl, Zp: U+2028, U+2029. Cs: lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Most strings are plain ASCII; testing for that is several times cheaper than the Unicode classes. */
const PLAIN = /^[\x20-\x7e]*$/;

/** For a person: `\n`, `\r`, `\t`, `\x1b`, `\u202e`, `\u{e0001}`. The result is one line. */
export function escapeText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, visible);
}

function visible(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const point = character.codePointAt(0)!;
  const hex = point.toString(16);
  if (point < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * For a machine: `json` as `JSON.stringify` made it (which has escaped C0 and lone surrogates), with the rest
 * of the unsafe characters as `\uXXXX`. It parses to the same value.
 */
export function escapeJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(UNSAFE, utf16Escapes);
}

function utf16Escapes(character: string): string {
  let escaped = '';
  for (let i = 0; i < character.length; i++) {
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

/** At most `most` code points; what was cut is shown by `...` at the end. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  // The first `most + 1` code points are within twice as many code units: never spread a huge string.
  const points = [...text.slice(0, 2 * (most + 1))];
  return points.length <= most ? text : `${points.slice(0, Math.max(0, most - 3)).join('')}...`;
}
