/**
 * In: what a run of bytes has of a frame that goes on behind it. Out: the same bytes in one piece. Its room doubles, so that
 * what comes byte by byte is copied a constant number of times a byte; it is given back as soon as it is not needed.
 */
import type { Stored } from '../limits.ts';

const NOTHING: Buffer = Buffer.alloc(0);
const FIRST_ROOM = 512;

export class Held {
  /** The held bytes are `bytes[0, length)`. */
  bytes = NOTHING;
  length = 0;
  readonly #stored: Stored;

  constructor(stored: Stored) {
    this.#stored = stored;
  }

  add(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length, FIRST_ROOM));
      this.bytes.copy(larger, 0, 0, this.length);
      this.#stored.add(larger.length - this.bytes.length);
      this.bytes = larger;
    }
    bytes.copy(this.bytes, this.length, start, end);
    this.length = length;
  }

  clear(): void {
    this.#stored.add(-this.bytes.length);
    this.bytes = NOTHING;
    this.length = 0;
  }
}
