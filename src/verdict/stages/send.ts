/**
 * Rules of the stage "send": a connection stood, but the request did not wholly reach the receiver's TCP.
 */
import type { Time } from '../../capture/packet.ts';
import { type Facts, isBefore, isClosedBySender, STUCK_REPEATS } from '../facts.ts';
import { forgery, isFromElsewhere } from '../forgery.ts';
import { type Finding, proofs, type Rule, reported } from '../rule.ts';
import type { Reason } from '../verdict.ts';

/** Silence after which firewalls and load balancers have been seen to forget a connection. */
const IDLE_STATE: Time = 30e9;
/** Segments of about full size. */
const FULL_SIZE = 1_000;
/** No retransmission timer fires sooner (RFC 6298 §2.4, in practice 200 ms): what is closer than this, crossed. */
const CROSSING: Time = 0.2e9;
/** A reset that comes within this answers the request; one that comes later has another occasion. */
const AT_ONCE: Time = 1e9;
/** A sender that waits less than this has not waited for what it accuses the receiver of. */
const IMPATIENT: Time = 1e9;

const isRequest = (f: Facts) => f.kind === 'exchange' && f.transaction.request !== null;
const start = (f: Facts) => f.transaction.request!.start;

function noRequestSent(f: Facts): Finding | undefined {
  const { transaction: t, sender, receiver } = f;
  if (t.kind !== 'connect' || (f.closedBy !== 'sender_fin' && f.closedBy !== 'sender_rst')) return undefined;
  return {
    proofs: proofs(['syn', sender.syn?.at], ['syn_ack', receiver.syn?.at], [f.closing!, f.closed]),
  };
}

function closedEarly(f: Facts): Finding | undefined {
  const { transaction: t, sender, receiver } = f;
  if (t.kind === 'connect') {
    if (f.closedBy !== 'receiver_fin' && f.closedBy !== 'receiver_rst') return undefined;
    // A RST that answers no connection and acknowledges no SYN is nobody's (RFC 9293 §3.10.7.3).
    if (receiver.syn === null && !f.established) return undefined;
    return { proofs: proofs(['syn', sender.syn?.at], ['syn_ack', receiver.syn?.at], [f.closing!, f.closed]) };
  }
  if (!isRequest(f) || f.reused || !crossed(f)) return undefined;
  return { proofs: crossing(f) };
}

/**
 * The receiver had closed before the request reached it: its FIN acknowledges none of it, and came before the
 * request or met it on the way. One that comes later ends a connection on which the request was lost.
 */
function crossed(f: Facts): boolean {
  const { fin } = f.receiver;
  if (f.acked !== 'none' || fin === null || f.transaction.request === null) return false;
  if (fin.ackOffset !== null && fin.ackOffset > start(f)) return false;
  return fin.at.time - f.transaction.request.firstByte.time <= Math.max(f.rtt ?? 0, CROSSING);
}

function crossing(f: Facts) {
  const { receiver, transaction: t } = f;
  return proofs(
    ['receiver_fin', receiver.fin?.at],
    ['request_first_byte', t.request?.firstByte],
    ['receiver_rst', receiver.rst?.at],
  );
}

function stale(f: Facts): Finding | undefined {
  if (!isRequest(f) || !f.reused || !crossed(f)) return undefined;
  return { proofs: crossing(f) };
}

/**
 * A RST at once, on a connection that was silent for long and was not closed. That a request was merely never
 * acknowledged says as little here as elsewhere: whether new connections work, this connection does not tell.
 */
function idleStateLost(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  if (!isRequest(f) || t.idleBefore === null || t.idleBefore < IDLE_STATE) return undefined;
  if (receiver.fin !== null || f.acked !== 'none' || f.responded !== 'none') return undefined;
  if (receiver.rst === null) return silentlyLost(f);
  if (f.gaveUp !== null) return undefined;
  if (receiver.rst.at.time - t.request!.firstByte.time > Math.max(f.rtt ?? 0, AT_ONCE)) return undefined;
  return {
    proofs: proofs(['request_first_byte', t.request?.firstByte], ['receiver_rst', receiver.rst.at]),
    // With the receiver's own hop count it may be the receiver itself that forgot, for example in a restart.
    fault: isFromElsewhere(f) ? ['network'] : ['network', 'receiver'],
    because: [{ reason: 'was_silent', seconds: t.idleBefore / 1e9 }],
  };
}

/** Sent again and again without an acknowledgement, while a new connection to the same receiver worked. */
function silentlyLost(f: Facts): Finding | undefined {
  const { transaction: t } = f;
  const { request, idleBefore, retransmitted } = t;
  if (retransmitted === null || !f.neighbours.answeredAnew(t, request!.firstByte.time)) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', request!.firstByte],
      ['request_retransmitted', retransmitted],
      [f.closing ?? 'last_packet', f.closed ?? t.connection.last],
    ),
    because: [{ reason: 'was_silent', seconds: idleBefore! / 1e9 }, { reason: 'answered_anew' }],
  };
}

function mtuBlackhole(f: Facts): Finding | undefined {
  const { transaction: t, sender } = f;
  if (!isRequest(f) || f.acked === 'full' || f.responded !== 'none' || f.receiver.rst !== null)
    return undefined;
  const error = sender.icmp;
  const told = error !== null && error.mtu > 0;
  // Where a segment as large got through before, the path lost more than large packets.
  const stuck =
    f.acked === 'partial' &&
    sender.stuckRepeats >= STUCK_REPEATS &&
    sender.stuckLength >= FULL_SIZE &&
    sender.largestAcked < sender.stuckLength;
  if (!stuck && !(told && sender.stuckRepeats > 0)) return undefined;
  if (f.receiver.zeroWindow !== null) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_retransmitted', t.retransmitted],
      ['icmp_error', told ? error.at : null],
    ),
    // Without the router's word the path may have failed altogether after the first segments.
    base: told ? 'strong' : 'probable',
    fault: told ? ['network'] : ['network', 'receiver'],
    because: told
      ? [{ reason: 'mtu_reported', reporter: error.reporter, mtu: error.mtu }]
      : [{ reason: 'full_size_lost' }],
  };
}

function windowClosed(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  if (!isRequest(f) || f.acked === 'full' || f.responded !== 'none') return undefined;
  if (receiver.zeroWindow === null || receiver.rst !== null) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['zero_window', receiver.zeroWindow],
      [f.closing ?? 'last_packet', isClosedBySender(f) ? f.closed : null],
    ),
  };
}

function expectStalled(f: Facts): Finding | undefined {
  const { transaction: t } = f;
  const head = t.request?.head;
  if (!isRequest(f) || head == null || t.interim.length > 0 || f.responded !== 'none') return undefined;
  if (f.sent === 'full' || t.request!.bodyBytes > 0 || f.receiver.rst !== null) return undefined;
  const expects = head.headers.some(
    (h) => h.name.toLowerCase() === 'expect' && /100-continue/i.test(h.value),
  );
  if (!expects || f.sender.acked < t.request!.end) return undefined;
  const waited = (f.gaveUp?.time ?? t.decidedAt) - t.request!.lastByte.time;
  return {
    fault: waited < IMPATIENT ? ['receiver', 'sender'] : ['receiver'],
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_acked', f.sender.ackedAt],
      [f.closing ?? 'last_packet', f.closed ?? t.connection.last],
    ),
  };
}

function resetDuringSend(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  if (!isRequest(f) || receiver.rst === null || f.responded !== 'none' || f.acked === 'full')
    return undefined;
  if (f.gaveUp !== null && isBefore(f.gaveUp, receiver.rst.at)) return undefined;
  if (rstCovers(f)) return undefined;
  return {
    ...forgery(f),
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_last_byte', f.sent === 'full' ? t.request?.lastByte : null],
      ['receiver_rst', receiver.rst.at],
    ),
  };
}

/** The RST itself acknowledges the whole request: its TCP had it, although no segment said so before. */
function rstCovers(f: Facts): boolean {
  return f.sent === 'full' && f.sender.ackedByRst >= f.transaction.request!.end;
}

function incomplete(f: Facts): Finding | undefined {
  const { transaction: t, sender } = f;
  if (!isRequest(f) || f.sent !== 'partial' || f.receiver.zeroWindow !== null) return undefined;
  const stalled = isStalled(f);
  if (!stalled && (f.gaveUp === null || !isClosedBySender(f))) return undefined;
  if (sender.acked < t.request!.end && !isHasty(f)) return undefined;
  const seconds = (t.decidedAt - t.request!.lastByte.time) / 1e9;
  const because: Reason[] = stalled ? [{ reason: 'sender_stalled', seconds }] : [];
  // Flow control may have held the rest up where not all of it was captured.
  const unknown = t.stream !== null && !t.stream.accounted;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_acked', sender.acked > start(f) ? sender.ackedAt : null],
      [f.closing ?? 'last_packet', f.closed ?? t.connection.last],
    ),
    ...(unknown ? { fault: ['sender', 'receiver'], base: 'probable' } : stalled ? { base: 'strong' } : {}),
    because: unknown ? [...because, { reason: 'windows_unknown' }] : because,
  };
}

/** All that was sent was taken, nobody closed, and yet nothing more came until the deadline. */
function isStalled({ transaction: { occasion, request, response }, sender, closed }: Facts): boolean {
  return occasion === 'deadline' && closed === null && response === null && sender.acked >= request!.end;
}

/** The sender closed before an acknowledgement of its last bytes could have come, or was missed for the first time. */
function isHasty(f: Facts): boolean {
  const { request, retransmitted } = f.transaction;
  if (f.gaveUp === null || request === null || retransmitted !== null) return false;
  return f.gaveUp.time - request.lastByte.time <= Math.max(f.rtt ?? 0, CROSSING);
}

function notAcked(f: Facts): Finding | undefined {
  const { transaction: t, sender } = f;
  if (!isRequest(f) || f.acked !== 'none' || f.responded !== 'none' || rstCovers(f)) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_last_byte', f.sent === 'full' ? t.request?.lastByte : null],
      ['request_retransmitted', t.retransmitted],
      ['icmp_error', sender.icmp?.at],
      [f.closing ?? 'last_packet', f.closed ?? t.connection.last],
    ),
    ...blame(f),
  };
}

function partlyAcked(f: Facts): Finding | undefined {
  const { transaction: t } = f;
  if (!isRequest(f) || f.acked !== 'partial' || f.responded !== 'none' || rstCovers(f)) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_acked', f.sender.ackedAt],
      ['request_retransmitted', t.retransmitted],
      [f.closing ?? 'last_packet', f.closed ?? t.connection.last],
    ),
    ...blame(f),
  };
}

/** An ICMP error tells which device could not pass the request on. */
function blame(f: Facts): Pick<Finding, 'fault' | 'because' | 'base'> {
  const error = f.sender.icmp;
  if (error === null && isHasty(f)) {
    return {
      fault: ['sender', 'network', 'receiver'],
      base: 'probable',
      because: [{ reason: 'closed_at_once' }],
    };
  }
  if (error === null) return {};
  return {
    fault: ['network'],
    because: [reported(error)],
  };
}

export const SEND_RULES: readonly Rule[] = [
  { code: 'no_request_sent', applies: noRequestSent },
  { code: 'receiver_closed_early', applies: closedEarly },
  { code: 'stale_connection', applies: stale },
  { code: 'idle_state_lost', applies: idleStateLost },
  { code: 'path_mtu_blackhole', applies: mtuBlackhole },
  { code: 'receiver_window_closed', applies: windowClosed },
  { code: 'expect_continue_stalled', applies: expectStalled },
  { code: 'reset_during_send', applies: resetDuringSend },
  { code: 'request_incomplete', applies: incomplete },
  { code: 'request_not_acked', applies: notAcked },
  { code: 'request_partly_acked', applies: partlyAcked },
];
