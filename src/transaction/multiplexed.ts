/**
 * What a connection carries once it speaks HTTP/2 (RFC 9113): frames in, one attempt out for each stream that the sender
 * begins. Streams are answered in any order, so nothing here is paired by it; missing bytes may have been of any of them.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { MessageEnd, RequestHead, ResponseHead } from '../http/message.ts';
import {
  errorName,
  type FieldSection,
  type Http2Anomaly,
  type Http2Session,
  type Http2Sink,
  SETTINGS,
  type Span,
} from '../http2/http2.ts';
import { LIMITS } from '../limits.ts';
import type { Connection, Side } from '../tcp/stream.ts';
import type { Attempts, Context } from './attempts.ts';
import { addOther, type Exchange } from './exchange.ts';
import { Flow } from './flow.ts';
import { CollectedMessage, type Keeping, keepingOf, NO_BODY } from './message.ts';
import type { Carrier } from './ordered.ts';
import { fieldValue, requestHead, responseHead } from './sections.ts';
import { type Shared, Stream } from './stream.ts';
import type { StreamFacts } from './transaction.ts';

export interface Setting {
  readonly connection: Connection;
  readonly attempts: Attempts;
  readonly context: Context;
  readonly carrier: Pick<Carrier, 'positions' | 'idleAt'>;
  /** Frames are looked for in the middle of what both sides sent. */
  readonly midStream: boolean;
  /** Settings of the sender in the request that asked for the upgrade; null where none did. */
  readonly upgrade: Buffer | null;
}

/** Of what GOAWAY tells beside its code. */
const DEBUG_CHARACTERS = 64;

/** An exchange with its stream. */
type Streamed = Exchange & { stream: Stream };

export class Multiplexed {
  /** Bytes of the sender that were not captured and may have begun requests. */
  requestGap = 0;
  #setting: Setting;
  #attempts: Attempts;
  #session: Http2Session;
  /** Parser position of the first byte that each side handed in: an upgrade has HTTP/1.1 before it. */
  #origin: [number, number] = [-1, -1];
  #streams = new Map<number, Streamed>();
  #shared: Shared;
  #open = 0;
  /** How many streams the receiver allows at a time. */
  #allowed = Number.POSITIVE_INFINITY;
  #lastStream = 0;
  /** Streams above it may have begun in bytes that were not captured. */
  #surely: number;
  /** Those that were let go since then, so that they are not taken for such. */
  #gone = new Set<number>();
  #goAway: StreamFacts['goAway'] = null;

  constructor(setting: Setting) {
    this.#setting = setting;
    const { attempts, connection, context, midStream, upgrade } = setting;
    this.#attempts = attempts;
    attempts.multiplexed = true;
    this.#surely = midStream ? 0 : Number.POSITIVE_INFINITY;
    this.#shared = {
      flows: { sender: new Flow(!midStream), receiver: new Flow(!midStream) },
      anomalies: [],
      onGone: (id) => this.#forget(id),
    };
    this.#session = context.http2.open(this.#sink, {
      client: attempts.sender,
      midStream: [midStream, midStream],
      onLimit: context.onLimit,
      stored: connection.stored,
      ...(upgrade === null ? {} : { upgrade }),
    });
  }

  /** @param position of the first byte, in what the connection or its TLS carries. */
  onBytes(side: Side, bytes: Buffer, start: number, end: number, position: number, at: Moment): void {
    if (this.#origin[side] < 0) this.#origin[side] = position;
    this.#session.onBytes(side, bytes, start, end, at);
    if (side === this.#attempts.sender) this.#attempts.watch(at.time);
  }

  onGap(side: Side, length: number, position: number, at: Moment): void {
    if (this.#origin[side] < 0) this.#origin[side] = position;
    this.#session.onGap(side, length, at);
  }

  /** No more comes from `side`: what it had begun will not be finished. */
  onEnd(side: Side, at: Moment): void {
    this.#session.onEnd(side, at);
    for (const exchange of this.#streams.values()) {
      if (side === this.#attempts.sender) this.#endRequest(exchange, cutOf(exchange), null);
      else this.#endResponse(exchange, cutOf(exchange));
    }
  }

  /** Bytes of `side` were lost before they came this far. */
  onLost(side: Side, length: number): void {
    this.#lose(side, length);
  }

  /** The request that asked for the upgrade is answered on stream 1 (RFC 7540 §3.2). */
  adopt(exchange: Exchange): void {
    this.#lastStream = 1;
    this.#attach(exchange, 1);
  }

  /** It is judged now. */
  onDecide(exchange: Exchange): void {
    const { stream } = exchange;
    if (stream === null) return;
    const part = this.#session.unfinished(this.#receiver);
    if (part !== null && part.stream === stream.id && exchange.response === null) {
      exchange.response = this.#begin<ResponseHead>(this.#receiver, part.span, NO_BODY);
    }
    if (!stream.hidden) return;
    // Its end may have been among what was not captured.
    if (exchange.request?.ended === null) exchange.request.ended = 'lost';
    if (exchange.response?.ended === null) exchange.response.ended = 'lost';
  }

  get #receiver(): Side {
    return this.#attempts.sender === 0 ? 1 : 0;
  }

  #sink: Http2Sink = {
    onHeaders: (side, id, section, endStream, span) => {
      if (side === this.#attempts.sender) this.#onRequestFields(id, section, endStream, span);
      else this.#onResponseFields(id, section, endStream, span);
    },
    onPushPromise: (_side, id) => {
      const exchange = this.#streams.get(id);
      if (exchange !== undefined) exchange.stream.pushed = true;
    },
    onData: (side, id, bytes, start, end, span) => {
      const message = this.#messageAt(side, id);
      message?.addBody(bytes, start, end);
      this.#reach(message, side, span);
    },
    onDataGap: (side, id, length, span) => {
      const message = this.#messageAt(side, id);
      message?.addBodyGap(length);
      message?.reach(this.#endOf(side, span), null);
    },
    onDataEnd: (side, id, length, endStream, span) => {
      const exchange = this.#streams.get(id);
      if (exchange === undefined) return;
      const fromSender = side === this.#attempts.sender;
      const { sent, received } = exchange.stream;
      (fromSender ? sent : received).spend(length, span.last);
      this.#reach(this.#messageAt(side, id), side, span);
      if (!endStream) return;
      if (fromSender) this.#endRequest(exchange, 'complete', span);
      else this.#endResponse(exchange, 'complete');
    },
    onReset: (side, id, code, span) => this.#onReset(side, id, code, span.last),
    onGoaway: (side, lastStream, code, debug, span) => {
      if (side === this.#receiver) this.#onGoAway(lastStream, code, debug, span.last);
    },
    onSettings: (side, settings) => {
      if (settings === null) return;
      const window = settings.get(SETTINGS.INITIAL_WINDOW_SIZE);
      if (window !== undefined) this.#flowAgainst(side).initial = window;
      if (side !== this.#receiver) return;
      this.#allowed = settings.get(SETTINGS.MAX_CONCURRENT_STREAMS) ?? this.#allowed;
    },
    onWindowUpdate: (side, id, increment) => {
      if (id === 0) {
        this.#flowAgainst(side).available += increment;
        return;
      }
      const stream = this.#streams.get(id)?.stream;
      (side === this.#receiver ? stream?.sent : stream?.received)?.grant(increment);
    },
    onPing() {},
    onAnomaly: (_side, anomaly, id) => this.#noteAnomaly(anomaly, id),
    onLost: (side, start, end) => this.#lose(side, end - start),
    onForeign: (side, bytes, start, end, at) => {
      if (side !== this.#receiver) return;
      for (const exchange of this.#streams.values()) {
        if (exchange.response === null) {
          exchange.garbage = addOther(exchange.garbage, bytes, start, end, at);
        }
      }
    },
  };

  #onRequestFields(id: number, section: FieldSection, endStream: boolean, span: Span): void {
    const side = this.#attempts.sender;
    const known = this.#streams.get(id);
    if (known !== undefined) {
      this.#reach(known.request, side, span);
      if (endStream) this.#endRequest(known, 'complete', span);
      return;
    }
    if (!this.#isNew(id)) return;
    const head = requestHead(section);
    if (head === null) {
      this.#beginUnseen(id);
      return;
    }
    const exchange = this.#beginExchange(id);
    if (exchange.index > 1) exchange.idleBefore = this.#setting.carrier.idleAt(span.first);
    const request = this.#begin<RequestHead>(side, span, keepingOf(this.#setting.context).requests);
    exchange.request = request;
    request.head = head;
    this.#reach(request, side, span);
    // What follows the head of a CONNECT is what the tunnel carries (§8.5).
    if (!section.complete) this.#endRequest(exchange, cutOf(exchange), null);
    else if (endStream || head.method === 'CONNECT') this.#endRequest(exchange, 'complete', span);
  }

  #onResponseFields(id: number, section: FieldSection, endStream: boolean, span: Span): void {
    const exchange = this.#streams.get(id) ?? (this.#isNew(id) ? this.#beginUnseen(id) : undefined);
    if (exchange === undefined) return;
    const side = this.#receiver;
    const { stream, response: begun } = exchange;
    stream.grpcStatus = fieldValue(section, 'grpc-status') ?? stream.grpcStatus;
    if (begun !== null) {
      this.#reach(begun, side, span);
      if (endStream) this.#endResponse(exchange, 'complete');
      return;
    }
    const head = responseHead(section);
    if (section.complete && head.status >= 100 && head.status < 200) {
      exchange.noteInterim(head.status, span.first);
      return;
    }
    const { answers } = keepingOf(this.#setting.context);
    const response = this.#begin<ResponseHead>(side, span, answers);
    exchange.response = response;
    response.head = head;
    this.#reach(response, side, span);
    const tunnel = exchange.request?.head?.method === 'CONNECT' && head.status >= 200 && head.status < 300;
    if (!section.complete) this.#endResponse(exchange, cutOf(exchange));
    else if (endStream || tunnel) this.#endResponse(exchange, 'complete');
  }

  #onReset(side: Side, id: number, code: number, at: Moment): void {
    const exchange = this.#streams.get(id);
    if (exchange === undefined || exchange.stream.reset !== null || exchange.stream.closed) return;
    exchange.stream.noteReset(side === this.#attempts.sender ? 'sender' : 'receiver', code, at);
    this.#endRequest(exchange, cutOf(exchange), null);
    this.#endResponse(exchange, cutOf(exchange));
    this.#close(exchange);
    this.#attempts.settle();
  }

  #onGoAway(lastStream: number, code: number, debug: Buffer, at: Moment): void {
    const error = errorName(code);
    const text = debug.toString('latin1', 0, DEBUG_CHARACTERS);
    this.#goAway = { lastStream, error, debug: text, at: keep(at) };
    for (const exchange of this.#streams.values()) this.#tellGoAway(exchange, at);
  }

  #tellGoAway(exchange: Streamed, at: Moment): void {
    if (this.#goAway === null || exchange.response?.ended != null) return;
    exchange.stream.noteGoAway(this.#goAway, at.time);
    if (exchange.stream.overAt !== null) this.#attempts.settle();
  }

  #beginExchange(id: number): Streamed {
    this.#lastStream = Math.max(this.#lastStream, id);
    this.#attempts.decideTaken();
    const exchange = this.#attempts.begin('exchange');
    exchange.requestUnseen = this.requestGap;
    this.requestGap = 0;
    return this.#attach(exchange, id);
  }

  #attach(exchange: Exchange, id: number): Streamed {
    const stream = new Stream(id, this.#shared, exchange);
    const streamed = Object.assign(exchange, { stream });
    this.#streams.set(id, streamed);
    this.#open++;
    if (this.#open > this.#allowed) stream.beyond = { open: this.#open, allowed: this.#allowed };
    this.#tellGoAway(streamed, this.#setting.connection.last);
    return streamed;
  }

  /** A stream whose beginning was not captured. */
  #beginUnseen(id: number): Streamed {
    const exchange = this.#beginExchange(id);
    exchange.stream.hidden = true;
    exchange.answerFrom = 0;
    return exchange;
  }

  /** The sender begins streams with odd numbers, each higher than the last (§5.1.1). */
  #isNew(id: number): boolean {
    if (id % 2 === 0) return false;
    return id > this.#lastStream || (id > this.#surely && !this.#gone.has(id));
  }

  #forget(id: number): void {
    const exchange = this.#streams.get(id);
    if (exchange === undefined) return;
    this.#close(exchange);
    this.#streams.delete(id);
    if (id <= this.#surely) return;
    this.#gone.add(id);
    const [oldest] = this.#gone;
    if (this.#gone.size > LIMITS.forgottenStreams && oldest !== undefined) this.#gone.delete(oldest);
  }

  #begin<H extends RequestHead | ResponseHead>(
    side: Side,
    span: Span,
    keeping: Keeping,
  ): CollectedMessage<H> {
    const { carrier, context, connection } = this.#setting;
    const { positions } = carrier;
    const position = this.#origin[side] + span.start;
    return new CollectedMessage<H>(
      positions.startOf(side, position),
      positions.firstOf(side, position, span.first),
      context.http.decodeBody,
      keeping,
      connection.stored,
    );
  }

  #messageAt(side: Side, id: number) {
    const exchange = this.#streams.get(id);
    const message = side === this.#attempts.sender ? exchange?.request : exchange?.response;
    // Nothing belongs to a message that is over: not what a tunnel carries, and not what crossed a reset.
    return message != null && message.ended === null ? message : null;
  }

  #reach(message: CollectedMessage<RequestHead | ResponseHead> | null, side: Side, span: Span): void {
    message?.reach(this.#endOf(side, span), span.last);
  }

  #endOf(side: Side, span: Span): number {
    return this.#setting.carrier.positions.endOf(side, this.#origin[side] + span.end);
  }

  /** @param span of the frame that ends it; null where none does. */
  #endRequest(exchange: Streamed, cause: MessageEnd, span: Span | null): void {
    const { request } = exchange;
    if (request === null || request.ended !== null) return;
    if (span !== null) this.#reach(request, this.#attempts.sender, span);
    request.ended = cause;
    if (cause === 'complete') {
      this.#measure(exchange, request);
      exchange.acked = this.#attempts.senderSide.watch(request.end);
    }
    if (!exchange.decided) this.#setting.context.onRequest(exchange);
    this.#over(exchange);
  }

  #endResponse(exchange: Streamed, cause: MessageEnd): void {
    const { response } = exchange;
    if (response === null || response.ended !== null) return;
    response.ended = cause;
    const declared = cause === 'complete' && mayHaveBody(exchange);
    if (declared && !this.#measure(exchange, response)) response.ended = 'invalid';
    this.#over(exchange);
  }

  /** @returns whether it is as long as its head says; a body with a hole is taken to be. */
  #measure(exchange: Streamed, message: CollectedMessage<RequestHead | ResponseHead>): boolean {
    const field = message.head?.headers.find(({ name }) => name === 'content-length')?.value ?? '';
    if (!/^\d{1,15}$/.test(field)) return true;
    const missing = Number(field) - message.bodyBytes;
    if (missing === 0) return true;
    if (exchange.stream.hidden) {
      if (missing > 0) message.addBodyGap(missing);
      return true;
    }
    exchange.noteAnomaly('content_length_mismatch');
    return false;
  }

  #over(exchange: Streamed): void {
    if (exchange.response?.ended == null) return;
    if (exchange.request === null || exchange.request.ended !== null) this.#close(exchange);
    this.#attempts.answered(exchange);
  }

  #close({ stream }: Streamed): void {
    if (stream.closed) return;
    stream.closed = true;
    this.#open--;
  }

  /** What limits `side`'s sending is told by the other: its flow is changed by what `side` says. */
  #flowAgainst(side: Side): Flow {
    const { sender, receiver } = this.#shared.flows;
    return side === this.#receiver ? sender : receiver;
  }

  #noteAnomaly(anomaly: Http2Anomaly, id: number): void {
    const stream = this.#streams.get(id)?.stream;
    const { anomalies } = this.#shared;
    if (stream !== undefined) stream.noteAnomaly(anomaly);
    else if (!anomalies.includes(anomaly)) anomalies.push(anomaly);
  }

  /** Frames of any stream, also ends of streams and windows, may have been in bytes that cannot be read. */
  #lose(side: Side, length: number): void {
    const fromSender = side === this.#attempts.sender;
    this.#shared.flows.sender.accounted = false;
    this.#shared.flows.receiver.accounted = false;
    if (fromSender) {
      this.requestGap += length;
      this.#surely = Math.min(this.#surely, this.#lastStream);
    }
    for (const exchange of this.#streams.values()) {
      if (exchange.stream.closed) continue;
      exchange.stream.hidden = true;
      const message = fromSender ? exchange.request : exchange.response;
      if (message?.ended === null) message.addBodyGap(0);
      if (fromSender) exchange.requestUnseen += length;
      else exchange.answerUnseen += length;
    }
  }
}

/** What answers HEAD, and 304, tell the length that another answer would have had (RFC 9110 §8.6). */
function mayHaveBody({ request, response }: Exchange): boolean {
  const method = request?.head?.method;
  return method !== 'HEAD' && method !== 'CONNECT' && response?.head?.status !== 304;
}

/** How a message ends whose stream goes no further: what was lost may have ended it before. */
function cutOf({ stream }: Streamed): MessageEnd {
  return stream.hidden ? 'lost' : 'cut';
}
