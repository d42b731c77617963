/**
 * `npm run bench`: writes the workloads to .bench/, checks that the built analyzer finds every transaction in them, then
 * measures it beside programs that do less with the same file. See README.md here.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Measurement, measure, type Program } from './measure.ts';
import {
  pcapHeader,
  WORKLOAD_NAMES,
  type WorkloadFacts,
  type WorkloadName,
  writeWorkload,
} from './workloads.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}.bench/`;
const cli = `${root}dist/cli.js`;
const peakFile = `${folder}peak`;

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
      json: { type: 'string' },
    },
  });
  const scale = positive('--scale', values.scale);
  const runs = Math.ceil(positive('--runs', values.runs));
  const names = values.only.split(',').map(workloadName);
  if (!existsSync(cli)) fail('dist/cli.js is absent: run npm run build first');
  mkdirSync(folder, { recursive: true });

  const startup = startupTime(runs);
  print(
    `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, median of ${runs} runs`,
  );
  print(`start-up alone (a capture without packets): ${milliseconds(startup.median)}`);
  const results: Result[] = [];
  for (const name of names) {
    const path = `${folder}${name}.pcap`;
    const workload = generate(name, scale, path);
    check(workload, path);
    const result = { workload, measurements: measure(programs(path), runs, peakFile) };
    printResult(result);
    results.push(result);
  }
  if (values.json !== undefined) {
    const { version, arch, platform } = process;
    const machine = { node: version, arch, platform, cpus: cpus().map(({ model }) => model) };
    writeFileSync(values.json, `${JSON.stringify({ machine, scale, runs, startup, results }, null, 2)}\n`);
  }
}

function generate(name: WorkloadName, scale: number, path: string): WorkloadFacts {
  const fd = openSync(path, 'w');
  try {
    return writeWorkload(name, scale, (chunk) => writeSync(fd, chunk));
  } finally {
    closeSync(fd);
  }
}

function analyzer(path: string): Program {
  return {
    name: 'wirewitness analyze',
    command: process.execPath,
    arguments: [cli, 'analyze', '--format', 'ndjson', '-o', '/dev/null', path],
    node: true,
  };
}

/** What is compared: reading alone, reading and copying packet by packet, the analysis. */
function programs(path: string): Program[] {
  return [
    analyzer(path),
    { name: 'tcpdump -w /dev/null', command: 'tcpdump', arguments: ['-r', path, '-w', '/dev/null'] },
    { name: 'cat', command: 'cat', arguments: [path] },
  ];
}

function startupTime(runs: number): Measurement {
  const path = `${folder}empty.pcap`;
  writeFileSync(path, pcapHeader());
  return measure([analyzer(path)], runs, peakFile)[0]!;
}

/** A benchmark of wrong answers is worth nothing: every request of a workload is delivered, and found to be. */
function check(workload: WorkloadFacts, path: string): void {
  const ended = spawnSync(process.execPath, [cli, 'analyze', '--format', 'ndjson', path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 31,
  });
  const last = ended.stdout.trimEnd().split('\n').at(-1) ?? '';
  const summary = last === '' ? undefined : JSON.parse(last);
  if (ended.status !== 0 || summary?.outcomes?.delivered !== workload.requests) {
    fail(
      `${workload.name}: ${workload.requests} requests are delivered, the analyzer says ${last}${ended.stderr}`,
    );
  }
}

function printResult({ workload, measurements }: Result): void {
  const { name, packets, bytes, connections, requests } = workload;
  print(
    `\n${name}: ${packets} packets, ${(bytes / 1e6).toFixed(1)} MB, ${connections} connections, ${requests} requests`,
  );
  const own = measurements[0]?.median ?? null;
  for (const { name: program, median, seconds, peakBytes } of measurements) {
    if (median === null) {
      print(`  ${program.padEnd(22)} absent`);
      continue;
    }
    const columns = [
      milliseconds(median).padStart(10),
      `${milliseconds(Math.min(...seconds))} to ${milliseconds(Math.max(...seconds))}`.padStart(22),
      `${Math.round(packets / median / 1000)} k packets/s`.padStart(18),
      `${Math.round(bytes / median / 1e6)} MB/s`.padStart(11),
      `${own === null ? '–' : (own / median).toFixed(1)} ×`.padStart(8),
      peakBytes === null ? '' : `peak ${Math.round(peakBytes / 2 ** 20)} MiB`,
    ];
    print(`  ${program.padEnd(22)}${columns.join('  ')}`.trimEnd());
  }
}

function workloadName(text: string): WorkloadName {
  const found = WORKLOAD_NAMES.find((name) => name === text);
  return found ?? fail(`--only ${text}: known are ${WORKLOAD_NAMES.join(', ')}`);
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : fail(`${flag} ${text}: a positive number`);
}

function milliseconds(seconds: number | null): string {
  return seconds === null ? '–' : `${Math.round(seconds * 1000)} ms`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

main();
