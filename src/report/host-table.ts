/**
 * Host records in, one aligned line a host out: a table where the terminal has room for it (with its headings in
 * one line, else in two), and one sentence a host where it has not.
 */
import { FAILED, type HostRecord } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { hostAndPort } from './listing.ts';
import type { HostColumn } from './summary/language.ts';
import { type Paint, padEnd, padStart, widthOf } from './terminal.ts';
import { wrap } from './wrap.ts';

/** More lines than this are no overview any more; the rest is in the other formats. */
const SHOWN = 100;

export const COLUMNS: readonly HostColumn[] = [
  'host',
  'attempts',
  'delivered',
  'refused',
  'unanswered',
  'unsent',
  'synUnanswered',
  'resets',
  'waitP50',
  'waitP95',
];

type Cells = Readonly<Record<HostColumn, string>>;

export function hostLines(hosts: readonly HostRecord[], context: ReportContext, paint: Paint): string[] {
  const { rows, more } = hostRows(hosts, context);
  const lines = table(rows, context, paint);
  if (more !== null) lines.push(...wrap(more, context.width));
  return lines;
}

/** Those that failed most first, then the busiest; the given order among equals. */
export function hostRows(
  hosts: readonly HostRecord[],
  { language }: ReportContext,
): { readonly rows: readonly Cells[]; readonly more: string | null } {
  const order = [...hosts].sort((a, b) => failures(b) - failures(a) || b.attempts - a.attempts);
  const more = hosts.length > SHOWN ? language.report.moreHosts(hosts.length - SHOWN) : null;
  return { rows: order.slice(0, SHOWN).map(cellsOf), more };
}

function failures(host: HostRecord): number {
  const unused = host.verdicts.no_request_sent ?? 0;
  return FAILED.reduce((sum, outcome) => sum + (host.outcomes[outcome] ?? 0), 0) - unused;
}

function cellsOf(record: HostRecord): Cells {
  const { outcomes, resets, wait } = record;
  return {
    host: hostAndPort(record.host, record.port),
    attempts: String(record.attempts),
    delivered: String(outcomes.delivered ?? 0),
    refused: String(outcomes.refused ?? 0),
    unanswered: String(outcomes.unanswered ?? 0),
    unsent: String(outcomes.unsent ?? 0),
    synUnanswered: String(record.synUnanswered),
    resets: String(resets.bySender + resets.byReceiver),
    waitP50: short(wait.p50),
    waitP95: short(wait.p95),
  };
}

/** At most six characters: `0.4ms`, `120ms`, `12.3s`, `600s`; `-` when nothing was answered. */
function short(milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return '-';
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)}ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}ms`;
  return milliseconds < 99_950
    ? `${(milliseconds / 1000).toFixed(1)}s`
    : `${Math.round(milliseconds / 1000)}s`;
}

function table(rows: readonly Cells[], { language, width }: ReportContext, paint: Paint): string[] {
  const { columns, hostLine } = language.report;
  const wide = layout(rows, [COLUMNS.map((name) => columns[name][0])], '  ');
  if (wide.width <= width) return paintTable(wide, paint);
  const narrow = layout(
    rows,
    [COLUMNS.map((name) => columns[name][1]), COLUMNS.map((name) => columns[name][2])],
    ' ',
  );
  if (narrow.width <= width) return paintTable(narrow, paint);
  return rows.flatMap((cells) =>
    wrap(hostLine(cells), width - 2).map((line, i) => (i === 0 ? line : `  ${line}`)),
  );
}

interface Layout {
  readonly width: number;
  readonly headings: readonly string[];
  readonly lines: readonly string[];
}

function layout(rows: readonly Cells[], headings: readonly (readonly string[])[], gap: string): Layout {
  const body = rows.map((cells) => COLUMNS.map((name) => cells[name]));
  const widths = COLUMNS.map((_, i) =>
    [...headings, ...body].reduce((most, line) => Math.max(most, widthOf(line[i] ?? '')), 0),
  );
  // The host is read as a word, the rest as numbers.
  const align = (line: readonly string[]) =>
    line.map((cell, i) => (i === 0 ? padEnd(cell, widths[i]!) : padStart(cell, widths[i]!))).join(gap);
  return {
    width: widths.reduce((sum, column) => sum + column, 0) + gap.length * (COLUMNS.length - 1),
    headings: headings.map(align),
    lines: body.map(align),
  };
}

function paintTable({ headings, lines }: Layout, paint: Paint): string[] {
  return [...headings.map((line) => paint('bold', line)), ...lines];
}
