/**
 * What one connection carries: gives both streams to the HTTP parsers, pairs requests with responses in order
 * (RFC 9112 §9.3.2), and decides when an attempt is over. Each attempt is handed on exactly once.
 *
 * An attempt is over when it was answered, when its connection is closed, when its deadline has passed without
 * progress, or when the capture ends. What came before a gap cannot answer what was sent after it.
 */
import type { Agenda, Task } from '../agenda.ts';
import type { Moment, Time } from '../capture/packet.ts';
import type { Framing, MessageEnd, MessageSink, RequestHead, ResponseHead } from '../http/message.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Connection, Direction, EndCause, Side, StreamSink } from '../tcp/stream.ts';
import { rolesByContent, rolesByHandshake } from './detect.ts';
import { addOther, Exchange } from './exchange.ts';
import { CollectedMessage } from './message.ts';
import type { HttpStage, Occasion, Parser, Transaction } from './transaction.ts';

/** After an answer that ends the connection, or a close without one: time for the packets that belong to it. */
const SETTLE: Time = 1e9;
/** A SYN is repeated at growing distance (RFC 6298 §5.5 doubles it): this much more than the last one is patience. */
const SYN_BACKOFF = 2.5;

export interface ConversationContext {
  readonly http: HttpStage;
  readonly agenda: Agenda;
  /** Response deadline after the last progress. */
  readonly timeout: Time;
  readonly onLimit: OnLimit;
  onTransaction(transaction: Transaction): void;
}

export class Conversation {
  readonly connection: Connection;
  readonly sinks: readonly [StreamSink, StreamSink];
  #context: ConversationContext;
  #sender: Side = 0;
  #rolesSure = false;
  #requests: Parser | null = null;
  #responses: Parser | null = null;
  /** Moment of the stream callback at hand; lent. */
  #at: Moment;
  /** Undecided, or decided by deadline and still to be answered; in order of their requests. */
  #pending: Exchange[] = [];
  /** The request whose bytes are coming in. */
  #sending: Exchange | null = null;
  /** The response whose bytes are coming in, and what it answers (null: an interim one). */
  #receiving: CollectedMessage<ResponseHead> | null = null;
  #answering: Exchange | null = null;
  #opaque: Exchange | null = null;
  #tunnel = false;
  #begun = 0;
  #requestGap = 0;
  #unsolicited = false;
  #endedSides = 0;
  /** Sides whose stream has been handed bytes or a gap: offsets of a parser count from there. */
  #bases: [number, number] = [Number.NaN, Number.NaN];
  #timer: Timer | null = null;
  #settleAt: Time = Number.POSITIVE_INFINITY;

  constructor(connection: Connection, context: ConversationContext) {
    this.connection = connection;
    this.#context = context;
    this.#at = connection.first;
    this.sinks = [this.#sinkOf(0), this.#sinkOf(1)];
    this.#plan(connection.first.time + context.timeout);
  }

  #sinkOf(side: Side): StreamSink {
    return {
      onBytes: (bytes, start, end, at) => this.#onBytes(side, bytes, start, end, at),
      onGap: (length, at) => this.#onGap(side, length, at),
      onEnd: (cause, at) => this.#onEnd(side, cause, at),
    };
  }

  get #senderSide(): Direction {
    return this.connection.sides[this.#sender];
  }

  get #receiverSide(): Direction {
    return this.connection.sides[this.#sender === 0 ? 1 : 0];
  }

  #onBytes(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#at = at;
    if (!this.#rolesSure) this.#assign(rolesByContent(this.#context.http, this.connection, side, bytes, start, end));
    this.#begin(side, end - start);
    if (side === this.#sender) {
      this.#requests!.onBytes(bytes, start, end, at);
      this.#sending?.request!.reach(this.#senderSide.next, at);
      this.#planFor(at.time);
    } else {
      this.#responses!.onBytes(bytes, start, end, at);
      this.#receiving?.reach(this.#receiverSide.next, at);
    }
  }

  #onGap(side: Side, length: number, at: Moment): void {
    this.#at = at;
    if (!this.#rolesSure) this.#assign(rolesByHandshake(this.connection));
    this.#begin(side, length);
    if (side === this.#sender) {
      const sending = this.#sending;
      this.#requests!.onGap(length, at);
      if (sending !== null && sending === this.#sending) sending.request!.reach(this.#senderSide.next, at);
      else this.#requestGap += length;
      if (sending !== null) sending.requestUnseen += length;
      return;
    }
    const receiving = this.#receiving;
    this.#responses!.onGap(length, at);
    if (receiving !== null && receiving === this.#receiving) {
      receiving.reach(this.#receiverSide.next, at);
      return;
    }
    for (const exchange of this.#pending) {
      if (exchange.response === null || exchange.response.ended === 'lost') exchange.answerUnseen += length;
    }
  }

  #onEnd(side: Side, cause: EndCause, at: Moment): void {
    this.#at = at;
    this.#endedSides++;
    if (this.#requests === null) this.#assign(rolesByHandshake(this.connection));
    if (side === this.#sender) this.#requests!.onEnd(cause, at);
    else this.#responses!.onEnd(cause, at);
    if (this.#endedSides === 2) {
      this.#conclude(cause === 'fin' || cause === 'reset' ? 'closed' : cause);
    } else if (cause === 'reset' && (side !== this.#sender || this.#begun === 0)) {
      this.#conclude('closed');
    } else if (side !== this.#sender && cause === 'fin') {
      this.#settle();
    }
  }

  /** A parser counts from the first byte it is given; streams count from their SYN. */
  #begin(side: Side, length: number): void {
    if (Number.isNaN(this.#bases[side])) this.#bases[side] = this.connection.sides[side].next - length;
  }

  #assign(roles: { sender: Side; sure: boolean }): void {
    if (this.#requests !== null && (this.#begun > 0 || roles.sender === this.#sender)) {
      this.#rolesSure ||= roles.sure;
      return;
    }
    this.#sender = roles.sender;
    this.#rolesSure = roles.sure;
    const midStream = (side: Side) => this.connection.sides[side].syn === null;
    const { http, onLimit } = this.#context;
    const { sender } = roles;
    this.#requests = http.requestParser(this.#requestSink, { midStream: midStream(sender), onLimit });
    const receiver = sender === 0 ? 1 : 0;
    this.#responses = http.responseParser(this.#responseSink, { midStream: midStream(receiver), onLimit });
    this.#bases = [Number.NaN, Number.NaN];
  }

  #requestSink: MessageSink<RequestHead> = {
    onStart: (at) => {
      const exchange = this.#beginExchange('exchange');
      const start = this.#bases[this.#sender]! + this.#requests!.position;
      exchange.request = new CollectedMessage<RequestHead>(start, at, this.#context.http.decodeBody);
      exchange.requestUnseen = this.#requestGap;
      this.#requestGap = 0;
      if (exchange.index > 1) {
        exchange.idleBefore = Math.max(0, at.time - this.connection.previousTime);
      }
      if (this.#unsolicited) exchange.noteAnomaly('unsolicited_response');
      this.#unsolicited = false;
      this.#sending = exchange;
    },
    onHead: (head) => {
      this.#sending!.request!.head = head;
      return this.#context.http.frameRequest(head, (anomaly) => this.#sending!.noteAnomaly(anomaly));
    },
    onBody: (bytes, start, end) => this.#sending!.request!.addBody(bytes, start, end),
    onBodyGap: (length) => this.#sending!.request!.addBodyGap(length),
    onEnd: (end) => this.#onRequestEnd(end),
    onAnomaly: (anomaly) => this.#sending?.noteAnomaly(anomaly),
    onOther: (bytes, start, end) => {
      if (!this.#speaksOther()) return;
      const exchange = this.#opaqueExchange();
      exchange.opaque.sender = addOther(exchange.opaque.sender, bytes, start, end, this.#at);
    },
  };

  #responseSink: MessageSink<ResponseHead> = {
    onStart: (at) => {
      const start = this.#bases[this.#sender === 0 ? 1 : 0]! + this.#responses!.position;
      this.#receiving = new CollectedMessage<ResponseHead>(start, at, this.#context.http.decodeBody);
    },
    onHead: (head) => this.#onResponseHead(head),
    onBody: (bytes, start, end) => this.#receiving!.addBody(bytes, start, end),
    onBodyGap: (length) => this.#receiving!.addBodyGap(length),
    onEnd: (end) => this.#onResponseEnd(end),
    onAnomaly: (anomaly) => (this.#answering ?? this.#waiting())?.noteAnomaly(anomaly),
    onOther: (bytes, start, end) => {
      const waiting = this.#tunnel ? undefined : this.#waiting();
      if (waiting !== undefined) {
        waiting.garbage = addOther(waiting.garbage, bytes, start, end, this.#at);
      } else if (this.#speaksOther()) {
        const exchange = this.#opaqueExchange();
        exchange.opaque.receiver = addOther(exchange.opaque.receiver, bytes, start, end, this.#at);
      }
    },
  };

  #onRequestEnd(end: MessageEnd): void {
    const exchange = this.#sending!;
    const request = exchange.request!;
    this.#sending = null;
    request.ended = end;
    request.reach(this.#bases[this.#sender]! + this.#requests!.position, this.#at);
    if (end === 'complete' || end === 'closed') exchange.acked = this.#senderSide.watch(request.end);
    if (exchange.response?.ended) this.#answered(exchange);
  }

  #onResponseHead(head: ResponseHead): Framing {
    const message = this.#receiving!;
    message.head = head;
    const waiting = this.#waiting();
    const interim = head.status >= 100 && head.status < 200 && head.status !== 101;
    if (interim && head.complete) {
      waiting?.noteInterim(head.status, message.firstByte);
      this.#answering = null;
      return { kind: 'none' };
    }
    const exchange = waiting ?? this.#withoutRequest();
    this.#answering = exchange;
    if (exchange !== null) exchange.response = message;
    const method = exchange?.request?.head?.method;
    const framing = this.#context.http.frameResponse(head, method, (anomaly) => exchange?.noteAnomaly(anomaly));
    if (framing.kind === 'tunnel') {
      this.#tunnel = true;
      this.#requests!.enterTunnel();
    }
    return framing;
  }

  #onResponseEnd(end: MessageEnd): void {
    const message = this.#receiving!;
    const exchange = this.#answering;
    message.ended = end;
    message.reach(this.#bases[this.#sender === 0 ? 1 : 0]! + this.#responses!.position, this.#at);
    this.#receiving = null;
    this.#answering = null;
    if (exchange !== null) this.#answered(exchange);
  }

  /** What the next response answers: the oldest request without one, but none that a gap may have answered. */
  #waiting(): Exchange | undefined {
    let last: Exchange | undefined;
    for (const exchange of this.#pending) {
      if (exchange.response !== null) continue;
      if (exchange.answerUnseen === 0) return exchange;
      last = exchange;
    }
    return last;
  }

  /** A response to a request that was not captured; null when nothing was asked at all (an idle 408). */
  #withoutRequest(): Exchange | null {
    const sender = this.#senderSide;
    const missed = this.#requestGap > 0 || sender.packets === 0 || (this.#begun === 0 && sender.syn === null);
    if (!missed) {
      this.#unsolicited = true;
      return null;
    }
    const exchange = this.#beginExchange('exchange');
    exchange.answerFrom = this.#receiving!.start;
    exchange.requestUnseen = this.#requestGap;
    this.#requestGap = 0;
    return exchange;
  }

  /** Bytes that are no HTTP are another protocol only where nothing was missed and no message was before them. */
  #speaksOther(): boolean {
    return this.#tunnel || this.#opaque !== null || (this.#begun === 0 && this.#requestGap === 0);
  }

  #opaqueExchange(): Exchange {
    this.#opaque ??= this.#beginExchange('opaque');
    return this.#opaque;
  }

  #beginExchange(kind: Transaction['kind']): Exchange {
    if (this.#pending.length >= LIMITS.pendingRequests) {
      this.#context.onLimit('pendingRequests');
      const oldest = this.#pending.shift()!;
      this.#decide(oldest, 'limit');
    }
    this.#begun++;
    const exchange = new Exchange(kind, this.connection, this.#sender, this.#begun);
    if (kind !== 'connect') this.#pending.push(exchange);
    return exchange;
  }

  /** Its response is over: judged at once, unless packets still to come say more about it. */
  #answered(exchange: Exchange): void {
    const { request, response } = exchange;
    if (request !== null && request.ended === null) return;
    const gaveUp = this.#senderSide.fin ?? this.#senderSide.rst;
    const whole = response?.ended === 'complete' || response?.ended === 'closed';
    if (whole && gaveUp === null && !closes(response?.head ?? null)) this.#decide(exchange, 'answered');
    else this.#settle();
    this.#forgetAnswered();
  }

  #forgetAnswered(): void {
    while (this.#pending.length > 0) {
      const first = this.#pending[0]!;
      if (!first.decided || first.response?.ended == null) break;
      this.#pending.shift();
    }
  }

  #settle(): void {
    this.#settleAt = Math.min(this.#settleAt, this.#context.agenda.now + SETTLE);
    this.#plan(this.#settleAt);
  }

  /** Nothing can change any more for what is undecided. */
  #conclude(occasion: Occasion): void {
    const over = this.#endedSides === 2;
    for (const exchange of this.#pending) {
      if (exchange.kind === 'opaque' && !over) continue;
      if (!exchange.decided) this.#decide(exchange, occasion);
    }
    if (this.#begun === 0) this.#decideEmpty(occasion);
    this.#pending = this.#pending.filter((exchange) => !exchange.decided);
    if (!over) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** A connection that carried nothing: an attempt all the same if its opening was seen. */
  #decideEmpty(occasion: Occasion): void {
    const sender = this.#senderSide;
    const opened = sender.syn !== null || this.#receiverSide.syn !== null;
    const carried = sender.highest > 0 || this.#requestGap > 0 || this.#receiverSide.highest > 0;
    if (!opened && !carried) return;
    const exchange = this.#beginExchange(carried ? 'exchange' : 'connect');
    exchange.requestUnseen = this.#requestGap;
    if (!exchange.decided) this.#decide(exchange, occasion);
  }

  #decide(exchange: Exchange, occasion: Occasion): void {
    exchange.close(occasion, this.#context.agenda.now);
    this.#context.onTransaction(exchange);
  }

  #planFor(now: Time): void {
    if (this.#timer === null && this.#pending.length > 0) this.#plan(now + this.#context.timeout);
  }

  #plan(due: Time): void {
    if (this.#timer !== null && this.#timer.due <= due) return;
    this.#timer?.cancel();
    this.#timer = new Timer(this, due);
    this.#context.agenda.schedule(due, this.#timer);
  }

  /** The timer is due: settles what was closing, and judges what made no progress for the deadline. */
  onTimer(now: Time): void {
    this.#timer = null;
    if (now >= this.#settleAt) {
      this.#settleAt = Number.POSITIVE_INFINITY;
      this.#decideSettled();
    }
    let next = this.#settleAt;
    for (const exchange of this.#pending) {
      if (exchange.decided || exchange.kind !== 'exchange') continue;
      const due = exchange.progress + this.#context.timeout;
      if (due <= now) this.#decide(exchange, 'deadline');
      else next = Math.min(next, due);
    }
    if (this.#begun === 0) {
      const due = this.#connectDue();
      if (due <= now) this.#decideEmpty('deadline');
      else next = Math.min(next, due);
    }
    this.#forgetAnswered();
    if (next < Number.POSITIVE_INFINITY) this.#plan(next);
  }

  /** Answered, or never to be: the receiver has closed its direction. */
  #decideSettled(): void {
    const closed = this.#receiverSide.next >= 0 && this.#receiverEnded();
    for (const exchange of this.#pending) {
      if (exchange.decided || exchange.kind !== 'exchange') continue;
      const over = exchange.response?.ended != null && exchange.request?.ended !== null;
      if (over) this.#decide(exchange, 'answered');
      else if (closed) this.#decide(exchange, 'closed');
    }
  }

  #receiverEnded(): boolean {
    return this.#receiverSide.fin !== null && !this.#receiverSide.holding;
  }

  /** When a connection that is not yet established counts as failed. */
  #connectDue(): Time {
    if (this.connection.established !== null || this.#rolesSure === false && this.connection.opener === null) {
      return Number.POSITIVE_INFINITY;
    }
    const opener = this.connection.sides[this.connection.opener ?? 0];
    const answerer = this.connection.sides[this.connection.opener === 1 ? 0 : 1];
    if (opener.lastSyn === null) return Number.POSITIVE_INFINITY;
    const last = Math.max(opener.lastSyn.time, answerer.lastSyn?.time ?? Number.NEGATIVE_INFINITY);
    const patience = SYN_BACKOFF * (opener.lastSyn.time - opener.previousSynTime);
    return last + Math.max(this.#context.timeout, patience);
  }
}

/** Lets go of its conversation when cancelled, so that the agenda holds on to nothing that is over. */
class Timer implements Task {
  readonly due: Time;
  #conversation: Conversation | null;

  constructor(conversation: Conversation, due: Time) {
    this.#conversation = conversation;
    this.due = due;
  }

  cancel(): void {
    this.#conversation = null;
  }

  run(now: Time): void {
    this.#conversation?.onTimer(now);
  }
}

/** The answer announces the connection's end (RFC 9112 §9.6): who closes it, and how, belongs to the record. */
function closes(head: ResponseHead | null): boolean {
  if (head === null) return true;
  for (const { name, value } of head.headers) {
    if (name.length === 10 && name.toLowerCase() === 'connection') {
      const options = value.toLowerCase();
      if (options.includes('close')) return true;
      if (options.includes('keep-alive')) return false;
    }
  }
  return head.version === 'HTTP/1.0';
}
