/**
 * In: the text of a JSON body (RFC 8259), whole or cut anywhere. Out: its strings and numbers in order, each with its
 * JSON pointer (RFC 6901). A parser of its own because `JSON.parse` reads no cut body, and rounds long order numbers.
 * Names and values are cut out when they are asked for: most are not, and putting the pointers of all together made
 * 3.5 kB of garbage a body, and took three times as long.
 */
import { LIMITS } from '../../limits.ts';

const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const ARRAY = 0x5b;
const ARRAY_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;

/** A string or number; lent. */
export interface Scalar {
  /** Objects and arrays around it. */
  readonly depth: number;
  /** Its name, or that of what it stands in, in the outermost but `level - 1` of them; the index in an array. */
  nameAt(level: number): string;
  readonly pointer: string;
  /** Numbers as they are written. */
  readonly value: string;
}

/** @param visit returns true to stop. Numbers come as they are written. */
export function scanJson(text: string, visit: (pointer: string, value: string) => boolean): void {
  walkJson(text, ({ pointer, value }) => visit(pointer, value));
}

/** @param visit returns true to stop. */
export function walkJson(text: string, visit: (found: Scalar) => boolean): void {
  new Walk(text).run(visit);
}

class Walk implements Scalar {
  depth = 0;
  readonly #text: string;
  #at: number;
  /** Of each level the literal that is the last name there; in an array -1 and the index. */
  readonly #nameStart: number[] = [];
  readonly #nameEnd: number[] = [];
  readonly #inArray: boolean[] = [];
  #valueStart = 0;
  /** Nearly no text has any: then a string ends with the next quote. */
  readonly #hasEscapes: boolean;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#hasEscapes = text.includes('\\');
  }

  nameAt(level: number): string {
    const start = this.#nameStart[level - 1]!;
    const end = this.#nameEnd[level - 1]!;
    return start < 0 ? String(end) : unquoted(this.#text, start, end);
  }

  get pointer(): string {
    let pointer = '';
    for (let level = 1; level <= this.depth; level++) {
      pointer += `/${this.nameAt(level).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    }
    return pointer;
  }

  get value(): string {
    const start = this.#valueStart;
    const isString = this.#text.charCodeAt(start) === QUOTE;
    return isString ? unquoted(this.#text, start, this.#at) : this.#text.slice(start, this.#at);
  }

  run(visit: (found: Scalar) => boolean): void {
    const text = this.#text;
    for (;;) {
      this.#skipSpace();
      const { depth } = this;
      if (depth > 0) {
        const inArray = this.#inArray[depth - 1]!;
        if (text.charCodeAt(this.#at) === (inArray ? ARRAY_END : OBJECT_END)) {
          this.#at++;
          this.depth--;
          if (!this.#next()) return;
          continue;
        }
        if (inArray) this.#nameEnd[depth - 1]!++;
        else if (!this.#takeName(depth - 1)) return;
      }
      const opening = text.charCodeAt(this.#at);
      if (opening === OBJECT || opening === ARRAY) {
        if (depth >= LIMITS.keyDepth) return;
        this.#at++;
        this.#nameStart[depth] = -1;
        this.#nameEnd[depth] = -1;
        this.#inArray[depth] = opening === ARRAY;
        this.depth++;
        continue;
      }
      this.#valueStart = this.#at;
      if (opening === QUOTE) {
        if (!this.#takeString() || visit(this)) return;
      } else if (this.#take(NUMBER)) {
        // The end of the text may have cut it.
        if (this.#at === text.length || visit(this)) return;
      } else if (!this.#take(WORD)) return;
      if (!this.#next()) return;
    }
  }

  /** A name and its colon. */
  #takeName(level: number): boolean {
    this.#nameStart[level] = this.#at;
    if (!this.#takeString()) return false;
    this.#nameEnd[level] = this.#at;
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at++) !== COLON) return false;
    this.#skipSpace();
    return true;
  }

  #takeString(): boolean {
    if (this.#hasEscapes) return this.#take(STRING);
    if (this.#text.charCodeAt(this.#at) !== QUOTE) return false;
    const end = this.#text.indexOf('"', this.#at + 1);
    if (end >= 0) this.#at = end + 1;
    return end >= 0;
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.test(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #skipSpace(): void {
    let c = this.#text.charCodeAt(this.#at);
    while (c === SP || c === LF || c === CR || c === HTAB) c = this.#text.charCodeAt(++this.#at);
  }

  /** Goes past the comma behind a value, if one follows or a level ends there. */
  #next(): boolean {
    this.#skipSpace();
    if (this.depth === 0) return false;
    const c = this.#text.charCodeAt(this.#at);
    if (c === COMMA) this.#at++;
    return c === COMMA || c === OBJECT_END || c === ARRAY_END;
  }
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
