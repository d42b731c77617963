/**
 * Rules of the stage "reply": bytes of an answer were seen, which settles that the request was taken.
 */
import type { Moment, Time } from '../../capture/packet.ts';
import type { Direction } from '../../tcp/stream.ts';
import { type Facts, isBefore } from '../facts.ts';
import { type Finding, proofs, prove, type Rule } from '../rule.ts';
import type { AcceptRule, Proof } from '../verdict.ts';
import { faultOf } from './stream.ts';

/** Statuses by which a gateway says that its own upstream failed (RFC 9110 §15.6, and 52x of common CDNs). */
const isGateway = (status: number) => (status >= 502 && status <= 504) || (status >= 520 && status <= 529);

/** A sender that closes within this did not wait for the rest, or for the answer. */
const IMPATIENT: Time = 1e9;

const status = (f: Facts) => f.transaction.response?.head?.status ?? 0;
const isFinal = (f: Facts) => status(f) >= 200 && status(f) <= 999;
const isSuccess = (f: Facts) => {
  const { statuses } = f.accept;
  return statuses === null ? status(f) >= 200 && status(f) < 300 : statuses.includes(status(f));
};
/** A status that is no success tells all by itself; a success counts when it came whole. */
const isRefusal = (f: Facts) => isFinal(f) && !isSuccess(f) && !f.late;

function answer({ transaction: { request, response } }: Facts): Proof[] {
  const found: Proof[] = [];
  prove(found, 'request_first_byte', request?.firstByte);
  prove(found, 'request_last_byte', request?.ended === 'complete' ? request.lastByte : null);
  prove(found, 'response_first_byte', response?.firstByte);
  prove(found, 'response_last_byte', response?.ended === null ? null : response?.lastByte);
  return found;
}

/** What is said of an attempt that is plainly delivered; of most of them nobody asks for the proof. */
export class Answered implements Finding {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  get proofs(): Proof[] {
    return answer(this.#facts);
  }
}

function incomplete(f: Facts): Finding | undefined {
  const { transaction: t, receiver, sender } = f;
  const { response } = t;
  if (response === null || f.responded !== 'partial' || f.late || isInvalid(f) || isIgnored(f))
    return undefined;
  return {
    proofs: [
      ...answer(f),
      ...proofs(
        ['receiver_fin', receiver.fin?.at],
        ['receiver_rst', receiver.rst?.at],
        ['zero_window', sender.zeroWindow],
        [f.closing ?? 'last_packet', f.closed ?? t.connection.last],
      ),
    ],
    ...whoStopped(f, response.lastByte),
  };
}

function whoStopped(f: Facts, last: Moment): Pick<Finding, 'fault' | 'because' | 'base'> {
  const { receiver, sender, gaveUp } = f;
  const { reset, answerBlocked } = f.transaction.stream ?? { reset: null, answerBlocked: null };
  if (reset?.side === 'receiver') {
    return { fault: faultOf(reset.error), because: [{ reason: 'stream_reset', error: reset.error }] };
  }
  if (answerBlocked !== null) {
    return { fault: ['sender'], because: [{ reason: 'sender_flow_closed', by: answerBlocked.by }] };
  }
  if (sender.zeroWindow !== null) {
    return { fault: ['sender'], because: [{ reason: 'sender_window_closed' }] };
  }
  if (receiver.holding) {
    return {
      fault: ['network', 'receiver'],
      because: [{ reason: 'bytes_beyond_hole' }],
    };
  }
  const end = firstClose(receiver);
  const first = f.closedBy === 'receiver_fin' || f.closedBy === 'receiver_rst';
  if (end !== null && (gaveUp === null || first || isBefore(end, gaveUp))) {
    const how = receiver.fin !== null && end === receiver.fin.at ? 'closed' : 'reset';
    return { fault: ['receiver'], because: [{ reason: 'receiver_stopped', how }] };
  }
  const waited = (gaveUp?.time ?? f.transaction.decidedAt) - last.time;
  const seconds = waited / 1e9;
  if (gaveUp !== null && waited < IMPATIENT) {
    return { fault: ['sender', 'receiver'], because: [{ reason: 'sender_stopped', seconds }] };
  }
  // That the rest did not come is an absence, which no packet proves.
  return {
    fault: ['receiver', 'network'],
    base: 'strong',
    because: [{ reason: 'answer_stalled', seconds }],
  };
}

function firstClose({ fin, rst }: Direction): Moment | null {
  if (fin === null || rst === null) return (fin ?? rst)?.at ?? null;
  return isBefore(fin.at, rst.at) ? fin.at : rst.at;
}

/** What came is no response at all, or its head was never ended by an empty line although the receiver was done. */
function isInvalid(f: Facts): boolean {
  const { response, garbage } = f.transaction;
  if (response === null) return garbage !== null;
  if (response.ended === 'invalid') return true;
  if (response.ended === 'lost') return false;
  // A head of HTTP/2 that is not whole was cut, whatever came after it.
  if (f.transaction.stream !== null) return false;
  return response.head !== null && !response.head.complete && f.receiver.fin !== null && !f.receiver.holding;
}

function invalid(f: Facts): Finding | undefined {
  const { garbage } = f.transaction;
  if (!isInvalid(f) || f.kind !== 'exchange' || f.late) return undefined;
  return {
    proofs: [
      ...answer(f),
      ...proofs(['response_first_byte', garbage?.first], ['response_last_byte', garbage?.last]),
    ],
    ...(garbage !== null && isTlsRecord(garbage.prefix) ? { because: [{ reason: 'tls_answer' }] } : {}),
  };
}

/** Content type 20 to 23, legacy version 3.x (RFC 8446 §5.1): as a port that expects TLS answers a plain request. */
function isTlsRecord(prefix: Buffer): boolean {
  return prefix.length > 2 && prefix[0]! >= 20 && prefix[0]! <= 23 && prefix[1] === 3;
}

function late(f: Facts): Finding | undefined {
  if (!f.late) return undefined;
  const reset = f.sender.rst !== null && f.gaveUp === f.sender.rst.at;
  const cancelled = f.transaction.stream?.reset?.at === f.gaveUp;
  const role = cancelled ? 'sender_rst_stream' : reset ? 'sender_rst' : 'sender_fin';
  const asked = f.transaction.request?.lastByte.time ?? f.transaction.connection.first.time;
  const waited = f.gaveUp!.time - asked;
  // The RST tells that the socket was closed by then; the FIN that closed it was not captured.
  const atMost = !isBefore(f.gaveUp!, f.transaction.response!.firstByte);
  return {
    proofs: [...answer(f), ...proofs([role, f.gaveUp])],
    ...(atMost ? { base: 'strong' as const } : {}),
    // A second is short for an answer over the Internet; beyond that the receiver was slow.
    fault: waited < IMPATIENT ? ['sender', 'receiver'] : ['receiver', 'sender'],
    because: [{ reason: 'sender_waited', seconds: waited / 1e9, atMost }],
  };
}

/** Not a byte of the answer was acknowledged although it came again, before the sender had given up. */
function isIgnored(f: Facts): boolean {
  const { transaction: t, receiver } = f;
  const again = receiver.lastRetransmission;
  if (t.response === null || again === null || f.late) return false;
  return receiver.acked <= t.response.start && isBefore(t.response.firstByte, again);
}

function ignored(f: Facts): Finding | undefined {
  if (!isIgnored(f)) return undefined;
  return { proofs: [...answer(f), ...proofs(['last_packet', f.receiver.lastRetransmission])] };
}

function early(f: Facts): Finding | undefined {
  const { response, request, acked } = f.transaction;
  if (response === null || request === null || !isRefusal(f) || status(f) < 300) return undefined;
  // Of a request with a hole the end is not known.
  const unfinished = request.ended !== 'complete' && request.ended !== 'closed' && request.ended !== 'lost';
  if (!unfinished && !isBefore(response.firstByte, request.lastByte)) return undefined;
  // What acknowledges the whole request came after it, in whatever order the two were captured.
  if (acked?.at && !isBefore(response.firstByte, acked.at)) return undefined;
  return { proofs: answer(f) };
}

function refusal(f: Facts, belongs: (status: number) => boolean): Finding | undefined {
  if (f.kind !== 'exchange' || !isRefusal(f) || !belongs(status(f))) return undefined;
  return { proofs: answer(f) };
}

/** The body as far as the rules of acceptance can read it. */
function bodyOf(f: Facts): { text: string; whole: boolean } {
  const response = f.transaction.response!;
  if (response.bodyBytes === 0) return { text: '', whole: true };
  const decoded = response.decoded();
  return { text: decoded.text ?? '', whole: decoded.text !== null && decoded.whole };
}

/** The rules for the body; none for a tunnel, which has no body (RFC 9110 §9.3.6) and delivers nothing itself. */
function rulesFor(f: Facts): Pick<AcceptRule, 'body' | 'rejectBody'> {
  return f.transaction.request?.head?.method === 'CONNECT' ? { body: null, rejectBody: null } : f.accept;
}

/** A pattern with the flags g or y would go on from where it matched last. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** gRPC tells in the trailer section whether the call succeeded; the status of HTTP says only that it was taken. */
function refusedInTrailers(f: Facts): Finding | undefined {
  const { stream, response } = f.transaction;
  const code = stream?.grpcStatus ?? null;
  if (code === null || code === '0' || !isWholeSuccess(f)) return undefined;
  const isGrpc = response?.head?.headers.some(
    ({ name, value }) => name.toLowerCase() === 'content-type' && /^application\/grpc\b/i.test(value),
  );
  return isGrpc ? { proofs: answer(f), because: [{ reason: 'grpc_status', value: code }] } : undefined;
}

function refusedInBody(f: Facts): Finding | undefined {
  const accept = rulesFor(f);
  if (f.responded === 'full' && isRefusal(f) && status(f) < 300) {
    return { proofs: answer(f), because: [{ reason: 'status_not_accepted', status: status(f) }] };
  }
  if (!isWholeSuccess(f) || (accept.body === null && accept.rejectBody === null)) return undefined;
  const { text, whole } = bodyOf(f);
  if (accept.rejectBody !== null && matches(accept.rejectBody, text))
    return { proofs: answer(f), because: [{ reason: 'body_rejected' }] };
  if (!whole || accept.body === null || matches(accept.body, text)) return undefined;
  return { proofs: answer(f), because: [{ reason: 'body_not_accepted' }] };
}

const isWholeSuccess = (f: Facts) =>
  f.kind === 'exchange' && f.responded === 'full' && isFinal(f) && isSuccess(f) && !f.late;

function delivered(f: Facts): Finding | undefined {
  const accept = rulesFor(f);
  if (!isWholeSuccess(f)) return undefined;
  if (accept.body === null && accept.rejectBody === null) return new Answered(f);
  const { text, whole } = bodyOf(f);
  if (accept.body !== null && matches(accept.body, text)) return { proofs: answer(f) };
  return whole && accept.body === null ? { proofs: answer(f) } : undefined;
}

function unconfirmed(f: Facts): Finding | undefined {
  if (!isWholeSuccess(f)) return undefined;
  return { proofs: answer(f), because: [{ reason: 'body_unreadable' }] };
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
  { code: 'refused_in_trailers', applies: refusedInTrailers },
  { code: 'delivered', applies: delivered },
  { code: 'delivered_unconfirmed', applies: unconfirmed },
];
