/**
 * The part of the text report that holds a list of expected deliveries against the capture: what became of them, those
 * that no request was seen of, and those that were sent and are not on the list. Findings in, wrapped lines out.
 */
import { type DeliveryRecord, type Findings, OUTCOMES, type Outcome } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { clip, escapeText } from './escape.ts';
import { placeOf } from './summary/facts.ts';
import type { Paint } from './terminal.ts';
import { wrap } from './wrap.ts';

/** More is no overview any more; the rest is in the other formats. */
const SHOWN = 20;
/** Lines of the list that are named of one delivery. */
const LINES = 10;
const KEY_LENGTH = 80;

/** A part of the list, all fit for a line. */
interface Section {
  readonly heading: string;
  readonly items: readonly Item[];
  /** What is said of those that are left out. */
  readonly more: string | null;
}

interface Item {
  readonly text: string;
  readonly style: 'red' | 'yellow' | null;
}

export function expectedLines(findings: Findings, context: ReportContext, paint: Paint): string[] {
  const { width } = context;
  const told = expectedTexts(findings, context);
  if (told === null) return [];
  const lines = [...wrap(told.summary, width), ''];
  for (const { heading, items, more } of told.sections) {
    lines.push(...wrap(heading, width).map((line) => paint('bold', line)));
    for (const { text, style } of items) {
      const [first = '', ...rest] = wrap(text, width - 4);
      lines.push(`  ${style === null ? first : paint(style, first)}`, ...rest.map((line) => `    ${line}`));
    }
    if (more !== null) lines.push(...wrap(more, width - 2).map((line) => `  ${line}`));
    lines.push('');
  }
  return lines;
}

/** Null without a list. */
export function expectedTexts(
  { summary, unseen, deliveries }: Findings,
  { language, only, clock }: ReportContext,
): { readonly summary: string; readonly sections: readonly Section[] } | null {
  const words = language.report;
  const { expected } = summary;
  if (expected === null) return null;
  const wanted = ({ outcome }: { readonly outcome: Outcome }) => only === null || only.includes(outcome);
  const outcomes = OUTCOMES.flatMap((outcome) => {
    const count = expected.outcomes[outcome] ?? 0;
    return count > 0 ? [[outcome, count] as const] : [];
  });
  const seen = [...deliveries];
  const linesOf = ({ expected: of }: DeliveryRecord) => words.lines(of?.lines.slice(0, LINES) ?? []);
  const section = <T>(
    heading: (count: number) => string,
    records: readonly T[],
    item: (record: T) => Item,
  ) =>
    records.length === 0
      ? []
      : [
          {
            heading: heading(records.length),
            items: records.slice(0, SHOWN).map(item),
            more: records.length > SHOWN ? words.moreDeliveries(records.length - SHOWN) : null,
          },
        ];
  return {
    summary: words.expected(expected, outcomes),
    sections: [
      ...section(words.unseen, unseen.filter(wanted), (record) => ({
        text: `${language.summarizeUnseen(record, clock)} (${record.verdict}, ${record.confidence}; ${linesOf(record.delivery)})`,
        style: record.outcome === 'missing' ? 'red' : 'yellow',
      })),
      ...section(
        words.inferred,
        seen.filter((record) => record.inferred && wanted(record)),
        (record) => ({
          text: `${nameOf(record)}: ${record.verdict} ${record.attempts.join(' ')} (${linesOf(record)})`,
          style: 'red',
        }),
      ),
      ...section(
        words.notExpected,
        seen.filter((record) => record.expected?.lines.length === 0 && wanted(record)),
        (record) => ({ text: `${nameOf(record)}: ${record.outcome}`, style: null }),
      ),
    ],
  };
}

function nameOf(record: DeliveryRecord): string {
  const place = placeOf(record);
  const name = escapeText(clip(record.key, KEY_LENGTH));
  return place === null ? name : `${name} (${place})`;
}
