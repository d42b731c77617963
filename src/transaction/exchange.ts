/**
 * One attempt while it is going on: a request and its answer, a connection that never carried one, or a
 * connection that speaks something else.
 */
import { keep, type Moment, type Time } from '../capture/packet.ts';
import type { Anomaly, RequestHead, ResponseHead } from '../http/message.ts';
import { LIMITS } from '../limits.ts';
import type { AckWatch, Connection, Side } from '../tcp/stream.ts';
import type { TlsFacts } from '../tls/tls.ts';
import type { CollectedMessage } from './message.ts';
import type { Stream } from './stream.ts';
import { type Occasion, type OtherBytes, receiverOf, senderOf, type Transaction } from './transaction.ts';

/** Bytes kept to name a protocol that is not HTTP. */
const PREFIX_BYTES = 64;

/** Shared by all those that have none, which are nearly all. */
const NONE: readonly never[] = [];
const NOTHING: Transaction['opaque'] = { sender: null, receiver: null };

export class Exchange implements Transaction {
  /** 'opaque' may turn out to be an exchange of which the capture has only the end. */
  kind: Transaction['kind'];
  readonly connection: Connection;
  sender: Side;
  readonly index: number;
  /** A later request was answered, so it will not be. */
  passed = false;
  request: CollectedMessage<RequestHead> | null = null;
  response: CollectedMessage<ResponseHead> | null = null;
  interim: readonly { readonly status: number; readonly at: Moment }[] = NONE;
  acked: AckWatch | null = null;
  answerFrom: number;
  answerUnseen = 0;
  pairingGuessed = false;
  requestUnseen = 0;
  garbage: OtherBytes | null = null;
  opaque: Transaction['opaque'] = NOTHING;
  answerDoubtful = false;
  tls: TlsFacts | null = null;
  stream: Stream | null = null;
  opensTls = false;
  idleBefore: Time | null = null;
  anomalies: readonly Anomaly[] = NONE;
  occasion: Occasion = 'answered';
  decidedAt: Time = 0;
  delivery: number | null = null;
  decided = false;
  /** Of both sides, before it began and when it was closed; -1 until then. */
  #dataBefore = 0;
  #againBefore = 0;
  #dataAfter = -1;
  #againAfter = -1;

  constructor(kind: Transaction['kind'], connection: Connection, sender: Side, index: number) {
    this.kind = kind;
    this.connection = connection;
    this.sender = sender;
    this.index = index;
    this.answerFrom = receiverOf(this).next;
    if (index === 1) return;
    this.#dataBefore = dataSegmentsOf(connection);
    this.#againBefore = retransmissionsOf(connection);
  }

  get opens(): Transaction['opens'] {
    return { tcp: this.index === 1, tls: this.opensTls };
  }

  get dataSegments(): number {
    const now = this.#dataAfter < 0 ? dataSegmentsOf(this.connection) : this.#dataAfter;
    return now - this.#dataBefore;
  }

  get retransmissions(): number {
    const now = this.#againAfter < 0 ? retransmissionsOf(this.connection) : this.#againAfter;
    return now - this.#againBefore;
  }

  get retransmitted(): Moment | null {
    const last = senderOf(this).lastRetransmission;
    return last !== null && this.request !== null && last.time >= this.request.firstByte.time ? last : null;
  }

  /** The side that was taken for the sender is the receiver. */
  turnRound(): void {
    this.sender = this.sender === 0 ? 1 : 0;
    this.opaque = { sender: this.opaque.receiver, receiver: this.opaque.sender };
    this.answerFrom = 0;
  }

  noteAnomaly(anomaly: Anomaly): void {
    if (this.anomalies.length < LIMITS.anomalies && !this.anomalies.includes(anomaly)) {
      this.anomalies = [...this.anomalies, anomaly];
    }
  }

  noteInterim(status: number, at: Moment): void {
    if (this.interim.length < LIMITS.interimResponses) {
      this.interim = [...this.interim, { status, at: keep(at) }];
    }
  }

  noteOther(side: 'sender' | 'receiver', bytes: Buffer, start: number, end: number, at: Moment): void {
    const known = this.opaque[side];
    const other = addOther(known, bytes, start, end, at);
    if (other !== known) this.opaque = { ...this.opaque, [side]: other };
  }

  /** Nothing more can change what it was: facts that go on counting are fixed here. */
  close(occasion: Occasion, at: Time): void {
    this.decided = true;
    this.occasion = occasion;
    this.decidedAt = at;
    this.#dataAfter = dataSegmentsOf(this.connection);
    this.#againAfter = retransmissionsOf(this.connection);
  }

  /** It is over, and nothing can answer it any more. */
  letGo(): void {
    this.request?.letGo();
    this.response?.letGo();
    this.stream?.letGo();
  }

  /** Last time that anything went forward; only after it does the deadline count. */
  get progress(): Time {
    const sender = senderOf(this);
    const receiver = receiverOf(this);
    let latest = this.connection.first.time;
    if (this.request !== null) latest = Math.max(latest, this.request.lastByte.time);
    if (this.stream !== null) return Math.max(latest, this.#streamProgress());
    if (sender.ackedAt !== null && sender.acked > (this.request?.start ?? 0)) {
      latest = Math.max(latest, sender.ackedAt.time);
    }
    if (receiver.lastData !== null) latest = Math.max(latest, receiver.lastData.time);
    return latest;
  }

  /** Other streams go on beside it, and their bytes are acknowledged with its own. */
  #streamProgress(): Time {
    return Math.max(
      this.acked?.at?.time ?? Number.NEGATIVE_INFINITY,
      this.response?.lastByte.time ?? Number.NEGATIVE_INFINITY,
    );
  }
}

function dataSegmentsOf({ sides }: Connection): number {
  return sides[0].dataSegments + sides[1].dataSegments;
}

function retransmissionsOf({ sides }: Connection): number {
  return sides[0].retransmissions + sides[1].retransmissions;
}

/** Adds bytes that are no HTTP message to what is known of them. */
export function addOther(
  known: OtherBytes | null,
  bytes: Buffer,
  start: number,
  end: number,
  at: Moment,
): OtherBytes {
  if (known === null) {
    const prefix = Buffer.from(bytes.subarray(start, Math.min(end, start + PREFIX_BYTES)));
    return { first: keep(at), last: keep(at), prefix, bytes: end - start };
  }
  known.bytes += end - start;
  known.last = keep(at);
  return known;
}
