/**
 * A live run for whoever looks at it: one line a finding as it happens, and the counters so far, as a status line that is
 * redrawn in place or as a line that was asked for. Records go through to the reports.
 */
import type { CaptureFacts } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import { clip, escapeText } from '../report/escape.ts';
import { hostOf } from '../report/listing.ts';
import type { Paint } from '../report/terminal.ts';
import { isFailure } from '../report/text.ts';
import { readableTime } from '../report/time.ts';
import type { Code, Outcome, RecordSink, TransactionRecord } from '../verdict/verdict.ts';

/** Hosts named in the counters: those that failed most. */
const HOSTS = 3;
/** Columns of a host, and of what was asked of it. */
const HOST_LENGTH = 40;
const URL_LENGTH = 60;

export class LiveStatus {
  readonly #facts: CaptureFacts;
  #transactions = 0;
  #failed = 0;
  /** Failures by host. */
  readonly #failures = new Map<string, number>();
  openConnections: () => number = () => 0;

  constructor(facts: CaptureFacts) {
    this.#facts = facts;
  }

  count(outcome: Outcome, verdict: Code): void {
    this.#transactions++;
    if (isFailure(outcome, verdict)) this.#failed++;
  }

  /** Of which host a failure was. */
  addFailure(record: TransactionRecord): void {
    const host = hostOf(record);
    const count = this.#failures.get(host) ?? 0;
    if (count > 0 || this.#failures.size < LIMITS.listedGroups) this.#failures.set(host, count + 1);
  }

  /** `1203 packets, 0 dropped, 4 open connections, 212 transactions, 3 failed (shop.example:80 2, …)` */
  counters(): string {
    const { packets, dropped } = this.#facts;
    const worst = [...this.#failures].sort((a, b) => b[1] - a[1]).slice(0, HOSTS);
    const hosts = worst.map(([host, count]) => `${escapeText(clip(host, HOST_LENGTH))} ${count}`);
    if (this.#failures.size > HOSTS) hosts.push('…');
    return [
      `${packets} packets`,
      dropped === null ? 'drops unknown' : `${dropped} dropped`,
      `${this.openConnections()} open connections`,
      `${this.#transactions} transactions`,
      `${this.#failed} failed${hosts.length === 0 ? '' : ` (${hosts.join(', ')})`}`,
    ].join(', ');
  }
}

/** One line, fit for a terminal. */
export function findingLine(record: TransactionRecord, facts: CaptureFacts, paint: Paint): string {
  const { times, outcome, verdict, fault, confidence, request, connection, id } = record;
  const when = readableTime(times.syn ?? times.requestFirstByte ?? times.responseFirstByte, facts);
  const what = request === null ? hostOf(record) : `${request.method ?? '?'} ${request.url ?? '?'}`;
  const from = `${connection.sender.ip}:${connection.sender.port}`;
  const side = fault.length === 0 ? '' : `, fault: ${fault.join(' or ')}`;
  const told = `${outcome}: ${verdict}`;
  return [
    when ?? '-',
    paint('bold', told),
    escapeText(clip(what, URL_LENGTH)),
    `from ${escapeText(from)} (${confidence}${side}) [${id}]`,
  ].join('  ');
}

/** Who looks at records on their way to the reports. */
export interface Watch {
  /** Outcomes that are findings; null for those of failed transactions. */
  readonly only: readonly Outcome[] | null;
  /** Wants every record, whatever became of it; null where nobody does. */
  readonly onRecord: ((record: TransactionRecord) => void) | null;
  readonly onFailure: (record: TransactionRecord) => void;
  readonly onFinding: (record: TransactionRecord) => void;
  readonly onEnd: () => void;
}

/** Stands around the reports. */
export function watching(sink: RecordSink, watch: Watch): RecordSink {
  const { only, onRecord } = watch;
  const isFinding = (outcome: Outcome, verdict: Code) =>
    only === null ? isFailure(outcome, verdict) : only.includes(outcome);
  return {
    bodies: sink.bodies ?? true,
    packets: sink.packets ?? false,
    wants: (outcome, verdict) =>
      onRecord !== null ||
      isFailure(outcome, verdict) ||
      isFinding(outcome, verdict) ||
      (sink.wants?.(outcome, verdict) ?? true),
    transaction(record) {
      const { outcome, verdict } = record;
      onRecord?.(record);
      if (isFailure(outcome, verdict)) watch.onFailure(record);
      if (isFinding(outcome, verdict)) watch.onFinding(record);
      if (sink.wants?.(outcome, verdict) ?? true) sink.transaction(record);
    },
    end(findings) {
      watch.onEnd();
      sink.end(findings);
    },
  };
}
