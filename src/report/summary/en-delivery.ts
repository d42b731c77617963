/**
 * English: what became of one delivery over all its attempts, in one sentence.
 */
import type { Outcome, UnseenRecord } from '../../verdict/verdict.ts';
import { type Clock, readableTime } from '../time.ts';
import { duration } from './en-phrases.ts';
import { reasons } from './en-reasons.ts';
import { grouped, placeOf, quoted, wordReason } from './facts.ts';
import type { DeliveryStory } from './language.ts';

const ENDINGS: Readonly<Record<Outcome, string>> = {
  delivered: 'delivered',
  refused: 'never accepted',
  unanswered: 'never answered',
  unsent: 'never sent whole',
  pending: 'not over when the capture ended',
  unknown: 'with an end that the capture does not tell',
  missing: 'never seen',
};

/** `order 2017 (POST pay.shop.example:80/notify): 6 attempts in 3 min, never answered (…); taken …`. */
export function deliverySentence({ record, name, place, span, ...times }: DeliveryStory): string {
  const { attemptCount, outcome, verdict, duplicatesAfterAck, duplicatesAfterDelivery } = record;
  const subject = name === null ? `${place}, the same request` : `${name} (${place})`;
  const attempts = `${grouped(attemptCount)} attempts in ${duration(span) || '0 ms'}`;
  const parts: string[] = [];
  if (outcome === 'delivered') {
    parts.push(times.deliveredAt === null ? ENDINGS.delivered : `delivered at ${times.deliveredAt}`);
    if (duplicatesAfterDelivery > 0) parts.push(`${sentAgain(duplicatesAfterDelivery)} after that`);
  } else {
    parts.push(`${ENDINGS[outcome]} (${verdict})`);
    if (times.firstAcked === null) parts.push("never taken whole by the receiver's TCP");
    else parts.push(`taken by the receiver's TCP at ${times.firstAcked}`);
    if (duplicatesAfterAck > 0) parts.push(`${sentAgain(duplicatesAfterAck)} after that`);
  }
  return `${subject}: ${attempts}, ${parts.join('; ')}.`;
}

function sentAgain(n: number): string {
  return n === 1 ? 'sent once more' : `sent ${grouped(n)} times more`;
}

export function unseenSentence({ outcome, delivery, because }: UnseenRecord, clock: Clock): string {
  const place = placeOf(delivery);
  const to = place === null ? '' : ` to ${place}`;
  const time = readableTime(delivery.expected?.firstTime ?? null, clock);
  const when = time === null ? '' : ` expected at ${time}`;
  const subject = `the delivery ${quoted(delivery.key)}${to}${when}`;
  const why = because.map((reason) => wordReason(reasons, reason)).join('; ');
  if (outcome === 'missing') {
    const unsure = why === '' ? '' : ` (${why})`;
    return `No packet of ${subject} is in the capture${unsure}.`;
  }
  return `The capture does not tell what became of ${subject}: ${why}.`;
}
