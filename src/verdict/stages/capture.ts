/**
 * Rules of the stage "cannot tell": what the capture does not hold. They come first, so that no later rule
 * claims an absence where the capture had a hole, an edge or a cipher.
 */
import type { Time } from '../../capture/packet.ts';
import { type Facts, isBefore, STUCK_REPEATS } from '../facts.ts';
import { forgery } from '../forgery.ts';
import { likelyOf } from '../likely.ts';
import { type Finding, proofs, type Rule } from '../rule.ts';
import type { Reason } from '../verdict.ts';

/** No stack waits longer than this before it repeats its first SYN, or data for the first time. */
const FIRST_REPEAT_PATIENCE: Time = 3.3e9;
/** A reader that is merely busy opens its window sooner. */
const STUCK_WINDOW: Time = 1e9;

/** Still going on when the capture ended: nobody had closed, answered or given up. */
function pending(f: Facts): Finding | undefined {
  const { transaction: t } = f;
  if (t.occasion !== 'captureEnd' || !isUndecided(f)) return undefined;
  const seen = (t.decidedAt - lastProgress(f)) / 1e9;
  return {
    proofs: proofs(
      ['syn', t.request === null ? f.sender.syn?.at : null],
      ['request_first_byte', t.request?.firstByte],
      ['request_last_byte', t.request?.ended === 'complete' ? t.request.lastByte : null],
      ['request_acked', t.acked?.at],
      ['response_first_byte', t.response?.firstByte],
      ['last_packet', t.connection.last],
    ),
    because: [{ reason: 'undecided_at_end', seconds: seen }],
  };
}

/** Something came that cannot be read, and may be all of an answer. */
function isBegunSealed({ transaction: t }: Facts): boolean {
  return t.kind === 'sealed' && (t.response !== null || t.answerDoubtful);
}

/** Nothing speaks against a good end that is yet to come. */
function isUndecided(f: Facts): boolean {
  const { transaction: t } = f;
  if (t.kind === 'opaque' || isBegunSealed(f) || (t.request === null && t.kind === 'exchange')) return false;
  if (isClosed(f) || f.responded === 'full' || t.answerUnseen > 0 || f.oneDirection !== null) return false;
  return t.kind === 'connect' ? !isConnectStuck(f) : !isSendStuck(f);
}

/** A half-close only says that no further request follows; an answer may still come. */
function isClosed({ closed, halfClosed, sender, receiver }: Facts): boolean {
  return (
    closed !== null && !(halfClosed && sender.rst === null && receiver.fin === null && receiver.rst === null)
  );
}

/**
 * The sender's kernel has already found the attempt wanting: it had to repeat its SYN, or gave up repeating it
 * (RFC 6298 §5.7: after 1 s, older stacks after 3 s), or an ICMP error came.
 */
function isConnectStuck(f: Facts): boolean {
  const { sender, transaction } = f;
  if (sender.lastSyn === null || f.established) return false;
  if (f.receiver.syn !== null) return f.receiver.synCount > 1 || isBefore(f.receiver.syn.at, sender.lastSyn);
  const gaveUp = transaction.decidedAt - sender.lastSyn.time > FIRST_REPEAT_PATIENCE;
  return sender.icmp !== null || sender.synCount > 1 || gaveUp;
}

/** Likewise for the request: repeated again and again without an acknowledgement, or held up by a closed window. */
function isSendStuck(f: Facts): boolean {
  const { sender, receiver, transaction } = f;
  if (f.acked === 'full' || f.responded !== 'none') return false;
  const blocked = transaction.stream?.blocked ?? null;
  if (blocked !== null) return transaction.decidedAt - blocked.since.time > STUCK_WINDOW;
  if (receiver.zeroWindow !== null) return transaction.decidedAt - receiver.zeroWindow.time > STUCK_WINDOW;
  // Told of a smaller MTU, the sender is about to send smaller segments (RFC 1191 §3).
  const told = sender.icmp !== null && sender.icmp.mtu === 0;
  return sender.stuckRepeats >= STUCK_REPEATS || (told && sender.stuckRepeats > 0);
}

function lastProgress(f: Facts): number {
  const t = f.transaction;
  return Math.max(
    f.sender.lastSyn?.time ?? t.connection.first.time,
    t.request?.lastByte.time ?? Number.NEGATIVE_INFINITY,
    t.acked?.at?.time ?? Number.NEGATIVE_INFINITY,
    t.response?.lastByte.time ?? Number.NEGATIVE_INFINITY,
  );
}

function notCaptured(f: Facts): Finding | undefined {
  const { transaction: t } = f;
  if (t.kind !== 'exchange' || t.answerUnseen === 0 || f.receiver.snaplenCut > 0) return undefined;
  if (t.request === null || (t.response !== null && t.response.ended !== 'lost')) return undefined;
  // They may have been of any stream, or of none.
  if (t.stream !== null && t.response === null) return undefined;
  if (t.response !== null && (t.response.head?.status ?? 0) >= 300) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request.firstByte],
      ['request_last_byte', t.request.lastByte],
      ['response_first_byte', t.response?.firstByte],
      ['acked_unseen', f.receiver.ackedUnseenAt],
    ),
    because: [{ reason: 'answer_unseen', bytes: t.answerUnseen }],
    missing: ['response'],
  };
}

function insufficient(f: Facts): Finding | undefined {
  const missing = whatIsMissing(f);
  if (missing.length === 0) return undefined;
  const { transaction: t } = f;
  return {
    proofs: proofs(
      ['first_packet', t.connection.first],
      ['request_first_byte', t.request?.firstByte],
      ['response_first_byte', t.response?.firstByte],
      ['acked_unseen', f.receiver.ackedUnseenAt ?? f.sender.ackedUnseenAt],
      ['last_packet', t.connection.last],
    ),
    because: reasons(f),
    missing,
  };
}

function whatIsMissing(f: Facts): string[] {
  const { transaction: t } = f;
  if (t.pairingGuessed) return ['pairing'];
  // Its connection was let go to make room: what came of it may be in the capture.
  if (t.occasion === 'limit' && isUndecided(f)) return ['what_followed'];
  if (t.kind === 'opaque' || t.kind === 'sealed') return [];
  const missing: string[] = [];
  if (f.oneDirection === 'sender') missing.push('packets_of_receiver');
  if (f.oneDirection === 'receiver') missing.push('packets_of_sender');
  if (t.kind === 'connect') {
    if (hasSentMore(f)) missing.push('request', 'response');
    if (isHandshakeUnseen(f)) missing.push('handshake');
    return missing;
  }
  const status = t.response?.head?.status ?? 0;
  if (t.request === null) missing.push('request');
  else if (f.sent === 'unknown' && t.response === null && !isSilent(f)) missing.push('request_end');
  else if (isUnrepeated(f)) missing.push('acknowledgement');
  if ((f.responded === 'unknown' && status < 300) || (f.responded === 'none' && hasSentMore(f))) {
    missing.push(t.response === null ? 'response' : 'response_end');
  }
  if (t.stream !== null && isFrameMissing(f)) missing.push(t.response === null ? 'frames' : 'status');
  // A refusal is told by its status alone, whoever asked.
  return t.request !== null && status >= 300 && f.oneDirection === null ? [] : missing;
}

/** What ended the stream may not have been captured, or what its status refers to was not (RFC 7541 §2.3.2). */
function isFrameMissing({ transaction: { stream, response }, responded, streamClosed }: Facts): boolean {
  if (response === null) return stream!.hidden && !streamClosed && responded !== 'unknown';
  return responded === 'full' && response.head?.status === 0;
}

/** The sequence number of the receiver's RST lies behind bytes that were not captured, unless it was forged. */
function hasSentMore(f: Facts): boolean {
  const { rst, highest } = f.receiver;
  // A FIN counts one.
  if (rst === null || rst.offset <= highest + 1) return false;
  return forgery(f).fault === undefined;
}

/** Of a TLS handshake that was not captured whole nobody knows how it ended; an alert in clear tells it all the same. */
function isHandshakeUnseen({ transaction: { tls }, sender, receiver }: Facts): boolean {
  if (tls === null || tls.alerts.some(({ fatal }) => fatal)) return false;
  const sent = Math.max(receiver.highest, receiver.fin?.offset ?? 0);
  const ended = Math.max(sender.fin?.offset ?? 0, sender.rst?.offset ?? 0);
  return sender.ackedUnseen + receiver.ackedUnseen > 0 || sent > receiver.next || ended > sender.highest + 1;
}

/**
 * Not acknowledged, not given up, and yet never sent again: either the acknowledgement was not captured or the
 * repetitions were not (RFC 6298 §5: the first comes after about a second).
 */
function isUnrepeated(f: Facts): boolean {
  const { transaction: t, sender } = f;
  if (f.acked === 'full' || f.responded !== 'none' || f.closed !== null || f.oneDirection !== null)
    return false;
  if (t.retransmitted !== null || f.receiver.zeroWindow !== null || t.request === null) return false;
  return sender.acked < t.request.end && t.decidedAt - t.request.lastByte.time > FIRST_REPEAT_PATIENCE;
}

/** Only the snapshot length hid bytes: what each side sent and acknowledged is known, and the receiver sent nothing. */
function isSilent(f: Facts): boolean {
  return (
    f.sender.snaplenCut > 0 && f.sender.ackedUnseen === 0 && f.receiver.highest <= f.transaction.answerFrom
  );
}

function reasons(f: Facts): Reason[] {
  const { transaction: t, sender, receiver } = f;
  const because: Reason[] = [];
  if (t.occasion === 'limit') because.push({ reason: 'limit_hit' });
  if (t.pairingGuessed) because.push({ reason: 'pairing_hidden' });
  if (f.oneDirection !== null) because.push({ reason: 'one_direction', side: f.oneDirection });
  if (sender.snaplenCut + receiver.snaplenCut > 0) because.push({ reason: 'snaplen_cut' });
  if (t.requestUnseen > 0 && sender.snaplenCut === 0) {
    because.push({ reason: 'request_unseen', bytes: t.requestUnseen });
  }
  if (t.stream?.hidden) because.push({ reason: 'frames_hidden' });
  if (isUnrepeated(f)) because.push({ reason: 'not_repeated' });
  if (sender.syn === null && receiver.syn === null) because.push({ reason: 'began_before' });
  if (because.length === 0 && t.response !== null && f.responded === 'unknown') {
    because.push({ reason: 'end_unseen' });
  }
  return because;
}

function opaque(f: Facts): Finding | undefined {
  const { transaction: t } = f;
  if (t.kind === 'sealed') return sealed(f);
  const switched = t.response?.head?.status === 101 && f.responded === 'full';
  if (t.kind !== 'opaque' && !switched) return undefined;
  return {
    proofs: proofs(
      ['request_first_byte', t.request?.firstByte ?? t.opaque.sender?.first],
      ['request_last_byte', t.opaque.sender?.last],
      ['response_first_byte', t.response?.firstByte ?? t.opaque.receiver?.first],
      ['response_last_byte', t.opaque.receiver?.last],
    ),
    because: [
      switched ? { reason: 'protocol_changed' } : { reason: 'not_http', protocol: protocol(t.opaque) },
    ],
    missing: switched ? ['response'] : ['request', 'response'],
  };
}

function sealed(f: Facts): Finding {
  const { request, response, acked } = f.transaction;
  return {
    proofs: proofs(
      ['request_first_byte', request?.firstByte],
      ['request_last_byte', request?.ended === 'complete' ? request.lastByte : null],
      ['request_acked', acked?.at],
      ['response_first_byte', response?.firstByte],
      ['response_last_byte', response?.lastByte],
      [f.closing ?? 'last_packet', response === null ? (f.closed ?? f.transaction.connection.last) : null],
    ),
    because: [{ reason: 'not_http', protocol: 'tls' }, seen(f)],
    likely: likelyOf(f),
    missing: ['request', 'response'],
  };
}

/** What came back on the turn. */
function seen({ transaction: { response, answerDoubtful } }: Facts): Reason {
  if (response !== null) return { reason: 'sealed_answer', bytes: response.end - response.start };
  return answerDoubtful ? { reason: 'sealed_doubt' } : { reason: 'sealed_silence' };
}

function protocol(opaque: Facts['transaction']['opaque']): 'http2' | 'other' {
  const prefix = opaque.sender?.prefix ?? opaque.receiver?.prefix;
  if (prefix?.toString('latin1', 0, 14) === 'PRI * HTTP/2.0') return 'http2';
  return 'other';
}

export const CAPTURE_RULES: readonly Rule[] = [
  { code: 'pending_at_capture_end', applies: pending },
  { code: 'response_not_captured', applies: notCaptured },
  { code: 'capture_insufficient', applies: insufficient },
  { code: 'opaque', applies: opaque },
];
