/**
 * Rules for a stream of HTTP/2 that ended by itself, on a connection that may go on (RFC 9113 §5.4.2, §6.8, §6.9, §8.7). What
 * the receiver says of a stream in a frame of its own is no absence; what flow control held up is one.
 */
import type { Time } from '../../capture/packet.ts';
import type { StreamFacts } from '../../transaction/transaction.ts';
import { type Facts, isBefore, isLeftOut } from '../facts.ts';
import { type Finding, proofs, type Rule } from '../rule.ts';
import type { Party, Proof, Reason } from '../verdict.ts';

/** A reader that is merely busy opens its window sooner. */
const STUCK_WINDOW: Time = 1e9;

/** The receiver says that the sender broke a rule, or asked too much (RFC 9113 §7): which of them is right is not known. */
const ACCUSING: ReadonlySet<string> = new Set([
  'PROTOCOL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'COMPRESSION_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]);

/** Who is to answer for a stream that the receiver ended with this error. */
export function faultOf(error: string): readonly Party[] {
  return ACCUSING.has(error) ? ['receiver', 'sender'] : ['receiver'];
}

/** What a GOAWAY told beside the stream. */
export function goAwayOf(stream: StreamFacts | null): readonly Reason[] {
  if (stream === null || stream.goAway === null) return [];
  const { error, lastStream, debug } = stream.goAway;
  return [{ reason: 'goaway', error, lastStream, stream: stream.id, debug }];
}

function asked({ transaction: { request, acked } }: Facts): Proof[] {
  const whole = request?.ended === 'complete';
  return proofs(
    ['request_first_byte', request?.firstByte],
    ['request_last_byte', whole ? request.lastByte : null],
    ['request_acked', acked?.at],
  );
}

const isUnanswered = ({ transaction: { response, garbage } }: Facts) => response === null && garbage === null;

/** RFC 9113 §8.7: nothing of it was processed. */
function refused(f: Facts): Finding | undefined {
  const { stream } = f.transaction;
  const reset = stream?.reset ?? null;
  if (reset === null || reset.side !== 'receiver' || reset.error !== 'REFUSED_STREAM' || !isUnanswered(f))
    return undefined;
  const { beyond } = stream!;
  const because: Reason = { reason: 'stream_reset', error: reset.error };
  return {
    proofs: [...asked(f), ...proofs(['receiver_rst_stream', reset.at])],
    // Whoever opens more streams than he may is refused some (§5.1.2).
    fault: beyond === null ? ['receiver'] : ['sender', 'receiver'],
    because: beyond === null ? [because] : [because, { reason: 'streams_beyond', ...beyond }],
  };
}

function leftOut(f: Facts): Finding | undefined {
  const { stream, request } = f.transaction;
  if (stream === null || stream.goAway === null || !isLeftOut(stream) || !isUnanswered(f)) return undefined;
  const { at, error } = stream.goAway;
  const after = request !== null && isBefore(at, request.firstByte);
  const graceful: readonly Party[] = after ? ['sender', 'receiver'] : ['receiver'];
  return {
    proofs: [...asked(f), ...proofs(['receiver_goaway', at])],
    fault: error === 'NO_ERROR' ? graceful : faultOf(error),
    because: goAwayOf(stream),
  };
}

/** The receiver's TCP took all that was sent, and its flow control let no more be sent. */
function windowClosed(f: Facts): Finding | undefined {
  const { request, stream, decidedAt } = f.transaction;
  const blocked = stream?.blocked ?? null;
  if (blocked === null || request === null || f.responded !== 'none') return undefined;
  if (f.sender.acked < request.end || f.receiver.rst !== null || stream?.reset?.side === 'receiver')
    return undefined;
  const lasted = (f.closed?.time ?? decidedAt) - blocked.since.time;
  return {
    proofs: proofs(
      ['request_first_byte', request.firstByte],
      ['window_used_up', blocked.since],
      [f.closing ?? 'last_packet', f.closed ?? f.transaction.connection.last],
    ),
    fault: lasted < STUCK_WINDOW ? ['receiver', 'sender'] : ['receiver'],
    because: [{ reason: 'window_used_up', by: blocked.by, seconds: lasted / 1e9 }, ...goAwayOf(stream)],
  };
}

function reset(f: Facts, during: boolean): Finding | undefined {
  const { stream } = f.transaction;
  const ended = stream?.reset ?? null;
  if (ended === null || ended.side !== 'receiver' || !f.streamClosed || f.responded !== 'none')
    return undefined;
  if (during === (f.sent === 'full' && f.acked === 'full')) return undefined;
  return {
    proofs: [...asked(f), ...proofs(['receiver_rst_stream', ended.at])],
    fault: faultOf(ended.error),
    because: [{ reason: 'stream_reset', error: ended.error }],
  };
}

/** Told by frames that were seen: no hole can make them untrue, so they come before all else. */
export const UNPROCESSED_RULES: readonly Rule[] = [
  { code: 'stream_refused', applies: refused },
  { code: 'goaway_unprocessed', applies: leftOut },
];

export const STREAM_RULES: readonly Rule[] = [
  { code: 'stream_window_closed', applies: windowClosed },
  { code: 'reset_during_send', applies: (f) => reset(f, true) },
  { code: 'no_response_reset', applies: (f) => reset(f, false) },
];
