/**
 * In: the fragments of a field block, which HEADERS or PUSH_PROMISE begin and CONTINUATIONs go on with (RFC 9113 §4.3, §6.10).
 * Out: its fields. A block that is cut gives those that came before the cut.
 */
import { type Mark, type Moment, moveTo } from '../capture/packet.ts';
import { LIMITS, type OnLimit, type Stored } from '../limits.ts';
import type { Frame } from './frame.ts';
import { END_STREAM, PUSH_PROMISE } from './header.ts';
import { Held } from './held.ts';
import type { HpackDecoder } from './hpack.ts';
import type { FieldSection, Http2Anomaly } from './http2.ts';

export class Section {
  /** Its last fragment is still to come. */
  open = false;
  stream = 0;
  /** PUSH_PROMISE began it, for this stream; 0 while that is not known. */
  pushes = false;
  promised = 0;
  endStream = false;
  /** Position of its first frame. */
  start = 0;
  /** Packets of its first byte and of the last that came. */
  first: Mark | null = null;
  last: Mark | null = null;
  readonly #decoder: HpackDecoder;
  readonly #onLimit: OnLimit;
  readonly #held: Held;
  #continuations = 0;

  constructor(decoder: HpackDecoder, onLimit: OnLimit, stored: Stored) {
    this.#decoder = decoder;
    this.#onLimit = onLimit;
    this.#held = new Held(stored);
  }

  begin(frame: Frame): void {
    this.open = true;
    this.stream = frame.stream;
    this.pushes = frame.type === PUSH_PROMISE;
    this.promised = 0;
    this.endStream = (frame.flags & END_STREAM) !== 0;
    this.start = frame.start;
    this.first = moveTo(this.first, frame.first);
    this.reach(frame.first);
    this.#continuations = 0;
  }

  reach(at: Moment): void {
    this.last = moveTo(this.last, at);
  }

  /** A CONTINUATION begins. @returns false where there are more than are taken. */
  goOn(): boolean {
    if (++this.#continuations <= LIMITS.http2Continuations) return true;
    this.#onLimit('http2Continuations');
    return false;
  }

  /** Whether the block may be longer by `length`. */
  takes(length: number): boolean {
    return this.#held.length + length <= LIMITS.headBytes;
  }

  /** A fragment, or a part of one. @returns false where the block is longer than is taken. */
  add(bytes: Buffer, start: number, end: number): boolean {
    if (this.takes(end - start)) {
      this.#held.add(bytes, start, end);
      return true;
    }
    this.#held.add(bytes, start, start + LIMITS.headBytes - this.#held.length);
    this.#onLimit('headBytes');
    return false;
  }

  /** The block is over; `bytes[start, end)` is the last of it, or all. */
  finish(bytes: Buffer, start: number, end: number, tell: (anomaly: Http2Anomaly) => void): FieldSection {
    if (this.#held.length === 0) return this.#decode(bytes, start, end, true, tell);
    this.#held.add(bytes, start, end);
    return this.#decode(this.#held.bytes, 0, this.#held.length, true, tell);
  }

  /** What follows of it is lost, or not taken. */
  cut(tell: (anomaly: Http2Anomaly) => void): FieldSection {
    return this.#decode(this.#held.bytes, 0, this.#held.length, false, tell);
  }

  #decode(
    bytes: Buffer,
    start: number,
    end: number,
    whole: boolean,
    tell: (anomaly: Http2Anomaly) => void,
  ): FieldSection {
    const { fields, complete, anomaly } = this.#decoder.decode(bytes, start, end, whole);
    this.open = false;
    this.#held.clear();
    if (anomaly !== null) tell(anomaly);
    return { fields, complete, bytes: end - start };
  }
}
