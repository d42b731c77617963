/**
 * The lanes that take part in a merge at one moment, by when their next packets are due: a binary heap, because a
 * hostile file can be made of ten thousands of runs that all overlap.
 */
import type { Lane } from './lane.ts';
import type { Time } from './packet.ts';

interface Entry {
  readonly lane: Lane;
  /** Of lanes that are due at the same time the lower one comes first. */
  readonly rank: number;
}

export class LaneHeap {
  private readonly entries: Entry[];

  constructor() {
    this.entries = [];
  }

  /** The lane whose packet is next; null when there is none. */
  get first(): Lane | null {
    return this.entries[0]?.lane ?? null;
  }

  /** Up to which time the first lane may go on before another one's turn comes. */
  get limit(): Time {
    const [first, a, b] = this.entries;
    const second = a !== undefined && b !== undefined && isBefore(b, a) ? b : a;
    if (first === undefined || second === undefined) return Number.POSITIVE_INFINITY;
    const { due } = second.lane.batch;
    // Times are whole nanoseconds: a lane that comes after the other one must stop short of it.
    return first.rank < second.rank ? due : due - 1;
  }

  add(lane: Lane, rank: number): void {
    const { entries } = this;
    const entry = { lane, rank };
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, entries[parent]!)) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  /** The first lane has another packet at hand than before. */
  settle(): void {
    const { entries } = this;
    const entry = entries[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && isBefore(entries[child + 1]!, entries[child]!)) child++;
      if (!isBefore(entries[child]!, entry)) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = entry;
  }

  /** Takes the first lane out. */
  remove(): void {
    const last = this.entries.pop();
    if (last === undefined || this.entries.length === 0) return;
    this.entries[0] = last;
    this.settle();
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  const difference = a.lane.batch.due - b.lane.batch.due;
  return difference < 0 || (difference === 0 && a.rank < b.rank);
}
