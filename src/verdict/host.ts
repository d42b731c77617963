/**
 * Adds transactions up per receiver, as the sender names it. Bounded in hosts; each host holds figures, no records.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Fingerprint } from '../tcp/stream.ts';
import { receiverOf, senderOf, type Transaction } from '../transaction/transaction.ts';
import { Sample } from './quantiles.ts';
import { hostOf } from './record.ts';
import { type Code, type HostRecord, noOutcomes, type Outcome, type TransactionRecord } from './verdict.ts';

/** Give-ups that lie this close (5 %, or 200 ms) come from one timeout. */
const CLUSTER_SHARE = 0.05;
const CLUSTER_MS = 200;
const CLUSTER_SIZE = 3;
/** Addresses of one host that are named. */
const ADDRESSES = 64;

interface Tally {
  readonly host: string;
  readonly port: number;
  readonly addresses: Set<string>;
  attempts: number;
  readonly outcomes: Record<Outcome, number>;
  readonly verdicts: Partial<Record<Code, number>>;
  connections: number;
  synUnanswered: number;
  resetsBySender: number;
  resetsByReceiver: number;
  unansweredRequests: number;
  dataSegments: number;
  retransmissions: number;
  readonly wait: Sample;
  readonly ack: Sample;
  readonly gaveUp: Sample;
}

export class HostTallies {
  #tallies = new Map<string, Tally>();
  /** A side's first RST counts once, however many transactions of its connection are judged after it. */
  #resets = new WeakSet<Fingerprint>();
  #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  get size(): number {
    return this.#tallies.size;
  }

  add(record: TransactionRecord, transaction: Transaction): void {
    const tally = this.#tallyOf(record);
    if (tally === undefined) return;
    tally.attempts++;
    tally.outcomes[record.outcome]++;
    tally.verdicts[record.verdict] = (tally.verdicts[record.verdict] ?? 0) + 1;
    if (tally.addresses.size < ADDRESSES) tally.addresses.add(record.connection.receiver.ip);
    if (record.connection.index === 1) tally.connections++;
    tally.dataSegments += transaction.dataSegments;
    tally.retransmissions += transaction.retransmissions;
    if (record.verdict.startsWith('connect_') && record.times.syn !== null && record.times.synAck === null) {
      tally.synUnanswered++;
    }
    if (this.#isNew(senderOf(transaction).rst)) tally.resetsBySender++;
    if (this.#isNew(receiverOf(transaction).rst)) tally.resetsByReceiver++;
    if (record.outcome === 'unanswered') tally.unansweredRequests++;
    if (record.timings.wait !== null && record.facts.responded === 'full')
      tally.wait.add(record.timings.wait);
    if (record.timings.ack !== null) tally.ack.add(record.timings.ack);
    if (record.verdict === 'no_response_sender_closed' && record.timings.gaveUpAfter !== null) {
      tally.gaveUp.add(record.timings.gaveUpAfter);
    }
  }

  /** Sorted by name and port. */
  records(): HostRecord[] {
    return [...this.#tallies.values()]
      .sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.port - b.port))
      .map(recordOfTally);
  }

  #isNew(rst: Fingerprint | null): boolean {
    if (rst === null || this.#resets.has(rst)) return false;
    this.#resets.add(rst);
    return true;
  }

  #tallyOf(record: TransactionRecord): Tally | undefined {
    const { host, port } = hostOf(record);
    const key = `${host} ${port}`;
    let tally = this.#tallies.get(key);
    if (tally !== undefined) return tally;
    if (this.#tallies.size >= LIMITS.hosts) {
      this.#onLimit('hosts');
      return undefined;
    }
    tally = {
      host,
      port,
      addresses: new Set(),
      attempts: 0,
      outcomes: noOutcomes(),
      verdicts: {},
      connections: 0,
      synUnanswered: 0,
      resetsBySender: 0,
      resetsByReceiver: 0,
      unansweredRequests: 0,
      dataSegments: 0,
      retransmissions: 0,
      wait: new Sample(),
      ack: new Sample(),
      gaveUp: new Sample(),
    };
    this.#tallies.set(key, tally);
    return tally;
  }
}

function recordOfTally(tally: Tally): HostRecord {
  const [w50 = null, w95 = null, w99 = null] = tally.wait.quantiles(0.5, 0.95, 0.99);
  const [a50 = null, a95 = null] = tally.ack.quantiles(0.5, 0.95);
  return {
    type: 'host',
    host: tally.host,
    port: tally.port,
    addresses: [...tally.addresses].sort(),
    attempts: tally.attempts,
    outcomes: tally.outcomes,
    verdicts: tally.verdicts,
    connections: tally.connections,
    synUnanswered: tally.synUnanswered,
    resets: { bySender: tally.resetsBySender, byReceiver: tally.resetsByReceiver },
    unansweredRequests: tally.unansweredRequests,
    retransmissionRate: tally.dataSegments === 0 ? null : tally.retransmissions / tally.dataSegments,
    wait: { p50: w50, p95: w95, p99: w99, max: tally.wait.max },
    ack: { p50: a50, p95: a95, max: tally.ack.max },
    inferredSenderTimeout: inferTimeout(tally.gaveUp),
  };
}

/** The sender's own timeout, where its give-ups cluster around one value. */
function inferTimeout(gaveUp: Sample): number | null {
  const [low, middle, high] = gaveUp.quantiles(0.25, 0.5, 0.75);
  if (low == null || middle == null || high == null || gaveUp.count < CLUSTER_SIZE) return null;
  return high - low <= Math.max(CLUSTER_MS, CLUSTER_SHARE * middle) ? middle : null;
}
