/**
 * What every command does that judges packets: opens the outputs, joins source and reports by the analyzer, ends early
 * with a whole report on SIGINT and SIGTERM, and turns what was found into an exit status.
 */
import type { CaptureFacts, PacketSource } from '../capture/packet.ts';
import { UserError } from '../error.ts';
import { type Format, isBinary } from '../report/create.ts';
import { escapeText } from '../report/escape.ts';
import { SecretNames } from '../report/redaction/names.ts';
import { redacted } from '../report/redaction/redact.ts';
import { LANGUAGES } from '../report/summary/languages.ts';
import type { TraceSink } from '../transaction/transaction.ts';
import type { Findings, RecordSink } from '../verdict/verdict.ts';
import type { JudgingOptions } from './command.ts';
import { type ExitStatus, exitStatus } from './exit.ts';
import type { Io } from './io.ts';
import { writeAll } from './output.ts';
import { openTargets, sinksOver } from './sinks.ts';

export interface Judged {
  readonly findings: Findings;
  readonly status: ExitStatus;
  /** Nobody reads the outputs any more. */
  readonly abandoned: boolean;
}

/** One source, and the way its packets take to the records. */
export interface Judging {
  /** Called when the outputs are open: one that cannot be written costs no reading. */
  readonly open: () => PacketSource;
  /** Paths that are read, and must not be written. */
  readonly inputs: readonly string[];
  /** @param sink the reports; what else wants the records may stand around it. */
  readonly analyze: (source: PacketSource, sink: RecordSink, stop: AbortController) => Promise<Findings>;
  /** What else is shown of the records, with their secrets masked as in the reports. */
  readonly around?: (reports: RecordSink) => RecordSink;
  /** Reads the packets once more; absent where they can be read only once. */
  readonly retrace?: (trace: TraceSink, packets: number) => Promise<CaptureFacts>;
  /** The run goes on though nothing can be written any more. */
  readonly outlivesReaders: boolean;
}

/** @throws UserError */
export async function judge(options: JudgingOptions, io: Io, judging: Judging): Promise<Judged> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const targets = options.targets.map((target) => ({ path: target.path, format: formatOf(target, io) }));
  if (io.stdout.terminal) refuseBinary(targets);
  const onStop = judging.outlivesReaders ? () => {} : abort;
  const opened = openTargets(targets, io.stdout.fd, judging.inputs, onStop);
  const source = judging.open();
  const secrets = options.redact === null ? null : new SecretNames(options.redact);
  const context = {
    clock: source.facts,
    language: LANGUAGES[options.language],
    only: options.only,
    secrets,
    retrace: judging.retrace ?? null,
    verbose: options.verbose,
  };
  const sinks = sinksOver(opened, context, io, options.noColor, options.packets);

  // Once: whoever asks twice does not want to wait for the report.
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  let findings: Findings;
  try {
    const shown = judging.around?.(sinks) ?? sinks;
    const shared = secrets === null ? shown : redacted(shown, secrets);
    findings = await judging.analyze(source, shared, stop);
    await sinks.finish();
  } catch (error) {
    sinks.discard();
    throw error;
  } finally {
    process.removeListener('SIGINT', abort);
    process.removeListener('SIGTERM', abort);
  }
  const status = exitStatus(findings.summary, options.exitZero);
  const { abandoned } = sinks;
  // The text report says them itself.
  if (!abandoned && !options.quiet && formatShown(options, io) !== 'text') {
    for (const { text } of findings.capture.warnings) note(io, `wirewitness: warning: ${escapeText(text)}\n`);
  }
  return { findings, status, abandoned };
}

function refuseBinary(targets: readonly { readonly path: string | null; readonly format: Format }[]): void {
  const found = targets.find(({ path, format }) => path === null && isBinary(format));
  if (found === undefined) return;
  throw new UserError('flag', `${found.format} is nothing for a terminal: write it to a file with -o`);
}

/** What goes to standard output; null when nothing does. */
export function formatShown(options: JudgingOptions, io: Io): Format | null {
  const target = options.targets.find(({ path }) => path === null);
  return target === undefined ? null : formatOf(target, io);
}

export function formatOf({ format }: JudgingOptions['targets'][number], io: Io): Format {
  return format ?? (io.stdout.terminal ? 'text' : 'ndjson');
}

/** Something to say beside the results. */
export function note(io: Io, text: string): void {
  writeAll(io.stderr.fd, Buffer.from(text));
}
