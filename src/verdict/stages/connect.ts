/**
 * Rules of the stage "connect": attempts that did not become a connection (RFC 9293 §3.5; EVIDENCE: SYN, SYN-ACK,
 * RST, ICMP).
 */
import type { Facts } from '../facts.ts';
import { isBefore } from '../facts.ts';
import { type Finding, proofs, type Rule } from '../rule.ts';

/** ICMP type 3 (RFC 792), codes 9, 10, 13 (RFC 1812 §5.2.7.1); ICMPv6 type 1, codes 1, 5, 6 (RFC 4443 §3.1). */
const PROHIBITED_V4: readonly number[] = [9, 10, 13];
const PROHIBITED_V6: readonly number[] = [1, 5, 6];

const isAttempt = (f: Facts) => f.transaction.kind === 'connect' && f.receiver.syn === null;

function refused(f: Facts): Finding | undefined {
  const { rst } = f.receiver;
  if (!isAttempt(f) || f.sender.syn === null || rst === null || rst.ackOffset === null) return undefined;
  // With data on the SYN the RST may acknowledge that too (RFC 9293 §3.10.7.1).
  if (rst.ackOffset < 0 || rst.ackOffset > f.sender.highest) return undefined;
  return { proofs: proofs(['syn', f.sender.syn.at], ['receiver_rst', rst.at]) };
}

function icmp(f: Facts, prohibited: boolean): Finding | undefined {
  const error = f.sender.icmp;
  if (!isAttempt(f) || error === null || !error.unreachable) return undefined;
  const codes = error.version === 4 ? PROHIBITED_V4 : PROHIBITED_V6;
  if (codes.includes(error.code) !== prohibited) return undefined;
  const { addresses } = f.transaction.connection;
  const receiver = addresses[f.transaction.sender === 0 ? 1 : 0];
  return {
    proofs: proofs(['syn', f.sender.syn?.at], ['icmp_error', error.at]),
    fault: error.reporter === receiver ? ['receiver'] : ['network'],
    because: [
      `${error.reporter} sent ICMP${error.version === 6 ? 'v6' : ''} type ${error.type} code ${error.code}`,
    ],
  };
}

function replyIgnored(f: Facts): Finding | undefined {
  const { sender, receiver, transaction } = f;
  if (transaction.kind !== 'connect' || receiver.syn === null || sender.syn === null) return undefined;
  if (transaction.connection.established !== null || sender.rst !== null || receiver.rst !== null)
    return undefined;
  const repeated = sender.lastSyn !== null && isBefore(receiver.syn.at, sender.lastSyn);
  if (!repeated && receiver.synCount < 2) return undefined;
  return {
    proofs: proofs(['syn', sender.syn.at], ['syn_ack', receiver.syn.at], ['syn', sender.lastSyn]),
  };
}

function portCollision(f: Facts): Finding | undefined {
  const { sender, receiver } = f;
  if (!isAttempt(f) || sender.syn === null || receiver.strayAck === null) return undefined;
  return {
    proofs: proofs(
      ['syn', sender.syn.at],
      ['last_packet', receiver.strayAck.at],
      ['sender_rst', sender.rst?.at],
    ),
  };
}

function notAccepted(f: Facts): Finding | undefined {
  const { sender, receiver, transaction: t } = f;
  if (receiver.synCount < 2 || receiver.lastSyn === null || t.connection.established === null)
    return undefined;
  if (sender.acked > 0 || f.responded !== 'none' || receiver.rst !== null) return undefined;
  if (sender.firstData === null || !isBefore(sender.firstData, receiver.lastSyn)) return undefined;
  return {
    proofs: proofs(
      ['syn_ack', receiver.syn?.at],
      ['request_first_byte', sender.firstData],
      ['syn_ack', receiver.lastSyn],
      ['request_retransmitted', sender.lastRetransmission],
    ),
    ...(t.request === null ? { outcome: 'unsent' as const } : {}),
  };
}

function abandoned(f: Facts): Finding | undefined {
  const { sender, receiver, transaction } = f;
  if (transaction.kind !== 'connect' || receiver.syn === null || sender.rst === null) return undefined;
  if (transaction.connection.established !== null) return undefined;
  return {
    proofs: proofs(['syn', sender.syn?.at], ['syn_ack', receiver.syn.at], ['sender_rst', sender.rst.at]),
  };
}

function noReply(f: Facts): Finding | undefined {
  const { sender, receiver } = f;
  if (!isAttempt(f) || sender.syn === null || receiver.rst !== null) return undefined;
  return {
    proofs: proofs(['syn', sender.syn.at], ['syn', sender.lastSyn]),
    because: [
      sender.synCount === 1 ? '1 SYN, nothing in return' : `${sender.synCount} SYNs, nothing in return`,
    ],
  };
}

export const CONNECT_RULES: readonly Rule[] = [
  { code: 'connect_refused', applies: refused },
  { code: 'connect_prohibited', applies: (f) => icmp(f, true) },
  { code: 'connect_unreachable', applies: (f) => icmp(f, false) },
  { code: 'connect_reply_ignored', applies: replyIgnored },
  { code: 'connect_port_collision', applies: portCollision },
  { code: 'connect_not_accepted', applies: notAccepted },
  { code: 'connect_abandoned', applies: abandoned },
  { code: 'connect_no_reply', applies: noReply },
];
