/**
 * In: the ordered bytes of one direction of a connection, cut anywhere and with gaps. Out: its HTTP/1.x messages
 * (RFC 9112 §2) as calls on a MessageSink. No I/O, no exceptions: what is no message goes to `onOther`, what is odd
 * is told as an anomaly, and a message that stops short is delivered as far as it came.
 *
 * A head inside one segment is never copied: it is cut out as one latin1 string and parsed from that. Only the bytes
 * of a start line or head that a segment ends in are held (at most LIMITS.headBytes), and none is searched twice.
 * After lost bytes the parser looks for the next start line, at the beginning of each delivered run of bytes (a new
 * message mostly begins a segment) and after each line end.
 */
import type { Moment } from '../capture/packet.ts';
import { LIMITS, type OnLimit, Stored } from '../limits.ts';
import type { EndCause, StreamSink } from '../tcp/stream.ts';
import { BodyReader } from './body.ts';
import { findLineFeed } from './grammar.ts';
import { type Kind, REQUEST, RESPONSE } from './kinds.ts';
import type { Anomaly, MessageEnd, MessageSink, OnAnomaly, RequestHead, ResponseHead } from './message.ts';
import { HTTP2, MORE, resetScan, type Verdict, YES } from './start-line.ts';
import { Unfinished } from './unfinished.ts';

export interface ParserOptions {
  /** The stream begins somewhere in the middle: look for a start line first. */
  readonly midStream?: boolean;
  /** Told each time one of LIMITS fires. */
  readonly onLimit?: OnLimit;
  /** Told what is held of an unfinished line or head. */
  readonly stored?: Stored;
}

export type RequestParser = MessageParser<RequestHead>;
export type ResponseParser = MessageParser<ResponseHead>;

/** A parser of the direction that sends requests. */
export function createRequestParser(
  sink: MessageSink<RequestHead>,
  options: ParserOptions = {},
): RequestParser {
  return new MessageParser(REQUEST, sink, options);
}

/** A parser of the direction that sends responses. */
export function createResponseParser(
  sink: MessageSink<ResponseHead>,
  options: ParserOptions = {},
): ResponseParser {
  return new MessageParser(RESPONSE, sink, options);
}

/** A message may begin here (or an empty line before it). */
const START = 0;
/** Inside the start line, which is known to be one; then inside the fields. */
const FIRST_LINE = 1;
const FIELDS = 2;
const BODY = 3;
/** Synchronisation was lost. */
const RESYNC = 4;
/** The stream did not begin as HTTP: only the beginning of a run is looked at. */
const NOT_HTTP = 5;
/** A tunnel, or another protocol for good. */
const OTHER = 6;
const ENDED = 7;

const LF = 0x0a;
const CR = 0x0d;

const NOTHING_TOLD: readonly Anomaly[] = [];

/** Made by `createRequestParser` and `createResponseParser`. */
export class MessageParser<H extends RequestHead | ResponseHead> implements StreamSink {
  /**
   * Bytes of the stream, counted from the first that was handed in and with the gaps, up to what the present call
   * of the sink is about: in `onStart` the start line's first byte, in `onHead` and `onEnd` the end of the head or
   * of the message. Outside of these calls all that was handed in.
   */
  position: number;
  private readonly kind: Kind<H>;
  private readonly sink: MessageSink<H>;
  readonly onLimit: OnLimit;
  private readonly stored: Stored | null;
  /** Of the message at hand. */
  private told: readonly Anomaly[];
  private readonly body: BodyReader;
  /** Made where needed: most connections carry nothing odd or cut by segments, and take 400 bytes less. */
  private teller: OnAnomaly | null;
  private unfinished: Unfinished | null;
  private state: number;
  /** Position of the run at hand, less its index: `base + i` is the position of `bytes[i]`. */
  private base: number;
  /** Position after the run at hand. */
  private handed: number;
  /** An empty line was skipped and no message was told of it yet. */
  private emptyLine: boolean;
  /** Whether a start line was ever recognised. */
  private spoken: boolean;
  /** Whether RESYNC may look at the present position: it begins a run or a line. */
  private candidate: boolean;

  constructor(kind: Kind<H>, sink: MessageSink<H>, options: ParserOptions) {
    this.position = 0;
    this.kind = kind;
    this.sink = sink;
    this.onLimit = options.onLimit ?? (() => {});
    this.stored = options.stored ?? null;
    this.told = NOTHING_TOLD;
    this.body = new BodyReader(sink, this);
    this.teller = null;
    this.unfinished = null;
    this.state = options.midStream === true ? RESYNC : START;
    this.base = 0;
    this.handed = 0;
    this.emptyLine = false;
    this.spoken = false;
    this.candidate = true;
  }

  /** Tells each anomaly once a message. */
  get tell(): OnAnomaly {
    this.teller ??= (anomaly) => {
      if (this.told.includes(anomaly)) return;
      this.told = [...this.told, anomaly];
      this.sink.onAnomaly(anomaly);
    };
    return this.teller;
  }

  /** What is known of a start line or head that is not whole, or not clean. */
  private get partial(): Unfinished {
    this.unfinished ??= new Unfinished(this.stored ?? new Stored());
    return this.unfinished;
  }

  private get isHolding(): boolean {
    return this.unfinished !== null && this.unfinished.held.length > 0;
  }

  onBytes(bytes: Buffer, start: number, end: number, at: Moment): void {
    this.candidate = true;
    this.base = this.handed - start;
    this.handed = this.base + end;
    let pos = start;
    while (pos < end) {
      switch (this.state) {
        case START:
          pos = this.startLine(bytes, pos, end, at);
          break;
        case FIRST_LINE:
          pos = this.firstLine(bytes, pos, end);
          break;
        case FIELDS:
          pos = this.fields(bytes, pos, end);
          break;
        case BODY:
          pos = this.body.feed(bytes, pos, end);
          if (this.body.done) this.endBody(this.base + pos);
          break;
        case RESYNC:
        case NOT_HTTP:
          pos = this.restartLine(bytes, pos, end, at);
          break;
        case OTHER:
          this.sink.onOther(bytes, pos, end);
          pos = end;
          break;
        default:
          pos = end;
      }
    }
    this.position = this.handed;
  }

  onGap(length: number, at: Moment): void {
    if (length <= 0) return;
    switch (this.state) {
      case START:
        this.cutStartLine('lost', at);
        this.state = RESYNC;
        break;
      case FIRST_LINE:
      case FIELDS:
        this.cutHead('lost');
        this.state = RESYNC;
        break;
      case BODY: {
        const hidden = this.body.gap(length);
        if (hidden < 0) this.finish('lost');
        else if (this.body.done) this.endBody(this.handed + hidden);
        if (hidden < length) this.state = RESYNC;
        break;
      }
      case RESYNC:
        this.cutRestartLine('lost', at);
        break;
      case NOT_HTTP:
        this.releaseAsOther();
        break;
      default:
    }
    this.handed += length;
    this.position = this.handed;
  }

  onEnd(cause: EndCause, at: Moment): void {
    switch (this.state) {
      case START:
        this.cutStartLine('cut', at);
        if (this.emptyLine) this.sink.onAnomaly('empty_line_before_start');
        break;
      case FIRST_LINE:
      case FIELDS:
        this.cutHead('cut');
        break;
      case BODY:
        this.finish(this.body.untilClose && cause === 'fin' ? 'closed' : 'cut');
        break;
      case RESYNC:
        this.cutRestartLine('cut', at);
        break;
      case NOT_HTTP:
        this.releaseAsOther();
        break;
      default:
    }
    this.state = ENDED;
  }

  /**
   * The other direction changed the protocol (101, or 2xx to CONNECT): from here on all bytes go to `onOther`, and a
   * message that had begun ends as cut. Not to be called from within a call of this parser's own sink, which answers
   * `tunnel` in `onHead` instead.
   */
  enterTunnel(): void {
    if (this.state === ENDED || this.state === OTHER) return;
    if (this.state === FIRST_LINE || this.state === FIELDS) this.cutHead('cut');
    else if (this.state === BODY) this.finish('cut');
    else this.releaseAsOther();
    this.state = OTHER;
  }

  /** START: looks for a start line that may be odd. */
  private startLine(bytes: Buffer, start: number, end: number, at: Moment): number {
    let pos = start;
    if (!this.isHolding) {
      // RFC 9112 §2.2: a recipient ignores empty lines before a start line.
      while (pos < end && (bytes[pos] === CR || bytes[pos] === LF)) {
        pos++;
        this.emptyLine = true;
      }
      if (pos === end) return end;
      const clean = this.kind.clean(bytes, pos, end);
      if (clean !== null) {
        this.begin(this.base + pos, at);
        const headEnd = pos + clean.headerBytes;
        this.deliverHead(clean, this.base + headEnd);
        return headEnd;
      }
      resetScan(this.partial.scan);
      const verdict = this.kind.start(this.partial.scan, bytes, pos, end);
      if (verdict === YES) return this.beginHead(bytes, pos, end, at);
      if (verdict === MORE) {
        this.partial.held.begin(bytes, pos, end, this.base + pos, at);
        return end;
      }
      this.candidate = pos === start;
      this.refuse(verdict);
      return pos;
    }
    const { held, scan } = this.partial;
    const before = held.length;
    const stop = this.holdLine(bytes, pos, end);
    const verdict = this.kind.start(scan, held.bytes, 0, held.length);
    if (verdict === MORE) return stop;
    if (verdict === YES && !this.partial.isGlued(this.kind, bytes, pos, end))
      return this.beginHeldHead(stop, at);
    // The bytes of this run go back: they may begin a message by themselves.
    held.length = before;
    this.refuse(verdict);
    this.releaseAsOther();
    return pos;
  }

  /** What START refused: another protocol, or bytes between two messages. */
  private refuse(verdict: Verdict): void {
    this.told = NOTHING_TOLD;
    if (verdict === HTTP2) {
      this.tell('http2_preface');
      this.state = OTHER;
    } else if (this.spoken) {
      this.tell('unexpected_bytes');
      this.state = RESYNC;
    } else {
      this.state = NOT_HTTP;
    }
  }

  /** RESYNC and NOT_HTTP: looks for a start line that is exactly as the grammar has it. */
  private restartLine(bytes: Buffer, start: number, end: number, at: Moment): number {
    const { held, scan } = this.partial;
    if (this.isHolding) {
      const before = held.length;
      const stop = this.holdLine(bytes, start, end);
      const verdict = this.kind.restart(scan, held.bytes, 0, held.length);
      if (verdict === MORE) return stop;
      if (verdict === YES && !this.partial.isGlued(this.kind, bytes, start, end))
        return this.beginHeldHead(stop, at);
      // Only what earlier runs brought is given up: this run's beginning is a candidate of its own.
      held.length = before;
      this.releaseAsOther();
      return start;
    }
    let pos = start;
    while (pos < end) {
      if (this.candidate) {
        resetScan(scan);
        const verdict = this.kind.restart(scan, bytes, pos, end);
        if (verdict === YES || verdict === MORE) {
          if (pos > start) this.sink.onOther(bytes, start, pos);
          if (verdict === YES) return this.beginHead(bytes, pos, end, at);
          held.begin(bytes, pos, end, this.base + pos, at);
          return end;
        }
        // No start line has a line feed but at its end, so the next candidate is not before what refused this one.
        pos += scan.offset;
      }
      if (this.state === NOT_HTTP) break;
      const lf = findLineFeed(bytes, pos, end);
      if (lf < 0) break;
      pos = lf + 1;
      this.candidate = true;
    }
    this.sink.onOther(bytes, start, end);
    return end;
  }

  /** A start line begins at `pos`: takes the whole head if this run has it, else holds what there is. */
  private beginHead(bytes: Buffer, pos: number, end: number, at: Moment): number {
    const { headEnd, held } = this.partial;
    this.begin(this.base + pos, at);
    const stop = Math.min(end, pos + LIMITS.headBytes);
    headEnd.reset();
    let stopAt = headEnd.findFirstLine(bytes, pos, stop);
    if (stopAt >= 0 && !this.kind.isWhole(bytes, pos, stopAt - 1)) {
      this.state = FIELDS;
      stopAt = headEnd.find(bytes, stopAt, stop);
    }
    if (stopAt >= 0) {
      this.parseHead(bytes.toString('latin1', pos, stopAt), this.base + stopAt);
      return stopAt;
    }
    held.begin(bytes, pos, stop, this.base + pos, at);
    if (held.length === LIMITS.headBytes) this.overflow(this.base + stop);
    return stop;
  }

  /** The held bytes, up to `stop` in this run, are a start line or the beginning of one. */
  private beginHeldHead(stop: number, at: Moment): number {
    this.begin(this.partial.held.position, this.partial.held.since ?? at);
    this.afterHeldLine(this.base + stop);
    return stop;
  }

  private afterHeldLine(position: number): void {
    const { bytes, length } = this.partial.held;
    const ended = bytes[length - 1] === LF;
    if (ended) {
      this.partial.headEnd.reset();
      this.partial.headEnd.findFirstLine(bytes, 0, length);
      this.state = FIELDS;
    }
    if (ended && this.kind.isWhole(bytes, 0, length - 1)) this.parseHead(this.partial.held.take(), position);
    else if (length >= LIMITS.headBytes) this.overflow(position);
  }

  private firstLine(bytes: Buffer, pos: number, end: number): number {
    const stop = this.holdLine(bytes, pos, end);
    this.afterHeldLine(this.base + stop);
    return stop;
  }

  private fields(bytes: Buffer, pos: number, end: number): number {
    const { headEnd, held } = this.partial;
    const stop = Math.min(end, pos + LIMITS.headBytes - held.length);
    const stopAt = headEnd.find(bytes, pos, stop);
    const taken = stopAt < 0 ? stop : stopAt;
    held.add(bytes, pos, taken);
    if (stopAt >= 0) this.parseHead(held.take(), this.base + taken);
    else if (held.length === LIMITS.headBytes) this.overflow(this.base + taken);
    return taken;
  }

  /** Holds what the run has of the line, as far as a head may go; returns the index after it. */
  private holdLine(bytes: Buffer, pos: number, end: number): number {
    const { held } = this.partial;
    return held.addLine(bytes, pos, Math.min(end, pos + LIMITS.headBytes - held.length));
  }

  private begin(position: number, at: Moment): void {
    this.spoken = true;
    this.state = FIRST_LINE;
    this.told = NOTHING_TOLD;
    this.position = position;
    this.sink.onStart(at);
    if (this.emptyLine) {
      this.emptyLine = false;
      this.tell('empty_line_before_start');
    }
  }

  private parseHead(text: string, position: number): void {
    this.deliverHead(
      this.kind.parse(text, true, this.partial.headEnd.odd, this.tell, this.onLimit),
      position,
    );
  }

  private deliverHead(head: H, position: number): void {
    this.position = position;
    const framing = this.sink.onHead(head);
    this.body.begin(framing);
    this.state = BODY;
    if (this.body.done) this.finish('complete');
    if (framing.kind === 'tunnel') this.state = OTHER;
  }

  private endBody(position: number): void {
    this.position = position;
    if (this.body.broken) {
      this.finish('invalid');
      this.state = RESYNC;
      this.candidate = this.body.brokenAtLineStart;
    } else {
      this.finish('complete');
    }
  }

  /** The message is over; a new one may follow. */
  private finish(end: MessageEnd): void {
    this.state = START;
    this.sink.onEnd(end);
  }

  /** The held head will not be completed. */
  private cutHead(end: MessageEnd): void {
    this.sink.onHead(this.kind.parse(this.partial.held.take(), false, true, this.tell, this.onLimit));
    this.finish(end);
  }

  /** The held bytes may have been the first of a start line: then they are delivered as a message. */
  private cutStartLine(end: MessageEnd, at: Moment): void {
    if (!this.isHolding) return;
    const { held } = this.partial;
    if (this.kind.isPrefix(held.bytes, 0, held.length)) {
      this.begin(held.position, held.since ?? at);
      this.position = this.handed;
      this.cutHead(end);
    } else {
      this.releaseAsOther();
    }
  }

  /**
   * Likewise where the position was a guess: a small snapshot length leaves no more of any message than its first
   * bytes. Two or three letters that may be a method count only where the other direction says that one is due.
   */
  private cutRestartLine(end: MessageEnd, at: Moment): void {
    if (!this.isHolding) return;
    const { bytes, length } = this.partial.held;
    const { kind, sink } = this;
    if (kind.isLikely(bytes, 0, length) || (kind.isPrefix(bytes, 0, length) && sink.isDue())) {
      this.begin(this.partial.held.position, this.partial.held.since ?? at);
      this.position = this.handed;
      this.cutHead(end);
      this.state = RESYNC;
    } else {
      this.releaseAsOther();
    }
  }

  private overflow(position: number): void {
    this.position = position;
    this.tell('head_too_large');
    this.onLimit('headBytes');
    this.cutHead('invalid');
    this.state = RESYNC;
    this.candidate = false;
  }

  private releaseAsOther(): void {
    const { bytes, length } = this.partial.held;
    this.partial.held.clear();
    if (length > 0) this.sink.onOther(bytes, 0, length);
  }
}
