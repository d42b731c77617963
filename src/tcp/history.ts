/**
 * A connection told in letters, as Zeek's `history` does (docs.zeek.org, conn.log): s SYN, h SYN-ACK, a pure ACK,
 * d data, f FIN, r RST, t retransmitted data, w zero window, g gap, i FIN with RST, q SYN with FIN or RST.
 * Upper case is side 0. A letter comes once a side; t, w and g come again at 10, 100, 1000 … occurrences.
 */
import { LIMITS } from '../limits.ts';
import type { Side } from './stream.ts';

const REPEATING = 'twg';

export class History {
  #letters = '';
  /** Bit per letter and side of those written once. */
  #seen = 0;
  #seenUpper = 0;
  /** Occurrences of each repeating letter, per side. */
  #counts: number[] | null = null;

  note(letter: string, side: Side): void {
    const bit = 1 << (letter.charCodeAt(0) - 97);
    const seen = side === 0 ? this.#seenUpper : this.#seen;
    if ((seen & bit) !== 0 && !this.#comesAgain(letter, side)) return;
    if (side === 0) this.#seenUpper |= bit;
    else this.#seen |= bit;
    if (this.#letters.length < LIMITS.historyLetters) {
      this.#letters += side === 0 ? letter.toUpperCase() : letter;
    }
  }

  /** The letters with those of `originator` in upper case; `^` first where the roles are not those of the first packet. */
  from(originator: Side): string {
    if (originator === 0) return this.#letters;
    let swapped = '^';
    for (const letter of this.#letters) {
      swapped += letter < 'a' ? letter.toLowerCase() : letter.toUpperCase();
    }
    return swapped;
  }

  #comesAgain(letter: string, side: Side): boolean {
    const which = REPEATING.indexOf(letter);
    if (which < 0) return false;
    this.#counts ??= [1, 1, 1, 1, 1, 1];
    const slot = which * 2 + side;
    const count = this.#counts[slot]! + 1;
    this.#counts[slot] = count;
    return Number.isInteger(Math.log10(count));
  }
}
