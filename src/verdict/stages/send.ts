/**
 * Rules of the stage "send": a connection stood, but the request did not wholly reach the receiver's TCP.
 */
import type { Time } from '../../capture/packet.ts';
import type { Facts } from '../facts.ts';
import { isBefore } from '../facts.ts';
import { type Finding, proofs, type Rule } from '../rule.ts';

/** Silence after which firewalls and load balancers have been seen to forget a connection. */
const IDLE_STATE: Time = 30e9;
/** Segments of about full size, repeated this often and never acknowledged, are stuck and not merely lost. */
const STUCK_REPEATS = 3;
const FULL_SIZE = 1_000;

const isRequest = (f: Facts) => f.transaction.kind === 'exchange' && f.transaction.request !== null;
const start = (f: Facts) => f.transaction.request!.start;

function noRequestSent(f: Facts): Finding | undefined {
  const { transaction: t, sender, receiver } = f;
  if (t.kind !== 'connect' || (f.closedBy !== 'sender_fin' && f.closedBy !== 'sender_rst')) return undefined;
  return {
    proofs: proofs(['syn', sender.syn?.at], ['syn_ack', receiver.syn?.at], [f.closedBy, f.closed]),
  };
}

function closedEarly(f: Facts): Finding | undefined {
  const { transaction: t, sender, receiver } = f;
  if (f.closedBy !== 'receiver_fin' && f.closedBy !== 'receiver_rst') return undefined;
  if (t.kind === 'connect') {
    return { proofs: proofs(['syn', sender.syn?.at], ['syn_ack', receiver.syn?.at], [f.closedBy, f.closed]) };
  }
  if (!isRequest(f) || f.reused || !crossed(f)) return undefined;
  return { proofs: crossing(f), outcome: 'unanswered' };
}

/** The receiver had closed before the request reached it: its close does not acknowledge any of it. */
function crossed(f: Facts): boolean {
  const { receiver, sender } = f;
  if (f.acked !== 'none' || receiver.fin === null) return false;
  if (receiver.fin.ackOffset !== null && receiver.fin.ackOffset > start(f)) return false;
  return (
    receiver.rst !== null ||
    isBefore(receiver.fin.at, f.transaction.request!.firstByte) ||
    sender.acked <= start(f)
  );
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

function idleStateLost(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  if (!isRequest(f) || t.idleBefore === null || t.idleBefore < IDLE_STATE) return undefined;
  if (receiver.fin !== null || f.acked !== 'none' || f.responded !== 'none') return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_retransmitted', t.retransmitted],
      ['receiver_rst', receiver.rst?.at],
    ),
    because: [`the connection had been silent for ${(t.idleBefore / 1e9).toFixed(1)} s`],
  };
}

function mtuBlackhole(f: Facts): Finding | undefined {
  const { transaction: t, sender } = f;
  if (!isRequest(f) || f.acked === 'full' || f.responded !== 'none' || f.receiver.rst !== null)
    return undefined;
  const smallAcked = f.acked === 'partial' || sender.acked > 0;
  const error = sender.icmp;
  const told = error !== null && error.mtu > 0;
  const stuck = sender.stuckRepeats >= STUCK_REPEATS && sender.stuckLength >= FULL_SIZE;
  if (!smallAcked || !(stuck || told)) return undefined;
  if (f.receiver.zeroWindow !== null) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_retransmitted', t.retransmitted],
      ['icmp_error', told ? error.at : null],
    ),
    because: told
      ? [`${error.reporter} reported a next-hop MTU of ${error.mtu} bytes`]
      : ['small segments were acknowledged, full-size ones were repeated and never were'],
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
      ['sender_fin', f.closedBy === 'sender_fin' ? f.closed : null],
      ['sender_rst', f.closedBy === 'sender_rst' ? f.closed : null],
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
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_acked', f.sender.ackedAt],
      [f.closedBy ?? 'last_packet', f.closed],
    ),
  };
}

function resetDuringSend(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  if (!isRequest(f) || receiver.rst === null || f.responded !== 'none' || f.acked === 'full')
    return undefined;
  if (f.closedBy === 'sender_fin' || f.closedBy === 'sender_rst') return undefined;
  if (rstCovers(f)) return undefined;
  return {
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
  if (!isRequest(f) || f.sent !== 'partial' || f.gaveUp === null) return undefined;
  if (f.closedBy !== 'sender_fin' && f.closedBy !== 'sender_rst') return undefined;
  if (sender.acked < t.request!.end || f.receiver.zeroWindow !== null) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte],
      ['request_acked', sender.ackedAt],
      [f.closedBy, f.closed],
    ),
  };
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
      [f.closedBy ?? 'last_packet', f.closed ?? t.connection.last],
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
      [f.closedBy ?? 'last_packet', f.closed ?? t.connection.last],
    ),
    ...blame(f),
  };
}

/** An ICMP error tells which device could not pass the request on. */
function blame(f: Facts): Pick<Finding, 'fault' | 'because'> {
  const error = f.sender.icmp;
  if (error === null) return {};
  return {
    fault: ['network'],
    because: [`${error.reporter} reported ICMP type ${error.type} code ${error.code}`],
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
