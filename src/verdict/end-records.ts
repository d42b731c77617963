/**
 * The records that follow the transactions when a capture has ended: its hosts, its deliveries and what was expected of
 * them, the capture itself, and the sums. A part of the border `verdict.ts`, whose words they use.
 */
import type { CaptureFacts, Time } from '../capture/packet.ts';
import type { LimitName } from '../limits.ts';
import type { Reason } from './reasons.ts';
import type { Code, Confidence, Outcome, Party } from './verdict.ts';

export type Counts<K extends string> = Readonly<Partial<Record<K, number>>>;

export interface HostRecord {
  readonly type: 'host';
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly attempts: number;
  readonly outcomes: Counts<Outcome>;
  readonly verdicts: Counts<Code>;
  readonly connections: number;
  /** Attempts that got no SYN-ACK. */
  readonly synUnanswered: number;
  readonly resets: { readonly bySender: number; readonly byReceiver: number };
  readonly unansweredRequests: number;
  /** Data segments seen again over all data segments, both directions. */
  readonly retransmissionRate: number | null;
  /** Milliseconds over the answered attempts. */
  readonly wait: Quantiles & { readonly p99: number | null };
  readonly ack: Quantiles;
  /** Milliseconds, where the sender's give-ups cluster; else null. */
  readonly inferredSenderTimeout: number | null;
}

export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** Which attempt of which delivery a transaction is. */
export interface Place {
  readonly key: string;
  /**
   * From 1, by first byte, among the attempts known when this one is judged; null where they are no longer counted
   * (`LIMITS.deliveries`, `LIMITS.deliveryAttempts`).
   */
  readonly attempt: number | null;
  /** Null until the capture has ended: nobody knows before how many follow. */
  readonly of: number | null;
}

/** Attempts of one method, host and path that carry one business key; the best attempt decides. */
export interface DeliveryRecord {
  readonly type: 'delivery';
  readonly key: string;
  /** Null where only a list tells of the delivery, and names none. */
  readonly host: string | null;
  readonly outcome: Outcome;
  readonly verdict: Code;
  /** Ids of transactions in order of their first bytes; the first so many (`LIMITS.deliveryAttempts`). */
  readonly attempts: readonly string[];
  /** How many there were. */
  readonly attemptCount: number;
  /** Milliseconds from the first byte of an attempt to that of the next: one fewer than `attempts`. */
  readonly intervals: readonly number[];
  /** First byte of the first attempt. */
  readonly firstSent: Time | null;
  /** When a whole request was first acknowledged by the receiver's TCP. */
  readonly firstAcked: Time | null;
  /** When the first answer that counts as delivered was complete. */
  readonly deliveredAt: Time | null;
  /** Attempts that began after `firstAcked`, and after `deliveredAt`. */
  readonly duplicatesAfterAck: number;
  readonly duplicatesAfterDelivery: number;
  readonly method: string | null;
  readonly port: number | null;
  /** Of the target, without query. */
  readonly path: string | null;
  /**
   * Where the key was found, as `--key` would say it; `identical` where the whole request is the key; null where no
   * request was seen.
   */
  readonly keyFrom: string | null;
  /**
   * The attempts are connections that failed before their request, taken for this delivery because host, port and time
   * are those of the list and no other delivery of it can be meant.
   */
  readonly inferred: boolean;
  /** What the list of expected deliveries says of it; null without a list, no lines where it is not on it. */
  readonly expected: Expectation | null;
}

export interface Expectation {
  /** Numbers of lines in the list, from 1. */
  readonly lines: readonly number[];
  readonly firstTime: Time | null;
  readonly lastTime: Time | null;
}

/**
 * An expected delivery of which the capture holds no attempt, in the shape of a transaction, so that whoever counts
 * outcomes counts it: without a connection, a request or evidence.
 */
export interface UnseenRecord {
  readonly type: 'transaction';
  /** `0.n`: no connection has the number 0. */
  readonly id: string;
  readonly outcome: 'missing' | 'unknown';
  readonly verdict: 'not_observed' | 'capture_insufficient';
  readonly fault: readonly Party[];
  readonly confidence: Confidence;
  readonly because: readonly Reason[];
  readonly delivery: DeliveryRecord;
}

/** Tallies of the decoder, one per packet. */
export interface DecodedCounts {
  tcp: number;
  other: number;
  fragment: number;
  truncated: number;
  malformed: number;
  unknownLink: number;
}

export interface CaptureRecord {
  readonly type: 'capture';
  readonly files: readonly {
    readonly path: string;
    readonly sha256: string | null;
    readonly format: string | null;
    readonly bytes: number;
    readonly packets: number;
    readonly firstTime: Time | null;
    readonly lastTime: Time | null;
    readonly truncated: boolean;
  }[];
  readonly linkTypes: readonly string[];
  readonly packets: number;
  readonly decoded: Readonly<DecodedCounts>;
  readonly firstTime: Time | null;
  readonly lastTime: Time | null;
  readonly dropped: number | null;
  /** Packets seen twice by the capture itself, counted once. */
  readonly duplicates: number;
  /** Bytes that were acknowledged but are not in the capture. */
  readonly ackedUnseen: number;
  /** TCP segments that the snapshot length cut. */
  readonly snaplenCut: number;
  readonly oneDirection: boolean;
  readonly limitsHit: Readonly<Partial<Record<LimitName, number>>>;
  readonly warnings: CaptureFacts['warnings'];
  readonly options: Readonly<Record<string, unknown>>;
  readonly version: string;
}

export interface SummaryRecord {
  readonly type: 'summary';
  readonly transactions: number;
  readonly outcomes: Counts<Outcome>;
  readonly verdicts: Counts<Code>;
  readonly hosts: number;
  readonly deliveries: number;
  /** What became of the deliveries on the list; null without a list. */
  readonly expected: ExpectedSummary | null;
  readonly exitStatus: 0 | 1 | 3;
}

export interface ExpectedSummary {
  readonly lines: number;
  /** One per key and place. */
  readonly deliveries: number;
  readonly outcomes: Counts<Outcome>;
  /** Deliveries that were seen and are not on the list. */
  readonly notExpected: number;
}

/** Records in order, each made when it is read: hundreds of thousands of them take more memory than all else. */
export interface Records<T> extends Iterable<T> {
  readonly length: number;
  /** All of them, as JSON.stringify takes them. An array needs none. */
  toJSON?(): readonly T[];
}

/** Deliveries; an array of them will do. */
export interface DeliveryRecords extends Records<DeliveryRecord> {
  /**
   * In the same order those that may have several attempts: an overview tells only of them, and they are few. Absent: any
   * may.
   */
  several?(): Iterable<DeliveryRecord>;
}
