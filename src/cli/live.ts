/**
 * `wirewitness live`: an interface in, verdicts out as they happen, until SIGINT or SIGTERM. What happens to the capture
 * itself is told on stderr. It is made to outlive the shell that started it.
 */
import { analyze, type Onlooker } from '../analyzer.ts';
import { type LiveSource, openLive } from '../capture/live.ts';
import { BY_PROOF } from '../capture/live-child.ts';
import { frameKind } from '../capture/live-machine.ts';
import { Names } from '../capture/live-names.ts';
import { clip, escapeText } from '../report/escape.ts';
import { KeptFiles } from '../report/keep/files.ts';
import { Keeper } from '../report/keep/keeper.ts';
import { KeptNames } from '../report/keep/names.ts';
import { hostOf } from '../report/listing.ts';
import type { Address, Gauges } from '../report/metrics.ts';
import { type Paint, painter } from '../report/terminal.ts';
import type { RecordSink, TransactionRecord } from '../verdict/verdict.ts';
import type { LiveCommand, WriteOptions } from './command.ts';
import type { ExitStatus } from './exit.ts';
import { type Io, wantsColour } from './io.ts';
import { formatShown, judge } from './judging.ts';
import { openKeyLog } from './keylog.ts';
import { findingLine, LiveStatus, watching } from './live-status.ts';
import { writeAll } from './output.ts';

/** Milliseconds between writes of what is gathered: what a killed process may lose. */
const FLUSH = 2000;

/** Milliseconds between redraws of the status line. */
const REDRAW = 1000;

/** @throws UserError */
export async function liveCommand(command: LiveCommand, io: Io): Promise<ExitStatus> {
  const { capture, analysis } = command;
  const secrets = command.keylog === null ? null : openKeyLog(command.keylog, true);
  const names = new Names(analysis.hosts);
  const screen = new Screen(command, io);
  const source = openLive({
    ...capture,
    frames: frameKind(capture.interface),
    backends: BY_PROOF.filter(({ name }) => capture.backend === 'auto' || capture.backend === name),
    names,
    ports: analysis.ports,
    onNote: (line) => screen.tell(`wirewitness: ${line}`),
    onCounters: (line) => screen.tell(line),
  });
  const status = new LiveStatus(source.facts);
  const gauges = { facts: source.facts, openConnections: () => status.openConnections() };
  const metrics = command.metrics === null ? null : await servedMetrics(gauges, command.metrics, screen);
  const ends = [() => metrics?.end()];
  try {
    const judged = await judge(command, io, {
      open: () => source,
      inputs: [],
      outlivesReaders: capture.write !== null || metrics !== null,
      around: (reports) =>
        watching(reports, {
          only: command.only,
          onRecord: metrics === null ? null : (record) => metrics.add(record),
          onFailure: (record) => status.addFailure(record),
          onFinding: (record) => screen.find(record, source),
          onEnd: () => screen.clear(),
        }),
      analyze(_, sink, stop) {
        const keeping =
          capture.write === null ? null : keepPackets(capture.write, capture.interface, source, stop, screen);
        ends.push(() => keeping?.end(), screen.show(status), outliving(status, screen, command, io, stop));
        const options = { ...analysis, secrets, resolved: names.resolved };
        return analyze(source, options, keeping?.around(sink) ?? sink, stop.signal, {
          ...keeping?.onlooker,
          onVerdict: (outcome, verdict) => status.count(outcome, verdict),
          onStart(state) {
            status.openConnections = () => state.openConnections;
          },
        });
      },
    });
    return judged.status;
  } finally {
    for (const end of ends) end();
  }
}

/**
 * A run whose shell was closed goes on: node has undone what nohup(1) set for SIGHUP. One that only a terminal was shown ends
 * with it. SIGUSR1 prints the counters.
 * @returns what undoes it.
 */
function outliving(
  status: LiveStatus,
  screen: Screen,
  command: LiveCommand,
  io: Io,
  stop: AbortController,
): () => void {
  const nobodyElse = io.stdout.terminal && command.capture.write === null && command.metrics === null;
  const onHangup = () => {
    if (nobodyElse) stop.abort();
  };
  const onCounters = () => screen.tell(`wirewitness: ${status.counters()}`);
  process.on('SIGHUP', onHangup);
  process.on('SIGUSR1', onCounters);
  return () => {
    process.removeListener('SIGHUP', onHangup);
    process.removeListener('SIGUSR1', onCounters);
  };
}

/** Lines on stderr, findings on a terminal, and a status line below both. None of them is worth dying for. */
class Screen {
  readonly #command: LiveCommand;
  readonly #io: Io;
  readonly #paint: Paint;
  #drawn = false;

  constructor(command: LiveCommand, io: Io) {
    this.#command = command;
    this.#io = io;
    this.#paint = painter(wantsColour(io, io.stdout, command.noColor));
  }

  tell(line: string): void {
    if (!this.#command.quiet) this.warn(line);
  }

  /** Said though nothing else is to be. */
  warn(line: string): void {
    this.clear();
    this.#write(this.#io.stderr.fd, `${escapeText(line)}\n`);
  }

  /** A report in text comes at the end; until then there is a line for each finding. */
  find(record: TransactionRecord, { facts }: LiveSource): void {
    if (formatShown(this.#command, this.#io) !== 'text') return;
    this.clear();
    this.#write(this.#io.stdout.fd, `${findingLine(record, facts, this.#paint)}\n`);
  }

  /** @returns what ends the status line. */
  show(status: LiveStatus): () => void {
    const { stderr } = this.#io;
    if (this.#command.quiet || !stderr.terminal) return () => {};
    const timer = setInterval(() => {
      this.#drawn = true;
      // One column less than there is: a full line would make some terminals scroll.
      const line = clip(status.counters(), (stderr.columns() ?? 80) - 1);
      this.#write(stderr.fd, `\r${line}\x1b[K`);
    }, REDRAW);
    return () => {
      clearInterval(timer);
      this.clear();
    };
  }

  clear(): void {
    if (this.#drawn) this.#write(this.#io.stderr.fd, '\r\x1b[K');
    this.#drawn = false;
  }

  #write(fd: number, text: string): void {
    try {
      writeAll(fd, Buffer.from(text));
    } catch {
      // The terminal is gone, or nobody reads the pipe any more.
    }
  }
}

async function servedMetrics(gauges: Gauges, address: Address, screen: Screen) {
  // Loaded where it is asked for: few runs do.
  const { Metrics, serveMetrics } = await import('../report/metrics.ts');
  const metrics = new Metrics(gauges);
  const served = await serveMetrics(metrics, address);
  const { host } = address;
  screen.tell(
    `wirewitness: metrics at http://${host.includes(':') ? `[${host}]` : host}:${served.port}/metrics`,
  );
  return {
    add: (record: TransactionRecord) => metrics.add(record, hostOf(record)),
    end: () => served.close(),
  };
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
  screen: Screen,
): Keeping {
  const files = new KeptFiles({
    names: new KeptNames(write.path, write.rotation),
    rotation: write.rotation,
    facts: source.facts,
    interfaceName,
    filter: () => source.filter,
    onOver: () => stop.abort(),
    onFailure: (text) => screen.warn(`wirewitness: warning: ${text}`),
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
      if (keeper.evicted > 0) {
        const lost = `${keeper.evicted} packets were given up before their connection was judged`;
        screen.warn(`wirewitness: warning: --keep failed: ${lost}; what is kept may lack them`);
      }
    },
  };
}
