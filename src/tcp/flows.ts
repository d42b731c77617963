/**
 * Connections by their addresses and ports: a segment comes in, the entry of its connection comes out, whichever side
 * sent it. An array of chains that doubles with what it holds: every packet looks here, and a Map of numbers costs it
 * two lines of memory more.
 */
import type { Mark, Time } from '../capture/packet.ts';
import type { Segment } from '../decode/segment.ts';
import type { TcpConnection } from './connection.ts';
import type { Recency, Recent } from './recency.ts';
import type { Remains } from './remains.ts';
import type { Side } from './stream.ts';

/** Power of two. */
const FIRST_CHAINS = 1_024;

/** The words of two IPv6 addresses that are the same in all IPv4 ones. */
interface Wide {
  readonly a0: number;
  readonly a1: number;
  readonly a2: number;
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
}

/** A connection by its addresses and ports, which are words of its own: an array of them costs four times the memory. */
export class Entry implements Recent<Entry> {
  connection: TcpConnection | Remains;
  /** The last packet of the connection. */
  readonly last: Mark;
  /** The capture shows the connection here a second time, behind an address translation. */
  readonly twin: boolean;
  /** It has a twin, which knows it by its connection. */
  hasTwin: boolean;
  readonly hash: number;
  /** Next entry of the chain. */
  chained: Entry | null;
  older: Entry | null;
  newer: Entry | null;
  touched: number;
  listed: number;
  /** Until when it is remembered after it was closed, and what was closed next. */
  until: Time;
  closedNext: Entry | null;
  /** The one of the table's lists in which it is. */
  list: Recency<Entry>;
  lingering: boolean;
  gone: boolean;
  /** Last word of the addresses of side 0 and side 1, as in a segment, then their ports. */
  readonly #a3: number;
  readonly #b3: number;
  readonly #aPort: number;
  readonly #bPort: number;
  /** Null for IPv4. */
  readonly #wide: Wide | null;

  constructor(connection: TcpConnection, twin: boolean, hash: number, s: Segment, list: Recency<Entry>) {
    this.connection = connection;
    this.last = connection.last;
    this.twin = twin;
    this.hash = hash;
    this.list = list;
    this.chained = this.older = this.newer = this.closedNext = null;
    this.touched = this.listed = 0;
    this.until = Number.POSITIVE_INFINITY;
    this.hasTwin = this.lingering = this.gone = false;
    this.#a3 = s.src3;
    this.#b3 = s.dst3;
    this.#aPort = s.srcPort;
    this.#bPort = s.dstPort;
    this.#wide =
      s.ipVersion === 4 ? null : { a0: s.src0, a1: s.src1, a2: s.src2, b0: s.dst0, b1: s.dst1, b2: s.dst2 };
  }

  /** Which side sent it; null where it is of another connection. */
  sideOf(s: Segment): Side | null {
    if (
      this.#aPort === s.srcPort &&
      this.#bPort === s.dstPort &&
      this.#a3 === s.src3 &&
      this.#b3 === s.dst3
    ) {
      if (this.#isWide(s.ipVersion, s.src0, s.src1, s.src2, s.dst0, s.dst1, s.dst2)) return 0;
    }
    if (
      this.#bPort === s.srcPort &&
      this.#aPort === s.dstPort &&
      this.#b3 === s.src3 &&
      this.#a3 === s.dst3
    ) {
      if (this.#isWide(s.ipVersion, s.dst0, s.dst1, s.dst2, s.src0, s.src1, s.src2)) return 1;
    }
    return null;
  }

  #isWide(version: number, a0: number, a1: number, a2: number, b0: number, b1: number, b2: number): boolean {
    const wide = this.#wide;
    if (wide === null || version === 4) return wide === null && version === 4;
    const a = wide.a0 === a0 && wide.a1 === a1 && wide.a2 === a2;
    return a && wide.b0 === b0 && wide.b1 === b1 && wide.b2 === b2;
  }
}

export class Flows {
  size = 0;
  #chains: (Entry | null)[] = new Array<Entry | null>(FIRST_CHAINS).fill(null);
  /** Nobody who writes packets knows them, so nobody can put many connections into one chain. */
  readonly #seed = random();
  readonly #first = random();
  readonly #second = random();

  /**
   * Same for both directions: the lower end goes in first. A sum or a difference of both ends instead is the same for any address
   * and its complement, whatever the seed is: 40,000 SYNs between such took eight times as long as others.
   */
  hashOf(s: Segment): number {
    const forth = isForth(s);
    let hash = this.#mix(this.#seed, forth ? s.src3 : s.dst3);
    hash = this.#mix(hash, forth ? s.dst3 : s.src3);
    hash = this.#mix(hash, forth ? (s.srcPort << 16) | s.dstPort : (s.dstPort << 16) | s.srcPort);
    if (s.ipVersion === 6) {
      hash = this.#mix(this.#mix(hash, forth ? s.src0 : s.dst0), forth ? s.dst0 : s.src0);
      hash = this.#mix(this.#mix(hash, forth ? s.src1 : s.dst1), forth ? s.dst1 : s.src1);
      hash = this.#mix(this.#mix(hash, forth ? s.src2 : s.dst2), forth ? s.dst2 : s.src2);
    }
    return hash ^ (hash >>> 16);
  }

  /** Twice multiplied: after one, words that differ in their highest bits only cancel each other for any factor. */
  #mix(before: number, word: number): number {
    let hash = before ^ word;
    hash = Math.imul(hash ^ (hash >>> 16), this.#first);
    return Math.imul(hash ^ (hash >>> 15), this.#second);
  }

  find(hash: number, s: Segment): Entry | null {
    let entry = this.#chains[hash & (this.#chains.length - 1)] ?? null;
    while (entry !== null && (entry.hash !== hash || entry.sideOf(s) === null)) entry = entry.chained;
    return entry;
  }

  add(entry: Entry): void {
    if (++this.size > this.#chains.length) this.#grow();
    this.#chain(entry);
  }

  remove(entry: Entry): void {
    this.size--;
    const chain = entry.hash & (this.#chains.length - 1);
    let before = this.#chains[chain]!;
    if (before === entry) {
      this.#chains[chain] = entry.chained;
    } else {
      while (before.chained !== entry) before = before.chained!;
      before.chained = entry.chained;
    }
    entry.chained = null;
  }

  #chain(entry: Entry): void {
    const chain = entry.hash & (this.#chains.length - 1);
    entry.chained = this.#chains[chain]!;
    this.#chains[chain] = entry;
  }

  #grow(): void {
    const chains = this.#chains;
    this.#chains = new Array<Entry | null>(2 * chains.length).fill(null);
    for (let entry of chains) {
      while (entry !== null) {
        const next: Entry | null = entry.chained;
        this.#chain(entry);
        entry = next;
      }
    }
  }
}

/** Whether it goes from the lower to the higher of both ends: all words are compared only where the first ones are equal. */
function isForth(s: Segment): boolean {
  if (s.src3 !== s.dst3) return s.src3 < s.dst3;
  if (s.srcPort !== s.dstPort) return s.srcPort < s.dstPort;
  if (s.src0 !== s.dst0) return s.src0 < s.dst0;
  if (s.src1 !== s.dst1) return s.src1 < s.dst1;
  return s.src2 < s.dst2;
}

/** An odd factor of 32 bits. */
function random(): number {
  return (Math.random() * 2 ** 32) | 1;
}
