/**
 * Why a verdict is as it is: the reasons as data, which each language words. Shown by the border, `verdict.ts`.
 */
/** Why a verdict is as it is, and as sure as it is: what each reason tells beside its name. Seconds of packet time. */
export interface Reasons {
  // what the capture lacks
  undecided_at_end: { readonly seconds: number };
  answer_unseen: { readonly bytes: number };
  pairing_hidden: None;
  one_direction: { readonly side: 'sender' | 'receiver' };
  snaplen_cut: None;
  request_unseen: { readonly bytes: number };
  not_repeated: None;
  began_before: None;
  end_unseen: None;
  not_http: { readonly protocol: 'tls' | 'http2' | 'other' };
  protocol_changed: None;
  no_rule: None;
  /** What came back on an encrypted turn. */
  sealed_answer: { readonly bytes: number };
  sealed_doubt: None;
  sealed_silence: None;
  // what was seen
  no_reply: { readonly syns: number };
  syn_not_repeated: None;
  syn_ack_after: { readonly seconds: number };
  icmp: Pick<IcmpReport, 'reporter' | 'version' | 'type' | 'code'>;
  mtu_reported: Pick<IcmpReport, 'reporter' | 'mtu'>;
  full_size_lost: None;
  was_silent: { readonly seconds: number };
  answered_anew: None;
  closed_at_once: None;
  acked_by_rst: None;
  sender_waited: { readonly seconds: number; readonly atMost: boolean };
  watched: { readonly seconds: number };
  sender_window_closed: None;
  bytes_beyond_hole: None;
  receiver_stopped: { readonly how: 'closed' | 'reset' };
  /** Nothing more of the request was sent, and nothing held it up. */
  sender_stalled: { readonly seconds: number };
  sender_stopped: { readonly seconds: number };
  answer_stalled: { readonly seconds: number };
  status_not_accepted: { readonly status: number };
  body_rejected: None;
  body_not_accepted: None;
  body_unreadable: None;
  tls_alert: { readonly name: string };
  tls_alert_sealed: None;
  tls_close_notify: None;
  /** The answer to a plain request is a TLS record. */
  tls_answer: None;
  not_tls: { readonly line: string };
  handshake_waited: { readonly seconds: number };
  client_hello_lost: None;
  // what HTTP/2 told of a stream; errors as RFC 9113 §7 names them
  stream_reset: { readonly error: string };
  goaway: {
    readonly error: string;
    readonly lastStream: number;
    readonly stream: number;
    readonly debug: string;
  };
  streams_beyond: { readonly open: number; readonly allowed: number };
  /** No further byte of the request was allowed by flow control; of the answer, by that of the sender. */
  window_used_up: { readonly by: 'stream' | 'connection'; readonly seconds: number };
  sender_flow_closed: { readonly by: 'stream' | 'connection' };
  windows_unknown: None;
  grpc_status: { readonly value: string };
  /** Frames of the stream may have been in what was not captured. */
  frames_hidden: None;
  // signs that an RST is not the receiver's
  rst_ttl: { readonly rst: number; readonly usual: number };
  sent_after_rst: None;
  rst_sequence: None;
  rst_stepped: None;
  rst_too_soon: None;
  rst_dont_fragment: None;
  rst_ip_id: None;
  // what was weighed
  packets_dropped: { readonly packets: number };
  acked_unseen: { readonly bytes: number };
  disordered: None;
  drops_untold: None;
  interrupted: None;
  ended_early: None;
  first_fin_unseen: None;
  limit_hit: None;
  others_alike: None;
  captured_whole: None;
  // why an expected delivery is missing, or cannot be said to be
  list_without_time: None;
  /** No request and no connection to its host and port was seen at all. */
  place_unseen: None;
  not_covered: None;
  expected_at_end: None;
  not_selected: None;
  filter_possible: None;
  bytes_lost: { readonly bytes: number };
  one_direction_only: None;
  undecoded: { readonly packets: number };
  gaps_told: None;
  /** Transactions whose request stops in the middle: the first few of `count`. */
  broken_off: { readonly ids: readonly string[]; readonly count: number };
  /** Transactions that may be it: the first few of `count`. */
  may_be: {
    readonly what: 'connection' | 'unreadable' | 'other_key' | 'mention';
    readonly ids: readonly string[];
    readonly count: number;
  };
  sent_elsewhere: { readonly host: string };
}
type None = Readonly<Record<never, never>>;
interface IcmpReport {
  readonly reporter: string;
  readonly version: number;
  readonly type: number;
  readonly code: number;
  readonly mtu: number;
}
/** Data: each language words it. */
export type Reason = { [R in keyof Reasons]: { readonly reason: R } & Reasons[R] }[keyof Reasons];
