/**
 * What a reporter needs to know beside the records: clock, language, and how the output looks.
 */
import type { CaptureFacts } from '../capture/packet.ts';
import type { TraceSink } from '../transaction/transaction.ts';
import type { Outcome } from '../verdict/verdict.ts';
import type { SecretNames } from './redaction/names.ts';
import type { Language } from './summary/language.ts';
import type { Clock } from './time.ts';

export interface ReportContext {
  /** The capture's own facts: read when a record is printed, because the first packet sets the epoch. */
  readonly clock: Clock;
  readonly language: Language;
  /** Print only transactions of these outcomes; null prints all. Hosts and summary count all either way. */
  readonly only: readonly Outcome[] | null;
  /** What is masked: records come so (where `MASK` stands, a secret was), and so are bytes that are written. Null: nothing. */
  readonly secrets: SecretNames | null;
  /** Reads the first so many packets of the capture a second time; null where they can be read only once. */
  readonly retrace: ((trace: TraceSink, packets: number) => Promise<CaptureFacts>) | null;
  /** For text: use ANSI colours. */
  readonly colour: boolean;
  /** For text: columns of a line. */
  readonly width: number;
  /** For text: tell the reasons and signals of each transaction too. */
  readonly verbose: boolean;
}
