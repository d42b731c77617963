/**
 * `wirewitness live`: an interface in, verdicts out as they happen, until SIGINT or SIGTERM. What happens to the capture
 * itself is told on stderr. It is made to outlive the shell that started it.
 */
import { analyze } from '../analyzer.ts';
import { type LiveSource, openLive } from '../capture/live.ts';
import { BY_PROOF } from '../capture/live-child.ts';
import { frameKind } from '../capture/live-machine.ts';
import { Names } from '../capture/live-names.ts';
import { escapeText } from '../report/escape.ts';
import type { ExitStatus } from './exit.ts';
import type { LiveCommand } from './flags.ts';
import type { Io } from './io.ts';
import { judge, note } from './judging.ts';

/** @throws UserError */
export async function liveCommand(command: LiveCommand, io: Io): Promise<ExitStatus> {
  const { capture, analysis } = command;
  const names = new Names(analysis.hosts);
  const source: LiveSource = openLive({
    ...capture,
    frames: frameKind(capture.interface),
    backends: BY_PROOF.filter(({ name }) => capture.backend === 'auto' || capture.backend === name),
    names,
    ports: analysis.ports,
    onNote(line) {
      if (!command.quiet) note(io, `wirewitness: ${escapeText(line)}\n`);
    },
    onCounters(line) {
      if (!command.quiet) note(io, `${escapeText(line)}\n`);
    },
  });
  const { status } = await judge(command, io, {
    open: () => source,
    inputs: [],
    outlivesReaders: false,
    analyze: (_, sink, signal) => analyze(source, { ...analysis, resolved: names.resolved }, sink, signal),
  });
  return status;
}
