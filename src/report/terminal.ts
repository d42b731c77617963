/**
 * What the text report needs of a terminal: colour or none, the columns that a string takes, columns aligned.
 * Strings that come in are escaped already, so that each code point takes two columns (UAX #11: East Asian wide
 * and full-width), none (combining marks) or one.
 */
import { eastAsianWidth } from 'get-east-asian-width';

const PLAIN = /^[\x20-\x7e]*$/;
/** Non-spacing and enclosing marks, and the Hangul vowels and finals that join the letter before them. */
const JOINED = /^[\p{Mn}\p{Me}\u1160-\u11ff]$/u;

/** Select Graphic Rendition parameters (ECMA-48 §8.3.117). */
const SGR = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Paint = (style: keyof typeof SGR, text: string) => string;

export function painter(colour: boolean): Paint {
  return colour
    ? (style, text) => (text === '' ? '' : `\x1b[${SGR[style]}m${text}\x1b[0m`)
    : (_, text) => text;
}

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text)
    width += JOINED.test(character) ? 0 : eastAsianWidth(character.codePointAt(0)!);
  return width;
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
