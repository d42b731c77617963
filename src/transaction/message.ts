/**
 * Collects one HTTP message while it streams in: its moments, offsets and a bounded prefix of its body.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { MessageEnd, RequestHead, ResponseHead } from '../http/message.ts';
import { LIMITS } from '../limits.ts';
import type { DecodedBody, HttpStage, Message } from './transaction.ts';

const EMPTY = Buffer.alloc(0);

export class CollectedMessage<H extends RequestHead | ResponseHead> implements Message<H> {
  head: H | null = null;
  readonly start: number;
  readonly firstByte: Moment;
  end: number;
  lastByte: Moment;
  ended: MessageEnd | null = null;
  bodyBytes = 0;
  bodyCaptured = 0;
  bodyWhole = true;
  #store: Buffer = EMPTY;
  #used = 0;
  #decode: HttpStage['decodeBody'];
  #decoded: DecodedBody | null = null;

  constructor(start: number, at: Moment, decode: HttpStage['decodeBody']) {
    this.#decode = decode;
    this.start = start;
    this.end = start;
    this.firstByte = keep(at);
    this.lastByte = this.firstByte;
  }

  get body(): Buffer {
    return this.#store.subarray(0, this.#used);
  }

  /** The stream has come to `end`, in the packet `at`; null where what lies before it was not captured. */
  reach(end: number, at: Moment | null): void {
    if (end <= this.end) return;
    this.end = end;
    if (at === null) return;
    if (at.time !== this.lastByte.time || at.frame !== this.lastByte.frame) this.lastByte = keep(at);
  }

  addBody(bytes: Buffer, start: number, end: number): void {
    this.bodyBytes += end - start;
    this.bodyCaptured += end - start;
    if (!this.bodyWhole) return;
    const room = LIMITS.bodyBytes - this.#used;
    const taken = Math.min(room, end - start);
    if (taken < end - start) this.bodyWhole = false;
    if (taken === 0) return;
    if (this.#used + taken > this.#store.length) this.#grow(this.#used + taken);
    bytes.copy(this.#store, this.#used, start, start + taken);
    this.#used += taken;
  }

  /** Behind a gap the rest cannot be joined to the prefix. */
  addBodyGap(length: number): void {
    this.bodyBytes += length;
    this.bodyWhole = false;
  }

  decoded(): DecodedBody {
    const whole = this.bodyWhole && (this.ended === 'complete' || this.ended === 'closed');
    this.#decoded ??= this.#decode(this.body, this.head?.headers ?? [], whole);
    return this.#decoded;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.min(LIMITS.bodyBytes, Math.max(needed, this.#used * 2)));
    this.#store.copy(grown, 0, 0, this.#used);
    this.#store = grown;
  }
}
