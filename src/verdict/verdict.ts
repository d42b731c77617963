/**
 * The records that leave the engine, exactly as the contract names them: field order here is field order in the
 * JSON. Times are `Time` (nanoseconds since the capture's first packet) until a reporter prints them;
 * durations are milliseconds.
 */
import type { CaptureFacts, Moment, Time } from '../capture/packet.ts';
import type { HeaderField } from '../http/message.ts';
import type { LimitName } from '../limits.ts';
import type { TlsRecord } from '../tls/tls.ts';
import type { PacketRecord } from './packet-record.ts';
import type { Reason } from './reasons.ts';

export type {
  AcceptRule,
  AnalysisOptions,
  ExpectedDelivery,
  HostRule,
  KeySpec,
  Policy,
} from './options.ts';
export type { Reason, Reasons } from './reasons.ts';

export const OUTCOMES = [
  'delivered',
  'refused',
  'unanswered',
  'unsent',
  'pending',
  'unknown',
  'missing',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The outcomes that `--only failed` means and that make the exit status 1. */
export const FAILED: readonly Outcome[] = ['refused', 'unanswered', 'unsent', 'missing'];

export type Party = 'sender' | 'network' | 'receiver' | 'capture';
export type Confidence = 'proven' | 'strong' | 'probable' | 'weak';
export type Stage = 'capture' | 'reply' | 'connect' | 'tls' | 'send' | 'wait';

/** In the order of the contract's table. */
export type Code =
  | 'connect_refused'
  | 'connect_prohibited'
  | 'connect_unreachable'
  | 'connect_reply_ignored'
  | 'connect_port_collision'
  | 'connect_not_accepted'
  | 'connect_abandoned'
  | 'connect_no_reply'
  | 'tls_no_server_hello'
  | 'tls_alert_by_receiver'
  | 'tls_rejected_by_sender'
  | 'tls_aborted'
  | 'no_request_sent'
  | 'receiver_closed_early'
  | 'stale_connection'
  | 'stream_refused'
  | 'goaway_unprocessed'
  | 'idle_state_lost'
  | 'path_mtu_blackhole'
  | 'receiver_window_closed'
  | 'stream_window_closed'
  | 'expect_continue_stalled'
  | 'reset_during_send'
  | 'request_incomplete'
  | 'request_not_acked'
  | 'request_partly_acked'
  | 'no_response_sender_closed'
  | 'no_response_receiver_closed'
  | 'no_response_reset'
  | 'no_response_timeout'
  | 'response_incomplete'
  | 'response_invalid'
  | 'response_late'
  | 'response_ignored'
  | 'rejected_early'
  | 'redirected'
  | 'client_error'
  | 'server_error'
  | 'gateway_error'
  | 'refused_in_body'
  | 'refused_in_trailers'
  | 'delivered'
  | 'delivered_unconfirmed'
  | 'pending_at_capture_end'
  | 'response_not_captured'
  | 'capture_insufficient'
  | 'opaque'
  | 'not_observed';

/** One row of the catalogue: data only, wording for people kept apart from the rules. */
export interface CatalogueEntry {
  readonly code: Code;
  readonly stage: Stage;
  readonly outcome: Outcome;
  /** Sides not exonerated, most likely first; empty when nothing is wrong. */
  readonly fault: readonly Party[];
  /** Confidence before the capture's health is weighed. */
  readonly base: Confidence;
  /** A few words, as a heading. */
  readonly title: string;
  /** When it applies: one sentence, exact. */
  readonly definition: string;
  /** What to do next: one or two sentences, for the engineer who got it. */
  readonly remedy: string;
}

/** What else may be seen of an attempt and decides nothing by itself; beside these stand the anomalies of HTTP and TLS. */
export const SIGNALS = {
  retransmitted: 'data was sent again, by one side or the other',
  syn_retransmitted: 'the SYN was sent more than once',
  duplicate_capture: 'packets of the connection are in the capture twice; each counts once',
  half_closed:
    'the sender closed its direction once the request was sent, and went on waiting for the response',
  port_reused: 'an earlier connection in the capture had the same addresses and ports',
  acked_unseen: 'bytes were acknowledged that are not in the capture',
  snaplen_cut: 'packets were cut by the snapshot length (tcpdump -s)',
  mid_stream: 'no handshake of the connection is in the capture: it began before, or was not captured',
  rst_ttl_differs:
    "the RST differs in TTL or hop limit from the receiver's other packets: a device on the path may have sent it",
  icmp_error: 'an ICMP error quotes a packet of the connection',
  zero_window: "the receiver's window went to zero",
  not_tls: 'what answered the ClientHello was no TLS',
  server_push:
    'the receiver announced pushes with its answer (HTTP/2); they are no requests and have no record',
  streams_beyond_limit: 'the sender had more HTTP/2 streams open than the receiver allows',
} as const;
export type Signal = keyof typeof SIGNALS;

/** What a packet shows in a transaction's evidence. */
export type Role =
  | 'syn'
  | 'syn_ack'
  | 'client_hello'
  | 'server_hello'
  | 'tls_alert'
  | 'request_first_byte'
  | 'request_last_byte'
  | 'request_acked'
  | 'request_retransmitted'
  | 'interim_response'
  | 'response_first_byte'
  | 'response_last_byte'
  | 'sender_fin'
  | 'sender_rst'
  | 'receiver_fin'
  | 'receiver_rst'
  | 'sender_rst_stream'
  | 'receiver_rst_stream'
  | 'receiver_goaway'
  | 'window_used_up'
  | 'icmp_error'
  | 'zero_window'
  | 'acked_unseen'
  | 'first_packet'
  | 'last_packet';

/** A packet that carries the verdict, before its file has a name. */
export interface Proof {
  readonly at: Moment;
  readonly role: Role;
}

/** `frame` counts from 1 in that file. */
export interface Evidence {
  readonly file: string;
  readonly frame: number;
  readonly time: Time;
  readonly role: Role;
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** First to end it; `…_rst_stream` and `receiver_goaway` ended the stream of HTTP/2 that carried it, not the connection. */
export type ClosedBy =
  | 'sender_fin'
  | 'sender_rst'
  | 'receiver_fin'
  | 'receiver_rst'
  | 'sender_rst_stream'
  | 'receiver_rst_stream'
  | 'receiver_goaway'
  | null;

export interface TransactionFacts {
  readonly sent: 'full' | 'partial' | 'none' | 'unknown';
  readonly acked: 'full' | 'partial' | 'none' | 'unknown';
  readonly responded: 'full' | 'partial' | 'none' | 'unknown';
  readonly closedBy: ClosedBy;
  readonly accepted: 'yes' | 'no' | 'unknown';
}

export interface RequestRecord {
  readonly method: string | null;
  readonly target: string | null;
  readonly url: string | null;
  readonly host: string | null;
  readonly version: string | null;
  readonly headers: readonly HeaderField[];
  readonly headerBytes: number;
  /** Without transfer coding. */
  readonly bodyBytes: number;
  /** How many of them the capture holds. */
  readonly bodyCaptured: number;
  readonly complete: boolean;
  readonly body: string | null;
}

export interface ResponseRecord {
  readonly status: number | null;
  readonly reason: string | null;
  readonly version: string | null;
  readonly headers: readonly HeaderField[];
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly complete: boolean;
  readonly body: string | null;
  readonly interim: readonly number[];
}

export interface TransactionTimes {
  readonly syn: Time | null;
  readonly synAck: Time | null;
  readonly established: Time | null;
  readonly tlsDone: Time | null;
  readonly requestFirstByte: Time | null;
  readonly requestLastByte: Time | null;
  readonly requestAcked: Time | null;
  readonly responseFirstByte: Time | null;
  readonly responseLastByte: Time | null;
  readonly closed: Time | null;
}

/** Milliseconds, never negative. */
export interface TransactionTimings {
  readonly connect: number | null;
  readonly tls: number | null;
  readonly send: number | null;
  readonly ack: number | null;
  readonly wait: number | null;
  readonly receive: number | null;
  readonly total: number | null;
  readonly gaveUpAfter: number | null;
}

export interface ConnectionRecord {
  readonly id: number;
  readonly sender: Endpoint;
  readonly receiver: Endpoint;
  /** Which request of the connection, from 1. */
  readonly index: number;
  readonly reused: boolean;
  /** Milliseconds of silence on the connection before this request; null on the first. */
  readonly idleBefore: number | null;
  readonly history: string;
  /** Data segments of both sides seen again. */
  readonly retransmissions: number;
  /** Milliseconds from SYN to SYN-ACK. */
  readonly rtt: number | null;
  /** Name of the LINKTYPE, for example `EN10MB`, `LINUX_SLL2`. */
  readonly link: string;
  readonly vlan: number | null;
  readonly interface: string | null;
  readonly tls: TlsRecord | null;
  /** Stream of HTTP/2 that carried it; null in HTTP/1. */
  readonly stream: number | null;
}

/** As judged; reporters add `summary`, which depends on the language. */
export interface TransactionRecord {
  readonly type: 'transaction';
  readonly id: string;
  readonly outcome: Outcome;
  readonly verdict: Code;
  readonly fault: readonly Party[];
  readonly confidence: Confidence;
  readonly because: readonly Reason[];
  readonly facts: TransactionFacts;
  readonly request: RequestRecord | null;
  readonly response: ResponseRecord | null;
  readonly times: TransactionTimes;
  readonly timings: TransactionTimings;
  readonly connection: ConnectionRecord;
  readonly delivery: Place | null;
  readonly signals: readonly string[];
  readonly likely: Code | null;
  readonly missing: readonly string[];
  readonly evidence: readonly Evidence[];
  /** Null unless the sink asks for them. Those that the capture holds twice are here once. */
  readonly packets: readonly PacketRecord[] | null;
}

/** The engine names every outcome in its counts, so that a reader may ask for each. */
export function noOutcomes(): Record<Outcome, number> {
  return { delivered: 0, refused: 0, unanswered: 0, unsent: 0, pending: 0, unknown: 0, missing: 0 };
}

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

/** What follows the transactions when the capture has ended. */
export interface Findings {
  readonly capture: CaptureRecord;
  readonly deliveries: Records<DeliveryRecord>;
  /** Those of them that are on the list and left no packet, in its order. */
  readonly unseen: readonly UnseenRecord[];
  readonly hosts: readonly HostRecord[];
  readonly summary: SummaryRecord;
}

/** Receives every record as soon as it is known. */
export interface RecordSink {
  /** Whether it is given the record of a transaction so judged; of those that nobody wants none is built. Absent: all are. */
  wants?(outcome: Outcome, verdict: Code): boolean;
  /** False: it reads no body of a record, so none is kept. Absent: it may. */
  readonly bodies?: boolean;
  /** True: it shows the packets of a transaction, so they are kept. Absent: it does not. */
  readonly packets?: boolean;
  transaction(record: TransactionRecord): void;
  end(findings: Findings): void;
}
