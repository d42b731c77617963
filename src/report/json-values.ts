/**
 * Records in, JSON text out, one line each, with the contract's fields in the contract's order: times as
 * RFC 3339, durations as milliseconds in the capture's precision, absent facts as null. Characters that could
 * harm a terminal are escaped, so that a line is safe to look at.
 */
import type { Time } from '../capture/packet.ts';
import type {
  CaptureRecord,
  DeliveryRecord,
  HostRecord,
  Quantiles,
  SummaryRecord,
  TransactionRecord,
  UnseenRecord,
} from '../verdict/verdict.ts';
import { escapeJson } from './escape.ts';
import type { Language } from './summary/language.ts';
import { type Clock, milliseconds, rfc3339 } from './time.ts';

export function transactionJson(record: TransactionRecord, clock: Clock, language: Language): string {
  const time = (value: Time | null) => rfc3339(value, clock);
  const ms = (value: number | null) => milliseconds(value, clock);
  const { times, timings, connection, request, response } = record;
  return line({
    type: record.type,
    id: record.id,
    outcome: record.outcome,
    verdict: record.verdict,
    fault: record.fault,
    confidence: record.confidence,
    because: record.because.map(language.reason),
    summary: language.summarize(record, clock),
    facts: record.facts,
    request,
    response,
    times: {
      syn: time(times.syn),
      synAck: time(times.synAck),
      established: time(times.established),
      tlsDone: time(times.tlsDone),
      requestFirstByte: time(times.requestFirstByte),
      requestLastByte: time(times.requestLastByte),
      requestAcked: time(times.requestAcked),
      responseFirstByte: time(times.responseFirstByte),
      responseLastByte: time(times.responseLastByte),
      closed: time(times.closed),
    },
    timings: {
      connect: ms(timings.connect),
      tls: ms(timings.tls),
      send: ms(timings.send),
      ack: ms(timings.ack),
      wait: ms(timings.wait),
      receive: ms(timings.receive),
      total: ms(timings.total),
      gaveUpAfter: ms(timings.gaveUpAfter),
    },
    connection: { ...connection, idleBefore: ms(connection.idleBefore), rtt: ms(connection.rtt) },
    delivery: record.delivery,
    signals: record.signals,
    likely: record.likely,
    missing: record.missing,
    evidence: record.evidence.map((proof) => ({ ...proof, time: time(proof.time) })),
    packets: record.packets?.map((packet) => ({ ...packet, time: time(packet.time) })) ?? null,
  });
}

export function hostJson(record: HostRecord, clock: Clock): string {
  return line({
    ...record,
    retransmissionRate: rate(record.retransmissionRate),
    wait: quantiles(record.wait, clock),
    ack: quantiles(record.ack, clock),
    inferredSenderTimeout: milliseconds(record.inferredSenderTimeout, clock),
  });
}

export function deliveryJson(record: DeliveryRecord, clock: Clock): string {
  return line({
    ...record,
    intervals: record.intervals.map((interval) => milliseconds(interval, clock)),
    expected: record.expected && {
      lines: record.expected.lines,
      firstTime: rfc3339(record.expected.firstTime, clock),
      lastTime: rfc3339(record.expected.lastTime, clock),
    },
    firstSent: rfc3339(record.firstSent, clock),
    firstAcked: rfc3339(record.firstAcked, clock),
    deliveredAt: rfc3339(record.deliveredAt, clock),
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
  return line({
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
  return line({
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
  return line(record);
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

function line(value: object): string {
  return escapeJson(JSON.stringify(value));
}
