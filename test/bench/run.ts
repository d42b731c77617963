/**
 * `npm run bench`: writes the workloads to .bench/, checks that the built analyzer finds every transaction in them, then
 * measures it beside programs that do less with the same file. See README.md here.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { line, type Measurement, measure, type Program } from './measure.ts';
import { analyzer, type Build, buildOf, MODE_NAMES, type Mode, peers } from './programs.ts';
import {
  type Size,
  WORKLOAD_NAMES,
  type WorkloadFacts,
  type WorkloadName,
  writeWorkload,
} from './workloads.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}.bench/`;
const peakFile = `${folder}peak`;
const output = `${folder}output.ndjson`;
const own: Build = { name: 'wirewitness', cli: `${root}dist/cli.js` };

/** What `--fit` measures: sizes by connections, and by requests of a connection, up to ten times the smallest. */
const FIT_SCALES = [0.1, 0.25, 0.5, 0.75, 1];
const FIT_POSTS = [4, 10, 20, 30, 40];

interface Result {
  readonly workload: WorkloadFacts;
  readonly measurements: readonly Measurement[];
}

function main(): void {
  const { values } = parseArgs({
    options: {
      scale: { type: 'string', default: '1' },
      runs: { type: 'string', default: '5' },
      only: { type: 'string', default: WORKLOAD_NAMES.join(',') },
      modes: { type: 'string', default: MODE_NAMES.join(',') },
      against: { type: 'string' },
      'no-peers': { type: 'boolean', default: false },
      'no-fit': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const scale = positive('--scale', values.scale);
  const runs = Math.ceil(positive('--runs', values.runs));
  const names = values.only.split(',').map((name) => oneOf('--only', name, WORKLOAD_NAMES));
  const modes = values.modes.split(',').map((name) => oneOf('--modes', name, MODE_NAMES));
  if (!existsSync(own.cli)) fail('dist/cli.js is absent: run npm run build first');
  mkdirSync(folder, { recursive: true });
  const builds = [own];
  if (values.against !== undefined) builds.push(buildOf(values.against, root, folder));

  const machine = {
    node: process.version,
    platform: process.platform,
    cpus: cpus().map(({ model }) => model),
  };
  print(
    `node ${machine.node}, ${machine.cpus.length} × ${machine.cpus[0] ?? 'unknown processor'}, median of ${runs} runs`,
  );
  const startup = measure(startups(builds), Math.max(runs, 5), peakFile);
  print('\nstart-up');
  table(startup, null, 1);
  const results = names.map((name) => workloadResult(name, scale, runs, modes, builds, !values['no-peers']));
  const fits = values['no-fit'] ? [] : [growth('connections', runs, scale), growth('requests', runs, scale)];
  rmSync(output, { force: true });
  if (values.json === undefined) return;
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine, scale, runs, startup, results, fits }, null, 2)}\n`,
  );
}

function startups(builds: readonly Build[]): Program[] {
  const command = process.execPath;
  return [
    ...builds.map(({ name, cli }) => ({
      name: `${name} --version`,
      command,
      arguments: [cli, '--version'],
      node: true,
    })),
    ...builds.map(({ name, cli }) => ({
      name: `${name} --help`,
      command,
      arguments: [cli, '--help'],
      node: true,
    })),
    { name: 'node -e 0', command, arguments: ['-e', '0'], node: true },
  ];
}

function workloadResult(
  name: WorkloadName,
  scale: number,
  runs: number,
  modes: readonly Mode[],
  builds: readonly Build[],
  withPeers: boolean,
): Result {
  const [workload, path] = generate(name, { scale });
  check(workload, path);
  const { packets, bytes, connections, requests } = workload;
  print(
    `\n${name}: ${packets} packets, ${(bytes / 1e6).toFixed(1)} MB, ${connections} connections, ${requests} requests`,
  );
  const programs = modes.flatMap((mode) => builds.map((build) => analyzer(build, mode, path, output)));
  const measurements = measure(withPeers ? [...programs, ...peers(path, folder)] : programs, runs, peakFile);
  table(measurements, workload, programs.length);
  rmSync(path);
  return { workload, measurements };
}

/** How time and memory grow with what a capture holds. */
function growth(by: 'connections' | 'requests', runs: number, scale: number): object {
  const sizes: Size[] =
    by === 'connections'
      ? FIT_SCALES.map((share) => ({ scale: share * scale }))
      : FIT_POSTS.map((posts) => ({ scale: 0.1 * scale, posts }));
  const points = sizes.map((size) => {
    const [workload, path] = generate('short', size);
    const [measured] = measure([analyzer(own, 'failed', path, output)], runs, peakFile);
    rmSync(path);
    return { workload, ...measured! };
  });
  const { base, slope, explained } = line(
    points.map(({ workload, median }) => [workload.packets / 1e6, median ?? 0] as const),
  );
  print(
    `\nshort with more ${by}, --only failed: ${base.toFixed(2)} s and ${slope.toFixed(2)} s a million packets`,
  );
  print(`  (a straight line explains ${(100 * explained).toFixed(2)} %)`);
  for (const { workload, median, peakBytes } of points) {
    const { packets, connections } = workload;
    const columns = [`${packets} packets`.padStart(16), `${connections} connections`.padStart(20)];
    print(`  ${[...columns, milliseconds(median).padStart(9), mebibytes(peakBytes).padStart(9)].join('  ')}`);
  }
  return { by, base, slope, explained, points };
}

function generate(name: WorkloadName, size: Size): [workload: WorkloadFacts, path: string] {
  const path = `${folder}${name}.pcap`;
  const fd = openSync(path, 'w');
  try {
    return [writeWorkload(name, size, (chunk) => writeSync(fd, chunk)), path];
  } finally {
    closeSync(fd);
  }
}

/** A benchmark of wrong answers is worth nothing: every attempt of a workload is found, and found to be what it is. */
function check(workload: WorkloadFacts, path: string): void {
  const args = [own.cli, 'analyze', '--format', 'ndjson', '--only', 'missing', '--exit-zero', path];
  const ended = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  const last = ended.stdout.trimEnd().split('\n').at(-1) ?? '';
  const found: Record<string, number> = last === '' ? {} : JSON.parse(last).outcomes;
  const { outcomes } = workload;
  const wrong = Object.entries(found).some(([outcome, count]) => count !== (outcomes[outcome] ?? 0));
  if (ended.status !== 0 || wrong) {
    fail(`${workload.name}: ${JSON.stringify(outcomes)} is right, the analyzer says ${last}${ended.stderr}`);
  }
}

/** @param ours how many of the first are ours: the others' times are told as multiples of theirs. */
function table(measurements: readonly Measurement[], workload: WorkloadFacts | null, ours: number): void {
  print(
    `  ${[' '.repeat(24), 'median', ...measurements.slice(0, ours).map((_, i) => `#${i + 1} /`)].join('  ').trimEnd()}`,
  );
  measurements.forEach(({ name, median, seconds, processor, peakBytes, absent }, i) => {
    const title = `${i < ours ? `#${i + 1} ` : ''}${name}`.padEnd(26);
    if (median === null) {
      print(`  ${title}${absent ?? ''}`);
      return;
    }
    const ratios = measurements
      .slice(0, ours)
      .map((first) => ((first.median ?? 0) / median).toFixed(1).padStart(5));
    const columns = [
      milliseconds(median).padStart(9),
      `${milliseconds(Math.min(...seconds))} to ${milliseconds(Math.max(...seconds))}`.padStart(21),
      ...ratios,
      workload === null ? '' : `${Math.round(workload.packets / median / 1000)} k packets/s`.padStart(16),
      workload === null ? '' : `${Math.round(workload.bytes / median / 1e6)} MB/s`.padStart(10),
      processor === null ? '' : `cpu ${milliseconds(processor)}`.padStart(12),
      mebibytes(peakBytes).padStart(8),
    ];
    print(`  ${title}${columns.join('  ')}`.trimEnd());
  });
}

function oneOf<T extends string>(flag: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  return found ?? fail(`${flag} ${text}: known are ${known.join(', ')}`);
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : fail(`${flag} ${text}: a positive number`);
}

function milliseconds(seconds: number | null): string {
  return seconds === null ? '–' : `${Math.round(seconds * 1000)} ms`;
}

function mebibytes(bytes: number | null): string {
  return bytes === null ? '' : `${Math.round(bytes / 2 ** 20)} MiB`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

main();
