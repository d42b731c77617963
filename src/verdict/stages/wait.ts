/**
 * Rules of the stage "wait": the receiver's TCP had the whole request, and not one byte of a final response came.
 */
import type { Moment, Time } from '../../capture/packet.ts';
import { type Facts, isBefore, isClosedBySender } from '../facts.ts';
import { forgery } from '../forgery.ts';
import { type Finding, proofs, type Rule } from '../rule.ts';
import type { Party, Proof, Reason, Role } from '../verdict.ts';
import { goAwayOf } from './stream.ts';

/** A sender that waits less than this may have hung up on an answer that was on its way. */
const IMPATIENT: Time = 1e9;

const isUnanswered = (f: Facts) =>
  f.kind === 'exchange' && f.transaction.request !== null && f.responded === 'none';

function carried(f: Facts, role: Role): Proof[] {
  const { transaction: t } = f;
  return proofs(
    ['request_first_byte', t.request?.firstByte],
    ['request_last_byte', t.request?.lastByte],
    ['request_acked', t.acked?.at],
    [role, role === 'last_packet' ? t.connection.last : f.closed],
  );
}

function senderClosed(f: Facts): Finding | undefined {
  const lost = isAnswerLost(f);
  const first = isClosedBySender(f) || lost;
  if (!isUnanswered(f) || !first || f.gaveUp === null || closeNotifyOf(f) !== null) return undefined;
  const waited = f.gaveUp.time - f.transaction.request!.lastByte.time;
  const because: Reason = { reason: 'sender_waited', seconds: waited / 1e9, atMost: f.closeUnseen };
  if (lost) {
    const proof = proofs(['receiver_fin', f.receiver.fin?.at], [gaveUpBy(f), f.gaveUp]);
    return {
      proofs: [...carried(f, 'last_packet').filter(({ role }) => role !== 'last_packet'), ...proof],
      fault: ['network', 'receiver'],
      because: [because, { reason: 'bytes_beyond_hole' }],
    };
  }
  const fault: readonly Party[] = waited < IMPATIENT ? ['receiver', 'sender'] : ['receiver'];
  return { proofs: carried(f, f.closing!), fault, because: [because] };
}

/** What the receiver sent behind its answer came before the sender gave up: the answer itself did not. */
function isAnswerLost({ receiver: { holding, fin, lastData }, gaveUp }: Facts): boolean {
  const beyond = fin?.at ?? lastData;
  return holding && beyond !== null && gaveUp !== null && isBefore(beyond, gaveUp);
}

function gaveUpBy({ sender, gaveUp, closing }: Facts): Role {
  if (closing === 'sender_rst_stream') return closing;
  return sender.rst !== null && sender.rst.at === gaveUp ? 'sender_rst' : 'sender_fin';
}

function receiverClosed(f: Facts): Finding | undefined {
  const { fin, holding } = f.receiver;
  if (!isUnanswered(f) || holding) return undefined;
  const notified = closeNotifyOf(f);
  if (f.closedBy !== 'receiver_fin' && !(f.halfClosed && fin !== null) && notified === null) return undefined;
  const asked = pairs(carried(f, 'last_packet'));
  return {
    proofs: proofs(
      ...asked,
      ['receiver_goaway', f.transaction.stream?.goAway?.at],
      ['tls_alert', notified],
      ['receiver_fin', fin?.at],
      ['sender_fin', f.closeUnseen ? f.closed : null],
    ),
    because: [
      ...goAwayOf(f.transaction.stream),
      ...(notified === null ? [] : [{ reason: 'tls_close_notify' } as const]),
    ],
  };
}

/** The receiver told, instead of an answer, that it would send no more (RFC 8446 §6.1), and so the sender closed. */
function closeNotifyOf({ transaction: t, gaveUp }: Facts): Moment | null {
  const alert = t.tls?.alerts.find(({ side, name }) => side !== t.sender && name === 'close_notify');
  if (alert === undefined || gaveUp === null || t.request === null) return null;
  return isBefore(t.request.firstByte, alert.at) && isBefore(alert.at, gaveUp) ? alert.at : null;
}

function reset(f: Facts): Finding | undefined {
  if (!isUnanswered(f) || f.receiver.rst === null) return undefined;
  const told = goAwayOf(f.transaction.stream);
  return {
    proofs: proofs(
      ...pairs(carried(f, 'last_packet')),
      ['receiver_goaway', f.transaction.stream?.goAway?.at],
      ['receiver_rst', f.receiver.rst.at],
    ),
    ...(told.length > 0 ? { because: told } : {}),
    ...(f.acked === 'full'
      ? forgery(f)
      : {
          because: [{ reason: 'acked_by_rst' } as const],
          fault: ['receiver', 'network'] as const,
        }),
  };
}

function timeout(f: Facts): Finding | undefined {
  const { decidedAt, request, occasion, stream } = f.transaction;
  // Where the addresses were used anew, or a bound fired, nobody knows how long the sender would have waited.
  if (!isUnanswered(f) || occasion === 'replaced' || occasion === 'limit') return undefined;
  return {
    proofs: carried(f, 'last_packet'),
    because: [
      { reason: 'watched', seconds: (decidedAt - request!.lastByte.time) / 1e9 },
      ...goAwayOf(stream),
    ],
  };
}

function pairs(list: readonly Proof[]): (readonly [Role, Proof['at']])[] {
  return list.filter((p) => p.role !== 'last_packet').map((p) => [p.role, p.at] as const);
}

export const WAIT_RULES: readonly Rule[] = [
  { code: 'no_response_sender_closed', applies: senderClosed },
  { code: 'no_response_receiver_closed', applies: receiverClosed },
  { code: 'no_response_reset', applies: reset },
  { code: 'no_response_timeout', applies: timeout },
];
