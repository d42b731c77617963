/** A live capture over a backend and a machine that a test plays: packets when it sends them, deaths when it wants them. */
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { type LiveSource, openLive } from '../../src/capture/live.ts';
import type { Backend, BackendEvents, CaptureRequest, Ended } from '../../src/capture/live-backend.ts';
import { Names, type Resolve } from '../../src/capture/live-names.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { FakeTime, settled } from '../support/fake-time.ts';
import type { Frame } from '../support/packets-source.ts';
import { pcap } from '../support/pcap-files.ts';

export interface Played {
  readonly time: FakeTime;
  readonly source: LiveSource;
  readonly records: readonly TransactionRecord[];
  readonly notes: readonly string[];
  /** What was asked of the backend, one for each start. */
  readonly requests: readonly CaptureRequest[];
  /** How often drops were asked for. */
  readonly asked: () => number;
  /** The capture begins: its file header comes. */
  begin(): Promise<void>;
  /** These packets are captured now, whatever time they were written with. */
  capture(...frames: Frame[]): Promise<void>;
  dropped(packets: number): void;
  /** The backend ends by itself. */
  die(reason: string): Promise<void>;
  /** The user ends the run. */
  end(): Promise<Findings>;
}

export interface PlayOptions {
  readonly hosts?: readonly string[];
  readonly ports?: readonly number[];
  readonly expression?: string;
  readonly resolve?: Resolve;
  readonly timeout?: number;
  readonly clockArrival?: boolean;
  /** The backend never begins, and says this. */
  readonly refuses?: string;
}

export async function play(options: PlayOptions = {}): Promise<Played> {
  const time = new FakeTime();
  const records: TransactionRecord[] = [];
  const notes: string[] = [];
  const requests: CaptureRequest[] = [];
  let asked = 0;
  let events: BackendEvents | null = null;
  let finish: (ended: Ended) => void = () => {};
  const backend: Backend = {
    name: 'tcpdump',
    clockArrival: options.clockArrival ?? false,
    start(request, to) {
      requests.push(request);
      events = to;
      const ended = new Promise<Ended>((resolve) => {
        finish = resolve;
      });
      if (options.refuses !== undefined) finish({ reason: options.refuses });
      return { ended, askDropped: () => asked++, stop: () => finish({ reason: null }) };
    },
  };
  const names = new Names(options.hosts ?? [], options.resolve);
  const source = openLive(
    {
      interface: 'eth0',
      frames: 'ethernet',
      backends: [backend],
      names,
      ports: options.ports ?? [],
      expression: options.expression ?? null,
      snaplen: 262_144,
      promiscuous: true,
      bufferSize: 2048,
      onNote: (line) => notes.push(line),
      onCounters: (line) => notes.push(line),
    },
    time,
  );
  const stop = new AbortController();
  const run = analyze(
    source,
    {
      ...DEFAULT_OPTIONS,
      timeout: (options.timeout ?? 2) * 1e9,
      hosts: options.hosts ?? [],
      resolved: names.resolved,
    },
    { transaction: (record) => records.push(record), end() {} },
    stop.signal,
  );
  // Told when the run is ended; a test that waits for a failure awaits `end`.
  run.catch(() => {});
  await settled();
  return {
    time,
    source,
    records,
    notes,
    requests,
    asked: () => asked,
    async begin() {
      events?.onBytes(pcap([], { kind: 'nanoseconds' }));
      await settled();
    },
    async capture(...frames) {
      const now = time.wall();
      const all = frames.map(({ bytes }) => ({
        seconds: Number(now / 1_000_000_000n),
        fraction: Number(now % 1_000_000_000n),
        bytes,
      }));
      const header = pcap([], { kind: 'nanoseconds' }).length;
      events?.onBytes(pcap(all, { kind: 'nanoseconds' }).subarray(header));
      await settled();
    },
    dropped: (packets) => events?.onDropped(packets),
    async die(reason) {
      finish({ reason });
      await settled();
    },
    async end() {
      stop.abort();
      // What may still be in the kernel is waited for.
      await time.pass(2000);
      return run;
    },
  };
}
