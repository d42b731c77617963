/**
 * One direction: segments in any order come in, every byte of the stream leaves once and in order
 * (RFC 9293 §3.4, §3.10.7.4). In-order bytes pass uncopied; what arrives early waits in `HeldSegments`.
 *
 * Offsets count from the first byte after the SYN and never wrap; sequence numbers are compared by their signed
 * distance to where the stream stands. A hole is only ever given up by the caller, who knows what was acknowledged.
 */
import type { Moment } from '../capture/packet.ts';
import { LIMITS, type OnLimit, type Stored } from '../limits.ts';
import { HeldSegments } from './holes.ts';
import type { EndCause, StreamSink } from './stream.ts';

/** A segment further ahead than any window can be (RFC 7323 §2.3) is of another connection, or forged. */
const MAX_WINDOW = 2 ** 30;
/** How far before the first packet captured of a stream others may lie that were sent before it. */
const REORDER_BYTES = 2 ** 20;

const NOBODY: StreamSink = { onBytes() {}, onGap() {}, onEnd() {} };

export class Reassembler {
  /** Everything before this offset was delivered or given up. */
  next = 0;
  /** Highest offset any segment reached. */
  highest = 0;
  /** Payload bytes seen, each once. */
  bytes = 0;
  /** Offset of the FIN; infinite until one was seen. */
  finOffset = Number.POSITIVE_INFINITY;
  started = false;
  /** Met in the middle and still open where it begins: segments from before the first may have been captured late. */
  floating = false;
  ended = false;
  #sink: StreamSink = NOBODY;
  #held: HeldSegments | null = null;
  #nextSeq = 0;
  #finAt: Moment | null = null;
  #onLimit: OnLimit;
  #stored: Stored;

  constructor(onLimit: OnLimit, stored: Stored) {
    this.#onLimit = onLimit;
    this.#stored = stored;
  }

  /** Before the first segment: who takes the bytes. */
  attach(sink: StreamSink): void {
    this.#sink = sink;
  }

  /** The byte with this sequence number has offset 0. */
  start(seq: number): void {
    this.started = true;
    this.#nextSeq = seq;
  }

  /** Likewise, until `startAt` or `settle` tells where the stream begins. Nothing may be delivered before. */
  float(seq: number): void {
    this.start(seq);
    this.floating = true;
  }

  /** A stream that was met in the middle begins at `offset`. */
  startAt(offset: number): void {
    this.floating = false;
    this.#nextSeq = this.seqOf(offset);
    this.next = offset;
    while ((this.#held?.first?.end ?? Number.POSITIVE_INFINITY) <= offset) this.#held!.shift();
    this.finish();
  }

  /** A stream that was met in the middle begins with the earliest byte from which on nothing is missing. */
  settle(): void {
    const known = Math.min(this.next, this.finOffset);
    this.startAt(this.#held?.reachBack(known) ?? known);
  }

  offsetOf(seq: number): number {
    return this.next + ((seq - this.#nextSeq) | 0);
  }

  seqOf(offset: number): number {
    return (this.#nextSeq + (offset - this.next)) | 0;
  }

  get holding(): boolean {
    return this.#held !== null && this.#held.count > 0;
  }

  /** Where the first hole ends: the first held byte, or infinite when nothing is held. */
  get holeEnd(): number {
    return this.#held?.first?.offset ?? Number.POSITIVE_INFINITY;
  }

  /** What of the other direction the next held segment answers, where only that is missing; else infinite. */
  get waitsFor(): number {
    const first = this.#held?.first;
    return first !== undefined && first.offset <= this.next ? first.after : Number.POSITIVE_INFINITY;
  }

  /**
   * Takes `[offset, offset + length)`, of which `bytes[start, captured)` was captured.
   * @param after offset of the other direction that it acknowledges: what it may be the answer to.
   * @param reached how far the other direction has been told; what is `after` more than that waits.
   * @returns how many of its bytes had not been seen before; -1 when it cannot be of this stream.
   */
  data(
    offset: number,
    length: number,
    bytes: Buffer,
    start: number,
    captured: number,
    at: Moment,
    after: number,
    reached: number,
  ): number {
    const end = Math.min(offset + length, this.finOffset);
    if (offset - this.next > MAX_WINDOW || offset >= this.finOffset) return -1;
    if (this.ended) return end > this.next ? -1 : 0;
    if (end > this.highest) this.highest = end;
    const begin = this.#begin;
    if (end <= begin) return 0;
    if (offset <= this.next && after <= reached && !this.floating && !this.holding) {
      const fresh = end - this.next;
      this.bytes += fresh;
      this.#deliver(end, bytes, start + (this.next - offset), captured, at);
      this.finish();
      return fresh;
    }
    const held = this.#held ?? new HeldSegments(this.#stored);
    this.#held = held;
    const from = Math.max(offset, begin);
    const fresh = held.insert(from, end, bytes, start + (from - offset), captured, at, after);
    this.bytes += fresh;
    this.drain(reached);
    if (held.bytes > LIMITS.heldBytes) this.#overflow('heldBytes', at);
    if (held.count > LIMITS.heldSegments) this.#overflow('heldSegments', at);
    return fresh;
  }

  /** @param at is held on to. */
  fin(offset: number, at: Moment): void {
    if (this.#finAt !== null || this.ended || offset < this.#begin) return;
    this.finOffset = offset;
    this.#finAt = at;
    this.finish();
  }

  /**
   * Delivers what is held and has become in order: cause before effect, so nothing that answers more than `reached`.
   * @returns whether there was any.
   */
  drain(reached: number): boolean {
    const moved = this.#drainHeld(reached);
    this.finish();
    return moved;
  }

  #drainHeld(reached: number): boolean {
    const held = this.#held;
    const before = this.next;
    if (held === null || this.floating) return false;
    while (held.count > 0 && held.first!.offset <= this.next && held.first!.after <= reached) {
      const segment = held.shift();
      const skip = this.next - segment.offset;
      this.#deliver(segment.end, segment.bytes, skip, segment.bytes.length, segment.at);
    }
    return this.next > before;
  }

  /**
   * Gives up the missing bytes below `limit` and delivers what was held behind them, but not the end: `finish` does,
   * when what was given up is accounted for.
   * @returns how many bytes were given up.
   */
  giveUp(limit: number, at: Moment, reached: number): number {
    const target = Math.min(limit, this.finOffset);
    let lost = 0;
    while (!this.ended && this.next < target) {
      const gap = Math.min(this.holeEnd, target) - this.next;
      if (gap > 0) {
        this.#skip(gap, at);
        lost += gap;
      }
      if (!this.#drainHeld(reached) && gap <= 0) break;
    }
    return lost;
  }

  end(cause: EndCause, at: Moment): void {
    if (this.ended) return;
    this.ended = true;
    this.#held?.clear();
    this.#held = null;
    const sink = this.#sink;
    // A closed connection is remembered for a while; what ran on top of it need not be.
    this.#sink = NOBODY;
    sink.onEnd(cause, at);
  }

  /** Nothing before it is taken any more. */
  get #begin(): number {
    return this.floating ? this.next - REORDER_BYTES : this.next;
  }

  #deliver(end: number, bytes: Buffer, start: number, captured: number, at: Moment): void {
    const wanted = end - this.next;
    const there = Math.max(0, Math.min(captured - start, wanted));
    this.#advance(there);
    if (there > 0) this.#sink.onBytes(bytes, start, start + there, at);
    if (there < wanted) this.#skip(wanted - there, at);
  }

  #skip(length: number, at: Moment): void {
    this.#advance(length);
    this.#sink.onGap(length, at);
  }

  #advance(length: number): void {
    this.next += length;
    this.#nextSeq = (this.#nextSeq + length) | 0;
    if (this.next > this.highest) this.highest = this.next;
  }

  /** Ends the stream where its FIN has been reached. */
  finish(): void {
    if (this.#finAt === null || this.floating || this.next < this.finOffset) return;
    this.end('fin', this.#finAt);
  }

  /** Whatever the segments wait for, a hole or the other direction: no more of them can be held. */
  #overflow(limit: 'heldBytes' | 'heldSegments', at: Moment): void {
    this.#onLimit(limit);
    if (this.floating) this.settle();
    if (!this.holding) return;
    this.giveUp(this.holeEnd, at, Number.POSITIVE_INFINITY);
    this.drain(Number.POSITIVE_INFINITY);
  }
}
