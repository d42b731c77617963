/**
 * What a command line comes to: one command with its options, each checked and in the unit that the program works with.
 */
import type { BackendName } from '../capture/live-backend.ts';
import type { Time } from '../capture/packet.ts';
import type { Keep } from '../report/keep/keeper.ts';
import type { Rotation } from '../report/keep/names.ts';
import type { Language } from '../report/summary/language.ts';
import type { AnalysisOptions, Outcome } from '../verdict/verdict.ts';
import type { Zone } from './moments.ts';
import type { Target } from './targets.ts';

/** What all commands that judge packets are told. */
export interface JudgingOptions {
  readonly analysis: AnalysisOptions;
  /** Path of the key log. */
  readonly keylog: string | null;
  /** As the flag gave it, nanoseconds; null where it did not, and a configuration may. */
  readonly timeout: Time | null;
  /** The configuration; null for the one in the working directory, if there is one. */
  readonly config: string | null;
  /** The list of expected deliveries, `-` for standard input, and the zone of times in it that name none. */
  readonly expect: { readonly path: string; readonly zone: Zone } | null;
  readonly only: readonly Outcome[] | null;
  /** At least one. */
  readonly targets: readonly Target[];
  /** Names to mask beside the usual ones; null masks nothing. */
  readonly redact: readonly string[] | null;
  readonly language: Language['name'];
  readonly quiet: boolean;
  /** JSON records hold their packets. */
  readonly packets: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly exitZero: boolean;
}

export interface AnalyzeCommand extends JudgingOptions {
  readonly name: 'analyze';
  /** As given, `-` for standard input; empty when none was named. */
  readonly files: readonly string[];
  /** A pcap-filter expression for their packets. */
  readonly filter: string | null;
}

export interface FilterOptions {
  readonly interface: string;
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** The user's own pcap-filter expression. */
  readonly expression: string | null;
}

export interface CaptureOptions {
  readonly interface: string;
  readonly expression: string | null;
  readonly backend: BackendName | 'auto';
  /** Bytes. */
  readonly snaplen: number;
  /** KiB. */
  readonly bufferSize: number;
  readonly promiscuous: boolean;
  /** Null: no packets are kept. */
  readonly write: WriteOptions | null;
}

export interface WriteOptions {
  /** With strftime's conversions. */
  readonly path: string;
  readonly keep: Keep;
  readonly rotation: Rotation;
}

export interface LiveCommand extends JudgingOptions {
  readonly name: 'live';
  /** Null: no metrics are served. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly capture: CaptureOptions;
}

export type Command =
  | AnalyzeCommand
  | LiveCommand
  | { readonly name: 'filter'; readonly filter: FilterOptions }
  | { readonly name: 'interfaces' }
  | { readonly name: 'doctor' }
  | { readonly name: 'explain'; readonly code: string | null; readonly language: Language['name'] }
  | { readonly name: 'help'; readonly text: string }
  | { readonly name: 'version' };
