/**
 * English: one sentence a verdict, made of the record's facts and nothing else, exact enough to be checked in
 * Wireshark and plain enough to be pasted to the other side. The peer is "the TCP endpoint at ADDRESS" or "the
 * receiver", never anybody's application: what stands behind an address is not on the wire.
 */
import type { Code } from '../../verdict/verdict.ts';
import { unseenSentence } from './en-delivery.ts';
import { explainWording } from './en-explain.ts';
import {
  after,
  closing,
  code,
  connected,
  count,
  duration,
  interims,
  list,
  receiverClosed,
  receiverReset,
  type Story,
  senderClosed,
  sent,
  sentAndAcked,
  sizeOf,
  storyOf,
  triedToConnect,
} from './en-phrases.ts';
import { reasons } from './en-reasons.ts';
import { reportWording } from './en-report.ts';
import { BY_SENDER, locationOf, quoted, sinceSyn, statusOf, synRepeatedFor, wordReason } from './facts.ts';
import type { Language } from './language.ts';

export const en: Language = {
  name: 'en',
  summarize: (record, clock) => `${SENTENCES[record.verdict](storyOf(record, clock))}.`,
  summarizeUnseen: unseenSentence,
  reason: (reason) => wordReason(reasons, reason),
  report: reportWording,
  explain: explainWording,
};

const SENTENCES: Readonly<Record<Code, (story: Story) => string>> = {
  // connect
  connect_refused: (s) =>
    `${triedToConnect(s)}; the SYN was answered by an RST${after(sinceSyn(s.record, 'receiver_rst'))}, so the connection was refused`,
  connect_prohibited: (s) =>
    `${triedToConnect(s)}; an ICMP error "administratively prohibited" came back${after(sinceSyn(s.record, 'icmp_error'))}, and no connection came about`,
  connect_unreachable: (s) =>
    `${triedToConnect(s)}; an ICMP error "destination unreachable" came back${after(sinceSyn(s.record, 'icmp_error'))}, and no connection came about`,
  connect_reply_ignored: (s) =>
    `${triedToConnect(s)}; a SYN-ACK came${after(s.record.connection.rtt)}, yet the sender's host went on repeating its SYN and never completed the connection`,
  connect_port_collision: (s) =>
    `${triedToConnect(s)}; the SYN was met by an acknowledgement of an earlier connection between the same ports, and no connection came about`,
  connect_not_accepted: (s) =>
    s.record.request === null
      ? `${triedToConnect(s)}; ${s.peer} went on repeating its SYN-ACK after the sender had answered it`
      : `${sent(s)}; ${s.peer} went on repeating its SYN-ACK after the sender had answered it, and never acknowledged the sender's data`,
  connect_abandoned: (s) =>
    `${triedToConnect(s)}; a SYN-ACK came${after(s.record.connection.rtt)}, and the sender answered it with an RST: it had given up by then`,
  connect_no_reply: (s) =>
    `${triedToConnect(s)}; no SYN-ACK, no RST and no ICMP error came back${repeated(s)}`,

  // tls
  tls_no_server_hello: (s) =>
    `${connected(s)} and its TLS ClientHello was acknowledged, but not one byte came from ${s.peer}${until(s)}`,
  tls_alert_by_receiver: (s) =>
    `${connected(s)}, and ${s.peer} ended the TLS handshake with a fatal alert${alert(s)}`,
  tls_rejected_by_sender: (s) =>
    `${connected(s)}, and the sender rejected the TLS handshake of ${s.peer}${alertOrClosing(s)}`,
  tls_aborted: (s) =>
    `${connected(s)}, and ${closing(s) ?? 'the connection ended'} during the TLS handshake, without an alert`,

  // send
  no_request_sent: (s) => `${connected(s)}, and ${senderClosed(s)} without having sent one byte`,
  receiver_closed_early: (s) =>
    `${connected(s)}, and ${receiverClosed(s)} before one byte of a request had reached it`,
  stale_connection: (s) =>
    `${sent(s)} on a reused connection${idle(s)} that ${s.peer} had closed or was closing: no answer could come on it any more`,
  stream_refused: (s) =>
    `${sent(s)}; ${s.peer} refused its HTTP/2 stream (REFUSED_STREAM)${s.at(s.record.times.closed)}, which says that nothing of it was processed`,
  goaway_unprocessed: (s) =>
    `${sent(s)}; ${s.peer} had told by GOAWAY, or told then, that it took no stream as high as this one: the request was not processed on this connection`,
  idle_state_lost: (s) =>
    `${sent(s)} on a reused connection${idle(s)}; ${closing(s) ?? 'it was not acknowledged'}, as happens when a device on the path has forgotten an idle connection`,
  path_mtu_blackhole: (s) =>
    `${sent(s)}; ${s.peer} acknowledged small segments, but never the full-size ones, which were sent again and again`,
  receiver_window_closed: (s) =>
    `${sent(s)}; the receive window of ${s.peer} closed before the last byte of the request and did not open again`,
  stream_window_closed: (s) =>
    `${sent(s)}; ${s.peer} acknowledged all of that, but its HTTP/2 flow control let no further byte of the body be sent${before(s)}`,
  expect_continue_stalled: (s) =>
    `${sent(s)} with "Expect: 100-continue"; ${s.peer} acknowledged the headers but sent neither a 100 nor a final response, and the body was never sent`,
  reset_during_send: (s) =>
    `${sent(s)}; ${receiverReset(s)} before the last byte of the request was acknowledged`,
  request_incomplete: (s) =>
    closing(s, BY_SENDER) === null
      ? `${sentAndAcked(s)}; the sender never sent the rest, with the connection still open when the deadline passed`
      : `${sentAndAcked(s)}; ${senderClosed(s)} before it had sent the rest`,
  request_not_acked: (s) => `${sent(s)}${again(s)}; no byte of it was acknowledged by ${s.peer}${before(s)}`,
  request_partly_acked: (s) => `${sent(s)}${again(s)}; ${s.peer} acknowledged only part of it${before(s)}`,

  // wait
  no_response_sender_closed: (s) =>
    `${sentAndAcked(s)}; no byte of a response came${interims(s)} before ${senderClosed(s)}${gaveUp(s)}`,
  no_response_receiver_closed: (s) =>
    `${sentAndAcked(s)}; ${receiverClosed(s)} without one byte of a response${interims(s)}`,
  no_response_reset: (s) =>
    `${sentAndAcked(s)}; ${receiverReset(s)} before one byte of a response${interims(s)}`,
  no_response_timeout: (s) =>
    `${sentAndAcked(s)}; no byte of a response had come${interims(s)} when the deadline passed, with the connection still open`,

  // reply
  response_incomplete: (s) =>
    `${sentAndAcked(s)}; ${it(s)} began to answer${code(s)}${waited(s)}, but only part of the response came${partial(s)}${before(s)}`,
  response_invalid: (s) =>
    `${sentAndAcked(s)}; ${it(s)} answered${waited(s)} with bytes that are not a valid HTTP response`,
  response_late: (s) =>
    `${sentAndAcked(s)}; the sender gave up${sinceRequest(s.record.timings.gaveUpAfter)}, and ${it(s)} answered${code(s)} too late${waited(s, ',')}`,
  response_ignored: (s) =>
    `${sentAndAcked(s)}; ${it(s)} sent its response${code(s)}${waited(s)} and again, but the sender's host never acknowledged it`,
  rejected_early: (s) =>
    `${sent(s)}; ${s.peer} answered${code(s)}${s.at(s.record.times.responseFirstByte)}, before the last byte of the request had been sent`,
  redirected: (s) => `${answered(s)}${location(s)}`,
  client_error: (s) => answered(s),
  server_error: (s) => answered(s),
  gateway_error: (s) =>
    `${answered(s)}, a status that gateways send when the server behind them does not answer properly`,
  refused_in_body: (s) => `${answered(s)}, but by the rules given this answer${bodySize(s)} is no acceptance`,
  refused_in_trailers: (s) => `${answered(s)}, but its trailers say that the call failed`,
  delivered: (s) => `${answered(s)}${responseSize(s)}`,
  delivered_unconfirmed: (s) =>
    `${answered(s)}, but the capture does not hold its body in a form that the accept rule could be checked on`,

  // cannot tell
  pending_at_capture_end: (s) =>
    `${s.record.request === null ? triedToConnect(s) : sentAndAcked(s)}; the capture ended before anything had decided it`,
  response_not_captured: (s) =>
    `${sentAndAcked(s)}; the sender acknowledged response bytes that are not in the capture, so an answer existed`,
  capture_insufficient: (s) =>
    `${s.record.request === null ? `${between(s)} was captured in part` : sentAndAcked(s)}; the capture does not hold what would decide it${missing(s)}`,
  opaque: (s) => `${between(s)} carried ${opaqueData(s)}${suggestion(s)}`,
  not_observed: (s) => `No packet of the expected delivery${key(s)} to ${s.receiver} is in the capture`,
};

/** The receiver's name after `sentAndAcked`, which has given its address where the request was acknowledged. */
function it({ record, peer }: Story): string {
  return record.facts.acked === 'full' || record.facts.acked === 'partial' ? 'the receiver' : peer;
}

/** The answer and what came before it. */
function answered(s: Story): string {
  const status = statusOf(s.record);
  const answer = status === null ? 'an answer' : `the answer ${status}`;
  return `${sentAndAcked(s)}; ${answer} came from ${it(s)}${waited(s)}`;
}

/** `, although the SYN was repeated until 15.0 s after the first one`. */
function repeated({ record }: Story): string {
  const text = duration(synRepeatedFor(record));
  return text === '' ? '' : `, although the SYN was repeated until ${text} after the first one`;
}

function until(s: Story): string {
  const how = closing(s);
  return how === null ? '' : ` until ${how}`;
}

function before(s: Story): string {
  const how = closing(s);
  return how === null ? '' : ` before ${how}`;
}

function idle({ record }: Story): string {
  const silence = duration(record.connection.idleBefore);
  return silence === '' ? '' : `, silent for ${silence} before,`;
}

function again({ record }: Story): string {
  const times = record.connection.retransmissions;
  return times > 0 ? `, with ${count(times, 'retransmission')}` : '';
}

function gaveUp({ record }: Story): string {
  const text = duration(record.timings.gaveUpAfter);
  return text === '' ? '' : `, ${text} after the last byte of the request`;
}

function partial({ record }: Story): string {
  const { response } = record;
  return response === null ? '' : ` (${sizeOf(response.headerBytes, response.bodyBytes)})`;
}

/** ` 120 ms after the request`, or nothing. */
function sinceRequest(milliseconds: number | null, comma = ''): string {
  const text = duration(milliseconds);
  return text === '' ? '' : `${comma} ${text} after the request`;
}

/** How long the first byte of the answer took. */
function waited({ record }: Story, comma = ''): string {
  return sinceRequest(record.timings.wait, comma);
}

function location(s: Story): string {
  const value = locationOf(s.record);
  // 304 and the like lead nowhere.
  return value === null ? '' : `, a redirect to "${value}"`;
}

function bodySize({ record }: Story): string {
  return record.response === null ? '' : ` (${count(record.response.bodyBytes, 'byte')} of body)`;
}

function responseSize({ record }: Story): string {
  return record.response === null ? '' : `, with ${count(record.response.bodyBytes, 'byte')} of body`;
}

function alert({ record }: Story): string {
  const name = record.connection.tls?.alert ?? null;
  return name === null ? '' : ` (${quoted(name)})`;
}

function alertOrClosing(s: Story): string {
  const named = alert(s);
  if (named !== '') return ` with a fatal alert${named}`;
  const how = closing(s, BY_SENDER);
  return how === null ? '' : `: ${how}`;
}

function missing({ record }: Story): string {
  return record.missing.length === 0 ? '' : ` (${list(record.missing.map((fact) => quoted(fact)))})`;
}

function between(s: Story): string {
  const { times } = s.record;
  return `The connection from ${s.sender} to ${s.receiver}${s.at(times.syn ?? times.requestFirstByte)}`;
}

function opaqueData({ record }: Story): string {
  const { tls } = record.connection;
  if (tls === null)
    return 'data that is encrypted or is not HTTP, so what became of a request cannot be read';
  const name = tls.sni === null ? '' : ` for ${quoted(tls.sni)}`;
  return `TLS data${name} that cannot be read without keys`;
}

function suggestion({ record }: Story): string {
  return record.likely === null ? '' : `; its shape suggests ${record.likely}`;
}

function key({ record }: Story): string {
  return record.delivery === null ? '' : ` ${quoted(record.delivery.key)}`;
}
