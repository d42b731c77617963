/**
 * Rules of the stage "connect": attempts that did not become a connection (RFC 9293 §3.5; EVIDENCE: SYN, SYN-ACK,
 * RST, ICMP).
 */
import type { Moment, Time } from '../../capture/packet.ts';
import type { Fingerprint } from '../../tcp/stream.ts';
import type { Facts } from '../facts.ts';
import { isBefore } from '../facts.ts';
import { forgery } from '../forgery.ts';
import { type Finding, proofs, type Rule, reported } from '../rule.ts';

/** Handshakes are answered sooner than this by any host and path that works. */
const PATIENT: Time = 1e9;
/** ICMP type 3 (RFC 792), codes 9, 10, 13 (RFC 1812 §5.2.7.1); ICMPv6 type 1, codes 1, 5, 6 (RFC 4443 §3.1). */
const PROHIBITED_V4: readonly number[] = [9, 10, 13];
const PROHIBITED_V6: readonly number[] = [1, 5, 6];

/** No connection came about, as far as was seen: who acknowledges something had a SYN-ACK. */
const isAttempt = (f: Facts) => f.transaction.kind === 'connect' && f.receiver.syn === null && !f.established;
/** It acknowledges the SYN, and no more than what came with it (RFC 9293 §3.10.7.3). */
const isValid = (f: Facts, reply: Fingerprint | null): reply is Fingerprint =>
  reply !== null && reply.ackOffset !== null && reply.ackOffset >= 0 && reply.ackOffset <= f.sender.highest;

function refused(f: Facts): Finding | undefined {
  const { rst } = f.receiver;
  // With data on the SYN the RST may acknowledge that too (RFC 9293 §3.10.7.1).
  if (!isAttempt(f) || f.sender.syn === null || !isValid(f, rst)) return undefined;
  return { proofs: proofs(['syn', f.sender.syn.at], ['receiver_rst', rst.at]), ...forgery(f) };
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
    because: [reported(error)],
  };
}

function replyIgnored(f: Facts): Finding | undefined {
  const { sender, receiver, transaction } = f;
  if (transaction.kind !== 'connect' || !isValid(f, receiver.syn) || sender.syn === null) return undefined;
  if (f.established || sender.rst !== null || receiver.rst !== null) return undefined;
  const repeated = sender.lastSyn !== null && isBefore(receiver.syn.at, sender.lastSyn);
  if (!repeated && receiver.synCount < 2) return undefined;
  return {
    proofs: proofs(['syn', sender.syn.at], ['syn_ack', receiver.syn.at], ['syn', sender.lastSyn]),
  };
}

function portCollision(f: Facts): Finding | undefined {
  const { sender, receiver } = f;
  if (!isAttempt(f) || sender.syn === null || receiver.strayAck === null) return undefined;
  // The sender knows nothing of what is acknowledged there: it resets that, or goes on asking (RFC 9293 §3.5.1).
  const { at } = receiver.strayAck;
  const again = sender.lastSyn !== null && isBefore(at, sender.lastSyn);
  if (sender.rstCount === 0 && !again) return undefined;
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
  const spoke = spokeAt(f);
  if (spoke === null || !isBefore(spoke, receiver.lastSyn)) return undefined;
  return {
    proofs: proofs(
      ['syn_ack', receiver.syn?.at],
      ['request_first_byte', sender.firstData],
      ['sender_fin', sender.firstData === null ? sender.fin?.at : null],
      ['syn_ack', receiver.lastSyn],
      ['request_retransmitted', sender.lastRetransmission],
    ),
    ...(t.request === null ? { outcome: 'unsent' as const } : {}),
  };
}

/** When the sender first said something after its ACK that the receiver would have to acknowledge. */
function spokeAt({ sender, transaction: t }: Facts): Moment | null {
  if (sender.firstData !== null) return sender.firstData;
  return t.kind === 'connect' && sender.finAckedAt === null ? (sender.fin?.at ?? null) : null;
}

function abandoned(f: Facts): Finding | undefined {
  const { sender, receiver, transaction } = f;
  if (transaction.kind !== 'connect' || !isValid(f, receiver.syn) || sender.rst === null) return undefined;
  if (f.established || sender.syn === null || isBefore(sender.rst.at, receiver.syn.at)) return undefined;
  const waited = receiver.syn.at.time - sender.syn.at.time;
  return {
    proofs: proofs(['syn', sender.syn.at], ['syn_ack', receiver.syn.at], ['sender_rst', sender.rst.at]),
    // A SYN-ACK that took so long says more about the way, or about a receiver that is busy, than about the sender.
    fault: waited < PATIENT ? ['sender', 'network', 'receiver'] : ['network', 'receiver', 'sender'],
    because: [{ reason: 'syn_ack_after', seconds: waited / 1e9 }],
  };
}

function noReply(f: Facts): Finding | undefined {
  const { sender, receiver } = f;
  if (!isAttempt(f) || sender.syn === null || receiver.packets > 0) return undefined;
  const error = sender.icmp;
  return {
    proofs: proofs(['syn', sender.syn.at], ['syn', sender.lastSyn], ['icmp_error', error?.at]),
    ...(error === null
      ? { because: [{ reason: 'no_reply', syns: sender.synCount } as const] }
      : {
          because: [reported(error)],
          fault: ['network'] as const,
        }),
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
