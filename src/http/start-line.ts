/**
 * In: bytes at a place where an HTTP/1.x message may begin. Out: whether one does (RFC 9112 §3, §4), as early as it
 * can be told. Two strengths: `start` where a message is expected (anything that was meant as HTTP), `restart` where
 * the position is a guess (only a start line exactly as the grammar has it).
 * A scan goes on where it stopped when more bytes have come, so no byte is looked at twice; it depends on the bytes
 * alone and never on how they were cut into segments.
 */
import { LIMITS } from '../limits.ts';
import { METHODS, TOKEN } from './grammar.ts';

export const MORE = 0;
export const YES = 1;
export const NO = 2;
/** The client preface of HTTP/2 (RFC 9113 §3.4). */
export const HTTP2 = 3;
export type Verdict = typeof MORE | typeof YES | typeof NO | typeof HTTP2;

/** Where a scan stopped. */
export interface Scan {
  /** Bytes already looked at; after NO, the index of the byte that settled it. */
  offset: number;
  phase: number;
  /** Offset of the version in a request line. */
  mark: number;
}

/** Looks at `bytes[start + scan.offset, end)`; `start` is the first byte of the line. */
export type StartLine = (scan: Scan, bytes: Uint8Array, start: number, end: number) => Verdict;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const ASTERISK = 0x2a;
const HYPHEN = 0x2d;
const SLASH = 0x2f;
const UNDERSCORE = 0x5f;
const DEL = 0x7f;
const HTTP_SLASH = latin1('HTTP/');
const HTTP_1 = latin1('HTTP/1.');
const HTTP2_LINE = latin1('PRI * HTTP/2.0');

/** Longest method: the registry's longest has 17 letters. */
const METHOD_BYTES = 32;

const METHOD = 0;
const TARGET = 1;
const LINE = 2;
const VERSION = 2;

export function newScan(): Scan {
  return { offset: 0, phase: METHOD, mark: 0 };
}

export function resetScan(scan: Scan): void {
  scan.offset = 0;
  scan.phase = METHOD;
  scan.mark = 0;
}

/**
 * A request: a registered method and a target that begins with `/` or is `*`, or any token whose line ends with an
 * HTTP version.
 */
export function requestStart(scan: Scan, bytes: Uint8Array, start: number, end: number): Verdict {
  let i = start + scan.offset;
  if (scan.phase === METHOD) {
    while (i < end && TOKEN[bytes[i]!] === 1) i++;
    if (i - start > METHOD_BYTES) return refuse(scan, i - start);
    if (i === end) return wait(scan, i - start);
    if (bytes[i] !== SP || i === start) return refuse(scan, i - start);
    scan.phase = isKnown(bytes, start, i) ? TARGET : LINE;
    i++;
  }
  if (scan.phase === TARGET) {
    if (i === end) return wait(scan, i - start);
    const c = bytes[i];
    if (c === SLASH || c === ASTERISK) return YES;
    scan.phase = LINE;
  }
  const stop = Math.min(end, start + LIMITS.headBytes);
  for (; i < stop; i++) {
    const c = bytes[i]!;
    if (c === LF)
      return endsWithVersion(bytes, start, i) ? yesUnlessHttp2(bytes, start, i) : refuse(scan, i - start);
    if ((c < SP && c !== CR && c !== HTAB) || c === DEL) return refuse(scan, i - start);
  }
  return i - start >= LIMITS.headBytes ? refuse(scan, i - start) : wait(scan, i - start);
}

/** A request line exactly as RFC 9112 §3 has it, with an upper-case method and HTTP/1.x. */
export function requestRestart(scan: Scan, bytes: Uint8Array, start: number, end: number): Verdict {
  let i = start + scan.offset;
  if (scan.phase === METHOD) {
    while (i < end && isMethodByte(bytes[i]!)) i++;
    if (i - start > METHOD_BYTES) return refuse(scan, i - start);
    if (i === end) return wait(scan, i - start);
    if (bytes[i] !== SP || i === start) return refuse(scan, i - start);
    scan.phase = TARGET;
    i++;
    scan.mark = i - start;
  }
  if (scan.phase === TARGET) {
    const stop = Math.min(end, start + LIMITS.headBytes);
    while (i < stop && bytes[i]! > SP && bytes[i] !== DEL) i++;
    if (i - start >= LIMITS.headBytes) return refuse(scan, i - start);
    if (i === end) return wait(scan, i - start);
    if (bytes[i] !== SP || i - start === scan.mark) return refuse(scan, i - start);
    scan.phase = VERSION;
    i++;
    scan.mark = i - start;
  }
  for (; i < end; i++) {
    const c = bytes[i]!;
    const at = i - start - scan.mark;
    if (at === 9 || (at === 8 && c === LF)) return c === LF ? YES : refuse(scan, i - start);
    if (at === 8 ? c !== CR : at === 7 ? !isDigit(c) : c !== HTTP_1[at]) return refuse(scan, i - start);
  }
  return wait(scan, i - start);
}

/** A response: `HTTP/` and a digit. */
export function responseStart(scan: Scan, bytes: Uint8Array, start: number, end: number): Verdict {
  for (let i = start + scan.offset; i < end; i++) {
    const at = i - start;
    if (at === HTTP_SLASH.length) return isDigit(bytes[i]!) ? YES : refuse(scan, at);
    if (bytes[i] !== HTTP_SLASH[at]) return refuse(scan, at);
  }
  return wait(scan, end - start);
}

/** `HTTP/1.x`, a space, a status code and what may follow it (RFC 9112 §4). */
export function responseRestart(scan: Scan, bytes: Uint8Array, start: number, end: number): Verdict {
  for (let i = start + scan.offset; i < end; i++) {
    const at = i - start;
    const c = bytes[i]!;
    if (at === 12) return c === SP || c === CR || c === LF ? YES : refuse(scan, at);
    const fits = at < 7 ? c === HTTP_1[at] : at === 8 ? c === SP : isDigit(c);
    if (!fits) return refuse(scan, at);
  }
  return wait(scan, end - start);
}

/**
 * Whether the beginning of a line that was cut before it could be told is the beginning of a request: then it is one,
 * because no request may be lost.
 */
export function isRequestPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end && bytes[i] !== SP) i++;
  if (i < end) return isKnown(bytes, start, i);
  const word = text(bytes, start, Math.min(i, start + METHOD_BYTES));
  for (const method of METHODS) if (method.startsWith(word)) return true;
  return false;
}

/** Likewise where the position is a guess: a registered method, a space and the `/` of a target, or more. */
export function isLikelyRequest(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end && bytes[i] !== SP) i++;
  return i + 1 < end && bytes[i + 1] === SLASH && isKnown(bytes, start, i);
}

/** A version and the space behind it (RFC 9112 §4), or more. */
export function isLikelyResponse(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 8 && startsWith(bytes, start, end, HTTP_1) && bytes[start + 8] === SP;
}

/**
 * Whether `bytes[start, end)`, a line without its line feed, is the whole of an HTTP/0.9 request: `GET`, one space, a
 * target and no version (RFC 1945 §4.1). Nothing follows such a line, so it must not wait for an empty one.
 */
export function isSimpleRequest(bytes: Uint8Array, start: number, end: number): boolean {
  let last = end - 1;
  while (last > start && (bytes[last] === CR || bytes[last] === SP || bytes[last] === HTAB)) last--;
  while (last > start && bytes[last] !== SP && bytes[last] !== HTAB) last--;
  return (
    last === start + 3 && text(bytes, start, last) === 'GET' && !startsWith(bytes, last + 1, end, HTTP_SLASH)
  );
}

function wait(scan: Scan, offset: number): typeof MORE {
  scan.offset = offset;
  return MORE;
}

function refuse(scan: Scan, offset: number): typeof NO {
  scan.offset = offset;
  return NO;
}

function isKnown(bytes: Uint8Array, start: number, end: number): boolean {
  // POST and GET without a string: most lines end here.
  if (end - start === 4 && bytes[start] === 0x50 && bytes[start + 1] === 0x4f && bytes[start + 2] === 0x53) {
    return bytes[start + 3] === 0x54;
  }
  if (end - start === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45)
    return bytes[start + 2] === 0x54;
  return METHODS.has(text(bytes, start, end));
}

/** Whether the last word of the line `bytes[start, lf)` is `HTTP/` and a digit, and not its first word. */
function endsWithVersion(bytes: Uint8Array, start: number, lf: number): boolean {
  let end = lf;
  while (end > start && (bytes[end - 1] === CR || bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end--;
  let word = end;
  while (word > start && bytes[word - 1] !== SP && bytes[word - 1] !== HTAB) word--;
  if (word === start || end - word <= HTTP_SLASH.length) return false;
  return startsWith(bytes, word, end, HTTP_SLASH) && isDigit(bytes[word + HTTP_SLASH.length]!);
}

function yesUnlessHttp2(bytes: Uint8Array, start: number, lf: number): Verdict {
  return lf - start === HTTP2_LINE.length + 1 && startsWith(bytes, start, lf, HTTP2_LINE) ? HTTP2 : YES;
}

function isMethodByte(c: number): boolean {
  return (c >= 0x41 && c <= 0x5a) || c === HYPHEN || c === UNDERSCORE;
}

function startsWith(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start < word.length) return false;
  for (let k = 0; k < word.length; k++) if (bytes[start + k] !== word[k]) return false;
  return true;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function latin1(word: string): Uint8Array {
  return Uint8Array.from(word, (c) => c.charCodeAt(0));
}

/** A few bytes as latin1 text; for short words only. */
function text(bytes: Uint8Array, start: number, end: number): string {
  let word = '';
  for (let i = start; i < end; i++) word += String.fromCharCode(bytes[i]!);
  return word;
}
