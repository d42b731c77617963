/**
 * `npm run bench:memory`: streams ever longer captures through a named pipe into the built analyzer and prints its
 * peak memory for each, which must not follow their lengths. See README.md here.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FLOOD_NAMES, FLOODS, type FloodName } from './floods.ts';

const here = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = `${root}dist/cli.js`;
const peakHook = fileURLToPath(new URL('peak.mjs', import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      packets: { type: 'string', default: '1e6,4e6' },
      only: { type: 'string', default: FLOOD_NAMES.join(',') },
      /** What the child that writes is started with. */
      write: { type: 'string' },
      to: { type: 'string' },
    },
  });
  const sizes = values.packets.split(',').map(positive);
  if (values.write !== undefined && values.to !== undefined) {
    return writeTo(values.to, floodName(values.write), sizes[0] ?? 0);
  }
  if (!existsSync(cli)) fail('dist/cli.js is absent: run npm run build first');
  print(`node ${process.version}; peak memory of analyze --format ndjson -o /dev/null, Node included`);
  for (const name of values.only.split(',').map(floodName)) {
    for (const packets of sizes) print(await measured(name, packets));
  }
}

/** One run, as a line of the table. */
async function measured(name: FloodName, packets: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wirewitness-memory-'));
  const pipe = join(folder, 'pipe');
  const peakFile = join(folder, 'peak');
  if (spawnSync('mkfifo', [pipe]).status !== 0) fail('mkfifo is needed, and failed');
  const start = process.hrtime.bigint();
  try {
    const writing = ended([
      '--import',
      'tsx',
      here,
      '--write',
      name,
      '--packets',
      String(packets),
      '--to',
      pipe,
    ]);
    const analysis = ['analyze', '--quiet', '--exit-zero', '--format', 'ndjson', '-o', '/dev/null', pipe];
    const reading = ended(['--import', peakHook, cli, ...analysis], { WIREWITNESS_BENCH_PEAK: peakFile });
    const [wrote, read] = await Promise.all([writing, reading]);
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    const label = `${name.padEnd(12)}${(packets / 1e6).toFixed(2).padStart(8)} M packets`;
    if (read !== 0) return `${label}   the analyzer ended with ${read}`;
    if (wrote !== 0) fail(`the writer ended with ${wrote}`);
    const peak = JSON.parse(readFileSync(peakFile, 'latin1')).peakBytes / 2 ** 20;
    return `${label}${seconds.toFixed(0).padStart(6)} s   peak ${peak.toFixed(0).padStart(5)} MiB`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts node and waits for its end: status or signal. */
function ended(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number | string | null> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
}

/** Waits where the pipe is full; a reader that has gone shows in its own status. */
function writeTo(path: string, name: FloodName, packets: number): void {
  const fd = openSync(path, 'w');
  FLOODS[name](packets, (chunk) => {
    for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
  });
  closeSync(fd);
}

function floodName(text: string): FloodName {
  return (
    FLOOD_NAMES.find((name) => name === text) ?? fail(`--only ${text}: known are ${FLOOD_NAMES.join(', ')}`)
  );
}

function positive(text: string): number {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : fail(`--packets ${text}: positive numbers`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

await main();
