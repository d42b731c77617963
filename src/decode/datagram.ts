/**
 * One IP datagram being put together: pieces in at their places, in any order; its bytes out once there is no hole.
 * Where IPv4 fragments overlap, the byte that came first stays: what came later cannot change what was already seen.
 * IPv6 forbids overlaps (RFC 5722): one destroys the datagram, unless it repeats, byte for byte, what is there (RFC 8200 §4.5).
 */
import { LIMITS } from '../limits.ts';

/** What a piece did. After 'conflict' and 'limit' the datagram is of no more use. */
export type Placed = 'open' | 'complete' | 'conflict' | 'limit';

/** Most fragmented datagrams are little more than one Ethernet frame. */
const FIRST_CAPACITY = 2048;

export class Datagram {
  /** Its payload without any IP header; whole when `place` has said so. */
  bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  /** In bytes; -1 until the last fragment was seen. */
  length = -1;
  /** Protocol of its first fragment: in IPv6 the others may tell anything (RFC 8200 §4.5). -1 until then. */
  protocol = -1;
  #strict: boolean;
  #pieces = 0;
  /** What is there: start and end of each stretch, in order, none touching the next. */
  #ranges: number[] = [];

  /** @param strict whether an overlap destroys it. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  /** Takes `from[at, end)` as its bytes from `offset` on. `end - at` is positive, and the sum within LIMITS.datagramBytes. */
  place(from: Buffer, at: number, end: number, offset: number, more: boolean, protocol: number): Placed {
    const to = offset + (end - at);
    const reached = this.#ranges.at(-1) ?? 0;
    const misfit = this.length < 0 ? !more && reached > to : to > this.length || (!more && to < this.length);
    if (misfit) return this.#strict ? 'conflict' : 'open';
    const { first, past, covered } = this.#touched(offset, to);
    if (covered > 0 && this.#strict) {
      const repeats = covered === to - offset && from.compare(this.bytes, offset, to, at, end) === 0;
      return repeats ? 'open' : 'conflict';
    }
    if (covered === to - offset) return 'open';
    if (++this.#pieces > LIMITS.datagramFragments) return 'limit';
    if (!more) this.length = to;
    if (offset === 0) this.protocol = protocol;
    this.#reserve(to);
    let start = offset;
    let stop = to;
    let next = offset;
    const ranges = this.#ranges;
    for (let i = first; i < past; i += 2) {
      const left = ranges[i]!;
      const right = ranges[i + 1]!;
      if (left > next) from.copy(this.bytes, next, at + next - offset, at + left - offset);
      next = Math.max(next, right);
      start = Math.min(start, left);
      stop = Math.max(stop, right);
    }
    if (next < to) from.copy(this.bytes, next, at + next - offset, end);
    ranges.splice(first, past - first, start, stop);
    return ranges.length === 2 && ranges[0] === 0 && ranges[1] === this.length ? 'complete' : 'open';
  }

  /** The stretches that overlap or touch [from, to), and how many of its bytes are there. */
  #touched(from: number, to: number): { first: number; past: number; covered: number } {
    const ranges = this.#ranges;
    let past = ranges.length;
    // From the end, where a piece in order belongs.
    while (past > 0 && ranges[past - 2]! > to) past -= 2;
    let first = past;
    let covered = 0;
    while (first > 0 && ranges[first - 1]! >= from) {
      first -= 2;
      covered += Math.max(0, Math.min(ranges[first + 1]!, to) - Math.max(ranges[first]!, from));
    }
    return { first, past, covered };
  }

  #reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.min(Math.max(length, this.bytes.length * 2), LIMITS.datagramBytes));
    this.bytes.copy(grown);
    this.bytes = grown;
  }
}
