/**
 * In: a framing and the bytes after a head. Out: the body, without transfer coding, as calls on a sink, and where it
 * ends (RFC 9112 §6, §7). A gap is passed on where the framing still tells how many bytes it hides.
 */
import type { OnLimit } from '../limits.ts';
import { BROKEN, ChunkedDecoder, MORE } from './chunked.ts';
import type { Framing, OnAnomaly } from './message.ts';

export interface BodySink {
  onBody(bytes: Buffer, start: number, end: number): void;
  onBodyGap(length: number): void;
}

/** What is told beside the body. */
interface Teller {
  readonly tell: OnAnomaly;
  readonly onLimit: OnLimit;
}

const LENGTH = 0;
const CLOSE = 1;
const CHUNKED = 2;

export class BodyReader {
  private readonly sink: BodySink;
  private readonly teller: Teller;
  private kind: number;
  private remaining: number;
  /** Made for the first chunked body: most connections have none. */
  private chunked: ChunkedDecoder | undefined;

  constructor(sink: BodySink, teller: Teller) {
    this.sink = sink;
    this.teller = teller;
    this.kind = LENGTH;
    this.remaining = 0;
    this.chunked = undefined;
  }

  /** Begins a body; without one (`none`, `tunnel`, length 0) it is done at once. */
  begin(framing: Framing): void {
    this.kind = LENGTH;
    this.remaining = 0;
    if (framing.kind === 'length') {
      this.remaining = framing.length;
    } else if (framing.kind === 'close') {
      this.kind = CLOSE;
    } else if (framing.kind === 'chunked') {
      this.kind = CHUNKED;
      this.chunked ??= new ChunkedDecoder(this.sink, this.teller.tell, this.teller.onLimit);
      this.chunked.reset();
    }
  }

  /** The framing is satisfied. Never so for a body that the end of the stream delimits. */
  get done(): boolean {
    if (this.kind === CHUNKED) return this.chunked!.status !== MORE;
    return this.kind === LENGTH && this.remaining <= 0;
  }

  /** The framing is violated: where the message ends cannot be told. `done` is then true as well. */
  get broken(): boolean {
    return this.kind === CHUNKED && this.chunked!.status === BROKEN;
  }

  /** Whether what broke the framing stands at the beginning of a line. */
  get brokenAtLineStart(): boolean {
    return this.broken && this.chunked!.atLineStart();
  }

  /** Whether the body ends with the stream. */
  get untilClose(): boolean {
    return this.kind === CLOSE;
  }

  /** Takes bytes of the body; returns the index after the last of them, less than `end` only when `done`. */
  feed(bytes: Buffer, pos: number, end: number): number {
    if (this.kind === CHUNKED) return this.chunked!.feed(bytes, pos, end);
    const stop = this.kind === CLOSE ? end : Math.min(end, pos + this.remaining);
    this.remaining -= stop - pos;
    if (stop > pos) this.sink.onBody(bytes, pos, stop);
    return stop;
  }

  /** `length` bytes are missing. Returns how many of them belong to the body, or -1 when that cannot be told. */
  gap(length: number): number {
    let hidden = length;
    if (this.kind === CHUNKED) {
      if (!this.chunked!.gap(length)) return -1;
    } else if (this.kind === LENGTH) {
      hidden = Math.min(length, this.remaining);
      this.remaining -= hidden;
    }
    this.sink.onBodyGap(hidden);
    return hidden;
  }
}
