/**
 * A delivery of several attempts. In: those attempts as they begin and as they are judged. Out: what its record tells of
 * them. The best attempt decides what became of the delivery.
 */
import type { Time } from '../capture/packet.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Judged } from './record.ts';
import type { Code, DeliveryRecord, Outcome, TransactionFacts } from './verdict.ts';

/** What may still turn out well comes before what is known to have failed. */
const BEST_FIRST: readonly Outcome[] = [
  'delivered',
  'pending',
  'unknown',
  'refused',
  'unanswered',
  'unsent',
  'missing',
];

interface Attempt {
  readonly at: Time;
  readonly connection: number;
  readonly index: number;
  judged: boolean;
}

/** A delivery of several attempts. */
export interface Several {
  /** In order of their first bytes, bounded. */
  readonly attempts: Attempt[];
  /** Judged, listed or not. */
  judged: number;
  best: Best | null;
  firstSent: Time | null;
  firstAcked: Time | null;
  deliveredAt: Time | null;
  /** Of attempts that are not listed. */
  unlistedAfterAck: number;
  unlistedAfterDelivery: number;
}

export interface Result {
  readonly outcome: Outcome;
  readonly verdict: Code;
  readonly acked: TransactionFacts['acked'];
}

interface Best extends Result {
  readonly at: Time;
}

/** One of them was judged. @param wanted false where it was not asked for: it is no attempt. */
export function noteJudged(
  several: Several,
  { transaction, verdict, outcome, code }: Judged,
  wanted: boolean,
): void {
  const { attempts } = several;
  const index = indexOf(attempts, transaction);
  if (!wanted) {
    if (index >= 0) attempts.splice(index, 1);
    return;
  }
  const { request, response, acked } = transaction;
  const at = request!.firstByte.time;
  several.judged++;
  if (index >= 0) attempts[index]!.judged = true;
  else {
    if (isAfter(at, several.firstAcked)) several.unlistedAfterAck++;
    if (isAfter(at, several.deliveredAt)) several.unlistedAfterDelivery++;
  }
  const best: Best = { outcome, verdict: code, acked: verdict.acked, at };
  if (several.best === null || isBetter(best, several.best)) several.best = best;
  several.firstSent = earliest(several.firstSent, at);
  several.firstAcked = earliest(several.firstAcked, acked?.at?.time ?? null);
  if (outcome === 'delivered') {
    several.deliveredAt = earliest(several.deliveredAt, response?.lastByte.time ?? null);
  }
}

/** Of an attempt that is not judged yet: the last ones are looked at first. */
export function indexOf(attempts: readonly Attempt[], { connection: { id }, index }: Transaction): number {
  return attempts.findLastIndex((attempt) => attempt.connection === id && attempt.index === index);
}

export function isAfter(at: Time, moment: Time | null): boolean {
  return moment !== null && at > moment;
}

function earliest(a: Time | null, b: Time | null): Time | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** 0 is best. */
export function outcomeRank(outcome: Outcome): number {
  return BEST_FIRST.indexOf(outcome);
}

/** A delivery that the accept rule confirmed before one that it could not; then what the receiver took; then the later. */
function isBetter(a: Best, b: Best): boolean {
  const [rank, other] = [outcomeRank(a.outcome), outcomeRank(b.outcome)];
  if (rank !== other) return rank < other;
  if (a.outcome === 'delivered') return a.verdict === 'delivered' && b.verdict !== 'delivered';
  if ((a.acked === 'full') !== (b.acked === 'full')) return a.acked === 'full';
  return a.at >= b.at;
}

export type AttemptFields = Pick<
  DeliveryRecord,
  | 'attempts'
  | 'attemptCount'
  | 'intervals'
  | 'firstSent'
  | 'firstAcked'
  | 'deliveredAt'
  | 'duplicatesAfterAck'
  | 'duplicatesAfterDelivery'
>;

export function attemptsOf(several: Several): AttemptFields {
  const { attempts, firstAcked, deliveredAt } = several;
  const after = (moment: Time | null) => attempts.filter(({ at }) => isAfter(at, moment)).length;
  return {
    attempts: attempts.flatMap(({ judged, connection, index }) => (judged ? `${connection}.${index}` : [])),
    attemptCount: several.judged,
    intervals: attempts.slice(1).map(({ at }, i) => (at - attempts[i]!.at) / 1e6),
    firstSent: several.firstSent,
    firstAcked,
    deliveredAt,
    duplicatesAfterAck: after(firstAcked) + several.unlistedAfterAck,
    duplicatesAfterDelivery: after(deliveredAt) + several.unlistedAfterDelivery,
  };
}
