/**
 * The catalogue of verdicts: one row a code, in the order of the contract's table, data only. The rules that
 * decide live in `stages/`; what a code means in words lives in `wording.ts`.
 * Where the contract leaves fault, outcome or base to the case, the row holds the default (for the base: the
 * weaker) and a comment says what a rule may put instead.
 */
import type { CatalogueEntry, Code, Confidence, Outcome, Party, Stage } from './verdict.ts';
import { WORDING } from './wording.ts';

function row(
  code: Code,
  stage: Stage,
  outcome: Outcome,
  fault: readonly Party[],
  base: Confidence,
): CatalogueEntry {
  return { code, stage, outcome, fault, base, ...WORDING[code] };
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  // connect
  // ['network'] when the RST looks forged.
  row('connect_refused', 'connect', 'unsent', ['receiver'], 'proven'),
  row('connect_prohibited', 'connect', 'unsent', ['network'], 'proven'),
  // ['receiver'] when the message came from the receiver's own address.
  row('connect_unreachable', 'connect', 'unsent', ['network'], 'proven'),
  row('connect_reply_ignored', 'connect', 'unsent', ['sender'], 'strong'),
  row('connect_port_collision', 'connect', 'unsent', ['sender', 'receiver'], 'proven'),
  // 'unsent' when no request byte was seen.
  row('connect_not_accepted', 'connect', 'unanswered', ['receiver'], 'probable'),
  row('connect_abandoned', 'connect', 'unsent', ['sender', 'network', 'receiver'], 'proven'),
  row('connect_no_reply', 'connect', 'unsent', ['network', 'receiver'], 'strong'),
  // tls
  row('tls_no_server_hello', 'tls', 'unsent', ['receiver'], 'strong'),
  row('tls_alert_by_receiver', 'tls', 'unsent', ['receiver'], 'proven'),
  // 'proven' when the alert itself was seen.
  row('tls_rejected_by_sender', 'tls', 'unsent', ['sender', 'receiver'], 'probable'),
  // Whoever closed.
  row('tls_aborted', 'tls', 'unsent', ['receiver', 'sender'], 'proven'),
  // send
  row('no_request_sent', 'send', 'unsent', ['sender'], 'proven'),
  row('receiver_closed_early', 'send', 'unsent', ['receiver'], 'proven'),
  row('stale_connection', 'send', 'unanswered', ['sender', 'receiver'], 'proven'),
  // ['sender', 'receiver'] where the sender had more streams open than it may.
  row('stream_refused', 'send', 'unanswered', ['receiver'], 'proven'),
  // ['receiver'] where the request was on its way before the GOAWAY came.
  row('goaway_unprocessed', 'send', 'unanswered', ['sender', 'receiver'], 'proven'),
  row('idle_state_lost', 'send', 'unanswered', ['network'], 'probable'),
  row('path_mtu_blackhole', 'send', 'unanswered', ['network'], 'strong'),
  row('receiver_window_closed', 'send', 'unanswered', ['receiver'], 'proven'),
  row('stream_window_closed', 'send', 'unanswered', ['receiver'], 'proven'),
  row('expect_continue_stalled', 'send', 'unanswered', ['receiver'], 'proven'),
  row('reset_during_send', 'send', 'unanswered', ['receiver', 'network'], 'proven'),
  row('request_incomplete', 'send', 'unanswered', ['sender'], 'proven'),
  row('request_not_acked', 'send', 'unanswered', ['network', 'receiver'], 'strong'),
  row('request_partly_acked', 'send', 'unanswered', ['network', 'receiver'], 'strong'),
  // wait
  // The sender is named too when it waited less than a second; the contract says proven or strong by the case.
  row('no_response_sender_closed', 'wait', 'unanswered', ['receiver'], 'strong'),
  row('no_response_receiver_closed', 'wait', 'unanswered', ['receiver'], 'proven'),
  // ['network'] when the RST looks forged.
  row('no_response_reset', 'wait', 'unanswered', ['receiver'], 'proven'),
  row('no_response_timeout', 'wait', 'unanswered', ['receiver'], 'strong'),
  // reply
  // Whoever stopped: the side that closed, else the network and the receiver.
  row('response_incomplete', 'reply', 'unanswered', ['receiver', 'network'], 'proven'),
  row('response_invalid', 'reply', 'unanswered', ['receiver'], 'proven'),
  row('response_late', 'reply', 'unanswered', ['sender', 'receiver'], 'proven'),
  row('response_ignored', 'reply', 'unanswered', ['sender'], 'strong'),
  row('rejected_early', 'reply', 'refused', ['receiver'], 'proven'),
  row('redirected', 'reply', 'refused', ['receiver'], 'proven'),
  row('client_error', 'reply', 'refused', ['receiver'], 'proven'),
  row('server_error', 'reply', 'refused', ['receiver'], 'proven'),
  row('gateway_error', 'reply', 'refused', ['receiver'], 'proven'),
  row('refused_in_body', 'reply', 'refused', ['receiver'], 'proven'),
  row('refused_in_trailers', 'reply', 'refused', ['receiver'], 'proven'),
  row('delivered', 'reply', 'delivered', [], 'proven'),
  row('delivered_unconfirmed', 'reply', 'delivered', ['capture'], 'probable'),
  // cannot tell
  // No claim about anybody is made, so there is no more to be said for it than that.
  row('pending_at_capture_end', 'capture', 'pending', ['capture'], 'probable'),
  row('response_not_captured', 'capture', 'unknown', ['capture'], 'proven'),
  // As for pending_at_capture_end: no claim is made.
  row('capture_insufficient', 'capture', 'unknown', ['capture'], 'probable'),
  row('opaque', 'capture', 'unknown', ['capture'], 'probable'),
  row('not_observed', 'capture', 'missing', ['sender'], 'strong'),
];

const BY_CODE: ReadonlyMap<Code, CatalogueEntry> = new Map(CATALOGUE.map((entry) => [entry.code, entry]));

/** The catalogue's row of a code. */
export function entryOf(code: Code): CatalogueEntry {
  const entry = BY_CODE.get(code);
  if (entry === undefined) throw new Error(`verdict code without a row in the catalogue: ${code}`);
  return entry;
}
