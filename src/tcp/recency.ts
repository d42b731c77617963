/**
 * Connections by last activity, in a list of which any may be taken out: what is silent longest stands first. Links are
 * those of the entries themselves, so that a packet costs no allocation.
 */

/** What can be in one list at a time. */
export interface Recent<T> {
  /** Neighbours by last activity. */
  older: T | null;
  newer: T | null;
}

export class Recency<T extends Recent<T>> {
  oldest: T | null = null;
  newest: T | null = null;

  /** Of an entry that is in no list. */
  push(entry: T): void {
    entry.older = this.newest;
    entry.newer = null;
    if (this.newest === null) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
  }

  /** Of an entry that is in this one. */
  remove(entry: T): void {
    if (entry.older === null) this.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.newest = entry.older;
    else entry.newer.older = entry.older;
    // Whoever still knows it must not hold on to the others.
    entry.older = entry.newer = null;
  }
}
