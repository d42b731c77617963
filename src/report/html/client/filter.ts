/**
 * Which transactions a reader wants to see: rows in, the same rows or fewer out.
 */
import type { Outcome, Row } from './records.ts';

export interface Filter {
  /** Empty: all. */
  readonly outcomes: ReadonlySet<Outcome>;
  readonly host: string | null;
  /** Milliseconds of the capture. */
  readonly span: { readonly from: number; readonly to: number } | null;
  /** Every word of it must be found, in any order, whatever the case. */
  readonly search: string;
}

export const EVERYTHING: Filter = { outcomes: new Set(), host: null, span: null, search: '' };

/** @param textOf all that a row can be found by, in lower case. */
export function filtered(rows: readonly Row[], filter: Filter, textOf: (row: Row) => string): readonly Row[] {
  const words = filter.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows.filter(
    (row) =>
      (filter.outcomes.size === 0 || filter.outcomes.has(row.outcome)) &&
      (filter.host === null || row.host === filter.host) &&
      (filter.span === null || isWithin(row, filter.span)) &&
      (words.length === 0 || matches(textOf(row), words)),
  );
}

function isWithin({ start }: Row, { from, to }: { from: number; to: number }): boolean {
  return start !== null && start >= from && start <= to;
}

function matches(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}
