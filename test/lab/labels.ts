/**
 * What each of the lab's labels (labels.md) is in the contract's words: the verdicts that state the same facts. A
 * label that several verdicts share (a 4xx may also have come early) lists them all.
 */
import type { Code, Outcome } from '../../src/verdict/verdict.ts';

export type Label = keyof typeof LABELS;

/** 'none': no record at all. */
export const LABELS = {
  'answered-ok': ['delivered'],
  'answered-refused': ['refused_in_body'],
  'answered-redirect': ['redirected'],
  'answered-4xx': ['client_error', 'rejected_early'],
  'answered-5xx': ['server_error', 'gateway_error'],
  'answered-late': ['response_late'],
  'content-unseen': ['opaque', 'capture_insufficient', 'response_not_captured', 'delivered_unconfirmed'],
  'no-answer': ['no_response_sender_closed', 'no_response_timeout'],
  'closed-no-answer': ['no_response_receiver_closed'],
  'reset-no-answer': ['no_response_reset'],
  'partial-closed': ['response_incomplete', 'response_invalid'],
  'partial-reset': ['response_incomplete'],
  'partial-stalled': ['response_incomplete'],
  'request-unacked': ['request_not_acked'],
  'request-part-unacked': ['request_partly_acked', 'path_mtu_blackhole'],
  'window-closed': ['receiver_window_closed'],
  'reset-before-ack': ['reset_during_send', 'idle_state_lost'],
  'closed-before-request': ['stale_connection', 'receiver_closed_early'],
  'handshake-half-open': ['connect_not_accepted'],
  // A SYN-ACK after the sender gave up draws a RST: labels.md calls that no reply, the contract abandoned.
  'connect-no-reply': ['connect_no_reply', 'connect_abandoned'],
  'connect-refused': ['connect_refused'],
  'connect-icmp': ['connect_unreachable', 'connect_prohibited'],
  'synack-ignored': ['connect_reply_ignored'],
  'request-incomplete': ['no_request_sent', 'request_incomplete'],
  'answer-not-taken': ['response_ignored'],
  'not-in-capture': ['none'],
  'tls-refused-by-receiver': ['tls_alert_by_receiver'],
  'tls-refused-by-sender': ['tls_rejected_by_sender'],
  'tls-no-reply': ['tls_no_server_hello'],
  'tls-closed': ['tls_aborted'],
  'tls-not-tls': ['tls_aborted', 'tls_rejected_by_sender'],
  'request-unseen': ['capture_insufficient', 'none'],
  'outcome-unseen': ['response_not_captured', 'capture_insufficient', 'pending_at_capture_end'],
} as const satisfies Record<string, readonly (Code | 'none')[]>;

/** Labels that say that the merchant answered in time. */
export const ANSWERED: ReadonlySet<Label> = new Set([
  'answered-ok',
  'answered-refused',
  'answered-redirect',
  'answered-4xx',
  'answered-5xx',
]);

/** Outcomes of the verdicts that a label may stand for, written down from the contract's table. */
export const OUTCOME_OF: Readonly<Partial<Record<Code, Outcome>>> = {
  delivered: 'delivered',
  refused_in_body: 'refused',
  redirected: 'refused',
  client_error: 'refused',
  rejected_early: 'refused',
  server_error: 'refused',
  gateway_error: 'refused',
  response_late: 'unanswered',
  no_response_sender_closed: 'unanswered',
  no_response_timeout: 'unanswered',
  no_response_receiver_closed: 'unanswered',
  no_response_reset: 'unanswered',
  response_incomplete: 'unanswered',
  response_invalid: 'unanswered',
  response_ignored: 'unanswered',
  request_not_acked: 'unanswered',
  request_partly_acked: 'unanswered',
  path_mtu_blackhole: 'unanswered',
  receiver_window_closed: 'unanswered',
  reset_during_send: 'unanswered',
  idle_state_lost: 'unanswered',
  stale_connection: 'unanswered',
  receiver_closed_early: 'unsent',
  connect_not_accepted: 'unanswered',
  connect_no_reply: 'unsent',
  connect_abandoned: 'unsent',
  connect_refused: 'unsent',
  connect_unreachable: 'unsent',
  connect_prohibited: 'unsent',
  connect_reply_ignored: 'unsent',
  tls_no_server_hello: 'unsent',
  tls_alert_by_receiver: 'unsent',
  tls_rejected_by_sender: 'unsent',
  tls_aborted: 'unsent',
  no_request_sent: 'unsent',
  request_incomplete: 'unanswered',
  pending_at_capture_end: 'pending',
  opaque: 'unknown',
  capture_insufficient: 'unknown',
  response_not_captured: 'unknown',
  delivered_unconfirmed: 'delivered',
};
