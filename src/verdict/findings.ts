/**
 * What is known at the end: records added up per outcome, verdict and host, the exit status, and the capture itself.
 */
import type { CaptureFacts, Warning } from '../capture/packet.ts';
import type { LimitName, OnLimit } from '../limits.ts';
import { VerdictCounts } from './counts.ts';
import { HostTallies } from './host.ts';
import { linkName } from './links.ts';
import type { Judged } from './record.ts';
import {
  type CaptureRecord,
  type Code,
  type DecodedCounts,
  type DeliveryRecords,
  type ExpectedSummary,
  FAILED,
  type Findings,
  type Outcome,
  type SummaryRecord,
  type UnseenRecord,
} from './verdict.ts';

/** What the stages counted while the capture ran. */
export interface RunCounts {
  readonly decoded: Readonly<DecodedCounts>;
  readonly duplicates: number;
  readonly ackedUnseen: number;
  readonly snaplenCut: number;
  /** Connections of which both directions, or only one, were captured. */
  readonly twoSided: number;
  readonly oneSided: number;
  readonly limitsHit: Readonly<Partial<Record<LimitName, number>>>;
  /** What only the stages could see, beside the source's own warnings. */
  readonly warnings: readonly Warning[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly version: string;
}

/** Deliveries, and what a list of expected ones adds to them. */
export interface Told {
  readonly deliveries: DeliveryRecords;
  readonly unseen: readonly UnseenRecord[];
  readonly summary: ExpectedSummary | null;
}

export class Tallies {
  #transactions = 0;
  #counts = new VerdictCounts();
  #hosts: HostTallies;

  constructor(onLimit: OnLimit) {
    this.#hosts = new HostTallies(onLimit);
  }

  add(judged: Judged): void {
    this.#count(judged.outcome, judged.code);
    this.#hosts.add(judged);
  }

  #count(outcome: Outcome, code: Code): void {
    this.#transactions++;
    this.#counts.add(outcome, code);
  }

  findings(capture: CaptureFacts, told: Told, counts: RunCounts): Findings {
    const hosts = this.#hosts.records();
    const { deliveries, unseen } = told;
    for (const { outcome, verdict } of unseen) this.#count(outcome, verdict);
    const summary: SummaryRecord = {
      type: 'summary',
      transactions: this.#transactions,
      outcomes: this.#counts.outcomes,
      verdicts: this.#counts.verdicts,
      hosts: hosts.length,
      deliveries: deliveries.length,
      expected: told.summary,
      exitStatus: this.#counts.some(isFailure) ? 1 : this.#counts.some(isUndecided) ? 3 : 0,
    };
    return { capture: captureRecord(capture, counts), deliveries, unseen, hosts, summary };
  }
}

/** An idle connection that was never used is no failure. */
function isFailure(outcome: Outcome, code: Code): boolean {
  return FAILED.includes(outcome) && code !== 'no_request_sent';
}

function isUndecided(outcome: Outcome): boolean {
  return outcome === 'pending' || outcome === 'unknown';
}

/** Of no connection both directions were captured. */
export function isOneDirection({ oneSided, twoSided }: Pick<RunCounts, 'oneSided' | 'twoSided'>): boolean {
  return oneSided > 0 && twoSided === 0;
}

function captureRecord(capture: CaptureFacts, counts: RunCounts): CaptureRecord {
  return {
    type: 'capture',
    files: capture.files,
    linkTypes: [...new Set(capture.interfaces.map(({ link }) => linkName(link)))],
    packets: capture.packets,
    decoded: counts.decoded,
    firstTime: capture.firstTime,
    lastTime: capture.lastTime,
    dropped: capture.dropped,
    duplicates: counts.duplicates,
    ackedUnseen: counts.ackedUnseen,
    snaplenCut: counts.snaplenCut,
    oneDirection: isOneDirection(counts),
    limitsHit: counts.limitsHit,
    warnings: [...capture.warnings, ...counts.warnings],
    options: counts.options,
    version: counts.version,
  };
}
