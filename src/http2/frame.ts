/**
 * In: the ordered bytes of one direction, cut anywhere and with gaps. Out: its frames (RFC 9113 §3.4, §4.1), their payload as
 * it comes. A gap within a payload costs no more than itself, because the header told its length; behind any other the next
 * frame is searched for.
 */
import { Mark, type Moment } from '../capture/packet.ts';
import type { OnLimit, Stored } from '../limits.ts';
import {
  type Bounds,
  type FrameHeader,
  fitsLength,
  fitsStream,
  HEADER,
  isKnown,
  isLikely,
  LARGEST_STREAM,
  PUSH_PROMISE,
  readHeader,
  SETTINGS_FRAME,
} from './header.ts';
import type { Http2Anomaly } from './http2.ts';
import { type Released, Search } from './search.ts';

/** What a client sends first (RFC 9113 §3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Lent: the next one fills it again. */
export interface Frame extends FrameHeader {
  /** Position of its header. */
  start: number;
  first: Mark;
}

export interface FrameSink {
  onFrame(frame: Frame): void;
  /** Bytes of its payload, lent; `position` is that of `bytes[start]`. */
  onPayload(bytes: Buffer, start: number, end: number, position: number, at: Moment): void;
  onPayloadGap(length: number, position: number, at: Moment): void;
  /** Its payload is over; what was missing of it was told. */
  onFrameEnd(position: number, at: Moment): void;
  /** Positions [start, end) cannot be read; a frame that was open has ended before. */
  onLost(start: number, end: number, at: Moment): void;
  /** Bytes of a direction that is something else. */
  onForeign(bytes: Buffer, start: number, end: number, at: Moment): void;
  onAnomaly(anomaly: Http2Anomaly, stream: number): void;
}

const NOWHERE: Moment = { time: 0, file: 0, frame: 0 };

const PREFACING = 0;
const HEADING = 1;
const PAYLOAD = 2;
const SEARCHING = 3;
const FOREIGN = 4;

export interface FrameOptions {
  /** It begins anywhere; else with the preface, if it is the client's. */
  readonly midStream: boolean;
  readonly bounds: Bounds;
  readonly onLimit: OnLimit;
  readonly stored: Stored;
}

export class FrameReader {
  /** Bytes that were handed in, gaps included. */
  position = 0;
  readonly #sink: FrameSink;
  readonly #bounds: Bounds;
  readonly #search: Search;
  #state: number;
  /** No header was read yet. */
  #fresh: boolean;
  /** Bytes of the payload before were missing: how many is as sure as who counted them (TLS guesses at its padding). */
  #doubtful = false;
  /** Of the preface, or of a header that was cut. */
  #used = 0;
  readonly #header = Buffer.alloc(HEADER);
  readonly #frame: Frame = { type: 0, flags: 0, stream: 0, length: 0, start: 0, first: new Mark(NOWHERE) };
  /** Payload that is still to come. */
  #remaining = 0;
  /** Position up to which all that is lost was told. */
  #lostFrom = 0;

  constructor(sink: FrameSink, { midStream, bounds, onLimit, stored }: FrameOptions) {
    this.#sink = sink;
    this.#bounds = bounds;
    this.#search = new Search(bounds, onLimit, stored);
    this.#state = midStream ? SEARCHING : bounds.fromClient ? PREFACING : HEADING;
    this.#fresh = !midStream;
  }

  onBytes(bytes: Buffer, start: number, end: number, at: Moment): void {
    const base = this.position - start;
    this.position += end - start;
    this.#take(bytes, start, end, base, at);
  }

  /** `length` bytes were not captured. */
  onGap(length: number, at: Moment): void {
    if (length <= 0) {
      this.#doubtful = true;
      return;
    }
    this.#settle(at);
    const from = this.position;
    this.position += length;
    switch (this.#state) {
      case PREFACING:
        if (this.#used + length <= PREFACE.length) {
          this.#used += length;
          this.#endPreface();
          return;
        }
        this.#lose(from - this.#used);
        break;
      case HEADING:
        this.#lose(from - this.#used);
        break;
      case PAYLOAD: {
        const hidden = Math.min(length, this.#remaining);
        this.#sink.onPayloadGap(hidden, from, at);
        this.#doubtful = true;
        this.#remaining -= hidden;
        if (this.#remaining > 0) return;
        this.#state = HEADING;
        this.#sink.onFrameEnd(from + hidden, at);
        if (hidden === length) return;
        this.#lose(from + hidden);
        break;
      }
      case FOREIGN:
        return;
      default:
    }
    this.#tellLost(this.position, at);
  }

  onEnd(at: Moment): void {
    this.#settle(at);
    this.#search.clear();
  }

  /** @param base position of `bytes[0]`. */
  #take(bytes: Buffer, start: number, end: number, base: number, at: Moment): void {
    if (this.#search.held === 0) {
      this.#read(bytes, start, end, base, at);
      return;
    }
    const released = this.#search.add(bytes, start, end, at);
    if (released === null) this.#tellLost(base + end - this.#search.held, at);
    else this.#again(released, base + end, at);
  }

  #read(bytes: Buffer, start: number, end: number, base: number, at: Moment): void {
    let pos = start;
    while (pos < end) {
      switch (this.#state) {
        case PREFACING:
          pos = this.#preface(bytes, pos, end, at);
          break;
        case HEADING:
          pos = this.#heading(bytes, pos, end, base, at);
          break;
        case PAYLOAD:
          pos = this.#payload(bytes, pos, end, base, at);
          break;
        case SEARCHING: {
          if (this.#search.held > 0) {
            this.#take(bytes, pos, end, base, at);
            return;
          }
          pos = this.#search.find(bytes, pos, end, pos === start, at);
          const known = base + pos - this.#search.held;
          if (pos < end) this.#state = HEADING;
          this.#tellLost(known, at);
          break;
        }
        default:
          this.#sink.onForeign(bytes, pos, end, at);
          pos = end;
      }
    }
  }

  #preface(bytes: Buffer, start: number, end: number, at: Moment): number {
    const stop = Math.min(end, start + PREFACE.length - this.#used);
    for (let pos = start; pos < stop; pos++) {
      if (bytes[pos] !== PREFACE[this.#used + pos - start]) {
        this.#state = FOREIGN;
        if (this.#used > 0) this.#sink.onForeign(PREFACE, 0, this.#used, at);
        return start;
      }
    }
    this.#used += stop - start;
    this.#endPreface();
    return stop;
  }

  #endPreface(): void {
    if (this.#used < PREFACE.length) return;
    this.#used = 0;
    this.#state = HEADING;
  }

  #heading(bytes: Buffer, start: number, end: number, base: number, at: Moment): number {
    if (this.#used === 0) {
      this.#frame.start = base + start;
      this.#frame.first.set(at);
    }
    const stop = Math.min(end, start + HEADER - this.#used);
    bytes.copy(this.#header, this.#used, start, stop);
    this.#used += stop - start;
    if (this.#fresh && !isLikely(this.#header, 0, this.#used, this.#bounds)) {
      this.#state = FOREIGN;
      this.#sink.onForeign(Buffer.from(this.#header), 0, this.#used, at);
      return stop;
    }
    if (this.#used < HEADER) return stop;
    this.#used = 0;
    if (this.#doubtful && !isLikely(this.#header, 0, HEADER, this.#bounds)) {
      this.#lose(this.#frame.start);
      this.#search.find(Buffer.from(this.#header), 0, HEADER, false, at);
      this.#tellLost(base + stop - this.#search.held, at);
      return stop;
    }
    this.#doubtful = false;
    this.#begin(at);
    return stop;
  }

  #begin(at: Moment): void {
    const frame = this.#frame;
    const { maxFrame, streams } = this.#bounds;
    readHeader(this.#header, 0, frame);
    const lengthFits = fitsLength(frame);
    const streamFits = fitsStream(frame);
    const tooLarge = frame.length > maxFrame;
    if (tooLarge && !(isKnown(frame) && lengthFits && streamFits)) {
      this.#sink.onAnomaly('frame_invalid', 0);
      this.#lose(frame.start);
      this.#tellLost(frame.start + HEADER, at);
      return;
    }
    if (this.#fresh && frame.type !== SETTINGS_FRAME) this.#sink.onAnomaly('settings_missing', 0);
    this.#fresh = false;
    if (tooLarge) this.#sink.onAnomaly('frame_too_large', frame.stream);
    if (!lengthFits) this.#sink.onAnomaly('frame_size_invalid', frame.stream);
    if (!streamFits) this.#sink.onAnomaly('stream_invalid', frame.stream);
    streams.most = Math.max(streams.most, frame.stream);
    streams.even ||= frame.type === PUSH_PROMISE;
    this.#remaining = frame.length;
    this.#state = PAYLOAD;
    this.#sink.onFrame(frame);
    if (frame.length === 0) this.#end(frame.start + HEADER, at);
  }

  #payload(bytes: Buffer, start: number, end: number, base: number, at: Moment): number {
    const stop = Math.min(end, start + this.#remaining);
    this.#remaining -= stop - start;
    this.#sink.onPayload(bytes, start, stop, base + start, at);
    if (this.#remaining === 0) this.#end(base + stop, at);
    return stop;
  }

  #end(position: number, at: Moment): void {
    this.#state = HEADING;
    this.#sink.onFrameEnd(position, at);
  }

  /** Frames are searched for from here on; what cannot be read begins at `position`. */
  #lose(position: number): void {
    this.#state = SEARCHING;
    this.#used = 0;
    this.#fresh = false;
    this.#lostFrom = position;
  }

  #tellLost(end: number, at: Moment): void {
    if (end > this.#lostFrom) {
      // Each stream takes a frame of its own, and every other number.
      const { streams } = this.#bounds;
      const hidden = Math.ceil((2 * (end - this.#lostFrom)) / HEADER);
      streams.most = Math.min(LARGEST_STREAM, streams.most + hidden);
      this.#sink.onLost(this.#lostFrom, end, at);
    }
    this.#lostFrom = end;
  }

  /** Nothing will tell more of what is held. */
  #settle(at: Moment): void {
    if (this.#state !== SEARCHING) return;
    const released = this.#search.settle();
    if (released === null) this.#tellLost(this.position, at);
    else this.#again(released, this.position, at);
  }

  /** @param end position after what was held. */
  #again({ bytes, pieces }: Released, end: number, at: Moment): void {
    const base = end - pieces.at(-1)!.end;
    this.#state = HEADING;
    this.#tellLost(base + pieces[0]!.start, at);
    for (const piece of pieces) this.#take(bytes, piece.start, piece.end, base, piece.at);
  }
}
