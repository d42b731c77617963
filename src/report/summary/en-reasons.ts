/**
 * English: why a verdict is as it is and as sure as it is, a short phrase a reason, as the record's `because`.
 */
import { count } from './en-phrases.ts';
import { icmpName, quoted, type ReasonWording } from './facts.ts';

export const reasons: ReasonWording = {
  undecided_at_end: (r) =>
    `the capture ended ${seconds(r.seconds)} after the last progress, before the deadline`,
  answer_unseen: (r) =>
    `the sender acknowledged ${count(r.bytes, 'byte')} of the receiver that are not in the capture`,
  pairing_hidden: () => 'missing bytes hide which of several requests this response answers',
  one_direction: (r) => `only packets of the ${r.side} were captured`,
  snaplen_cut: () => 'the snapshot length cut packets of this connection',
  request_unseen: (r) => `${count(r.bytes, 'byte')} that the sender sent are not in the capture`,
  not_repeated: () => 'the request was neither acknowledged nor sent again',
  began_before: () => 'the connection began before the capture',
  end_unseen: () => 'the FIN that may end the response was acknowledged, but not captured',
  not_http: (r) => `the bytes are ${PROTOCOLS[r.protocol]}`,
  protocol_changed: () => 'the connection changed to another protocol',
  sealed_answer: (r) => `records of ${count(r.bytes, 'byte')} came back that cannot be read`,
  sealed_doubt: () => 'one record came back that may be an answer or a session ticket',
  sealed_silence: () => 'no record came back that could be an answer',
  no_rule: () => 'no rule fits what was captured',

  no_reply: (r) => `${count(r.syns, 'SYN')}, nothing in return`,
  syn_not_repeated: () =>
    'the SYN was not sent again: the sender gave up within a second, or more was not captured',
  syn_ack_after: (r) => `the SYN-ACK came ${seconds(r.seconds)} after the first SYN`,
  icmp: (r) => `${quoted(r.reporter)} sent ${icmpName(r.version)} type ${r.type} code ${r.code}`,
  mtu_reported: (r) => `${quoted(r.reporter)} reported a next-hop MTU of ${r.mtu} bytes`,
  full_size_lost: () => 'small segments were acknowledged, full-size ones were repeated and never were',
  was_silent: (r) => `the connection had been silent for ${seconds(r.seconds)}`,
  answered_anew: () => 'a later request on a new connection to the same receiver was answered',
  closed_at_once: () => 'the sender closed before an acknowledgement could be expected',
  acked_by_rst: () => 'only the RST itself acknowledges the request',
  sender_waited: (r) =>
    `the sender waited ${r.atMost ? 'at most ' : ''}${seconds(r.seconds)} before it closed`,
  watched: (r) => `watched for ${seconds(r.seconds)} after the request`,
  sender_window_closed: () => 'the sender had closed its receive window',
  bytes_beyond_hole: () => 'later bytes of the receiver came, the next in order never did',
  receiver_stopped: (r) => `the receiver ${r.how} in the middle`,
  sender_stalled: (r) =>
    `nothing more of the request was sent for ${seconds(r.seconds)}, and nothing held it up`,
  sender_stopped: (r) => `the sender closed ${seconds(r.seconds)} after the last bytes`,
  answer_stalled: (r) => `the answer stopped in the middle, for ${seconds(r.seconds)}`,
  status_not_accepted: (r) => `status ${r.status} is not among those that count as delivered`,
  body_rejected: () => 'the body matches the reject rule',
  body_not_accepted: () => 'the body does not match the accept rule',
  body_unreadable: () => 'the body that the rule needs is cut or cannot be decoded',

  tls_alert: (r) => `the alert was ${quoted(r.name)}`,
  tls_alert_sealed: () => 'the only encrypted record before the end has the size of an alert',
  tls_close_notify: () => 'the receiver ended its TLS by a close_notify before the sender closed',
  tls_answer: () => 'what came is a TLS record: the port expects https',
  not_tls: (r) => `what answered the ClientHello is not TLS: ${quoted(r.line)}`,
  handshake_waited: (r) => `the last of the handshake was ${seconds(r.seconds)} old`,
  client_hello_lost: () => 'it is the ClientHello that was not acknowledged: no request was sent',

  stream_reset: (r) => `the receiver ended the stream with ${quoted(r.error)}${ERRORS[r.error] ?? ''}`,
  goaway: (r) =>
    `the receiver sent GOAWAY with ${quoted(r.error)}${r.debug === '' ? '' : ` ("${quoted(r.debug)}")`} and last stream ${r.lastStream}; this is stream ${r.stream}, which ${r.stream > r.lastStream ? 'was not processed' : 'may have been processed'}`,
  streams_beyond: (r) => `the sender had ${count(r.open, 'stream')} open, the receiver allows ${r.allowed}`,
  window_used_up: (r) => `the flow-control window of the ${r.by} was used up, for ${seconds(r.seconds)}`,
  sender_flow_closed: (r) => `the flow-control window of the sender was used up, that of the ${r.by}`,
  windows_unknown: () => 'not all that moves the flow-control windows was captured',
  grpc_status: (r) => `grpc-status is ${quoted(r.value)}`,
  frames_hidden: () => 'frames of the stream may be in bytes that were not captured',

  rst_ttl: (r) => `the RST has TTL ${r.rst}, other packets of the receiver ${r.usual}`,
  sent_after_rst: () => 'the receiver went on sending after it',
  rst_sequence: () => 'its sequence number is not the next one of the receiver',
  rst_stepped: () => 'several RSTs came with different sequence numbers',
  rst_too_soon: () => 'it came sooner than the receiver could have answered',
  rst_dont_fragment: () => "its DF bit is not that of the receiver's other packets",
  rst_ip_id: () => "its IP identification is far from those the receiver's packets count through",

  packets_dropped: (r) => `the capture lost ${count(r.packets, 'packet')}`,
  acked_unseen: (r) => `${count(r.bytes, 'acknowledged byte')} of this connection are not in the capture`,
  disordered: () => 'the packets are not in the order of their times',
  drops_untold: () => 'the capture does not tell whether packets were lost',
  interrupted: () => 'the capture was interrupted meanwhile',
  ended_early: () => 'the capture ended before the deadline',
  first_fin_unseen: () => "the first FIN is not in the capture, only the other side's acknowledgement of it",
  limit_hit: () => 'a limit of the analysis was reached',
  others_alike: () => 'other connections to it failed in the same way while another host was answered',
  list_without_time: () => 'the list does not say when it should have been sent',
  place_unseen: () => 'no connection to its host and port is in the capture',
  not_covered: () => 'it should have been sent at a time that the capture does not cover',
  expected_at_end: () => 'the capture ended when it should have been sent',
  not_selected: () => 'its host or port is not among those that were asked for',
  filter_possible: () => 'nothing shows that the capture was not limited to other hosts or ports',
  bytes_lost: (r) => `${count(r.bytes, 'acknowledged byte')} are not in the capture`,
  one_direction_only: () => 'only one direction was captured',
  undecoded: (r) => `${count(r.packets, 'packet')} could not be read`,
  gaps_told: () => 'the capture has a gap or a cut file at that time',
  broken_off: (r) =>
    `packets were lost: the request of ${r.ids.join(' ')}${r.count > r.ids.length ? ' ...' : ''} stops in the middle`,
  may_be: (r) => `it may be ${SUSPECTS[r.what]} ${r.ids.join(' ')}${r.count > r.ids.length ? ' ...' : ''}`,
  sent_elsewhere: (r) => `its key was sent to ${quoted(r.host)}`,
  captured_whole: () => 'the connection was captured from its handshake on, without loss',
};

const SUSPECTS = {
  connection: 'a connection that failed before its request:',
  unreadable: 'what cannot be read:',
  other_key: 'a request whose key is not on the list (see --key):',
  mention: 'a request that holds its key in another place (see --key):',
} as const;

/** What some codes say of the request, or ask for (RFC 9113 §7, §8.7). */
const ERRORS: Readonly<Record<string, string>> = {
  REFUSED_STREAM: ': nothing of it was processed',
  HTTP_1_1_REQUIRED: ': it asks for HTTP/1.1',
  ENHANCE_YOUR_CALM: ': it finds the load too high',
};

const PROTOCOLS = { tls: 'encrypted (TLS)', http2: 'HTTP/2', other: 'not HTTP/1' } as const;

const seconds = (value: number) => `${value.toFixed(3)} s`;
