/**
 * Connections by last activity, in a list of which any may be taken out: what is silent longest stands first. Links are
 * those of the entries themselves, so that a packet costs no allocation. A packet only says when an entry was touched, and moves
 * it but once in a while: to move it each time touched three others, a twentieth of the time of `short`.
 */

/** Touches by which an entry may stand too far in front: as many others, at the most, are looked at to find the first one. */
const SLACK = 1_024;

/** What can be in one list at a time. */
export interface Recent<T> {
  /** Neighbours. */
  older: T | null;
  newer: T | null;
  /** When it was active last, in numbers that grow with each touch of anything in the list; and when it was put where it is. */
  touched: number;
  listed: number;
}

export class Recency<T extends Recent<T>> {
  /** The list is in order of `listed`. */
  #oldest: T | null = null;
  #newest: T | null = null;

  /** Of an entry that is in no list, and was touched after all that are in this one. */
  push(entry: T): void {
    entry.listed = entry.touched;
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  /** Of an entry that is in this one. */
  remove(entry: T): void {
    if (entry.older === null) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    // Whoever still knows it must not hold on to the others.
    entry.older = entry.newer = null;
  }

  /** To be called whenever an entry of this list was touched. */
  keep(entry: T): void {
    if (entry.touched - entry.listed < SLACK || entry === this.#newest) return;
    this.remove(entry);
    this.push(entry);
  }

  /** The one that is silent longest. */
  first(): T | null {
    let first = this.#oldest;
    if (first === null) return null;
    for (let entry = first.newer; entry !== null && entry.listed < first.touched; entry = entry.newer) {
      if (entry.touched < first.touched) first = entry;
    }
    return first;
  }

  /** Whether it is the only one. */
  isAlone(entry: T): boolean {
    return entry === this.#oldest && entry === this.#newest;
  }

  /** All of them, silent longest first. */
  all(): T[] {
    const all: T[] = [];
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) all.push(entry);
    return all.sort((a, b) => a.touched - b.touched);
  }
}
