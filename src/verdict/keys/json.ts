/**
 * In: the text of a JSON body (RFC 8259), whole or cut anywhere. Out: its strings and numbers in order, each with its
 * JSON pointer (RFC 6901). A parser of its own because `JSON.parse` reads no cut body, and rounds long order numbers.
 * A cursor that is opened anew for each text, and cuts names and values out when they are asked for: most are not, and
 * what a walk over one body otherwise needs (its object, three arrays, a closure) was 500 bytes of garbage a request.
 */
import { LIMITS } from '../../limits.ts';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const EXPONENT = 0x45;
const ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const ARRAY_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const LOWER_CASE = 0x20;
const BOM = 0xfeff;
/** Behind the end. Asked for there, `charCodeAt` answers NaN, after which V8 no longer puts it inline. */
const NOTHING = -1;

const WORDS: readonly string[] = ['true', 'false', 'null'];

/** @param visit returns true to stop. Numbers come as they are written. */
export function scanJson(text: string, visit: (pointer: string, value: string) => boolean): void {
  const cursor = new JsonCursor();
  cursor.open(text);
  while (cursor.next()) if (visit(cursor.pointer, cursor.value)) return;
}

export class JsonCursor {
  /** Objects and arrays around the string or number at which it stands. */
  depth = 0;
  text = '';
  #at = 0;
  #valueStart = 0;
  /** It stands at a value, and not in front of one. */
  #onValue = false;
  /** Of each level the literal that is the last name there; in an array -1 and the index. */
  readonly #nameStart = new Int32Array(LIMITS.keyDepth);
  readonly #nameEnd = new Int32Array(LIMITS.keyDepth);
  readonly #inArray = new Uint8Array(LIMITS.keyDepth);

  /** Held until another is opened. */
  open(text: string): void {
    this.text = text;
    this.depth = 0;
    this.#at = text.length > 0 && text.charCodeAt(0) === BOM ? 1 : 0;
    this.#onValue = false;
  }

  /** Goes to the next string or number. @returns false at the end, of the text or of what can be read of it. */
  next(): boolean {
    if (this.#onValue && !this.#pass()) return false;
    this.#onValue = true;
    for (;;) {
      this.#skipSpace();
      const { depth } = this;
      if (depth > 0) {
        const inArray = this.#inArray[depth - 1] === 1;
        if (this.#here() === (inArray ? ARRAY_END : OBJECT_END)) {
          this.#at++;
          this.depth--;
          if (!this.#pass()) return false;
          continue;
        }
        if (inArray) this.#nameEnd[depth - 1]!++;
        else if (!this.#takeName(depth - 1)) return false;
      }
      const opening = this.#here();
      if (opening === OBJECT || opening === ARRAY) {
        if (depth >= LIMITS.keyDepth) return false;
        this.#at++;
        this.#nameStart[depth] = -1;
        this.#nameEnd[depth] = -1;
        this.#inArray[depth] = opening === ARRAY ? 1 : 0;
        this.depth++;
        continue;
      }
      this.#valueStart = this.#at;
      if (opening === QUOTE) return this.#takeString();
      // The end of the text may have cut it.
      if (this.#takeNumber()) return this.#at < this.text.length;
      if (!this.#takeWord() || !this.#pass()) return false;
    }
  }

  /** Its name, or that of what it stands in, in the outermost but `level - 1` of them; the index in an array. */
  nameAt(level: number): string {
    const start = this.#nameStart[level - 1]!;
    const end = this.#nameEnd[level - 1]!;
    return start < 0 ? String(end) : unquoted(this.text, start, end);
  }

  /** Where that name stands in `text`, without its quotes; in an array behind `nameEnd`. */
  nameStart(level: number): number {
    return this.#nameStart[level - 1]! + 1;
  }

  nameEnd(level: number): number {
    return this.#nameStart[level - 1]! < 0 ? NOTHING : this.#nameEnd[level - 1]! - 1;
  }

  get pointer(): string {
    let pointer = '';
    for (let level = 1; level <= this.depth; level++) pointer += pointerOf(this.nameAt(level));
    return pointer;
  }

  /** Numbers as they are written. */
  get value(): string {
    const { text } = this;
    const start = this.#valueStart;
    const isString = text.charCodeAt(start) === QUOTE;
    return isString ? unquoted(text, start, this.#at) : text.slice(start, this.#at);
  }

  #here(): number {
    return this.#at < this.text.length ? this.text.charCodeAt(this.#at) : NOTHING;
  }

  /** A name and its colon. */
  #takeName(level: number): boolean {
    this.#nameStart[level] = this.#at;
    if (this.#here() !== QUOTE || !this.#takeString()) return false;
    this.#nameEnd[level] = this.#at;
    this.#skipSpace();
    if (this.#here() !== COLON) return false;
    this.#at++;
    this.#skipSpace();
    return true;
  }

  /** To behind the next quote that is not escaped. */
  #takeString(): boolean {
    const { text } = this;
    const begin = this.#at + 1;
    let end = text.indexOf('"', begin);
    while (end >= 0 && isEscaped(text, begin, end)) end = text.indexOf('"', end + 1);
    if (end >= 0) this.#at = end + 1;
    return end >= 0;
  }

  #takeNumber(): boolean {
    const whole = this.#here() === MINUS ? this.#at + 1 : this.#at;
    let end = this.#digitsFrom(whole);
    if (end === whole) return false;
    if (end < this.text.length && this.text.charCodeAt(end) === POINT) {
      const fraction = this.#digitsFrom(end + 1);
      if (fraction > end + 1) end = fraction;
    }
    this.#at = this.#exponentFrom(end);
    return true;
  }

  /** Behind it, if one stands there. */
  #exponentFrom(at: number): number {
    const { text } = this;
    if (at >= text.length || (text.charCodeAt(at) & ~LOWER_CASE) !== EXPONENT) return at;
    const sign = at + 1 < text.length ? text.charCodeAt(at + 1) : NOTHING;
    const begin = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
    const end = this.#digitsFrom(begin);
    return end > begin ? end : at;
  }

  #digitsFrom(begin: number): number {
    const { text } = this;
    let at = begin;
    while (at < text.length && text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
    return at;
  }

  #takeWord(): boolean {
    for (const word of WORDS) {
      if (!this.text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return true;
    }
    return false;
  }

  #skipSpace(): void {
    let c = this.#here();
    while (c === SP || c === LF || c === CR || c === HTAB) {
      this.#at++;
      c = this.#here();
    }
  }

  /** Goes past the comma behind a value, if one follows or a level ends there. */
  #pass(): boolean {
    if (this.depth === 0) return false;
    this.#skipSpace();
    const c = this.#here();
    if (c === COMMA) this.#at++;
    return c === COMMA || c === OBJECT_END || c === ARRAY_END;
  }
}

/** An odd number of backslashes stands before the quote at `end`, in the literal whose text begins at `begin`. */
function isEscaped(text: string, begin: number, end: number): boolean {
  let at = end;
  while (at > begin && text.charCodeAt(at - 1) === BACKSLASH) at--;
  return (end - at) % 2 === 1;
}

/** One step of a JSON pointer. */
export function pointerOf(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The text of the string literal `text[start, end)`. */
function unquoted(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  // Nearly all: nothing to undo.
  if (!inner.includes('\\')) return inner;
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    // An escape against the grammar: as it stands.
    return inner;
  }
}
