/**
 * In: the content of one direction's handshake records, cut anywhere. Out: whole messages (RFC 8446 §4). One that is
 * longer than the limit is stepped over without being held.
 */
import { LIMITS, type Stored } from '../limits.ts';

/** HandshakeType (RFC 8446 §4, RFC 5246 §7.4). */
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
export const END_OF_EARLY_DATA = 5;
export const ENCRYPTED_EXTENSIONS = 8;
export const CERTIFICATE = 11;
export const FINISHED = 20;
export const KEY_UPDATE = 24;

const HEADER = 4;
const NOTHING = Buffer.alloc(0);

export class HandshakeReader {
  #onMessage: (type: number, body: Buffer) => void;
  #onTooLong: () => void;
  #held: Buffer = NOTHING;
  #used = 0;
  /** Bytes of a message beyond the limit that are still to come. */
  #skip = 0;

  #stored: Stored;

  constructor(onMessage: (type: number, body: Buffer) => void, onTooLong: () => void, stored: Stored) {
    this.#stored = stored;
    this.#onMessage = onMessage;
    this.#onTooLong = onTooLong;
  }

  /** A message has begun and is not whole. */
  get open(): boolean {
    return this.#used > 0 || this.#skip > 0;
  }

  /** Bytes were lost, or the keys have changed: what had begun will not be completed. */
  reset(): void {
    this.#used = 0;
    this.#skip = 0;
    this.#stored.add(-this.#held.length);
    this.#held = NOTHING;
  }

  feed(bytes: Buffer, start: number, end: number): void {
    let pos = start;
    while (pos < end) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - pos);
        this.#skip -= skipped;
        pos += skipped;
        continue;
      }
      if (this.#used < HEADER) {
        pos = this.#hold(bytes, pos, Math.min(end, pos + HEADER - this.#used));
        if (this.#used < HEADER) return;
      }
      const length = this.#held.readUIntBE(1, 3);
      if (length > LIMITS.tlsHandshakeBytes) {
        this.#used = 0;
        this.#skip = length;
        this.#onTooLong();
        continue;
      }
      pos = this.#hold(bytes, pos, Math.min(end, pos + HEADER + length - this.#used));
      if (this.#used < HEADER + length) return;
      const message = this.#held;
      // Nothing is held of a connection on which nothing is half said.
      this.reset();
      this.#onMessage(message[0]!, message.subarray(HEADER, HEADER + length));
    }
  }

  #hold(bytes: Buffer, start: number, end: number): number {
    const needed = this.#used + end - start;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length, 512));
      this.#held.copy(grown, 0, 0, this.#used);
      this.#stored.add(grown.length - this.#held.length);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#used, start, end);
    this.#used = needed;
    return end;
  }
}
