/**
 * One stream of an HTTP/2 connection beside the exchange that it carries (RFC 9113 §5): what ended it, and what held its
 * bodies up. Frames make it, in `multiplexed.ts`; the rules read it.
 */
import { keep, type Moment, type Time } from '../capture/packet.ts';
import { errorName, type Http2Anomaly } from '../http2/http2.ts';
import { LIMITS } from '../limits.ts';
import { type Flow, StreamFlow } from './flow.ts';
import type { Blocked, StreamFacts, Transaction } from './transaction.ts';

/** Shared by all those that have none, which are nearly all. */
const NONE: readonly never[] = [];

/** What all streams of a connection share. */
export interface Shared {
  /** Of what the sender sends, and of what the receiver does. */
  readonly flows: { readonly sender: Flow; readonly receiver: Flow };
  /** Named once for all its streams. */
  readonly anomalies: Http2Anomaly[];
  /** The stream will not be asked for any more. */
  onGone(id: number): void;
}

export class Stream implements StreamFacts {
  readonly id: number;
  reset: StreamFacts['reset'] = null;
  goAway: StreamFacts['goAway'] = null;
  beyond: StreamFacts['beyond'] = null;
  grpcStatus: string | null = null;
  hidden = false;
  pushed = false;
  /** Both messages are over, or it was reset: it counts no longer as open (RFC 9113 §5.1.2). */
  closed = false;
  /** When it ended without both messages having been sent; null where that is not so. */
  overAt: Time | null = null;
  readonly sent: StreamFlow;
  readonly received: StreamFlow;
  #shared: Shared;
  #exchange: Pick<Transaction, 'request' | 'response'>;
  #anomalies: readonly Http2Anomaly[] = NONE;

  constructor(id: number, shared: Shared, exchange: Pick<Transaction, 'request' | 'response'>) {
    this.id = id;
    this.#shared = shared;
    this.#exchange = exchange;
    this.sent = new StreamFlow(shared.flows.sender);
    this.received = new StreamFlow(shared.flows.receiver);
  }

  get blocked(): Blocked | null {
    return isOpen(this.#exchange.request) ? this.sent.blocked : null;
  }

  get answerBlocked(): Blocked | null {
    return isOpen(this.#exchange.response) ? this.received.blocked : null;
  }

  get accounted(): boolean {
    return this.sent.accounted;
  }

  get anomalies(): readonly Http2Anomaly[] {
    const { anomalies } = this.#shared;
    return this.#anomalies.length === 0 ? anomalies : [...new Set([...anomalies, ...this.#anomalies])];
  }

  noteReset(side: 'sender' | 'receiver', code: number, at: Moment): void {
    this.reset = { side, error: errorName(code), at: keep(at) };
    this.overAt = at.time;
  }

  /** @param goAway what the receiver told; streams above its last one were not, and will not be, processed (§6.8). */
  noteGoAway(goAway: NonNullable<StreamFacts['goAway']>, now: Time): void {
    this.goAway = goAway;
    if (this.id > goAway.lastStream) this.overAt ??= now;
  }

  noteAnomaly(anomaly: Http2Anomaly): void {
    if (this.#anomalies.length < LIMITS.anomalies) this.#anomalies = [...this.#anomalies, anomaly];
  }

  letGo(): void {
    this.#shared.onGone(this.id);
  }
}

/** It has begun and is not over, or was cut off. */
function isOpen(message: Transaction['request'] | Transaction['response']): boolean {
  return message !== null && (message.ended === null || message.ended === 'cut');
}
