/**
 * `wirewitness analyze`: opens the capture and the output, joins them by the analyzer and a reporter, and turns
 * what was found into an exit status. SIGINT and SIGTERM end the reading early; the report is still whole.
 */

import type { PacketSource } from '../capture/packet.ts';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import { SecretNames } from '../report/redaction/names.ts';
import { redacted } from '../report/redaction/redact.ts';
import { LANGUAGES } from '../report/summary/languages.ts';
import type { AnalysisOptions, Findings, RecordSink } from '../verdict/verdict.ts';
import { type ExitStatus, exitStatus } from './exit.ts';
import type { AnalyzeCommand } from './flags.ts';
import type { Io } from './io.ts';
import { writeAll } from './output.ts';
import { NO_PROGRESS, type Progress, progressOn, size } from './progress.ts';
import { openTargets, sinksOver } from './sinks.ts';

/** What the command needs of the stages below, so that tests can give another one. */
export interface Engine {
  openCapture(
    paths: readonly string[],
    options: { readonly onProgress: (read: number, total: number | null) => void },
  ): PacketSource;
  analyze(
    source: PacketSource,
    options: AnalysisOptions,
    sink: RecordSink,
    signal: AbortSignal,
  ): Promise<Findings>;
}

/** @throws UserError */
export async function analyzeCommand(command: AnalyzeCommand, io: Io, engine: Engine): Promise<ExitStatus> {
  const paths = pathsOf(command, io);
  const stop = new AbortController();
  const abort = () => stop.abort();
  const standard = io.stdout.terminal ? 'text' : 'ndjson';
  const targets = command.targets.map(({ path, format }) => ({ path, format: format ?? standard }) as const);
  const opened = openTargets(targets, io.stdout.fd, paths, abort);
  const shown = targets.find(({ path }) => path === null)?.format ?? null;
  const note = (text: string) => writeAll(io.stderr.fd, Buffer.from(text));
  // Lines that appear while the bar is drawn on the same screen would tear it.
  const progress = progressFor(command, io, io.stdout.terminal && shown === 'ndjson', note);

  let bytes = 0;
  const source = engine.openCapture(paths, {
    onProgress: (read, total) => {
      bytes = read;
      progress.update(read, total);
    },
  });
  const context = {
    clock: source.facts,
    language: LANGUAGES[command.language],
    only: command.only,
    verbose: command.verbose,
  };
  const sinks = sinksOver(opened, context, io, command.noColor);

  const started = performance.now();
  // Once: whoever asks twice does not want to wait for the report.
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  let findings: Findings;
  try {
    const shared = command.redact === null ? sinks : redacted(sinks, new SecretNames(command.redact));
    findings = await engine.analyze(source, command.analysis, clearing(shared, progress), stop.signal);
    await sinks.finish();
  } catch (error) {
    sinks.discard();
    throw error;
  } finally {
    progress.done();
    process.removeListener('SIGINT', abort);
    process.removeListener('SIGTERM', abort);
  }
  const status = exitStatus(findings.summary, command.exitZero);
  if (sinks.abandoned) return status;
  // The text report says them itself.
  if (!command.quiet && shown !== 'text') {
    for (const { text } of findings.capture.warnings) note(`wirewitness: warning: ${escapeText(text)}\n`);
  }
  if (command.verbose) note(speed(findings, bytes, (performance.now() - started) / 1000));
  return status;
}

function pathsOf({ files }: AnalyzeCommand, io: Io): readonly string[] {
  if (files.length > 0) return files;
  if (!io.stdin.terminal) return ['-'];
  throw new UserError(
    'flag',
    'no capture given: name a file, or pipe one in (tcpdump -w - | wirewitness analyze)',
  );
}

function progressFor(command: AnalyzeCommand, io: Io, torn: boolean, note: (text: string) => void): Progress {
  if (command.quiet || torn || !io.stderr.terminal) return NO_PROGRESS;
  return progressOn(note, io.stderr.columns, () => performance.now());
}

/** Takes the bar away before the last records, among them the whole text report, are printed. */
function clearing(sink: RecordSink, progress: Progress): RecordSink {
  return {
    bodies: sink.bodies ?? true,
    wants: (outcome, verdict) => sink.wants?.(outcome, verdict) ?? true,
    transaction: (record) => sink.transaction(record),
    end(findings) {
      progress.done();
      sink.end(findings);
    },
  };
}

function speed({ capture }: Findings, bytes: number, seconds: number): string {
  const rate = size(bytes / Math.max(seconds, 0.001));
  return `wirewitness: ${capture.packets} packets, ${size(bytes)} in ${seconds.toFixed(2)} s (${rate}/s)\n`;
}
