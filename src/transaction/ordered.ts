/**
 * HTTP/1.x on one connection: gives both streams to the parsers and pairs requests with responses in order (RFC 9112 §9.3.2).
 * Streams are told of gaps; what came before a gap cannot answer what was sent after it.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { Anomaly, Framing, MessageEnd, OnAnomaly, RequestHead, ResponseHead } from '../http/message.ts';
import type { Connection, EndCause, Side } from '../tcp/stream.ts';
import type { Place } from '../tls/tls.ts';
import type { Attempts, Context } from './attempts.ts';
import { addOther, type Exchange } from './exchange.ts';
import { Foreign } from './foreign.ts';
import { CollectedMessage, keepingOf, NO_BODY } from './message.ts';
import type { Positions } from './positions.ts';
import { RequestSink, type Requests, ResponseSink, type Responses } from './sinks.ts';
import type { Parser } from './transaction.ts';

/** The receiver goes on in HTTP/2, and answers there (RFC 7540 §3.2). */
const isUpgrade = (head: ResponseHead) =>
  head.complete &&
  head.status === 101 &&
  head.headers.some(({ name, value }) => name.toLowerCase() === 'upgrade' && value.toLowerCase() === 'h2c');

/** What pairing needs of the connection, or of the TLS in it. */
export interface Carrier {
  readonly positions: Positions;
  /** Silence before what the sender sends in the packet `at`. */
  idleAt(at: Moment): Time;
  /** The record of `side` that is not whole yet. */
  unfinished(side: Side): Pick<Place, 'start' | 'first'> | null;
  /** What follows is no HTTP. @param plain it is not the tunnel of a CONNECT. */
  onTunnel(plain: boolean): void;
  /** What follows is HTTP/2, which answers `exchange`. */
  onUpgrade(exchange: Exchange): void;
  /** Bytes behind what was HTTP/1.x. @returns whether they are of another version of it. */
  takes(side: Side, bytes: Buffer, start: number, end: number): boolean;
}

export class Ordered implements Requests, Responses {
  #connection: Connection;
  #context: Context;
  #attempts: Attempts;
  #carrier: Carrier;
  #requests: Parser | null = null;
  #responses: Parser | null = null;
  /** Moment of the stream callback at hand; lent. */
  #at: Moment;
  /** The callback at hand tells of a gap: no packet carries what ends in it. */
  #inGap = false;
  /** The request whose bytes are coming in. */
  #sending: Exchange | null = null;
  /** The response whose bytes are coming in, and what it answers (null: an interim one, or nothing). */
  #receiving: CollectedMessage<ResponseHead> | null = null;
  #answering: Exchange | null = null;
  #keeping: ReturnType<typeof keepingOf>;
  #foreign: Foreign;
  #tunnel = false;
  /** Where the record began that stopped short and was taken for a request. */
  #cutAt = -1;
  /** Bytes of the sender that were not captured and belong to no request that is known. */
  #requestGap = 0;
  /** What was odd between two requests, when it was too late to tell it of the one before. */
  #oddities: Anomaly[] = [];

  constructor(connection: Connection, context: Context, attempts: Attempts, carrier: Carrier) {
    this.#connection = connection;
    this.#context = context;
    this.#attempts = attempts;
    this.#carrier = carrier;
    this.#at = connection.first;
    this.#keeping = keepingOf(context);
    this.#foreign = new Foreign(attempts);
  }

  get isOpen(): boolean {
    return this.#requests !== null;
  }

  /** In a tunnel: what comes may be TLS. */
  get tunnel(): boolean {
    return this.#tunnel;
  }

  get requestGap(): number {
    return this.#requestGap;
  }

  /** A request has begun and is not over. */
  get sending(): boolean {
    return this.#sending !== null;
  }

  /** Bytes that the parser of `side` was given. */
  positionOf(side: Side): number {
    return this.#parserOf(side).position;
  }

  /** New parsers take over. @param requestsMid whether each of them begins in the middle of its stream. */
  open(requestsMid: boolean, responsesMid: boolean): void {
    const { http, onLimit } = this.#context;
    const { stored } = this.#connection;
    const requests = { midStream: requestsMid, onLimit, stored };
    const responses = { midStream: responsesMid, onLimit, stored };
    this.#requests = http.requestParser(new RequestSink(this, http), requests);
    this.#responses = http.responseParser(new ResponseSink(this), responses);
    this.#positions.reset();
  }

  /** TLS begins: missing bytes before the first hello are no request. */
  beginSecured(): void {
    this.#tunnel = false;
    this.#requestGap = 0;
    this.open(false, false);
  }

  onBytes(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#at = at;
    if (side === this.#attempts.sender) {
      this.#requests!.onBytes(bytes, start, end, at);
      this.#sending?.request?.reach(this.#positions.reached(side), at);
      this.#attempts.watch(at.time);
    } else {
      this.#responses!.onBytes(bytes, start, end, at);
      this.#receiving?.reach(this.#positions.reached(side), at);
    }
  }

  onGap(side: Side, length: number, at: Moment): void {
    this.#at = at;
    this.#inGap = true;
    if (side === this.#attempts.sender) this.#onRequestGap(length, at);
    else this.#onResponseGap(length, at);
    this.#inGap = false;
  }

  onEnd(side: Side, cause: EndCause, at: Moment): void {
    this.#at = at;
    this.#parserOf(side).onEnd(cause, at);
  }

  /** Bytes of `side` that cannot be read, and are of no message that is known. */
  onLost(side: Side, length: number): void {
    if (side === this.#attempts.sender) this.#requestGap += length;
    else this.#attempts.missAnswer(length);
  }

  onForeign(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#at = at;
    const who = side === this.#attempts.sender ? 'sender' : 'receiver';
    this.#foreign.take(who, bytes, start, end, at);
  }

  /** A record that stops short begins a request, or goes on with one, of which nothing can be read. */
  takeCutRequest(): void {
    const { sender, senderSide } = this.#attempts;
    const cut = this.#carrier.unfinished(sender);
    if (cut === null || cut.start === this.#cutAt) return;
    this.#cutAt = cut.start;
    if (this.#sending === null) {
      this.#attempts.decideTaken();
      const exchange = this.#attempts.begin('exchange');
      exchange.request = this.#unread<RequestHead>(cut);
    }
    (this.#sending ?? this.#attempts.waiting())?.request?.reach(senderSide.next, senderSide.lastData);
  }

  /** Likewise of its answer. */
  takeCutAnswer(exchange: Exchange): void {
    const cut = this.#carrier.unfinished(this.#receiverSide);
    if (cut === null || exchange.response !== null || exchange !== this.#attempts.waiting()) return;
    const { next, lastData } = this.#attempts.receiverSide;
    exchange.response = this.#unread<ResponseHead>(cut);
    exchange.response.reach(next, lastData);
  }

  #unread<H extends RequestHead | ResponseHead>({ start, first }: Pick<Place, 'start' | 'first'>) {
    const message = new CollectedMessage<H>(start, first, this.#context.http.decodeBody, NO_BODY);
    message.ended = 'cut';
    return message;
  }

  #onRequestGap(length: number, at: Moment): void {
    const sending = this.#sending;
    const before = this.#attempts.latest;
    this.#requests!.onGap(length, at);
    // Letters in front of the gap may only now count as a request.
    const hit = sending ?? (this.#attempts.latest === before ? null : this.#attempts.latest);
    if (hit !== null) hit.requestUnseen += length;
    if (sending === null || sending !== this.#sending) this.#requestGap += length;
    else sending.request!.reach(this.#positions.reached(this.#attempts.sender), null);
  }

  #onResponseGap(length: number, at: Moment): void {
    const receiving = this.#receiving;
    this.#responses!.onGap(length, at);
    if (receiving === null || receiving !== this.#receiving) this.#attempts.missAnswer(length);
    else receiving.reach(this.#positions.reached(this.#receiverSide), null);
  }

  get #positions(): Positions {
    return this.#carrier.positions;
  }

  #parserOf(side: Side): Parser {
    return side === this.#attempts.sender ? this.#requests! : this.#responses!;
  }

  get #receiverSide(): Side {
    return this.#attempts.sender === 0 ? 1 : 0;
  }

  // What follows is for the sinks of the parsers.

  get sent(): Exchange {
    return this.#sending!;
  }

  get answered(): Exchange | null {
    return this.#answering;
  }

  get received(): CollectedMessage<ResponseHead> {
    return this.#receiving!;
  }

  onRequestOther(bytes: Buffer, start: number, end: number): void {
    if (this.#carrier.takes(this.#attempts.sender, bytes, start, end)) return;
    if (this.#speaksOther()) this.#foreign.take('sender', bytes, start, end, this.#at);
  }

  onResponseOther(bytes: Buffer, start: number, end: number): void {
    if (this.#carrier.takes(this.#receiverSide, bytes, start, end)) return;
    const waiting = this.#tunnel ? undefined : this.#attempts.waiting();
    if (waiting !== undefined) {
      waiting.garbage = addOther(waiting.garbage, bytes, start, end, this.#at);
    } else if (this.#speaksOther()) {
      this.#foreign.take('receiver', bytes, start, end, this.#at);
    }
  }

  get isRequestDue(): boolean {
    return this.#attempts.latest === null || this.#attempts.latest.response !== null;
  }

  get isResponseDue(): boolean {
    return this.#attempts.waiting() !== undefined;
  }

  onResponseStart(at: Moment): void {
    const side = this.#receiverSide;
    const { position } = this.#responses!;
    this.#receiving = new CollectedMessage<ResponseHead>(
      this.#positions.startOf(side, position),
      this.#positions.firstOf(side, position, at),
      this.#context.http.decodeBody,
      this.#keeping.answers,
      this.#connection.stored,
    );
    this.#answering = this.#answerable() ?? null;
    // At once, so that an answer which stops within its head is not taken for none.
    if (this.#answering !== null) this.#answering.response = this.#receiving;
  }

  noteOfResponse(anomaly: Anomaly): void {
    (this.#answering ?? this.#attempts.waiting())?.noteAnomaly(anomaly);
  }

  onRequestStart(delivered: Moment): void {
    const { sender } = this.#attempts;
    const { position } = this.#requests!;
    const at = this.#positions.firstOf(sender, position, delivered);
    const begun = this.#begunUnseen();
    // The end of an answer was seen: it answers nothing that is sent from here on.
    if (begun !== null && begun.opaque.receiver !== null) this.#attempts.release(begun);
    this.#attempts.decideTaken();
    const exchange = this.#attempts.begin('exchange');
    exchange.request = new CollectedMessage<RequestHead>(
      this.#positions.startOf(sender, position),
      at,
      this.#context.http.decodeBody,
      this.#keeping.requests,
      this.#connection.stored,
    );
    exchange.requestUnseen = this.#requestGap;
    this.#requestGap = 0;
    if (exchange.index > 1) {
      exchange.idleBefore = this.#carrier.idleAt(at);
    }
    if (this.#oddities.length > 0) {
      for (const anomaly of this.#oddities) exchange.noteAnomaly(anomaly);
      this.#oddities = [];
    }
    this.#sending = exchange;
    this.#attempts.latest = exchange;
  }

  noteOfRequest(anomaly: Anomaly): void {
    const exchange = this.#sending ?? this.#attempts.latest;
    if (exchange !== null && !exchange.decided) exchange.noteAnomaly(anomaly);
    else this.#noteOddity(anomaly);
  }

  /** Told of the next request. */
  #noteOddity(anomaly: Anomaly): void {
    if (!this.#oddities.includes(anomaly)) this.#oddities.push(anomaly);
  }

  onRequestEnd(cause: MessageEnd): void {
    const exchange = this.#sending!;
    const request = exchange.request!;
    this.#sending = null;
    request.ended = cause;
    const end = this.#positions.endOf(this.#attempts.sender, this.#requests!.position);
    request.reach(end, this.#inGap ? null : this.#at);
    if (cause === 'complete' || cause === 'closed') {
      exchange.acked = this.#attempts.senderSide.watch(request.end);
    }
    if (!exchange.decided) this.#context.onRequest(exchange);
    this.#attempts.answered(exchange);
  }

  onResponseHead(head: ResponseHead, tell: OnAnomaly): Framing {
    const message = this.#receiving!;
    message.head = head;
    this.#begunUnseen();
    const waiting = this.#answering ?? this.#answerable();
    const upgrade = waiting?.request != null && isUpgrade(head);
    if (upgrade || (head.complete && head.status >= 100 && head.status < 200 && head.status !== 101)) {
      this.#answering = null;
      if (waiting !== undefined) {
        waiting.response = null;
        waiting.noteInterim(head.status, message.firstByte);
      }
      if (!upgrade || waiting === undefined) return { kind: 'none' };
      this.#carrier.onUpgrade(waiting);
      return { kind: 'tunnel' };
    }
    const exchange = waiting ?? this.#withoutRequest();
    this.#answering = exchange;
    if (exchange !== null) {
      exchange.response = message;
      this.#attempts.passOver(exchange);
    }
    const method = exchange?.request?.head?.method;
    const framing = this.#context.http.frameResponse(head, method, tell);
    if (framing.kind === 'tunnel') {
      this.#tunnel = true;
      this.#carrier.onTunnel(method !== 'CONNECT');
      this.#requests!.enterTunnel();
    }
    return framing;
  }

  onResponseEnd(cause: MessageEnd): void {
    const message = this.#receiving!;
    const exchange = this.#answering;
    message.ended = cause;
    const end = this.#positions.endOf(this.#receiverSide, this.#responses!.position);
    message.reach(end, this.#inGap ? null : this.#at);
    this.#receiving = null;
    this.#answering = null;
    if (exchange !== null) this.#attempts.answered(exchange);
    else message.letGo();
  }

  /** What a response may answer: not a request of which no byte had arrived when it was sent (an idle 408 crosses it). */
  #answerable(): Exchange | undefined {
    const waiting = this.#attempts.waiting();
    if (waiting === undefined || waiting.request === null) return waiting;
    // Its answer may be missing, and after it a request is: the response is that one's.
    if (waiting.answerUnseen > 0 && this.#requestGap > 0) return undefined;
    if (this.#attempts.senderSide.acked > waiting.request.start) return waiting;
    waiting.noteAnomaly('unsolicited_response');
    return undefined;
  }

  /** A response to a request that was not captured; null when nothing was asked at all (an idle 408). */
  #withoutRequest(): Exchange | null {
    if (this.#foreign.answered !== null) return this.#foreign.answered;
    const sender = this.#attempts.senderSide;
    const begins = this.#attempts.begun === 0 && sender.syn === null;
    if (this.#requestGap === 0 && sender.packets > 0 && !begins) {
      this.#noteOddity('unsolicited_response');
      return null;
    }
    const exchange = this.#attempts.begin('exchange');
    exchange.answerFrom = this.#receiving!.start;
    exchange.requestUnseen = this.#requestGap;
    this.#requestGap = 0;
    return exchange;
  }

  /** Bytes that are no HTTP are another protocol only where nothing was missed and no message was before them. */
  #speaksOther(): boolean {
    return this.#tunnel || this.#foreign.begun || (this.#attempts.begun === 0 && this.#requestGap === 0);
  }

  /** The attempt whose end was all that was captured of it, when the first message after it comes. */
  #begunUnseen(): Exchange | null {
    return this.#tunnel || this.#connection.opener !== null ? null : this.#foreign.turnOut();
  }
}
