/**
 * `wirewitness live`: an interface in, verdicts out as they happen, until SIGINT or SIGTERM. What happens to the capture
 * itself is told on stderr. It is made to outlive the shell that started it.
 */
import { analyze, type Onlooker } from '../analyzer.ts';
import { type LiveSource, openLive } from '../capture/live.ts';
import { BY_PROOF } from '../capture/live-child.ts';
import { frameKind } from '../capture/live-machine.ts';
import { Names } from '../capture/live-names.ts';
import { escapeText } from '../report/escape.ts';
import { KeptFiles } from '../report/keep/files.ts';
import { Keeper } from '../report/keep/keeper.ts';
import { KeptNames } from '../report/keep/names.ts';
import type { RecordSink } from '../verdict/verdict.ts';
import type { ExitStatus } from './exit.ts';
import type { LiveCommand, WriteOptions } from './flags.ts';
import type { Io } from './io.ts';
import { judge, note } from './judging.ts';

/** Milliseconds between writes of what is gathered: what a killed process may lose. */
const FLUSH = 2000;

/** @throws UserError */
export async function liveCommand(command: LiveCommand, io: Io): Promise<ExitStatus> {
  const { capture, analysis } = command;
  const names = new Names(analysis.hosts);
  const tell = (text: string) => {
    if (!command.quiet) note(io, `${escapeText(text)}\n`);
  };
  const source = openLive({
    ...capture,
    frames: frameKind(capture.interface),
    backends: BY_PROOF.filter(({ name }) => capture.backend === 'auto' || capture.backend === name),
    names,
    ports: analysis.ports,
    onNote: (line) => tell(`wirewitness: ${line}`),
    onCounters: tell,
  });
  const { status } = await judge(command, io, {
    open: () => source,
    inputs: [],
    outlivesReaders: capture.write !== null,
    async analyze(_, sink, stop) {
      const options = { ...analysis, resolved: names.resolved };
      if (capture.write === null) return analyze(source, options, sink, stop.signal);
      const keeping = keepPackets(capture.write, capture.interface, source, stop, (text) => note(io, text));
      try {
        return await analyze(source, options, keeping.around(sink), stop.signal, keeping.onlooker);
      } finally {
        keeping.end();
      }
    },
  });
  return status;
}

interface Keeping {
  readonly onlooker: Onlooker;
  around(sink: RecordSink): RecordSink;
  end(): void;
}

function keepPackets(
  write: WriteOptions,
  interfaceName: string,
  source: LiveSource,
  stop: AbortController,
  say: (text: string) => void,
): Keeping {
  const files = new KeptFiles({
    names: new KeptNames(write.path, write.rotation),
    rotation: write.rotation,
    facts: source.facts,
    interfaceName,
    filter: () => source.filter,
    onOver: () => stop.abort(),
    // Said though nothing else is to be: proof is lost.
    onFailure: (text) => say(`wirewitness: warning: ${escapeText(text)}\n`),
  });
  const keeper = new Keeper(write.keep, files);
  const timer = setInterval(() => files.flush(), FLUSH);
  return {
    onlooker: {
      onPacket: (packet) => keeper.onPacket(packet),
      onConnection: (id) => keeper.onConnection(id),
    },
    around: (sink) => keeper.around(sink),
    end() {
      clearInterval(timer);
      files.close();
    },
  };
}
