/**
 * A text in, lines of at most so many columns out. Lines break at spaces and, as Chinese and Japanese have none,
 * beside wide characters, but for those that may not begin or end a line (a small part of UAX #14). What is longer
 * than a line (a URL) is broken where the line ends.
 */
import { widthOf } from './terminal.ts';

/** Nothing in it needs more than a look for spaces. */
const NARROW = /^[\x20-\x7e]*$/;
/** Closing brackets, full stops, commas and marks stay with what is before them. */
const NOT_FIRST = /^[\p{Pe}\p{Pf}\p{Po}\p{M}ー～]$/u;
/** Opening brackets stay with what follows. */
const NOT_LAST = /^[\p{Ps}\p{Pi}]$/u;

export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  let used = 0;
  const put = (piece: string, columns: number) => {
    line += piece;
    used += columns;
  };
  const end = () => {
    if (line !== '') lines.push(line.trimEnd());
    line = '';
    used = 0;
  };
  for (const [i, word] of text.split(' ').entries()) {
    let gap = i === 0 ? 0 : 1;
    for (const piece of pieces(word)) {
      const columns = widthOf(piece);
      if (line !== '' && used + gap + columns <= room) put(' '.repeat(gap) + piece, gap + columns);
      else {
        end();
        if (columns <= room) put(piece, columns);
        else {
          for (const character of piece) {
            const one = widthOf(character);
            if (used + one > room) {
              // A mark that may not begin a line takes what is before it along.
              const taken = one === 2 && NOT_FIRST.test(character) ? (Array.from(line).at(-1) ?? '') : '';
              const fits = line !== taken && widthOf(taken) > 0 && widthOf(taken) + one <= room;
              if (fits) line = line.slice(0, line.length - taken.length);
              end();
              if (fits) put(taken, widthOf(taken));
            }
            put(character, one);
          }
        }
      }
      gap = 0;
    }
  }
  end();
  return lines;
}

/** What a word may be parted into where a line ends. */
function pieces(word: string): readonly string[] {
  if (NARROW.test(word)) return [word];
  const found: string[] = [];
  let piece = '';
  let last = '';
  for (const character of word) {
    if (last !== '' && mayPart(last, character)) {
      found.push(piece);
      piece = '';
    }
    piece += character;
    last = character;
  }
  found.push(piece);
  return found;
}

function mayPart(before: string, behind: string): boolean {
  if (widthOf(before) < 2 && widthOf(behind) < 2) return false;
  return !NOT_FIRST.test(behind) && !NOT_LAST.test(before);
}
