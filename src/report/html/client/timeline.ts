/**
 * The timeline as data: one lane a host, those that failed most on top, and in each lane one mark for all attempts
 * that fall on the same few pixels. Rows in, marks out, never more than fit, however many transactions there are.
 */
import { OUTCOMES, type Outcome, type Row } from './records.ts';

export interface Mark {
  /** Pixels from the left of the chart. */
  readonly x: number;
  /** Of the longest attempt under the mark, in pixels. */
  readonly length: number;
  /** The worst of them. */
  readonly outcome: Outcome;
  readonly count: number;
  readonly first: Row;
  /** Milliseconds that the mark stands for. */
  readonly from: number;
  readonly to: number;
}

export interface Lane {
  /** Null: all hosts that have no lane of their own. */
  readonly host: string | null;
  readonly attempts: number;
  readonly failed: number;
  readonly marks: readonly Mark[];
}

/** Pixels that one mark takes. */
export const MARK = 10;
const LANES = 14;

/** @param span milliseconds of the whole axis. @param width pixels of it. */
export function timelineOf(rows: readonly Row[], span: number, width: number): Lane[] {
  const byHost = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.start === null) continue;
    const known = byHost.get(row.host);
    if (known === undefined) byHost.set(row.host, [row]);
    else known.push(row);
  }
  const order = [...byHost].sort(([, a], [, b]) => failures(b) - failures(a) || b.length - a.length);
  const own = order.length <= LANES ? order : order.slice(0, LANES - 1);
  const lanes = own.map(([host, of]) => laneOf(host, of, span, width));
  const others = order.slice(own.length).flatMap(([, of]) => of);
  if (others.length > 0) lanes.push(laneOf(null, others, span, width));
  return lanes;
}

function failures(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + (row.failed ? 1 : 0), 0);
}

function laneOf(host: string | null, rows: readonly Row[], span: number, width: number): Lane {
  const scale = span > 0 ? (width - MARK) / span : 0;
  const bins = new Map<number, Row[]>();
  for (const row of rows) {
    const bin = Math.floor((row.start! * scale) / MARK);
    const known = bins.get(bin);
    if (known === undefined) bins.set(bin, [row]);
    else known.push(row);
  }
  const marks = [...bins.values()].map((of) => markOf(of, scale)).sort((a, b) => a.x - b.x);
  return { host, attempts: rows.length, failed: failures(rows), marks };
}

function markOf(rows: readonly Row[], scale: number): Mark {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let end = 0;
  let worst = OUTCOMES.length - 1;
  for (const { start, took, outcome } of rows) {
    from = Math.min(from, start!);
    to = Math.max(to, start!);
    end = Math.max(end, start! + (took ?? 0));
    worst = Math.min(worst, OUTCOMES.indexOf(outcome));
  }
  return {
    x: from * scale,
    length: Math.max(0, (end - from) * scale),
    outcome: OUTCOMES[worst]!,
    count: rows.length,
    first: rows[0]!,
    from,
    to,
  };
}
