/**
 * Runs programs as children and takes their wall-clock time, start-up included, as a user would see it.
 * The programs that are compared take turns, so that a disturbance of the machine meets all of them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Exit statuses that mean it did its work; default 0. */
  readonly statuses?: readonly number[];
  /** A Node program, whose peak memory and processor time can be asked for. */
  readonly node?: boolean;
  /** One of ours that does not read every workload. */
  readonly optional?: boolean;
  /** Takes so long that one run has to do. */
  readonly slow?: boolean;
  /** What it leaves behind and must not find again. */
  readonly leaves?: string;
}

export interface Measurement {
  readonly name: string;
  /** Wall-clock seconds of each run, in order; empty where the program is not installed or fails. */
  readonly seconds: readonly number[];
  readonly median: number | null;
  /** Seconds of processor time, of user and system and all threads: the median. Null where it cannot be asked for. */
  readonly processor: number | null;
  /** Largest resident set of any run, in bytes. */
  readonly peakBytes: number | null;
  /** Why there is no time: it is not installed, or it does not read this capture. */
  readonly absent: string | null;
}

interface Run {
  readonly seconds: number;
  readonly usage: Usage | null;
}

/** What `peak.mjs` writes. */
interface Usage {
  readonly peakBytes: number;
  readonly processorSeconds: number;
}

const PEAK_HOOK = fileURLToPath(new URL('peak.mjs', import.meta.url));

/** @throws Error when a Node program, which is one of ours, fails. */
export function measure(programs: readonly Program[], runs: number, peakFile: string): Measurement[] {
  const taken = new Map(programs.map((program) => [program, [] as Run[]]));
  const absent = new Map<Program, string>();
  for (let run = 0; run < runs; run++) {
    for (const program of programs) {
      if (absent.has(program) || (program.slow && run > 0)) continue;
      const result = once(program, peakFile);
      if (typeof result === 'string') absent.set(program, result);
      else taken.get(program)?.push(result);
    }
  }
  return programs.map((program) => {
    const all = taken.get(program) ?? [];
    const seconds = all.map((run) => run.seconds);
    const usages = all.flatMap(({ usage }) => usage ?? []);
    return {
      name: program.name,
      seconds,
      median: median(seconds),
      processor: median(usages.map(({ processorSeconds }) => processorSeconds)),
      peakBytes: usages.length === 0 ? null : Math.max(...usages.map(({ peakBytes }) => peakBytes)),
      absent: absent.get(program) ?? null,
    };
  });
}

/** A text where there is nothing to measure: why. */
function once(program: Program, peakFile: string): Run | string {
  if (program.leaves !== undefined) rmSync(program.leaves, { recursive: true, force: true });
  const start = process.hrtime.bigint();
  const ended = spawnSync(program.command, argumentsOf(program), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, WIREWITNESS_BENCH_PEAK: peakFile },
    maxBuffer: 1 << 26,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (program.leaves !== undefined) rmSync(program.leaves, { recursive: true, force: true });
  if (ended.error && 'code' in ended.error && ended.error.code === 'ENOENT') return 'not installed';
  if (ended.error) throw ended.error;
  if (!(program.statuses ?? [0]).includes(ended.status ?? -1)) {
    const said = `${ended.stderr}`.trim().split('\n').at(-1) ?? '';
    if (program.node && !program.optional)
      throw new Error(`${program.name} ended with ${ended.status ?? ended.signal}: ${said}`);
    return `fails: ${said.slice(0, 60)}`;
  }
  return { seconds, usage: program.node && existsSync(peakFile) ? usageOf(peakFile) : null };
}

function argumentsOf(program: Program): string[] {
  return [...(program.node ? ['--import', PEAK_HOOK] : []), ...program.arguments];
}

function usageOf(path: string): Usage {
  const usage: Usage = JSON.parse(readFileSync(path, 'utf8'));
  rmSync(path);
  return usage;
}

/** Null for none; the mean of the middle two for an even number. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/** Least squares: `y = base + slope * x`, and how much of the variance of y that explains. */
export function line(points: readonly (readonly [x: number, y: number])[]): {
  base: number;
  slope: number;
  explained: number;
} {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const x = mean(([at]) => at);
  const y = mean(([, at]) => at);
  const slope = mean(([px, py]) => (px - x) * (py - y)) / mean(([px]) => (px - x) ** 2);
  const base = y - slope * x;
  const rest = mean(([px, py]) => (py - base - slope * px) ** 2);
  const all = mean(([, py]) => (py - y) ** 2);
  return { base, slope, explained: all === 0 ? 1 : 1 - rest / all };
}
