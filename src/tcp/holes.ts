/**
 * Segments of one direction that arrived before their turn, by stream offset, without overlap: where two carry
 * the same byte, the one captured first keeps it. Bytes are copied, since the packet's buffer is only lent.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { Stored } from '../limits.ts';

/** Bytes that a held segment takes beside its own. */
const OVERHEAD = 256;

export interface HeldSegment {
  readonly offset: number;
  readonly end: number;
  /** Captured bytes; shorter than `end - offset` when the snapshot length cut the segment. */
  readonly bytes: Buffer;
  readonly at: Moment;
  /** Offset of the other direction that its sender had come to: what it answers. */
  readonly after: number;
}

export class HeldSegments {
  /** Sorted by offset. */
  #segments: HeldSegment[] = [];
  /** Captured bytes held. */
  bytes = 0;
  readonly #stored: Stored;

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  get count(): number {
    return this.#segments.length;
  }

  get first(): HeldSegment | undefined {
    return this.#segments[0];
  }

  /**
   * Holds what is new of `[offset, end)`, of which `bytes[start, captured)` was captured.
   * @returns how many bytes of the stream were new.
   */
  insert(
    offset: number,
    end: number,
    bytes: Buffer,
    start: number,
    captured: number,
    at: Moment,
    after: number,
  ): number {
    let index = this.#firstEndingAfter(offset);
    let from = offset;
    let added = 0;
    while (from < end) {
      const there = this.#segments[index];
      if (there !== undefined && there.offset <= from) {
        from = Math.max(from, there.end);
        index++;
        continue;
      }
      const to = there === undefined ? end : Math.min(end, there.offset);
      const copyFrom = Math.min(start + (from - offset), captured);
      const copyTo = Math.min(start + (to - offset), captured);
      // Not from the pool, of which a few bytes that are held for long would keep a thousandfold.
      const copy = Buffer.allocUnsafeSlow(Math.max(0, copyTo - copyFrom));
      bytes.copy(copy, 0, copyFrom, copyTo);
      this.#segments.splice(index, 0, { offset: from, end: to, bytes: copy, at: keep(at), after });
      this.bytes += copy.length;
      this.#stored.add(copy.length + OVERHEAD);
      added += to - from;
      from = to;
      index++;
    }
    return added;
  }

  /** Earliest offset from which on nothing is missing up to `offset`. */
  reachBack(offset: number): number {
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const segment = this.#segments[index]!;
      if (segment.end < offset) break;
      offset = Math.min(offset, segment.offset);
    }
    return offset;
  }

  /** Takes out the first segment; the caller has looked that there is one. */
  shift(): HeldSegment {
    const segment = this.#segments.shift()!;
    this.bytes -= segment.bytes.length;
    this.#stored.add(-segment.bytes.length - OVERHEAD);
    return segment;
  }

  /** None will be asked for any more. */
  clear(): void {
    this.#stored.add(-this.bytes - OVERHEAD * this.#segments.length);
    this.#segments = [];
    this.bytes = 0;
  }

  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
