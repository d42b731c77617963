/**
 * The part of the text report that names deliveries: those of several attempts, which single transactions do not tell;
 * what was not delivered first. Delivery records in, wrapped lines out.
 */
import type { DeliveryRecord, DeliveryRecords } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { clip, escapeText } from './escape.ts';
import { placeOf } from './summary/facts.ts';
import type { DeliveryStory } from './summary/language.ts';
import type { Paint } from './terminal.ts';
import { readableTime } from './time.ts';
import { wrap } from './wrap.ts';

/** More is no overview any more; the rest is in the other formats. */
const SHOWN = 20;
const KEY_LENGTH = 80;
const PLACE_LENGTH = 120;

export function deliveryLines(deliveries: DeliveryRecords, context: ReportContext, paint: Paint): string[] {
  const { width } = context;
  const told = deliveryTexts(deliveries, context);
  if (told === null) return [];
  const lines = wrap(told.heading, width).map((line) => paint('bold', line));
  for (const { delivered, text } of told.items) {
    const [first = '', ...rest] = wrap(text, width - 4);
    lines.push(paint(delivered ? 'green' : 'red', `  ${first}`), ...rest.map((line) => `    ${line}`));
  }
  if (told.more !== null) lines.push(...wrap(told.more, width - 2).map((line) => `  ${line}`));
  return [...lines, ''];
}

/** All fit for a line; null where no delivery took several attempts. */
export function deliveryTexts(
  deliveries: DeliveryRecords,
  context: ReportContext,
): {
  readonly heading: string;
  readonly items: readonly { readonly delivered: boolean; readonly text: string }[];
  /** What is said of those that are left out. */
  readonly more: string | null;
} | null {
  const { language, only } = context;
  const words = language.report;
  const several: DeliveryRecord[] = [];
  for (const record of deliveries.several?.() ?? deliveries) {
    const { attemptCount, outcome, inferred } = record;
    if (attemptCount > 1 && !inferred && (only === null || only.includes(outcome))) several.push(record);
  }
  if (several.length === 0) return null;
  const order = several.sort(
    (a, b) =>
      Number(a.outcome === 'delivered') - Number(b.outcome === 'delivered') ||
      b.attemptCount - a.attemptCount,
  );
  return {
    heading: words.deliveries(several.length),
    items: order.slice(0, SHOWN).map((record) => ({
      delivered: record.outcome === 'delivered',
      text: words.delivery(storyOf(record, context)),
    })),
    more: several.length > SHOWN ? words.moreDeliveries(several.length - SHOWN) : null,
  };
}

function storyOf(record: DeliveryRecord, { clock }: ReportContext): DeliveryStory {
  const { key, keyFrom, method, firstSent, firstAcked, deliveredAt } = record;
  return {
    record,
    name: keyFrom === 'identical' ? null : escapeText(clip(key, KEY_LENGTH)),
    place: escapeText(clip(`${method ?? ''} ${placeOf(record) ?? ''}`.trim(), PLACE_LENGTH)),
    span: record.intervals.reduce((sum, interval) => sum + interval, 0),
    firstSent: readableTime(firstSent, clock),
    firstAcked: readableTime(firstAcked, clock),
    deliveredAt: readableTime(deliveredAt, clock),
  };
}
