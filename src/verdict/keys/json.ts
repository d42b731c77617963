/**
 * In: the text of a JSON body (RFC 8259), whole or cut anywhere. Out: its strings and numbers in order, each with its
 * JSON pointer (RFC 6901). A parser of its own because `JSON.parse` reads no cut body, and rounds long order numbers.
 */
import { LIMITS } from '../../limits.ts';

const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

interface Level {
  readonly pointer: string;
  /** Of the next element; -1 in an object. */
  index: number;
}

/** @param visit returns true to stop. Numbers come as they are written. */
export function scanJson(text: string, visit: (pointer: string, value: string) => boolean): void {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const levels: Level[] = [];
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at += found[0].length;
    return found[0];
  };

  for (;;) {
    skipSpace();
    let level = levels.at(-1);
    let pointer = '';
    if (level !== undefined) {
      if (text[at] === (level.index < 0 ? '}' : ']')) {
        at++;
        levels.pop();
        if (!next()) return;
        continue;
      }
      if (level.index >= 0) pointer = `${level.pointer}/${level.index++}`;
      else {
        const name = take(STRING);
        skipSpace();
        if (name === null || text[at++] !== ':') return;
        pointer = `${level.pointer}/${unquoted(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
        skipSpace();
      }
    }
    const opening = text[at];
    if (opening === '{' || opening === '[') {
      if (levels.length >= LIMITS.keyDepth) return;
      at++;
      level = { pointer, index: opening === '{' ? -1 : 0 };
      levels.push(level);
      continue;
    }
    if (opening === '"') {
      const value = take(STRING);
      if (value === null || visit(pointer, unquoted(value))) return;
    } else {
      const number = take(NUMBER);
      // The end of the text may have cut it.
      if (number !== null && (at === text.length || visit(pointer, number))) return;
      if (number === null && take(WORD) === null) return;
    }
    if (!next()) return;
  }

  function skipSpace(): void {
    for (let c = text.charCodeAt(at); c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; ) {
      c = text.charCodeAt(++at);
    }
  }

  /** Goes past the comma behind a value, if one follows or a level ends there. */
  function next(): boolean {
    skipSpace();
    if (levels.length === 0 || at >= text.length) return false;
    if (text[at] === ',') {
      at++;
      return true;
    }
    return text[at] === '}' || text[at] === ']';
  }
}

function unquoted(literal: string): string {
  // Nearly all: nothing to undo.
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal);
  } catch {
    // An escape against the grammar: as it stands.
    return literal.slice(1, -1);
  }
}
