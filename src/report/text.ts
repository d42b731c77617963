/**
 * For a person on a terminal: the failed transactions first, each with its sentence and the frames that prove
 * it, then those the capture does not decide, one line a host, the totals, and what the capture itself is to be
 * blamed for. Everything that came from packets is escaped; the only escape sequences are this report's colours.
 */
import { FAILED, type Findings, OUTCOMES, type Outcome, type TransactionRecord } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { escapeText } from './escape.ts';
import { hostLines } from './host-table.ts';
import { Listing } from './listing.ts';
import type { Output, Reporter } from './reporter.ts';
import { type Paint, painter, wrap } from './terminal.ts';
import { readableTime } from './time.ts';

/** Below this, wrapping does more harm than a terminal that breaks lines by itself. */
const NARROWEST = 40;

const UNDECIDED: readonly Outcome[] = ['pending', 'unknown'];

export function textReporter(output: Output, given: ReportContext): Reporter {
  const context = { ...given, width: Math.max(NARROWEST, given.width) };
  const { only, width } = context;
  const words = context.language.report;
  const paint = painter(context.colour);
  const failed = new Listing(context);
  const undecided = new Listing(context);
  const selected = new Listing(context);

  return {
    transaction(record) {
      if (only !== null) {
        if (only.includes(record.outcome)) selected.add(record);
      } else if (isFailure(record)) failed.add(record);
      else if (UNDECIDED.includes(record.outcome)) undecided.add(record);
    },
    end(findings) {
      const lines = [...transactionLines(findings), ...closingLines(findings, context, paint)];
      for (const line of lines) output.write(`${line}\n`);
    },
  };

  function transactionLines({ summary }: Findings): string[] {
    if (summary.transactions === 0) return [...wrap(words.noTransactions, width), ''];
    if (only !== null) {
      if (selected.count === 0) return [...wrap(words.nothingSelected, width), ''];
      return section(words.selected(selected.count, only), selected);
    }
    const lines: string[] = [];
    if (failed.count > 0) lines.push(...section(words.failed(failed.count), failed));
    else lines.push(...wrap(words.nothingFailed, width).map((line) => paint('green', line)), '');
    if (undecided.count > 0) lines.push(...section(words.undecided(undecided.count), undecided));
    return lines;
  }

  function section(heading: string, listing: Listing): string[] {
    return [...wrap(heading, width).map((line) => paint('bold', line)), '', ...listing.lines(paint)];
  }
}

/** An idle connection that was never used is no failure. */
function isFailure(record: TransactionRecord): boolean {
  return FAILED.includes(record.outcome) && record.verdict !== 'no_request_sent';
}

function closingLines(findings: Findings, context: ReportContext, paint: Paint): string[] {
  const { capture, hosts, summary } = findings;
  const { width, clock } = context;
  const words = context.language.report;
  const lines: string[] = [];
  if (hosts.length > 0) {
    lines.push(paint('bold', words.hosts), ...hostLines(hosts, context, paint), '');
  }
  if (summary.transactions > 0) {
    const outcomes = OUTCOMES.flatMap((outcome) => {
      const count = summary.outcomes[outcome] ?? 0;
      return count > 0 ? [[outcome, count] as const] : [];
    });
    lines.push(...wrap(words.total(summary.transactions, summary.hosts, outcomes), width));
  }
  const from = readableTime(capture.firstTime, clock);
  const to = readableTime(capture.lastTime, clock);
  lines.push(...wrap(words.read(capture.packets, capture.files.length, from, to), width));
  for (const text of warningsOf(findings, context)) {
    lines.push(...wrap(words.warning(text), width).map((line) => paint('yellow', line)));
  }
  return lines;
}

/** The capture's own warnings, and what its figures say about how far it can be trusted. */
function warningsOf({ capture }: Findings, { language }: ReportContext): string[] {
  const words = language.report;
  const texts = capture.warnings.map((warning) => escapeText(warning.text));
  if ((capture.dropped ?? 0) > 0) texts.push(words.dropped(capture.dropped ?? 0));
  if (capture.ackedUnseen > 0) texts.push(words.ackedUnseen(capture.ackedUnseen));
  if (capture.snaplenCut > 0) texts.push(words.snaplenCut(capture.snaplenCut));
  if (capture.oneDirection) texts.push(words.oneDirection);
  for (const [name, count] of Object.entries(capture.limitsHit)) {
    if (count > 0) texts.push(words.limitHit(name, count));
  }
  return texts;
}
