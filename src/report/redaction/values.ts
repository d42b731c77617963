/**
 * Values that are secrets whatever they are called: payment card numbers, identity numbers, tokens and keys of known
 * shape, user information in URLs. Text in, spans of it out.
 */

/** `text[start, end)`, to be masked. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** A JSON number or literal: what is put in its place needs quotes. */
  readonly bare: boolean;
}

/**
 * Each names the part that is masked by its group `s`, or all of it; in front what it cannot do without, if anything, which
 * begins with as rare a character as there is, and how many characters it takes at least.
 */
const SHAPES: readonly (readonly [string, number, RegExp])[] = [
  // RFC 3986 §3.2.1; JSON may write the slashes with a backslash.
  ['@', 6, /\b[a-z][a-z\d+.-]{0,30}:\\?\/\\?\/(?<s>[^\s/?#"'<>@\\]{1,1000})@/dgi],
  // RFC 7519: two parts that begin with `{"` in base64url.
  ['.eyJ', 15, /\beyJ[\w-]{4,4096}\.eyJ[\w-]{4,8192}(?:\.[\w-]*)?/dg],
  // RFC 6750 §2.1
  ['', 15, /\bbearer +(?<s>[\w~+/.-]{8,}=*)/dgi],
  // RFC 7468
  ['-----BEGIN ', 27, /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?<s>[^-]*)/dg],
  // Keys of payment providers and clouds that say what they are.
  ['', 18, /\b(?:sk|rk|whsec|xox[abprs]|ghp|gho|AKIA)[_-]?(?:live_|test_)?[A-Za-z\d+/]{16,}=*/dg],
];

/** Digits, alone or in groups, where they are no part of a decimal fraction. */
const DIGITS = /(?<![\d.])\d+(?:[ -]\d+)*(?!\.\d)/g;
/** ISO/IEC 7812-1: a card number has at most so many. */
const LONGEST_CARD = 19;
const SHORTEST_CARD = 13;
/** Nothing here is found in a text that is shorter, but for what follows a `:`. */
export const SHORTEST_VALUE = SHORTEST_CARD;
/** Hexadecimal digits of the shortest hash in use (MD5). */
const DIGEST = 32;
/** Issuers by their first digits, with the lengths of their numbers: one order number in ten satisfies the check digit. */
const ISSUERS: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^5[1-5]|^2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^6(?:011|22|4[4-9]|5)/, [16, 17, 18, 19]],
  [/^62|^81/, [16, 17, 18, 19]],
  [/^(?:50|5[6-8]|60|63|67|82|9792|220[0-4])/, [16, 17, 18, 19]],
];

/** GB 11643: region, date of birth, sequence, check character. */
const RESIDENT_ID =
  /(?<![\dA-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])/g;
const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS = '10X98765432';

export function valueSpans(text: string, into: Span[]): void {
  for (const [mark, least, shape] of SHAPES) {
    if (text.length < least || (mark !== '' && !text.includes(mark))) continue;
    each(shape, text, (match) => {
      const at = match.indices?.groups?.['s'] ?? match.indices?.[0];
      if (at !== undefined) into.push({ start: at[0], end: at[1], bare: false });
    });
  }
  if (!mayHoldNumber(text)) return;
  each(DIGITS, text, ({ 0: found, index }) => {
    if (found.length >= SHORTEST_CARD && !isInDigest(text, index)) cardSpans(text, found, index, into);
  });
  each(RESIDENT_ID, text, ({ 0: found, index }) => {
    if (isResidentId(found)) into.push(numeric(text, index, index + found.length));
  });
}

/**
 * Whether there are as many digits, spaces and hyphens in a row as the shortest number has: one of them then is at each
 * multiple of that. Most texts hold none, and to search 600 characters for both patterns took 0.9 µs.
 */
function mayHoldNumber(text: string): boolean {
  for (let at = SHORTEST_CARD - 1; at < text.length; at += SHORTEST_CARD) {
    if (!isOfNumber(text.charCodeAt(at))) continue;
    let start = at;
    while (start > 0 && isOfNumber(text.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (end < text.length && isOfNumber(text.charCodeAt(end))) end++;
    if (end - start >= SHORTEST_CARD) return true;
  }
  return false;
}

/** `0` to `9`, space, `-`. */
function isOfNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x20 || code === 0x2d;
}

/** `matchAll` makes a copy of the pattern each time, which costs more than searching a short text. */
export function each(pattern: RegExp, text: string, take: (match: RegExpExecArray) => void): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) take(match);
}

/** A hash in hexadecimal: one in a few hundred holds what looks like a card number. */
function isInDigest(text: string, index: number): boolean {
  const around = text.slice(Math.max(0, index - DIGEST), index + DIGEST);
  const at = Math.min(index, DIGEST);
  const before = /[\da-f]*$/i.exec(around.slice(0, at))?.[0] ?? '';
  const behind = /^[\da-f]*/i.exec(around.slice(at))?.[0] ?? '';
  return before.length + behind.length >= DIGEST && /[a-f]/i.test(before + behind);
}

/** Other numbers may stand before and behind: a date, a price. */
function cardSpans(text: string, found: string, index: number, into: Span[]): void {
  const groups = [...found.matchAll(/\d+/g)];
  for (let first = 0; first < groups.length; first++) {
    let digits = '';
    for (const group of groups.slice(first, first + LONGEST_CARD)) {
      digits += group[0];
      if (digits.length > LONGEST_CARD) break;
      if (!isCard(digits)) continue;
      const start = index + groups[first]!.index;
      into.push(numeric(text, start, index + group.index + group[0].length));
    }
  }
}

/** Where it stands between the marks of JSON it is a number. */
function numeric(text: string, start: number, end: number): Span {
  const before = text.slice(Math.max(0, start - 9), start);
  const bare = /[:[,]\s{0,8}$/.test(before) && /^\s{0,8}[,}\]]/.test(text.slice(end, end + 9));
  return { start, end, bare };
}

function isCard(digits: string): boolean {
  return (
    ISSUERS.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)) &&
    luhn(digits)
  );
}

/** ISO/IEC 7812-1 annex B. */
function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function isResidentId(id: string): boolean {
  const sum = ID_WEIGHTS.reduce((total, weight, i) => total + weight * Number(id[i]), 0);
  return ID_CHECKS[sum % 11] === id[17]!.toUpperCase();
}
