/** Input after input, each by its number; each kind of finding once, minimised and kept. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minimised } from './minimise.ts';
import type { Problem } from './problem.ts';
import { Random } from './random.ts';
import { type Corpus, type Target, targetFor } from './targets.ts';

export interface Job {
  readonly seed: number;
  /** Number of the first input, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Milliseconds (performance.now) at which no further input is begun. */
  readonly until: number;
  /** Where failing inputs are kept; null: nowhere. */
  readonly out: string | null;
  /** Before each input. */
  readonly onInput?: (index: number) => void;
  readonly onFinding?: (finding: Finding) => void;
}

export interface Finding extends Problem {
  readonly index: number;
  readonly target: string;
  /** The files, as small as they could be made. */
  readonly files: readonly Buffer[];
  readonly kept: readonly string[];
}

export interface Ran {
  readonly inputs: number;
  readonly findings: readonly Finding[];
  readonly byTarget: Readonly<Record<string, number>>;
}

/** Milliseconds that a finding may take to be made small. */
const MINIMISING = 30_000;
/** CPU seconds that an input may take, and one more for each megabyte. Twice as slow is no finding, forever is. */
const SLOW = 4;
/** Bytes by which the heap, swept, may grow over what it was after the first inputs. */
const GROWTH = 64 * 1024 * 1024;
const SWEEP_EVERY = 2000;

export async function fuzz(corpus: Corpus, job: Job): Promise<Ran> {
  const findings: Finding[] = [];
  const known = new Set<string>();
  const byTarget: Record<string, number> = {};
  let heap = Number.NaN;
  let index = job.from;
  for (; index < job.to && performance.now() < job.until; index++) {
    job.onInput?.(index);
    const { target, files } = inputOf(job.seed, index, corpus);
    byTarget[target.name] = (byTarget[target.name] ?? 0) + 1;
    for (const problem of await problemsOf(target, files)) {
      if (known.has(problem.rule)) continue;
      known.add(problem.rule);
      const finding = await found(problem, target, files, index, job);
      findings.push(finding);
      job.onFinding?.(finding);
    }
    if ((index - job.from) % SWEEP_EVERY !== SWEEP_EVERY - 1) continue;
    const now = sweptHeap();
    if (Number.isNaN(heap)) heap = now;
    if (now > heap + GROWTH && !known.has('memory is bounded')) {
      known.add('memory is bounded');
      const detail = `${Math.round((now - heap) / 1e6)} MB more after ${index} inputs`;
      const finding = { rule: 'memory is bounded', detail, index, target: target.name, files: [], kept: [] };
      findings.push(finding);
      job.onFinding?.(finding);
    }
  }
  return { inputs: index - job.from, findings, byTarget };
}

/** The same for the same seed, number and samples. */
export function inputOf(seed: number, index: number, corpus: Corpus): { target: Target; files: Buffer[] } {
  const random = new Random(seed, index);
  const target = targetFor(random);
  return { target, files: target.make(random, corpus) };
}

async function problemsOf(target: Target, files: readonly Buffer[]): Promise<readonly Problem[]> {
  const bytes = files.reduce((sum, file) => sum + file.length, 0);
  const { problems, seconds: once } = await checked(target, files);
  if (once < SLOW + bytes / 1e6) return problems;
  // Once may be the collector's turn, or the compiler's.
  const { seconds: again } = await checked(target, files);
  const seconds = Math.min(once, again);
  if (seconds < SLOW + bytes / 1e6) return problems;
  return [
    ...problems,
    { rule: `takes its time as ${target.name}`, detail: `${seconds.toFixed(1)} s for ${bytes} bytes` },
  ];
}

async function checked(
  target: Target,
  files: readonly Buffer[],
): Promise<{ problems: Problem[]; seconds: number }> {
  const start = process.cpuUsage();
  const problems = await target.check(files);
  const { user, system } = process.cpuUsage(start);
  return { problems, seconds: (user + system) / 1e6 };
}

async function found(
  problem: Problem,
  target: Target,
  files: readonly Buffer[],
  index: number,
  { seed, out }: Job,
): Promise<Finding> {
  const fails = async (some: readonly Buffer[]) =>
    (await problemsOf(target, some)).some(({ rule }) => rule === problem.rule);
  const small = out === null ? files : await minimised(files, fails, performance.now() + MINIMISING);
  // What is told is about what is kept.
  const told = (await problemsOf(target, small)).find(({ rule }) => rule === problem.rule) ?? problem;
  const name = `${problem.rule.replace(/[^a-z0-9]+/gi, '-')}.${seed}-${index}`;
  return {
    ...told,
    index,
    target: target.name,
    files: small,
    kept: out === null ? [] : keep(out, name, target, small),
  };
}

export function keep(out: string, name: string, target: Target, files: readonly Buffer[]): string[] {
  mkdirSync(out, { recursive: true });
  return files.map((bytes, i) => {
    const path = join(out, `${name}${files.length > 1 ? `.${i}` : ''}.${target.name}`);
    writeFileSync(path, bytes);
    return path;
  });
}

function sweptHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
