/**
 * The formats: a name in, its reporter out. A new one is a line here, and the tests that all formats share run it.
 */
import type { ReportContext } from './context.ts';
import { csvReporter } from './csv.ts';
import { curlReporter } from './curl.ts';
import { harReporter } from './har.ts';
import { htmlReporter } from './html/html.ts';
import { jsonReporter } from './json.ts';
import { mdReporter } from './md.ts';
import { ndjsonReporter } from './ndjson.ts';
import { pcapngReporter } from './pcapng.ts';
import type { Output, Reporter } from './reporter.ts';
import { textReporter } from './text.ts';

interface FormatEntry {
  readonly create: (output: Output, context: ReportContext) => Reporter;
  /** Names of files that are written in it, without the dot. */
  readonly extensions: readonly string[];
  /** Whole lines are of use as soon as they are there: a file grows in place. Others appear when they are complete. */
  readonly grows: boolean;
  /** Nothing for a terminal. */
  readonly binary?: boolean;
}

const ENTRIES = {
  text: { create: textReporter, extensions: ['txt'], grows: false },
  ndjson: { create: ndjsonReporter, extensions: ['ndjson', 'jsonl'], grows: true },
  json: { create: jsonReporter, extensions: ['json'], grows: false },
  md: { create: mdReporter, extensions: ['md'], grows: false },
  csv: { create: csvReporter, extensions: ['csv'], grows: true },
  har: { create: harReporter, extensions: ['har'], grows: false },
  curl: { create: curlReporter, extensions: ['sh'], grows: false },
  html: { create: htmlReporter, extensions: ['html', 'htm'], grows: false },
  pcapng: { create: pcapngReporter, extensions: ['pcapng'], grows: false, binary: true },
} as const satisfies Readonly<Record<string, FormatEntry>>;

export type Format = keyof typeof ENTRIES;

const REGISTRY: Readonly<Record<Format, FormatEntry>> = ENTRIES;

export const FORMATS = Object.keys(ENTRIES) as readonly Format[];

export function createReporter(format: Format, output: Output, context: ReportContext): Reporter {
  return REGISTRY[format].create(output, context);
}

export function growsInPlace(format: Format): boolean {
  return REGISTRY[format].grows;
}

export function isBinary(format: Format): boolean {
  return REGISTRY[format].binary ?? false;
}

/** The format that a file is written in by its name; null where the name does not tell. */
export function formatOf(path: string): Format | null {
  const extension = /[^/]\.([a-z\d]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined) return null;
  return FORMATS.find((format) => REGISTRY[format].extensions.includes(extension)) ?? null;
}
