/**
 * The attempts of one connection, in order of their requests: which of them the next response answers, and when
 * each is over. An attempt is over when it was answered and the sender took it, when the connection is closed, when
 * its deadline has passed without progress, or when the capture ends. Each is handed on exactly once.
 */
import type { Agenda, Task } from '../agenda.ts';
import type { Time } from '../capture/packet.ts';
import type { Http2Stage } from '../http2/http2.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Connection, Direction, Side } from '../tcp/stream.ts';
import type { Secrets, TlsFacts, TlsStage } from '../tls/tls.ts';
import { Exchange } from './exchange.ts';
import type { HttpStage, Occasion, Transaction } from './transaction.ts';

/** After an answer, or a close without one: time for the packets that belong to it. */
const SETTLE: Time = 1e9;
/** A SYN is repeated at growing distance (RFC 6298 §5.5 doubles it): this much more than the last one is patience. */
const SYN_BACKOFF = 2.5;

export interface Context {
  readonly http: HttpStage;
  readonly tls: TlsStage;
  readonly http2: Http2Stage;
  readonly secrets: Secrets | null;
  readonly agenda: Agenda;
  /** Response deadline after the last progress; the shortest where it differs by receiver. */
  readonly timeout: Time;
  /** That of one attempt. Absent: `timeout`. */
  timeoutOf?(attempt: Pick<Transaction, 'connection' | 'sender' | 'request'>): Time;
  readonly onLimit: OnLimit;
  /** False: nobody will ask for the text of a response's body. Absent: somebody may. */
  readonly keepsAnswers?: boolean;
  /** False: nobody will ask for a body once its attempt was handed on. Absent: somebody may. */
  readonly bodiesLast?: boolean;
  /** A request is over on the wire; what becomes of it comes as `onTransaction`. */
  onRequest(transaction: Transaction): void;
  onTransaction(transaction: Transaction): void;
}

/** What else is known of the connection when something is decided. */
export interface Hooks {
  /** Nothing more will come: an attempt that has begun unnoticed is to be begun now. */
  onConclude(): void;
  onDecide(exchange: Exchange): void;
}

export class Attempts {
  /** How many were begun. */
  begun = 0;
  /** Which side of the connection is the sender, as far as is known. */
  sender: Side = 0;
  /** What is known of the TLS that the connection carries, and how many attempts were begun before it. */
  #tls: TlsFacts | null = null;
  #begunBefore = 0;
  /** Streams are answered in any order (RFC 9113 §5): none is passed over because a later one was answered. */
  multiplexed = false;
  /** The request whose bytes came in last, as long as anything can become of it. */
  latest: Exchange | null = null;
  #connection: Connection;
  #context: Context;
  #hooks: Hooks;
  /** Undecided, or decided by deadline and still to be answered. */
  #pending: Exchange[] = [];
  /** Of them, in order of their requests: so many have their final answer, or were passed over. Thousands may wait behind. */
  #answeredTo = 0;
  #timer: Timer | null = null;
  #settleAt: Time = Number.POSITIVE_INFINITY;

  constructor(connection: Connection, context: Context, hooks: Hooks) {
    this.#hooks = hooks;
    this.#connection = connection;
    this.#context = context;
    this.#plan(connection.first.time + context.timeout);
  }

  get senderSide(): Direction {
    return this.#connection.sides[this.sender];
  }

  get receiverSide(): Direction {
    return this.#connection.sides[this.sender === 0 ? 1 : 0];
  }

  /** From here on the connection, or the tunnel in it, carries TLS; null: it does not after all. */
  secure(facts: TlsFacts | null, now: Time): void {
    this.#tls = facts;
    this.#begunBefore = facts === null ? 0 : this.begun;
    this.#plan(now + this.#context.timeout);
  }

  begin(kind: Transaction['kind']): Exchange {
    if (this.#pending.length >= LIMITS.pendingRequests) {
      this.#context.onLimit('pendingRequests');
      const oldest = this.#pending[0]!;
      if (!oldest.decided) this.#decide(oldest, 'limit');
      this.#keep((exchange) => exchange !== oldest, this.#pending.length);
    }
    this.begun++;
    const exchange = new Exchange(kind, this.#connection, this.sender, this.begun);
    exchange.tls = this.#tls;
    exchange.opensTls = this.#tls !== null && this.begun === this.#begunBefore + 1;
    // Mostly the only one, and the first push to an empty list makes room for 17: 150 bytes a request.
    if (this.#pending.length === 0) this.#pending = [exchange];
    else this.#pending.push(exchange);
    return exchange;
  }

  /** The only attempt so far, if it is an opaque one: the roles it began with were a guess. */
  get onlyOpaque(): Exchange | null {
    const first = this.#pending[0];
    return this.begun === 1 && first?.kind === 'opaque' ? first : null;
  }

  /**
   * What the next response answers: the oldest request without one, but none before one that was answered. Where a gap
   * may hold answers, the last of those that it may have answered.
   */
  waiting(): Exchange | undefined {
    let last: Exchange | undefined;
    for (let i = this.#answeredTo; i < this.#pending.length; i++) {
      const exchange = this.#pending[i]!;
      if (exchange.kind !== 'exchange' || exchange.response !== null || exchange.passed) continue;
      if (exchange.answerUnseen === 0) return exchange;
      last = exchange;
    }
    return last;
  }

  /** `exchange` is being answered, and this is its final answer: none before it will be. */
  passOver(exchange: Exchange): void {
    while (this.#answeredTo < this.#pending.length) {
      const earlier = this.#pending[this.#answeredTo]!;
      if (earlier.index > exchange.index) return;
      this.#answeredTo++;
      if (earlier === exchange) return;
      if (earlier.response !== null || earlier.passed) continue;
      earlier.passed = true;
      exchange.pairingGuessed ||= exchange.answerUnseen > 0;
    }
  }

  /** Bytes of the receiver are missing: they may have answered, or ended the answer of, what was asked since the last. */
  missAnswer(length: number): void {
    const last = this.#pending.findLast(({ response }) => response !== null);
    if (last?.response?.ended === 'lost') last.answerUnseen += length;
    for (let i = this.#answeredTo; i < this.#pending.length; i++) {
      const exchange = this.#pending[i]!;
      if (exchange.response === null && !exchange.passed) exchange.answerUnseen += length;
    }
  }

  /** Request or response is over. Packets still to come tell whether the sender took the answer, and who closes. */
  answered(exchange: Exchange): void {
    if (exchange.decided) this.#forgetAnswered();
    else if (isAnswered(exchange)) this.settle();
  }

  /** Nothing more is expected of it, not even a late answer. */
  release(exchange: Exchange): void {
    if (!exchange.decided) this.#decide(exchange, 'answered');
    this.#keep((other) => other !== exchange, this.#pending.length);
  }

  /** The sender goes on: what it was answered before, it has taken. */
  decideTaken(): void {
    const { acked } = this.receiverSide;
    for (let i = 0; i < this.#looked; i++) {
      const exchange = this.#pending[i]!;
      if (exchange.decided || !isAnswered(exchange)) continue;
      // A stream that goes on says nothing of the others.
      if (!this.multiplexed || acked >= exchange.response!.end) this.#decide(exchange, 'answered');
    }
    this.#forgetAnswered();
  }

  /** Looks again in a moment, when the last packets of what is happening now have come. */
  settle(): void {
    this.#settleAt = Math.min(this.#settleAt, this.#context.agenda.now + SETTLE);
    this.#plan(this.#settleAt);
  }

  /** Sees to it that a deadline is set while something is undecided. */
  watch(now: Time): void {
    if (this.#timer === null && this.#pending.length > 0) this.#plan(now + this.#context.timeout);
  }

  /**
   * Nothing can change any more for what is undecided.
   * @param over the connection is gone: also what is no HTTP is judged.
   * @param requestGap bytes of the sender that were not captured and belong to no request.
   */
  conclude(occasion: Occasion, over: boolean, requestGap: number): void {
    this.#hooks.onConclude();
    for (const exchange of this.#pending) {
      if (!exchange.decided && (over || exchange.kind !== 'opaque')) this.#decide(exchange, occasion);
    }
    if (this.begun === this.#begunBefore) this.#decideEmpty(occasion, requestGap);
    this.#keep(isUndecided, this.#pending.length);
    if (!over) return;
    this.#cancelTimer();
  }

  /** The timer is due: settles what was closing, and judges what made no progress for the deadline. */
  onTimer(now: Time): void {
    this.#timer = null;
    if (now >= this.#settleAt) {
      this.#settleAt = Number.POSITIVE_INFINITY;
      this.#decideSettled(now);
    }
    let next = this.#settleAt;
    for (const exchange of this.#pending) {
      if (exchange.decided || exchange.kind === 'opaque') continue;
      const due = exchange.progress + this.#timeoutOf(exchange.request);
      if (due <= now) this.#decide(exchange, isAnswered(exchange) ? 'answered' : 'deadline', due);
      else next = Math.min(next, due);
    }
    if (this.begun === this.#begunBefore) {
      const due = this.#connectDue();
      if (due <= now) this.#decideEmpty('deadline', 0, due);
      else next = Math.min(next, due);
    }
    this.#forgetAnswered();
    if (next < Number.POSITIVE_INFINITY) this.#plan(next);
  }

  /** Answered, or never to be: the receiver has closed its direction. */
  #decideSettled(now: Time): void {
    const { fin, holding, acked } = this.receiverSide;
    const senderClosed = this.senderSide.fin !== null || this.senderSide.rst !== null;
    for (const exchange of this.#pending) {
      if (exchange.decided || exchange.kind === 'opaque') continue;
      if (!isAnswered(exchange)) {
        const over = (exchange.stream?.overAt ?? Number.POSITIVE_INFINITY) + SETTLE;
        if ((fin !== null && !holding) || over <= now) this.#decide(exchange, 'closed');
        else if (over < this.#settleAt) this.#settleAt = over;
      } else if (senderClosed || acked >= exchange.response!.end) {
        this.#decide(exchange, 'answered');
      }
    }
  }

  /** A connection that carried nothing: an attempt all the same if its opening was seen. */
  #decideEmpty(occasion: Occasion, requestGap: number, at = this.#context.agenda.now): void {
    const sender = this.senderSide;
    const receiver = this.receiverSide;
    // What the receiver sent unasked is no sign of a request where the stream of requests was seen from its start.
    const opened = sender.syn !== null || receiver.syn !== null;
    // Neither a handshake is a request, nor are settings.
    const silent = this.#tls !== null || this.multiplexed;
    const spoken = !silent && (sender.highest > 0 || this.#hasSpoken());
    const carried = spoken || requestGap > 0 || (receiver.highest > 0 && !opened && !this.multiplexed);
    if (!opened && !carried) return;
    const exchange = this.begin(carried ? 'exchange' : 'connect');
    exchange.requestUnseen = requestGap;
    this.#decide(exchange, occasion, at);
  }

  /** @param at a deadline, where one has passed: when the next packet of anybody comes says nothing about this one. */
  #decide(exchange: Exchange, occasion: Occasion, at = this.#context.agenda.now): void {
    this.#hooks.onDecide(exchange);
    exchange.close(occasion, at);
    this.#context.onTransaction(exchange);
  }

  /** Bytes of the sender that were not captured: its own last packets, or what the receiver acknowledged, count them. */
  #hasSpoken(): boolean {
    const { acked, fin, rst } = this.senderSide;
    // The first byte that is acknowledged may be a FIN.
    if (acked > 1 || (fin !== null && fin.offset > 0)) return true;
    return this.#connection.established !== null && rst !== null && rst.offset > 0;
  }

  /** Lets go of what was judged and can get no answer any more: it has one, or a later request has. */
  #forgetAnswered(): void {
    this.#keep(isToCome, this.#looked);
  }

  /** So many of them, in order, may have been answered. */
  get #looked(): number {
    return this.multiplexed ? this.#pending.length : this.#answeredTo;
  }

  /** Of the first `count`, only those. */
  #keep(wanted: (exchange: Exchange) => boolean, count: number): void {
    const pending = this.#pending;
    let kept = 0;
    let answered = 0;
    for (let i = 0; i < count; i++) {
      const exchange = pending[i]!;
      if (!wanted(exchange)) {
        exchange.letGo();
        if (exchange === this.latest) this.latest = null;
        continue;
      }
      if (i < this.#answeredTo) answered++;
      pending[kept++] = exchange;
    }
    if (kept === count) return;
    // Without the list that `splice` makes of what it takes out.
    if (count === pending.length) pending.length = kept;
    else pending.splice(kept, count - kept);
    this.#answeredTo = answered;
  }

  /** When a connection that is not yet established counts as failed. */
  #connectDue(): Time {
    if (this.#tls !== null) return this.#handshakeDue(this.#tls);
    const { opener, established } = this.#connection;
    if (established !== null || opener === null) return Number.POSITIVE_INFINITY;
    const { lastSyn, previousSynTime } = this.#connection.sides[opener];
    if (lastSyn === null) return Number.POSITIVE_INFINITY;
    const answer = this.#connection.sides[opener === 0 ? 1 : 0].lastSyn;
    const last = Math.max(lastSyn.time, answer?.time ?? Number.NEGATIVE_INFINITY);
    return last + Math.max(this.#timeoutOf(null), SYN_BACKOFF * (lastSyn.time - previousSynTime));
  }

  #timeoutOf(request: Transaction['request']): Time {
    const { timeout, timeoutOf } = this.#context;
    return timeoutOf?.({ connection: this.#connection, sender: this.sender, request }) ?? timeout;
  }

  /** When a TLS handshake that has begun and makes no progress counts as failed. */
  #handshakeDue({ clientHello, done }: TlsFacts): Time {
    if (clientHello === null || done !== null) return Number.POSITIVE_INFINITY;
    const { lastData, ackedAt } = this.senderSide;
    const theirs = this.receiverSide.lastData;
    const last = Math.max(
      ...[clientHello.last, lastData, ackedAt, theirs].map((at) => at?.time ?? Number.NEGATIVE_INFINITY),
    );
    return last + this.#timeoutOf(null);
  }

  #plan(due: Time): void {
    if (this.#timer !== null && this.#timer.due <= due) return;
    this.#cancelTimer();
    this.#timer = new Timer(this, due);
    this.#context.agenda.schedule(due, this.#timer);
  }

  #cancelTimer(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#context.agenda.onCancel();
  }
}

/** Lets go of its attempts when cancelled, so that the agenda holds on to nothing that is over. */
class Timer implements Task {
  readonly due: Time;
  #attempts: Attempts | null;

  constructor(attempts: Attempts, due: Time) {
    this.#attempts = attempts;
    this.due = due;
  }

  get cancelled(): boolean {
    return this.#attempts === null;
  }

  cancel(): void {
    this.#attempts = null;
  }

  /** As of when it was due: what else was due before a deadline, as the grace of a gap, is to come before it. */
  run(): void {
    this.#attempts?.onTimer(this.due);
  }
}

function isUndecided({ decided }: Exchange): boolean {
  return !decided;
}

/** It was not judged, or an answer may still come. */
function isToCome(exchange: Exchange): boolean {
  const over = exchange.passed || exchange.stream?.overAt != null || isAnswered(exchange);
  return !exchange.decided || !over;
}

/** Request and response are over, however they ended. */
function isAnswered({ request, response }: Exchange): boolean {
  return response !== null && response.ended !== null && (request === null || request.ended !== null);
}
