/**
 * What a language gives to the reports: every word a person reads that is not a code or a field. A language is
 * one value of this type (`en.ts`); codes, field names and file names never change with it.
 * All strings that come in are escaped already, except those inside a record: `summarize` escapes them itself.
 */
import type { Outcome, TransactionRecord } from '../../verdict/verdict.ts';
import type { Clock } from '../time.ts';

export interface Language {
  /** As `--lang` names it. */
  readonly name: 'en';
  /** One sentence of facts on one line, safe to print. */
  readonly summarize: (record: TransactionRecord, clock: Clock) => string;
  readonly report: ReportWording;
}

/** Headings of the host table, in the table's order. */
export type HostColumn =
  | 'host'
  | 'attempts'
  | 'delivered'
  | 'refused'
  | 'unanswered'
  | 'unsent'
  | 'synUnanswered'
  | 'resets'
  | 'waitP50'
  | 'waitP95';

export interface ReportWording {
  readonly failed: (count: number) => string;
  readonly undecided: (count: number) => string;
  /** With `--only`, what was asked for instead of the two above. */
  readonly selected: (count: number, outcomes: readonly Outcome[]) => string;
  readonly nothingFailed: string;
  readonly nothingSelected: string;
  readonly noTransactions: string;
  readonly fault: (parties: readonly string[]) => string;
  readonly frames: (frames: readonly number[], file: string) => string;
  readonly because: (reasons: readonly string[]) => string;
  readonly signals: (signals: readonly string[]) => string;
  /** Lines of one host and verdict that were left out. */
  readonly more: (count: number) => string;
  readonly moreGroups: (transactions: number) => string;
  readonly hosts: string;
  readonly moreHosts: (count: number) => string;
  /** One line, and the same in two lines for terminals that have no room. */
  readonly columns: Readonly<Record<HostColumn, readonly [full: string, upper: string, lower: string]>>;
  /** The other shape of a table's line, for narrow terminals. */
  readonly hostLine: (cells: Readonly<Record<HostColumn, string>>) => string;
  readonly total: (
    transactions: number,
    hosts: number,
    outcomes: readonly (readonly [Outcome, number])[],
  ) => string;
  readonly read: (packets: number, files: number, from: string | null, to: string | null) => string;
  readonly warning: (text: string) => string;
  readonly dropped: (packets: number) => string;
  readonly ackedUnseen: (bytes: number) => string;
  readonly snaplenCut: (segments: number) => string;
  readonly oneDirection: string;
  readonly limitHit: (name: string, times: number) => string;
}
