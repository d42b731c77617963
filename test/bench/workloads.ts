/**
 * The benchmark's captures, taken at the sender. Deterministic: the same name and size give the same bytes. Some hundred
 * connections run at a time, so that each packet belongs to another one than that before it.
 */
import { CaptureWriter, CLASSIC, type Format } from './capture-writer.ts';
import { type Exchange, FAILURES, type Faults, failure, NO_FAULTS, type Script, script } from './scripts.ts';

export type WorkloadName = 'short' | 'bulk' | 'lossy' | 'any' | 'faults';

interface Workload {
  /** At scale 1. */
  readonly connections: number;
  /** Connections open at the same time. */
  readonly concurrency: number;
  readonly exchange: Exchange;
  readonly faults: Faults;
  /** Scripts drawn with different random numbers. */
  readonly variants: number;
  /** A tenth of the connections fails in each of the ways there are. */
  readonly failing: boolean;
  readonly format: Format;
}

const PLAIN = { faults: NO_FAULTS, variants: 1, failing: false, format: CLASSIC };

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  short: {
    ...PLAIN,
    connections: 40_000,
    concurrency: 256,
    exchange: { posts: 4, requestBody: 600, responseBody: 200 },
  },
  bulk: {
    ...PLAIN,
    connections: 4_000,
    concurrency: 64,
    exchange: { posts: 4, requestBody: 40_000, responseBody: 20_000 },
  },
  lossy: {
    ...PLAIN,
    connections: 6_000,
    concurrency: 128,
    exchange: { posts: 4, requestBody: 12_000, responseBody: 6_000 },
    faults: { lost: 0.05, reordered: 0.05, duplicated: 0.02 },
    variants: 64,
  },
  any: {
    ...PLAIN,
    connections: 20_000,
    concurrency: 256,
    exchange: { posts: 4, requestBody: 600, responseBody: 200 },
    format: {
      file: 'pcapng',
      layouts: [
        { link: 'sll2', vlan: [], version: 6 },
        { link: 'ethernet', vlan: [7], version: 4 },
        { link: 'sll2', vlan: [], version: 4 },
        { link: 'ethernet', vlan: [100, 7], version: 6 },
      ],
    },
  },
  faults: {
    ...PLAIN,
    connections: 40_000,
    concurrency: 256,
    exchange: { posts: 1, requestBody: 600, responseBody: 200 },
    failing: true,
  },
};

export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as WorkloadName[];

/** What a capture holds. */
export interface WorkloadFacts {
  readonly name: WorkloadName;
  readonly scale: number;
  readonly posts: number;
  connections: number;
  requests: number;
  packets: number;
  bytes: number;
  /** Transactions by what becomes of them. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface Size {
  /** Times the connections. */
  readonly scale: number;
  /** Requests of a connection, where not the workload's own. */
  readonly posts?: number | undefined;
}

/** @param write gets chunks that are lent: it has to be done with them when it returns. */
export function writeWorkload(name: WorkloadName, size: Size, write: (chunk: Buffer) => void): WorkloadFacts {
  const { connections, concurrency, faults, variants, failing, format, ...workload } = WORKLOADS[name];
  const exchange = { ...workload.exchange, posts: size.posts ?? workload.exchange.posts };
  const random = fixedRandom(0x5eed);
  const scripts = Array.from({ length: variants }, () => script(exchange, faults, random));
  if (failing) {
    // Two in ten are well.
    while (scripts.length < 10 - FAILURES.length) scripts.push(script(exchange, faults, random));
    for (const each of FAILURES) scripts.push(failure(each, exchange));
  }
  const writer = new CaptureWriter(format, write);
  const total = Math.max(1, Math.round(connections * size.scale));
  const outcomes: Record<string, number> = {};
  let requests = 0;
  let started = 0;
  let open: Running[] = [];
  // One new connection a round until `concurrency` are open, so that they are all in different steps.
  while (started < total || open.length > 0) {
    if (started < total && open.length < concurrency) {
      const chosen = scripts[started % scripts.length]!;
      open.push({ number: started, script: chosen, order: requests, step: 0 });
      requests += chosen.requests;
      outcomes[chosen.outcome] = (outcomes[chosen.outcome] ?? 0) + chosen.transactions;
      started += 1;
    }
    for (const connection of open) {
      const step = connection.script.steps[connection.step];
      if (step) writer.packet(connection, step);
      connection.step += 1;
    }
    if (open.some(finished)) open = open.filter((connection) => !finished(connection));
  }
  writer.flush();
  const { packets, bytes } = writer;
  const { scale } = size;
  return { name, scale, posts: exchange.posts, connections: total, requests, packets, bytes, outcomes };
}

interface Running {
  readonly number: number;
  readonly script: Script;
  readonly order: number;
  step: number;
}

function finished({ script: { steps }, step }: Running): boolean {
  return step >= steps.length;
}

/** Numbers in [0, 1), always the same: a linear congruential generator modulo 2^32, of which the upper 24 bits are used. */
function fixedRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}
