/**
 * Adds transactions up per receiver, as the sender names it. Bounded in hosts; each host holds figures, no records.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Fingerprint } from '../tcp/stream.ts';
import { receiverOf, senderOf } from '../transaction/transaction.ts';
import { VerdictCounts } from './counts.ts';
import { Sample } from './quantiles.ts';
import { hostNamed, type Judged } from './record.ts';
import type { HostRecord } from './verdict.ts';

/** Give-ups that lie this close (5 %, or 200 ms) come from one timeout. */
const CLUSTER_SHARE = 0.05;
const CLUSTER_MS = 200;
const CLUSTER_SIZE = 3;
/** Names whose host is remembered. */
const NAMES = 1_024;
/** Addresses of one host that are named, and values of each kind kept for its quantiles. */
const ADDRESSES = 64;
const VALUES = 4_096;
/** For so many hosts at least; of all those after them less is kept, or 100,000 hosts would take gigabytes. */
const FULL_HOSTS = 512;
const FEW_ADDRESSES = 4;
const FEW_VALUES = 64;

interface Tally {
  readonly host: string;
  readonly port: number;
  readonly addresses: Set<string>;
  readonly mostAddresses: number;
  /** It is one of them, or one too many. */
  lastAddress: string;
  attempts: number;
  readonly counts: VerdictCounts;
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
  /** Short cut from the name that a request gives and the receiver's port: taking a name apart costs as much as all the rest here. */
  #named = new Map<string, { readonly port: number; readonly tally: Tally }>();
  /** A side's first RST counts once, however many transactions of its connection are judged after it. */
  #resets = new WeakSet<Fingerprint>();
  #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  get size(): number {
    return this.#tallies.size;
  }

  add(judged: Judged): void {
    const tally = this.#tallyOf(judged);
    if (tally === undefined) return;
    const { outcome, code, transaction, wait, ack } = judged;
    const sender = senderOf(transaction);
    const receiver = receiverOf(transaction);
    tally.attempts++;
    tally.counts.add(outcome, code);
    if (judged.ip !== tally.lastAddress) noteAddress(tally, judged.ip);
    if (transaction.index === 1) tally.connections++;
    tally.dataSegments += transaction.dataSegments;
    tally.retransmissions += transaction.retransmissions;
    const unestablished = transaction.index === 1 && sender.syn !== null && receiver.syn === null;
    if (unestablished && code.startsWith('connect_')) tally.synUnanswered++;
    if (this.#isNew(sender.rst)) tally.resetsBySender++;
    if (this.#isNew(receiver.rst)) tally.resetsByReceiver++;
    if (outcome === 'unanswered') tally.unansweredRequests++;
    if (wait !== null && judged.verdict.responded === 'full') tally.wait.add(wait);
    if (ack !== null) tally.ack.add(ack);
    if (code !== 'no_response_sender_closed') return;
    const { gaveUpAfter } = judged;
    if (gaveUpAfter !== null) tally.gaveUp.add(gaveUpAfter);
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

  #tallyOf(judged: Judged): Tally | undefined {
    const known = judged.name === null ? undefined : this.#named.get(judged.name);
    if (known !== undefined && known.port === judged.port) return known.tally;
    const { host, port } = hostNamed(judged.name, judged);
    const tally = this.#tallyAt(host, port);
    if (tally !== undefined && judged.name !== null && this.#named.size < NAMES) {
      this.#named.set(judged.name, { port: judged.port, tally });
    }
    return tally;
  }

  #tallyAt(host: string, port: number): Tally | undefined {
    const key = `${host} ${port}`;
    let tally = this.#tallies.get(key);
    if (tally !== undefined) return tally;
    if (this.#tallies.size >= LIMITS.hosts) {
      this.#onLimit('hosts');
      return undefined;
    }
    const full = this.#tallies.size < FULL_HOSTS;
    const values = full ? VALUES : FEW_VALUES;
    tally = {
      host,
      port,
      addresses: new Set(),
      lastAddress: '',
      mostAddresses: full ? ADDRESSES : FEW_ADDRESSES,
      attempts: 0,
      counts: new VerdictCounts(),
      connections: 0,
      synUnanswered: 0,
      resetsBySender: 0,
      resetsByReceiver: 0,
      unansweredRequests: 0,
      dataSegments: 0,
      retransmissions: 0,
      wait: new Sample(values),
      ack: new Sample(values),
      gaveUp: new Sample(values),
    };
    this.#tallies.set(key, tally);
    return tally;
  }
}

function noteAddress(tally: Tally, address: string): void {
  if (tally.addresses.size < tally.mostAddresses) tally.addresses.add(address);
  tally.lastAddress = address;
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
    outcomes: tally.counts.outcomes,
    verdicts: tally.counts.verdicts,
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
