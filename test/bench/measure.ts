/**
 * Runs programs as children and takes their wall-clock time, start-up included, as a user would see it.
 * The programs that are compared take turns, so that a disturbance of the machine meets all of them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Exit statuses that mean it did its work; default 0. */
  readonly statuses?: readonly number[];
  /** A Node program, whose peak memory can be asked for. */
  readonly node?: boolean;
}

export interface Measurement {
  readonly name: string;
  /** Wall-clock seconds of each run, in order; empty where the program is not installed. */
  readonly seconds: readonly number[];
  readonly median: number | null;
  /** Largest resident set of any run, in bytes. */
  readonly peakBytes: number | null;
}

const PEAK_HOOK = fileURLToPath(new URL('peak.mjs', import.meta.url));

/** @throws Error when a program that is installed fails. */
export function measure(programs: readonly Program[], runs: number, peakFile: string): Measurement[] {
  const seconds = new Map(programs.map((program) => [program, [] as number[]]));
  const peaks = new Map<Program, number>();
  for (let run = 0; run < runs; run++) {
    for (const program of programs) {
      const taken = once(program, peakFile);
      if (taken === null) continue;
      seconds.get(program)?.push(taken.seconds);
      if (taken.peakBytes !== null) peaks.set(program, Math.max(peaks.get(program) ?? 0, taken.peakBytes));
    }
  }
  return programs.map((program) => {
    const all = seconds.get(program) ?? [];
    return { name: program.name, seconds: all, median: median(all), peakBytes: peaks.get(program) ?? null };
  });
}

/** Null where the program is not installed. */
function once(program: Program, peakFile: string): { seconds: number; peakBytes: number | null } | null {
  const start = process.hrtime.bigint();
  const ended = spawnSync(program.command, argumentsOf(program), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, WIREWITNESS_BENCH_PEAK: peakFile },
    maxBuffer: 1 << 26,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (ended.error && 'code' in ended.error && ended.error.code === 'ENOENT') return null;
  if (ended.error) throw ended.error;
  if (!(program.statuses ?? [0]).includes(ended.status ?? -1)) {
    throw new Error(`${program.name} ended with ${ended.status ?? ended.signal}: ${ended.stderr}`);
  }
  return { seconds, peakBytes: program.node ? peakOf(peakFile) : null };
}

function argumentsOf(program: Program): string[] {
  return [...(program.node ? ['--import', PEAK_HOOK] : []), ...program.arguments];
}

function peakOf(path: string): number {
  const bytes = Number(readFileSync(path, 'latin1'));
  rmSync(path);
  return bytes;
}

/** Null for none; the mean of the middle two for an even number. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}
