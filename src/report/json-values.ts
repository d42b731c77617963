/**
 * Records in, JSON text out, one line each, with the contract's fields in the contract's order: times as
 * RFC 3339, durations as milliseconds in the capture's precision, absent facts as null. Characters that could
 * harm a terminal are escaped, so that a line is safe to look at.
 */
import type {
  CaptureRecord,
  HostRecord,
  Quantiles,
  SummaryRecord,
  UnseenRecord,
} from '../verdict/verdict.ts';
import { safeJson } from './json-line.ts';
import type { Language } from './summary/language.ts';
import { type Clock, milliseconds, rfc3339 } from './time.ts';

export function hostJson(record: HostRecord, clock: Clock): string {
  return safeJson({
    ...record,
    retransmissionRate: rate(record.retransmissionRate),
    wait: quantiles(record.wait, clock),
    ack: quantiles(record.ack, clock),
    inferredSenderTimeout: milliseconds(record.inferredSenderTimeout, clock),
  });
}

const NO_TIMES = {
  syn: null,
  synAck: null,
  established: null,
  tlsDone: null,
  requestFirstByte: null,
  requestLastByte: null,
  requestAcked: null,
  responseFirstByte: null,
  responseLastByte: null,
  closed: null,
};
const NO_TIMINGS = {
  connect: null,
  tls: null,
  send: null,
  ack: null,
  wait: null,
  receive: null,
  total: null,
  gaveUpAfter: null,
};

/** The fields of a transaction that has no packet. */
export function unseenJson(record: UnseenRecord, clock: Clock, language: Language): string {
  const unknown = record.outcome === 'unknown';
  const sent = unknown ? 'unknown' : 'none';
  return safeJson({
    type: record.type,
    id: record.id,
    outcome: record.outcome,
    verdict: record.verdict,
    fault: record.fault,
    confidence: record.confidence,
    because: record.because.map((reason) => language.reason(reason)),
    summary: language.summarizeUnseen(record, clock),
    facts: { sent, acked: sent, responded: sent, closedBy: null, accepted: 'unknown' },
    request: null,
    response: null,
    times: NO_TIMES,
    timings: NO_TIMINGS,
    connection: null,
    delivery: { key: record.delivery.key, attempt: null, of: 0 },
    signals: [],
    likely: null,
    missing: unknown ? ['request'] : [],
    evidence: [],
    packets: null,
  });
}

export function captureJson(record: CaptureRecord, clock: Clock): string {
  return safeJson({
    ...record,
    files: record.files.map((file) => ({
      ...file,
      firstTime: rfc3339(file.firstTime, clock),
      lastTime: rfc3339(file.lastTime, clock),
    })),
    firstTime: rfc3339(record.firstTime, clock),
    lastTime: rfc3339(record.lastTime, clock),
  });
}

export function summaryJson(record: SummaryRecord): string {
  return safeJson(record);
}

function quantiles<Q extends Quantiles>(record: Q, clock: Clock): Record<string, number | null> {
  const rounded: Record<string, number | null> = {};
  for (const [name, value] of Object.entries(record)) rounded[name] = milliseconds(value, clock);
  // The contract's order, whichever way the record was built.
  const { p50 = null, p95 = null, p99, max = null } = rounded;
  return p99 === undefined ? { p50, p95, max } : { p50, p95, p99, max };
}

/** Six decimals tell one segment in a million. */
function rate(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000_000) / 1_000_000;
}
