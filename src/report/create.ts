/**
 * A format's name in, its reporter out.
 */
import type { ReportContext } from './context.ts';
import { jsonReporter } from './json.ts';
import { ndjsonReporter } from './ndjson.ts';
import type { Output, Reporter } from './reporter.ts';
import { textReporter } from './text.ts';

const FACTORIES = {
  text: textReporter,
  ndjson: ndjsonReporter,
  json: jsonReporter,
} as const satisfies Record<string, (output: Output, context: ReportContext) => Reporter>;

export type Format = keyof typeof FACTORIES;

export const FORMATS: readonly Format[] = ['text', 'ndjson', 'json'];

export function createReporter(format: Format, output: Output, context: ReportContext): Reporter {
  return FACTORIES[format](output, context);
}
