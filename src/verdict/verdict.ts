/**
 * The records that leave the engine, exactly as the contract names them: field order here is field order in the
 * JSON. Times are `Time` (nanoseconds since the capture's first packet) until a reporter prints them;
 * durations are milliseconds.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { HeaderField } from '../http/message.ts';
import type { TlsRecord } from '../tls/tls.ts';
import type {
  CaptureRecord,
  DeliveryRecords,
  HostRecord,
  Place,
  SummaryRecord,
  UnseenRecord,
} from './end-records.ts';
import type { PacketRecord } from './packet-record.ts';
import type { Reason } from './reasons.ts';

export type {
  CaptureRecord,
  Counts,
  DecodedCounts,
  DeliveryRecord,
  DeliveryRecords,
  Expectation,
  ExpectedSummary,
  HostRecord,
  Place,
  Quantiles,
  SummaryRecord,
  UnseenRecord,
} from './end-records.ts';
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

/** What follows the transactions when the capture has ended. */
export interface Findings {
  readonly capture: CaptureRecord;
  readonly deliveries: DeliveryRecords;
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
