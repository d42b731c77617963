/**
 * Rules of the stage "reply": bytes of an answer were seen, which settles that the request was taken.
 */
import type { Facts } from '../facts.ts';
import { isBefore } from '../facts.ts';
import { type Finding, proofs, type Rule } from '../rule.ts';
import type { Party, Proof } from '../verdict.ts';

/** Statuses by which a gateway says that its own upstream failed (RFC 9110 §15.6, and 52x of common CDNs). */
const isGateway = (status: number) => (status >= 502 && status <= 504) || (status >= 520 && status <= 529);

const status = (f: Facts) => f.transaction.response?.head?.status ?? 0;
const isFinal = (f: Facts) => status(f) >= 200 && status(f) <= 999;
const isSuccess = (f: Facts) => {
  const { statuses } = f.accept;
  return statuses === null ? status(f) >= 200 && status(f) < 300 : statuses.includes(status(f));
};
/** A status that is no success tells all by itself; a success counts when it came whole. */
const isRefusal = (f: Facts) => isFinal(f) && !isSuccess(f) && !f.late;

function answer(f: Facts): Proof[] {
  const { transaction: t } = f;
  return proofs(
    ['request_first_byte', t.request?.firstByte],
    ['request_last_byte', t.request?.ended === 'complete' ? t.request.lastByte : null],
    ['response_first_byte', t.response?.firstByte],
    ['response_last_byte', t.response?.ended === null ? null : t.response?.lastByte],
  );
}

function incomplete(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  const { response } = t;
  if (response === null || f.responded !== 'partial' || f.late || isInvalid(f)) return undefined;
  let fault: readonly Party[] = ['receiver'];
  const because: string[] = [];
  if (receiver.holding) {
    fault = ['network', 'receiver'];
    because.push('later bytes of the receiver came, the next in order never did');
  } else if (receiver.fin !== null || receiver.rst !== null) {
    because.push(
      receiver.rst === null ? 'the receiver closed in the middle' : 'the receiver reset in the middle',
    );
  } else {
    fault = ['receiver', 'network'];
    because.push('the answer stopped in the middle');
  }
  return {
    proofs: [
      ...answer(f),
      ...proofs(
        ['receiver_fin', receiver.fin?.at],
        ['receiver_rst', receiver.rst?.at],
        [f.closedBy ?? 'last_packet', f.closed],
      ),
    ],
    fault,
    because,
  };
}

/** What came is no response at all, or its head was never ended by an empty line although the receiver was done. */
function isInvalid(f: Facts): boolean {
  const { response, garbage } = f.transaction;
  if (response === null) return garbage !== null;
  if (response.ended === 'invalid') return true;
  if (response.ended === 'lost') return false;
  return response.head !== null && !response.head.complete && f.receiver.fin !== null && !f.receiver.holding;
}

function invalid(f: Facts): Finding | undefined {
  const { garbage } = f.transaction;
  if (!isInvalid(f) || f.transaction.kind !== 'exchange' || f.late) return undefined;
  return {
    proofs: [
      ...answer(f),
      ...proofs(['response_first_byte', garbage?.first], ['response_last_byte', garbage?.last]),
    ],
  };
}

function late(f: Facts): Finding | undefined {
  if (!f.late) return undefined;
  const role = f.sender.rst !== null && f.gaveUp === f.sender.rst.at ? 'sender_rst' : 'sender_fin';
  return { proofs: [...answer(f), ...proofs([role, f.gaveUp])] };
}

function ignored(f: Facts): Finding | undefined {
  const { transaction: t, receiver } = f;
  if (t.response === null || receiver.retransmissions === 0 || receiver.acked > t.response.start)
    return undefined;
  const again = receiver.lastRetransmission;
  if (again === null || isBefore(again, t.response.firstByte)) return undefined;
  return { proofs: [...answer(f), ...proofs(['last_packet', again])] };
}

function early(f: Facts): Finding | undefined {
  const { response, request } = f.transaction;
  if (response === null || request === null || !isFinal(f) || status(f) < 300) return undefined;
  const unfinished = request.ended !== 'complete' && request.ended !== 'closed';
  if (!unfinished && !isBefore(response.firstByte, request.lastByte)) return undefined;
  return { proofs: answer(f) };
}

function refusal(f: Facts, belongs: (status: number) => boolean): Finding | undefined {
  if (f.transaction.kind !== 'exchange' || !isRefusal(f) || !belongs(status(f))) return undefined;
  return { proofs: answer(f) };
}

/** The body as far as the rules of acceptance can read it. */
function bodyOf(f: Facts): { text: string; whole: boolean } {
  const response = f.transaction.response!;
  if (response.bodyBytes === 0) return { text: '', whole: true };
  const decoded = response.decoded();
  return { text: decoded.text ?? '', whole: decoded.text !== null && decoded.whole };
}

function refusedInBody(f: Facts): Finding | undefined {
  const { accept } = f;
  if (f.responded === 'full' && isRefusal(f) && status(f) < 300) {
    return { proofs: answer(f), because: [`status ${status(f)} is not among those that count as delivered`] };
  }
  if (!isWholeSuccess(f) || (accept.body === null && accept.rejectBody === null)) return undefined;
  const { text, whole } = bodyOf(f);
  if (accept.rejectBody?.test(text))
    return { proofs: answer(f), because: ['the body matches the reject rule'] };
  if (!whole || accept.body === null || accept.body.test(text)) return undefined;
  return { proofs: answer(f), because: ['the body does not match the accept rule'] };
}

const isWholeSuccess = (f: Facts) =>
  f.transaction.kind === 'exchange' && f.responded === 'full' && isFinal(f) && isSuccess(f) && !f.late;

function delivered(f: Facts): Finding | undefined {
  const { accept } = f;
  if (!isWholeSuccess(f)) return undefined;
  if (accept.body === null && accept.rejectBody === null) return { proofs: answer(f) };
  const { text, whole } = bodyOf(f);
  if (accept.body !== null && accept.body.test(text)) return { proofs: answer(f) };
  return whole && accept.body === null ? { proofs: answer(f) } : undefined;
}

function unconfirmed(f: Facts): Finding | undefined {
  if (!isWholeSuccess(f)) return undefined;
  return { proofs: answer(f), because: ['the body that the rule needs is cut or cannot be decoded'] };
}

export const REPLY_RULES: readonly Rule[] = [
  { code: 'response_incomplete', applies: incomplete },
  { code: 'response_invalid', applies: invalid },
  { code: 'response_late', applies: late },
  { code: 'response_ignored', applies: ignored },
  { code: 'rejected_early', applies: early },
  { code: 'redirected', applies: (f) => refusal(f, (s) => s >= 300 && s < 400) },
  { code: 'gateway_error', applies: (f) => refusal(f, isGateway) },
  { code: 'client_error', applies: (f) => refusal(f, (s) => s >= 400 && s < 500) },
  { code: 'server_error', applies: (f) => refusal(f, (s) => s >= 500) },
  { code: 'refused_in_body', applies: refusedInBody },
  { code: 'delivered', applies: delivered },
  { code: 'delivered_unconfirmed', applies: unconfirmed },
];
