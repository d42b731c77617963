/**
 * In: the beginning of a line or head that a segment ends in. Out: the same bytes in one piece, when the rest has
 * come. Its room doubles, so that a head that comes byte by byte is copied a constant number of times a byte; it is
 * given back at once, because a million idle connections hold nothing.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { Stored } from '../limits.ts';
import { findLineFeed } from './grammar.ts';

const NOTHING: Buffer = Buffer.alloc(0);
const FIRST_ROOM = 512;

export class HeldBytes {
  /** The held bytes are `bytes[0, length)`. */
  bytes: Buffer;
  length: number;
  /** Position in the stream and packet of the first held byte; meaningful after `begin`. */
  position: number;
  since: Moment | undefined;
  private readonly stored: Stored;

  constructor(stored: Stored) {
    this.stored = stored;
    this.bytes = NOTHING;
    this.length = 0;
    this.position = 0;
    this.since = undefined;
  }

  /** Holds `bytes[start, end)` as the first bytes of a line; `position` is theirs in the stream. */
  begin(bytes: Buffer, start: number, end: number, position: number, at: Moment): void {
    this.add(bytes, start, end);
    this.position = position;
    this.since = keep(at);
  }

  add(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length, FIRST_ROOM));
      this.bytes.copy(larger, 0, 0, this.length);
      this.stored.add(larger.length - this.bytes.length);
      this.bytes = larger;
    }
    bytes.copy(this.bytes, this.length, start, end);
    this.length = length;
  }

  /** Adds what `bytes[start, end)` has of the line; returns the index after its line feed, or `end`. */
  addLine(bytes: Buffer, start: number, end: number): number {
    const lf = findLineFeed(bytes, start, end);
    const stop = lf < 0 ? end : lf + 1;
    this.add(bytes, start, stop);
    return stop;
  }

  /** All held bytes as latin1; none are held after. */
  take(): string {
    const text = this.bytes.toString('latin1', 0, this.length);
    this.clear();
    return text;
  }

  clear(): void {
    this.stored.add(-this.bytes.length);
    this.bytes = NOTHING;
    this.length = 0;
    this.since = undefined;
  }
}
