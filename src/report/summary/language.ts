/**
 * What a language gives to the reports: every word a person reads that is not a code or a field. A language is
 * one value of this type (`en.ts`, `zh.ts`); codes, field names and file names never change with it.
 * All strings that come in are escaped already, except those inside a record: `summarize` escapes them itself.
 */
import type { Anomaly } from '../../http/message.ts';
import type { Http2Anomaly } from '../../http2/http2.ts';
import type { TlsAnomaly } from '../../tls/tls.ts';
import type {
  CatalogueEntry,
  Code,
  Confidence,
  DeliveryRecord,
  ExpectedSummary,
  Outcome,
  Reason,
  Signal,
  TransactionRecord,
  UnseenRecord,
} from '../../verdict/verdict.ts';
import type { Clock } from '../time.ts';

export interface Language {
  /** As `--lang` names it. */
  readonly name: 'en' | 'zh';
  /** One sentence of facts on one line, safe to print. */
  readonly summarize: (record: TransactionRecord, clock: Clock) => string;
  /** One reason of a verdict, as a short phrase, safe to print. */
  /** The same of an expected delivery that no packet was seen of. */
  readonly summarizeUnseen: (record: UnseenRecord, clock: Clock) => string;
  readonly reason: (reason: Reason) => string;
  readonly report: ReportWording;
  readonly explain: ExplainWording;
}

export interface VerdictWording {
  /** A few words, as a heading. */
  readonly title: string;
  /** When it applies. */
  readonly definition: string;
  /** What to do next. */
  readonly remedy: string;
}

/** What explains a code. */
export interface ExplainWording {
  readonly verdict: (entry: CatalogueEntry) => VerdictWording;
  readonly labels: Readonly<Record<'outcome' | 'fault' | 'confidence' | 'todo', string>>;
  readonly nobody: string;
  /** The confidence that a verdict starts from. */
  readonly base: (confidence: Confidence) => string;
  /** What all signals have in common. */
  readonly signal: string;
  readonly signals: Readonly<Record<Signal, string>>;
  readonly httpAnomalies: Readonly<Record<Anomaly, string>>;
  readonly http2Anomalies: Readonly<Record<Http2Anomaly, string>>;
  readonly tlsAnomalies: Readonly<Record<TlsAnomaly, string>>;
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

/** Frames of one file; its name is null where the report is about that file only. */
export interface Frames {
  readonly frames: readonly number[];
  readonly file: string | null;
}

/** What a sentence tells of a delivery, beside its figures; everything that came from packets is escaped. */
export interface DeliveryStory {
  readonly record: DeliveryRecord;
  /** The business key; null where the request itself is the key. */
  readonly name: string | null;
  /** `POST pay.shop.example:80/notify`. */
  readonly place: string;
  /** Milliseconds from the first attempt to the last one. */
  readonly span: number;
  readonly firstSent: string | null;
  readonly firstAcked: string | null;
  readonly deliveredAt: string | null;
}

export interface ReportWording {
  /** First line: how much was read, and from which file or how many. Null where no file was read. */
  readonly read: (
    packets: number,
    from: string | number | null,
    first: string | null,
    last: string | null,
  ) => string;
  readonly standardInput: string;
  readonly packets: (count: number) => string;
  readonly moreFiles: (count: number) => string;
  readonly failed: (count: number) => string;
  readonly undecided: (count: number) => string;
  /** With `--only`, what was asked for instead of the two above. */
  readonly selected: (count: number, outcomes: readonly Outcome[]) => string;
  readonly nothingFailed: string;
  readonly nothingSelected: string;
  readonly noTransactions: string;
  /** Heading of the transactions of one host and verdict, behind the host. */
  readonly group: (outcome: Outcome, verdict: Code, count: number, fault: readonly string[]) => string;
  readonly proof: (confidence: string, frames: readonly Frames[]) => string;
  readonly because: (reasons: readonly string[]) => string;
  readonly signals: (signals: readonly string[]) => string;
  /** Transactions of one host and verdict that were left out. */
  readonly more: (count: number) => string;
  readonly moreGroups: (transactions: number) => string;
  /** Where to read what a verdict means. */
  readonly hint: string;
  /** Heading of the deliveries of several attempts. */
  readonly deliveries: (count: number) => string;
  readonly delivery: (story: DeliveryStory) => string;
  readonly moreDeliveries: (count: number) => string;
  /** Headings of the columns where single transactions are told in a table. */
  readonly ticket: { readonly transaction: string; readonly sentence: string; readonly proof: string };
  /** What became of a list of expected deliveries. */
  readonly expected: (summary: ExpectedSummary, outcomes: readonly (readonly [Outcome, number])[]) => string;
  /** Headings: of those that were not seen or cannot be told, and of those that were seen and not expected. */
  readonly unseen: (count: number) => string;
  readonly inferred: (count: number) => string;
  readonly notExpected: (count: number) => string;
  /** Before the numbers of lines of the list. */
  readonly lines: (lines: readonly number[]) => string;
  readonly hosts: string;
  readonly moreHosts: (count: number) => string;
  /** One line, and the same in two lines for terminals that have no room. */
  readonly columns: Readonly<Record<HostColumn, readonly [full: string, upper: string, lower: string]>>;
  /** The other shape of a table's line, for narrow terminals: what is nought is left out. */
  readonly hostLine: (cells: Readonly<Record<HostColumn, string>>) => string;
  readonly total: (
    transactions: number,
    hosts: number,
    outcomes: readonly (readonly [Outcome, number])[],
  ) => string;
  readonly warning: (text: string) => string;
  /** A warning of the reading, by its code; `text` is what the stage says, in English. */
  readonly captureWarning: (code: string, text: string) => string;
  readonly dropped: (packets: number) => string;
  readonly ackedUnseen: (bytes: number) => string;
  readonly snaplenCut: (segments: number) => string;
  readonly oneDirection: string;
  readonly limitHit: (name: string, times: number) => string;
}
