/**
 * `wirewitness analyze`: captures in, judged and reported, with a bar that shows how far the reading has come.
 */

import { statSync } from 'node:fs';
import type { CaptureFacts, PacketSource } from '../capture/packet.ts';
import { UserError } from '../error.ts';
import type { TraceSink } from '../transaction/transaction.ts';
import type { AnalysisOptions, Findings, RecordSink } from '../verdict/verdict.ts';
import type { AnalyzeCommand } from './command.ts';
import type { ExitStatus } from './exit.ts';
import type { Io } from './io.ts';
import { formatOf, formatShown, judge, note } from './judging.ts';
import { openKeyLog } from './keylog.ts';
import { NO_PROGRESS, type Progress, progressOn, size } from './progress.ts';

/** What the command needs of the stages below, so that tests can give another one. */
export interface Engine {
  openCapture(
    paths: readonly string[],
    options: {
      readonly onProgress: (read: number, total: number | null) => void;
      readonly digests: boolean;
      readonly filter?: string;
    },
  ): PacketSource;
  analyze(
    source: PacketSource,
    options: AnalysisOptions,
    sink: RecordSink,
    signal: AbortSignal,
  ): Promise<Findings>;
  retrace(
    source: PacketSource,
    options: AnalysisOptions,
    trace: TraceSink,
    packets: number,
  ): Promise<CaptureFacts>;
}

/** @throws UserError */
export async function analyzeCommand(command: AnalyzeCommand, io: Io, engine: Engine): Promise<ExitStatus> {
  const paths = pathsOf(command, io);
  // Lines that appear while the bar is drawn on the same screen would tear it.
  const torn = io.stdout.terminal && formatShown(command, io) === 'ndjson';
  const progress = progressFor(command, io, torn);
  const secrets = command.keylog === null ? null : openKeyLog(command.keylog, false);
  let bytes = 0;
  const started = performance.now();
  const open = () =>
    engine.openCapture(paths, {
      onProgress: (read, total) => {
        bytes = read;
        progress.update(read, total);
      },
      // The text report tells none.
      digests: command.targets.some((target) => formatOf(target, io) !== 'text'),
      ...(command.filter === null ? {} : { filter: command.filter }),
    });
  const analysis = { ...command.analysis, secrets };
  const again = {
    retrace: (trace: TraceSink, packets: number) => engine.retrace(open(), analysis, trace, packets),
  };
  try {
    const { findings, status, abandoned } = await judge(command, io, {
      open,
      inputs: paths,
      ...(paths.every(canBeReadTwice) ? again : {}),
      outlivesReaders: false,
      analyze: (source, sink, stop) =>
        engine.analyze(source, analysis, clearing(sink, progress), stop.signal),
    });
    if (command.verbose && !abandoned) note(io, speed(findings, bytes, (performance.now() - started) / 1000));
    return status;
  } finally {
    progress.done();
  }
}

/** A pipe gives what it holds once; what cannot be read at all is told when it is opened. */
function canBeReadTwice(path: string): boolean {
  if (path === '-') return false;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined || stat.isFile() || stat.isDirectory();
}

function pathsOf({ files }: AnalyzeCommand, io: Io): readonly string[] {
  if (files.length > 0) return files;
  if (!io.stdin.terminal) return ['-'];
  throw new UserError(
    'flag',
    'no capture given: name a file, or pipe one in (tcpdump -w - | wirewitness analyze)',
  );
}

function progressFor(command: AnalyzeCommand, io: Io, torn: boolean): Progress {
  if (command.quiet || torn || !io.stderr.terminal) return NO_PROGRESS;
  return progressOn(
    (text) => note(io, text),
    io.stderr.columns,
    () => performance.now(),
  );
}

/** Takes the bar away before the last records, among them the whole text report, are printed. */
function clearing(sink: RecordSink, progress: Progress): RecordSink {
  return {
    bodies: sink.bodies ?? true,
    packets: sink.packets ?? false,
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
