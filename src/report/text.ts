/**
 * For a person on a terminal: what was read; the failed transactions, each with its sentence and the frames that
 * prove it; those the capture does not decide; deliveries of several attempts; one line a host; the totals, and what the capture itself is to be
 * blamed for. Everything that came from packets is escaped; the only escape sequences are this report's colours.
 */
import { type Code, FAILED, type Findings, OUTCOMES, type Outcome } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { deliveryLines } from './delivery-list.ts';
import { escapeText } from './escape.ts';
import { expectedLines } from './expected-list.ts';
import { type FileNames, fileNames } from './file-names.ts';
import { hostLines } from './host-table.ts';
import { Listing } from './listing.ts';
import type { Output, Reporter } from './reporter.ts';
import { type Paint, painter } from './terminal.ts';
import { readableTime } from './time.ts';
import { wrap } from './wrap.ts';

/** Below this, wrapping does more harm than a terminal that breaks lines by itself. */
const NARROWEST = 40;

/** Files named one by one. */
const FILES = 20;

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
    bodies: false,
    wants: (outcome, verdict) =>
      only === null ? isFailure(outcome, verdict) || UNDECIDED.includes(outcome) : only.includes(outcome),
    transaction(record) {
      if (only !== null) {
        if (only.includes(record.outcome)) selected.add(record);
      } else if (isFailure(record.outcome, record.verdict)) failed.add(record);
      else if (UNDECIDED.includes(record.outcome)) undecided.add(record);
    },
    end(findings) {
      const paths = findings.capture.files.map((file) => file.path);
      const files = fileNames(paths, words.standardInput);
      const lines = [
        ...openingLines(findings, context),
        ...transactionLines(findings, files),
        ...deliveryLines(findings.deliveries, context, paint),
        ...expectedLines(findings, context, paint),
        ...closingLines(findings, context, paint),
      ];
      while (lines.at(-1) === '') lines.pop();
      for (const line of lines) output.write(`${line}\n`);
    },
  };

  function transactionLines({ summary, unseen }: Findings, files: FileNames): string[] {
    if (summary.transactions === unseen.length) return [...wrap(words.noTransactions, width), ''];
    if (only !== null) {
      if (selected.count === 0) return [...wrap(words.nothingSelected, width), ''];
      return section(words.selected(selected.count, only), selected, files);
    }
    const lines: string[] = [];
    if (failed.count > 0) lines.push(...section(words.failed(failed.count), failed, files));
    else if (unseen.length === 0)
      lines.push(...wrap(words.nothingFailed, width).map((line) => paint('green', line)), '');
    if (undecided.count > 0) {
      lines.push(...section(words.undecided(undecided.count), undecided, files));
    }
    if (failed.count + undecided.count > 0) lines.push(...wrap(words.hint, width), '');
    return lines;
  }

  function section(heading: string, listing: Listing, files: FileNames): string[] {
    return [...wrap(heading, width).map((line) => paint('bold', line)), '', ...listing.lines(paint, files)];
  }
}

/** An idle connection that was never used is no failure. */
export function isFailure(outcome: Outcome, verdict: Code): boolean {
  return FAILED.includes(outcome) && verdict !== 'no_request_sent';
}

function openingLines(findings: Findings, context: ReportContext): string[] {
  const { read, files } = openingTexts(findings, context);
  const named = files.flatMap((name) => wrap(name, context.width - 2).map((line) => `  ${line}`));
  return [...wrap(read, context.width), ...named, ''];
}

/** What was read, and when it was captured. Several files are named one by one, as the evidence tells them apart. */
export function openingTexts(
  { capture }: Findings,
  { language, clock }: ReportContext,
): { readonly read: string; readonly files: readonly string[] } {
  const words = language.report;
  const { files } = capture;
  const pathOf = (path: string) => (path === '-' ? words.standardInput : escapeText(path));
  const from = files.length === 1 ? pathOf(files[0]!.path) : files.length || null;
  const first = readableTime(capture.firstTime, clock);
  const last = readableTime(capture.lastTime, clock);
  const read = words.read(capture.packets, from, first, last);
  if (files.length < 2) return { read, files: [] };
  const named = files
    .slice(0, FILES)
    .map(({ path, packets }) => `${pathOf(path)}: ${words.packets(packets)}`);
  if (files.length > FILES) named.push(words.moreFiles(files.length - FILES));
  return { read, files: named };
}

function closingLines(findings: Findings, context: ReportContext, paint: Paint): string[] {
  const { hosts, summary } = findings;
  const { width } = context;
  const words = context.language.report;
  const lines: string[] = [];
  if (hosts.length > 0) {
    lines.push(paint('bold', words.hosts), ...hostLines(hosts, context, paint), '');
  }
  if (summary.transactions > 0) lines.push(...wrap(totalText(findings, context), width));
  for (const text of warningsOf(findings, context)) {
    lines.push(...wrap(words.warning(text), width).map((line) => paint('yellow', line)));
  }
  return lines;
}

export function totalText({ summary }: Findings, { language }: ReportContext): string {
  const outcomes = OUTCOMES.flatMap((outcome) => {
    const count = summary.outcomes[outcome] ?? 0;
    return count > 0 ? [[outcome, count] as const] : [];
  });
  return language.report.total(summary.transactions, summary.hosts, outcomes);
}

/** The capture's own warnings, and what its figures say about how far it can be trusted. */
export function warningsOf({ capture }: Findings, { language }: ReportContext): string[] {
  const words = language.report;
  const texts = capture.warnings.map(({ code, text }) => words.captureWarning(code, escapeText(text)));
  if ((capture.dropped ?? 0) > 0) texts.push(words.dropped(capture.dropped ?? 0));
  if (capture.ackedUnseen > 0) texts.push(words.ackedUnseen(capture.ackedUnseen));
  if (capture.snaplenCut > 0) texts.push(words.snaplenCut(capture.snaplenCut));
  if (capture.oneDirection) texts.push(words.oneDirection);
  for (const [name, count] of Object.entries(capture.limitsHit)) {
    if (count > 0) texts.push(words.limitHit(name, count));
  }
  return texts;
}
