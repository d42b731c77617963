/**
 * How the time of some work grows with its size: the exponent of a power law fitted to CPU time over size. CPU time of the
 * process, the least of several measurements for each size: what else the machine does adds to neither.
 */

/** Work of one size, ready to be run as often as needed. */
export type Work = () => void | Promise<void>;

export interface Growth {
  /** Slope of log time over log size: 1 is linear, 2 quadratic. */
  readonly exponent: number;
  /** Least CPU seconds, by size. */
  readonly seconds: readonly number[];
}

/** A short measurement is repeated until it has taken this many CPU seconds, or so often. */
const PATIENCE = 0.03;
const REPEATS = 3;
/** Where the first measurements look bad, all are taken so often again, to be sure. */
const MORE_ROUNDS = 4;
/** No larger size is needed to tell when one has taken this many CPU seconds and looks bad. */
const ENOUGH = 4;

/**
 * @param make prepares the work of a size; what it does itself is not measured.
 * @param limit the exponent from which on it is measured again.
 */
export async function growthOf(
  sizes: readonly number[],
  make: (size: number) => Work | Promise<Work>,
  limit: number,
): Promise<Growth> {
  const works: Work[] = [];
  const seconds: number[] = [];
  for (const size of sizes) {
    works.push(await make(size));
    // What runs for the first time is compiled.
    if (works.length === 1) await works[0]!();
    seconds.push(await least(works.at(-1)!));
    if (seconds.at(-1)! > ENOUGH && exponentOf(sizes, seconds) > limit) break;
  }
  for (let round = 0; round < MORE_ROUNDS && exponentOf(sizes, seconds) > limit; round++) {
    for (const [i, work] of works.entries()) seconds[i] = Math.min(seconds[i]!, await least(work));
  }
  return { exponent: exponentOf(sizes, seconds), seconds };
}

async function least(work: Work): Promise<number> {
  let sum = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS && sum < PATIENCE; i++) {
    const seconds = await timed(work);
    sum += seconds;
    shortest = Math.min(shortest, seconds);
  }
  return shortest;
}

async function timed(work: Work): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Least squares over the logarithms of as many sizes as have a time. */
export function exponentOf(sizes: readonly number[], seconds: readonly number[]): number {
  const points = seconds.map((time, i) => [Math.log(sizes[i]!), Math.log(Math.max(time, 1e-6))] as const);
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let over = 0;
  let under = 0;
  for (const [x, y] of points) {
    over += (x - meanX) * (y - meanY);
    under += (x - meanX) ** 2;
  }
  return over / under;
}
