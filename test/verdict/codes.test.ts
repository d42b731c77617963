/** The catalogue is closed, ordered as the contract's table, and complete. */
import { describe, expect, test } from 'vitest';
import { CATALOGUE, entryOf } from '../../src/verdict/codes.ts';
import type { Code } from '../../src/verdict/verdict.ts';

/** Typed by `Code`, so that the compiler fails on a missing or a foreign key; in the order of the contract. */
const CODES: Record<Code, `${string} ${string}`> = {
  connect_refused: 'unsent receiver',
  connect_prohibited: 'unsent network',
  connect_unreachable: 'unsent network',
  connect_reply_ignored: 'unsent sender',
  connect_port_collision: 'unsent sender,receiver',
  connect_not_accepted: 'unanswered receiver',
  connect_abandoned: 'unsent sender,network,receiver',
  connect_no_reply: 'unsent network,receiver',
  tls_no_server_hello: 'unsent receiver',
  tls_alert_by_receiver: 'unsent receiver',
  tls_rejected_by_sender: 'unsent sender,receiver',
  tls_aborted: 'unsent receiver,sender',
  no_request_sent: 'unsent sender',
  receiver_closed_early: 'unsent receiver',
  stale_connection: 'unanswered sender,receiver',
  stream_refused: 'unanswered receiver',
  goaway_unprocessed: 'unanswered sender,receiver',
  idle_state_lost: 'unanswered network',
  path_mtu_blackhole: 'unanswered network',
  receiver_window_closed: 'unanswered receiver',
  stream_window_closed: 'unanswered receiver',
  expect_continue_stalled: 'unanswered receiver',
  reset_during_send: 'unanswered receiver,network',
  request_incomplete: 'unanswered sender',
  request_not_acked: 'unanswered network,receiver',
  request_partly_acked: 'unanswered network,receiver',
  no_response_sender_closed: 'unanswered receiver',
  no_response_receiver_closed: 'unanswered receiver',
  no_response_reset: 'unanswered receiver',
  no_response_timeout: 'unanswered receiver',
  response_incomplete: 'unanswered receiver,network',
  response_invalid: 'unanswered receiver',
  response_late: 'unanswered sender,receiver',
  response_ignored: 'unanswered sender',
  rejected_early: 'refused receiver',
  redirected: 'refused receiver',
  client_error: 'refused receiver',
  server_error: 'refused receiver',
  gateway_error: 'refused receiver',
  refused_in_body: 'refused receiver',
  refused_in_trailers: 'refused receiver',
  delivered: 'delivered ',
  delivered_unconfirmed: 'delivered capture',
  pending_at_capture_end: 'pending capture',
  response_not_captured: 'unknown capture',
  capture_insufficient: 'unknown capture',
  opaque: 'unknown capture',
  not_observed: 'missing sender',
};

describe('catalogue', () => {
  test('holds each code of the contract once, in its order, with its outcome and fault', () => {
    expect(CATALOGUE.map((e) => [e.code, `${e.outcome} ${e.fault.join(',')}`])).toEqual(
      Object.entries(CODES),
    );
  });

  test.each(CATALOGUE.map((entry) => [entry.code, entry] as const))('%s says what it is', (code, entry) => {
    expect(entryOf(code)).toBe(entry);
    expect(entry.title).toMatch(/^[A-Z][^.]{5,60}$/);
    expect(entry.definition).toMatch(/^[A-Z].{20,}\.$/);
    expect(entry.remedy).toMatch(/^[A-Z].{8,}\.$/);
    // Nothing on the wire tells whose application stands behind an address.
    expect(entry.title + entry.definition).not.toMatch(/merchant/i);
  });

  test('titles tell the codes apart', () => {
    expect(new Set(CATALOGUE.map((entry) => entry.title)).size).toBe(CATALOGUE.length);
  });

  test('a claim from an absence alone is never proven', () => {
    for (const code of [
      'connect_no_reply',
      'request_not_acked',
      'no_response_timeout',
      'not_observed',
    ] as const) {
      expect(entryOf(code).base).toBe('strong');
    }
  });

  test('a code without a row is a bug, not a silent undefined', () => {
    expect(() => entryOf('no_such_code' as Code)).toThrow(/no_such_code/);
  });
});
