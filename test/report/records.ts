/**
 * Hand-made records for the tests of reports: one answered POST, one that was never answered, one refused
 * connection, and a builder for whatever else. The clock is that of a capture of 2017.
 */
import type { CaptureFacts } from '../../src/capture/packet.ts';
import type { ReportContext } from '../../src/report/context.ts';
import { SecretNames } from '../../src/report/redaction/names.ts';
import type { Output } from '../../src/report/reporter.ts';
import { en } from '../../src/report/summary/en.ts';
import type { Clock } from '../../src/report/time.ts';
import type {
  CaptureRecord,
  DeliveryRecord,
  Findings,
  HostRecord,
  SummaryRecord,
  TransactionRecord,
} from '../../src/verdict/verdict.ts';

/** 2017-01-04T09:23:57.123456Z */
export const CLOCK: Clock = { epoch: 1483521837123456000n, digits: 6 };
export const CLOCK_NS: Clock = { epoch: 1483521837123456789n, digits: 9 };

const MS = 1_000_000;

/** Some of the fields, at any depth; arrays whole. */
type Change<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Change<T[K]> }
    : T;

/** `base` with the fields of `change`, objects merged, arrays and everything else replaced. */
function merged<T extends object>(base: T, change: object): T {
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(base));
  for (const [key, value] of Object.entries(change)) {
    const old = result[key];
    const deep = isObject(value) && isObject(old);
    result[key] = deep ? merged(old, value) : value;
  }
  return result as T;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A POST to pay.shop.example that was sent, acknowledged after 12 ms and answered 200 after 120 ms. */
export const DELIVERED: TransactionRecord = {
  type: 'transaction',
  id: '1.1',
  outcome: 'delivered',
  verdict: 'delivered',
  fault: [],
  confidence: 'proven',
  because: [],
  facts: { sent: 'full', acked: 'full', responded: 'full', closedBy: null, accepted: 'yes' },
  request: {
    method: 'POST',
    target: '/notify',
    url: 'http://pay.shop.example/notify',
    host: 'pay.shop.example',
    version: 'HTTP/1.1',
    headers: [{ name: 'Host', value: 'pay.shop.example' }],
    headerBytes: 210,
    bodyBytes: 402,
    bodyCaptured: 402,
    complete: true,
    body: 'sign=secret',
  },
  response: {
    status: 200,
    reason: 'OK',
    version: 'HTTP/1.1',
    headers: [{ name: 'Content-Length', value: '7' }],
    headerBytes: 38,
    bodyBytes: 7,
    complete: true,
    body: 'success',
    interim: [],
  },
  times: {
    syn: 0,
    synAck: 10 * MS,
    established: 10.1 * MS,
    tlsDone: null,
    requestFirstByte: 11 * MS,
    requestLastByte: 11 * MS,
    requestAcked: 23 * MS,
    responseFirstByte: 131 * MS,
    responseLastByte: 131 * MS,
    closed: null,
  },
  timings: {
    connect: 10.1,
    tls: null,
    send: 0,
    ack: 12,
    wait: 120.00000000000001,
    receive: 0,
    total: 131,
    gaveUpAfter: null,
  },
  connection: {
    id: 1,
    sender: { ip: '10.0.8.15', port: 40112 },
    receiver: { ip: '203.0.113.44', port: 80 },
    index: 1,
    reused: false,
    idleBefore: null,
    history: 'ShADad',
    retransmissions: 0,
    rtt: 10,
    link: 'EN10MB',
    vlan: null,
    interface: null,
    tls: null,
    stream: null,
  },
  delivery: null,
  signals: [],
  likely: null,
  missing: [],
  evidence: [
    { file: 'notify.pcap', frame: 4, time: 11 * MS, role: 'request_last_byte' },
    { file: 'notify.pcap', frame: 6, time: 131 * MS, role: 'response_first_byte' },
  ],
  packets: null,
};

export const DELIVERY: DeliveryRecord = {
  type: 'delivery',
  key: 'order-1',
  host: 'pay.shop.example',
  outcome: 'delivered',
  verdict: 'delivered',
  attempts: ['1.1'],
  attemptCount: 1,
  intervals: [],
  firstSent: 11_000_000,
  firstAcked: null,
  deliveredAt: 131_000_000,
  duplicatesAfterAck: 0,
  duplicatesAfterDelivery: 0,
  method: 'POST',
  port: 80,
  path: '/notify',
  keyFrom: 'form:out_trade_no',
  inferred: false,
  expected: null,
};

export function transaction(change: Change<TransactionRecord> = {}): TransactionRecord {
  return merged(DELIVERED, change);
}

/** The same POST, acknowledged and never answered: the sender gave up after ten seconds. */
export const UNANSWERED = transaction({
  id: '2.1',
  outcome: 'unanswered',
  verdict: 'no_response_sender_closed',
  fault: ['receiver'],
  confidence: 'strong',
  because: [{ reason: 'sender_waited', seconds: 5.2, atMost: false }],
  facts: { responded: 'none', closedBy: 'sender_fin', accepted: 'unknown' },
  response: null,
  times: { responseFirstByte: null, responseLastByte: null, closed: 10_011 * MS },
  timings: { wait: null, receive: null, total: 10_011, gaveUpAfter: 10_000 },
  evidence: [
    { file: 'notify.pcap', frame: 12, time: 11 * MS, role: 'request_last_byte' },
    { file: 'notify.pcap', frame: 15, time: 23 * MS, role: 'request_acked' },
    { file: 'notify.pcap', frame: 19, time: 10_011 * MS, role: 'sender_fin' },
  ],
});

const NEVER = {
  syn: 0,
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

/** A connection attempt answered by an RST. */
export const REFUSED = transaction({
  id: '3.1',
  outcome: 'unsent',
  verdict: 'connect_refused',
  fault: ['receiver'],
  because: [],
  facts: { sent: 'none', acked: 'none', responded: 'none', closedBy: 'receiver_rst', accepted: 'unknown' },
  request: null,
  response: null,
  times: NEVER,
  timings: {
    connect: null,
    tls: null,
    send: null,
    ack: null,
    wait: null,
    receive: null,
    total: 3,
    gaveUpAfter: null,
  },
  connection: { id: 3, rtt: null, history: 'Sr', receiver: { ip: '2001:db8::1', port: 443 } },
  evidence: [
    { file: 'notify.pcap', frame: 20, time: 0, role: 'syn' },
    { file: 'notify.pcap', frame: 21, time: 3 * MS, role: 'receiver_rst' },
  ],
});

/** What is known of an attempt when next to nothing is. */
export const SPARSE = transaction({
  id: '4.1',
  because: [],
  facts: { sent: 'unknown', acked: 'unknown', responded: 'unknown', closedBy: null, accepted: 'unknown' },
  request: null,
  response: null,
  times: { ...NEVER, syn: null },
  timings: {
    connect: null,
    tls: null,
    send: null,
    ack: null,
    wait: null,
    receive: null,
    total: null,
    gaveUpAfter: null,
  },
  connection: { rtt: null, history: '' },
  evidence: [],
});

export const HOST: HostRecord = {
  type: 'host',
  host: 'pay.shop.example',
  port: 80,
  addresses: ['203.0.113.44'],
  attempts: 12,
  outcomes: { delivered: 9, refused: 1, unanswered: 2 },
  verdicts: { delivered: 9, server_error: 1, no_response_sender_closed: 2 },
  connections: 12,
  synUnanswered: 0,
  resets: { bySender: 1, byReceiver: 2 },
  unansweredRequests: 2,
  retransmissionRate: 1 / 3,
  wait: { p50: 120.4, p95: 1834.1239, max: 2000, p99: 1999.00049 },
  ack: { p50: 12, p95: 20, max: 21 },
  inferredSenderTimeout: 10_000,
};

export const CAPTURE: CaptureRecord = {
  type: 'capture',
  files: [
    {
      path: 'notify.pcap',
      sha256: 'ab'.repeat(32),
      format: 'pcap',
      bytes: 4096,
      packets: 1234,
      firstTime: 0,
      lastTime: 10_011 * MS,
      truncated: false,
    },
  ],
  linkTypes: ['EN10MB'],
  packets: 1234,
  decoded: { tcp: 1230, other: 4, fragment: 0, truncated: 0, malformed: 0, unknownLink: 0 },
  firstTime: 0,
  lastTime: 10_011 * MS,
  dropped: null,
  duplicates: 0,
  ackedUnseen: 0,
  snaplenCut: 0,
  oneDirection: false,
  limitsHit: {},
  warnings: [],
  options: { timeout: 30_000 },
  version: '0.1.0',
};

const SUMMARY: SummaryRecord = {
  type: 'summary',
  transactions: 3,
  outcomes: { delivered: 1, unanswered: 1, unsent: 1 },
  verdicts: { delivered: 1, no_response_sender_closed: 1, connect_refused: 1 },
  hosts: 1,
  deliveries: 0,
  expected: null,
  exitStatus: 1,
};

export function findings(change: Change<Findings> = {}): Findings {
  return merged({ capture: CAPTURE, deliveries: [], unseen: [], hosts: [HOST], summary: SUMMARY }, change);
}

export const NOTHING_FAILED: Findings = {
  ...findings(),
  summary: {
    ...SUMMARY,
    transactions: 1,
    outcomes: { delivered: 1 },
    verdicts: { delivered: 1 },
    exitStatus: 0,
  },
};

/** An output that keeps what is written. */
export function collector(): Output & { readonly text: string; readonly bytes: Buffer } {
  const parts: (string | Buffer)[] = [];
  return {
    write: (data) => {
      parts.push(typeof data === 'string' ? data : Buffer.from(data));
    },
    get text() {
      return parts.join('');
    },
    get bytes() {
      return Buffer.concat(parts.map((part) => Buffer.from(part)));
    },
  };
}

/** A capture that is read a second time and has nothing in it any more. */
export function nothingToRetrace(): Promise<CaptureFacts> {
  return Promise.resolve({
    files: [],
    interfaces: [{ name: 'eth0', link: 1 }],
    warnings: [],
    packets: 0,
    epoch: CLOCK.epoch,
    digits: CLOCK.digits,
    firstTime: 0,
    lastTime: 10_011 * MS,
    dropped: null,
  });
}

export function context(change: Partial<ReportContext> = {}): ReportContext {
  return {
    clock: CLOCK,
    language: en,
    only: null,
    secrets: new SecretNames(),
    retrace: nothingToRetrace,
    colour: false,
    width: 80,
    verbose: false,
    ...change,
  };
}
