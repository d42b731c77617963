/**
 * What a run writes to: each target's output is opened before anything is read, then gets its reporter, and all of
 * them together are one record sink. A target that cannot be written any more leaves the others their reports; the
 * run ends early when none is left.
 */
import type { ReportContext } from '../report/context.ts';
import { createReporter, type Format, growsInPlace } from '../report/create.ts';
import type { Reporter } from '../report/reporter.ts';
import type { RecordSink } from '../verdict/verdict.ts';
import { type Io, wantsColour } from './io.ts';
import { type ClosableOutput, openFile, openStdout } from './output.ts';

/** Columns of a text report that goes to no terminal. */
const PLAIN_WIDTH = 100;

/** A target with its format chosen, open. */
export interface Opened {
  /** Null: standard output. */
  readonly path: string | null;
  readonly format: Format;
  readonly output: ClosableOutput;
}

/**
 * @param inputs paths that are read.
 * @param onStop called once when nothing more can be written anywhere.
 * @throws UserError
 */
export function openTargets(
  targets: readonly Pick<Opened, 'path' | 'format'>[],
  fd: number,
  inputs: readonly string[],
  onStop: () => void,
): Opened[] {
  let left = targets.length;
  const stopped = () => {
    left--;
    if (left === 0) onStop();
  };
  return targets.map(({ path, format }) => ({
    path,
    format,
    output: path === null ? openStdout(fd, stopped) : openFile(path, inputs, growsInPlace(format), stopped),
  }));
}

export interface Sinks extends RecordSink {
  /** Every reader has left: nobody is interested any more. */
  readonly abandoned: boolean;
  /** After `end`. @throws UserError when anything could not be written. */
  finish(): Promise<void>;
  /** Instead of `finish`, when the run has failed. */
  discard(): void;
}

/**
 * @param context what the reports need to know, but for how an output looks.
 * @param packets packets go to every report, not only to those that are made to show them.
 */
export function sinksOver(
  opened: readonly Opened[],
  context: Omit<ReportContext, 'colour' | 'width'>,
  io: Io,
  noColor: boolean,
  packets: boolean,
): Sinks {
  const reporters = opened.map(({ path, format, output }) => {
    const reporter = createReporter(format, output, {
      ...context,
      colour: path === null && wantsColour(io, io.stdout, noColor),
      width: (path === null ? io.stdout.columns() : null) ?? PLAIN_WIDTH,
    });
    return packets || reporter.packets === true ? reporter : withoutPackets(reporter);
  });
  return {
    get abandoned() {
      return opened.every(({ output }) => output.abandoned);
    },
    bodies: reporters.some((reporter) => reporter.bodies ?? true),
    packets: packets || reporters.some((reporter) => reporter.packets ?? false),
    wants(outcome, verdict) {
      return reporters.some((reporter) => reporter.wants?.(outcome, verdict) ?? true);
    },
    transaction(record) {
      for (const reporter of reporters) reporter.transaction(record);
    },
    end(findings) {
      for (const reporter of reporters) reporter.end(findings);
    },
    async finish() {
      for (const reporter of reporters) await reporter.finish?.();
      closeAll(opened);
    },
    discard() {
      for (const { output } of opened) output.discard();
    },
  };
}

/** Each is closed, whatever became of the others; the first failure is told. */
function closeAll(opened: readonly Opened[]): void {
  const failures: unknown[] = [];
  for (const { output } of opened) {
    try {
      output.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** What another report of the same run asked for changes nothing here. */
function withoutPackets(reporter: Reporter): Reporter {
  return {
    ...reporter,
    transaction: (record) =>
      reporter.transaction(record.packets === null ? record : { ...record, packets: null }),
  };
}
