/** What holds for every record of any capture: the contract's shape, its closed sets, and that the sums agree. */
import { ANOMALIES } from '../../src/http/message.ts';
import { LIMITS } from '../../src/limits.ts';
import { entryOf } from '../../src/verdict/codes.ts';
import { FAILED, type Findings, OUTCOMES, type TransactionRecord } from '../../src/verdict/verdict.ts';
import type { Problems } from './problem.ts';

/** What was delivered to the analysis. */
export interface Delivered {
  /** Time of each packet, by file and frame - 1. */
  readonly times: readonly (readonly number[])[];
  readonly paths: readonly string[];
  readonly packets: number;
}

const PARTIES: readonly string[] = ['sender', 'network', 'receiver', 'capture'];
const CONFIDENCES: readonly string[] = ['proven', 'strong', 'probable', 'weak'];
const EXTENTS: readonly string[] = ['full', 'partial', 'none', 'unknown'];
const CLOSINGS: readonly unknown[] = [
  'sender_fin',
  'sender_rst',
  'receiver_fin',
  'receiver_rst',
  'sender_rst_stream',
  'receiver_rst_stream',
  'receiver_goaway',
  null,
];
const ACCEPTED: readonly string[] = ['yes', 'no', 'unknown'];
/** Of a TLS handshake that did not get through, or a connection that was not accepted, no request byte had been sent. */
const UNSENT: readonly string[] = [
  'connect_not_accepted',
  'request_not_acked',
  'request_partly_acked',
  'path_mtu_blackhole',
];
const NAME = /^[a-z][a-z0-9_]*$/;

export function checkRecord(record: TransactionRecord, delivered: Delivered, problems: Problems): void {
  const { id, verdict, outcome, fault, facts, connection, evidence } = record;
  const check = (kept: boolean, rule: string, detail: () => string) =>
    problems.check(kept, rule, () => `${id} ${verdict}: ${detail()}`);

  const odd = unfit(record, 'record');
  check(odd === null, 'every fact is there, and a number', () => odd ?? '');
  check(id === `${connection.id}.${connection.index}`, 'the id is that of connection and index', () => id);
  const usual = entryOf(verdict).outcome;
  const unsent = UNSENT.includes(verdict) && outcome === 'unsent' && record.request === null;
  check(outcome === usual || unsent, 'the outcome is that of the catalogue', () => outcome);
  check((fault.length === 0) === (verdict === 'delivered'), 'somebody is named unless all is well', () =>
    fault.join(),
  );
  check(isSubset(fault, PARTIES), 'fault names sides, each once', () => fault.join());
  check(CONFIDENCES.includes(record.confidence), 'confidence is of its set', () => record.confidence);
  check(
    [facts.sent, facts.acked, facts.responded].every((extent) => EXTENTS.includes(extent)) &&
      CLOSINGS.includes(facts.closedBy) &&
      ACCEPTED.includes(facts.accepted),
    'facts are of their sets',
    () => JSON.stringify(facts),
  );
  check(record.signals.every(isSignal), 'signals are codes', () => record.signals.join());
  check(
    isSubset(record.missing, record.missing) && record.missing.every((code) => NAME.test(code)),
    'missing facts are codes',
    () => record.missing.join(),
  );
  check(record.likely === null || entryOf(record.likely) !== undefined, 'likely is a verdict', () =>
    String(record.likely),
  );

  const known = new Set(delivered.times.flat());
  for (const [name, time] of Object.entries(record.times)) {
    check(time === null || known.has(time), 'each time is that of a packet', () => `${name} ${time}`);
  }
  for (const [name, duration] of Object.entries(record.timings)) {
    check(duration === null || duration >= 0, 'no duration is negative', () => `${name} ${duration}`);
  }
  for (const { file, frame, time, role } of evidence) {
    const at = delivered.paths.indexOf(file);
    check(
      delivered.times[at]?.[frame - 1] === time,
      'evidence is a packet of its file',
      () => `${role} ${file} ${frame}`,
    );
  }
  check(isAscending(evidence.map(({ time }) => time)), 'evidence is in order', () =>
    evidence.map(({ time }) => time).join(),
  );
  check(evidence.length > 0, 'every verdict has its packets', () => 'no evidence');
  checkMessages(record, check);
  checkConnection(record, check);
}

type Check = (kept: boolean, rule: string, detail: () => string) => void;

function checkMessages({ request, response }: TransactionRecord, check: Check): void {
  if (request !== null) {
    const { bodyBytes, bodyCaptured, headerBytes, method, target } = request;
    check(
      isCount(bodyCaptured) && bodyCaptured <= bodyBytes,
      'no more is captured than there is',
      () => `${bodyCaptured}/${bodyBytes}`,
    );
    check(isCount(headerBytes), 'bytes are counted', () => `${headerBytes}`);
    check((method === null) === (target === null), 'a head is there or not', () => `${method} ${target}`);
    check((request.body ?? '').length <= LIMITS.decodedBodyBytes, 'bodies are bounded', () => 'request');
    check(
      request.headers.length <= LIMITS.headFields,
      'headers are bounded',
      () => `${request.headers.length}`,
    );
  }
  if (response !== null) {
    const { status, interim, bodyBytes } = response;
    check(
      status === null || (isCount(status) && status >= 100 && status <= 999),
      'a status is three digits',
      () => `${status}`,
    );
    check(
      interim.every((code) => code >= 100 && code < 200),
      'interim statuses are 1xx',
      () => interim.join(),
    );
    check(isCount(bodyBytes), 'bytes are counted', () => `${bodyBytes}`);
    check((response.body ?? '').length <= LIMITS.decodedBodyBytes, 'bodies are bounded', () => 'response');
  }
}

function checkConnection({ connection }: TransactionRecord, check: Check): void {
  const { id, index, sender, receiver, history, retransmissions, vlan } = connection;
  check(
    isCount(id) && id > 0 && isCount(index) && index > 0,
    'connections and requests count from 1',
    () => `${id}.${index}`,
  );
  check(
    [sender.port, receiver.port].every((port) => isCount(port) && port < 65_536),
    'ports are ports',
    () => `${sender.port} ${receiver.port}`,
  );
  check(/^\^?[shadfrtwgiq]*$/i.test(history), 'history has its letters', () => history);
  check(isCount(retransmissions), 'retransmissions are counted', () => `${retransmissions}`);
  check(vlan === null || (vlan >= 0 && vlan < 4096), 'a VLAN has 12 bits', () => `${vlan}`);
  check(connection.reused === index > 1, 'reused from the second request on', () => `${index}`);
}

/** @param records all that were told, in any order. */
export function checkFindings(
  { capture, deliveries, hosts, summary }: Findings,
  records: readonly TransactionRecord[],
  delivered: Delivered,
  problems: Problems,
): void {
  const check = problems.check.bind(problems);
  const odd = unfit({ capture, deliveries, hosts, summary }, 'findings');
  check(odd === null, 'every fact is there, and a number', () => odd ?? '');
  const decoded = sum(capture.decoded);
  check(
    decoded === delivered.packets && capture.packets === delivered.packets,
    'every packet is counted once',
    () => `${delivered.packets} delivered, ${capture.packets} told, ${decoded} decoded`,
  );
  check(
    capture.files.every(({ packets }, i) => packets === (delivered.times[i]?.length ?? 0)),
    'every packet is counted in its file',
    () => JSON.stringify(capture.files),
  );
  const times = delivered.times.flat();
  const bounds = times.length === 0 ? [null, null] : [times.reduce(least), times.reduce(most)];
  check(
    capture.firstTime === bounds[0] && capture.lastTime === bounds[1],
    'the capture lasts from its first packet to its last',
    () => `${capture.firstTime} ${capture.lastTime}, not ${bounds.join(' ')}`,
  );
  const limits = Object.entries(capture.limitsHit);
  check(
    limits.every(([name, count]) => name in LIMITS && isCount(count) && count > 0),
    'limits are counted by their names',
    () => JSON.stringify(capture.limitsHit),
  );
  check(
    capture.warnings.every(({ code, text }) => NAME.test(code) && text !== ''),
    'warnings have a code and a sentence',
    () => JSON.stringify(capture.warnings),
  );

  const ids = records.map(({ id }) => id);
  check(new Set(ids).size === ids.length, 'ids are unique', () => ids.join(' '));
  const indexes = new Map<number, number[]>();
  for (const { connection } of records) {
    indexes.set(connection.id, [...(indexes.get(connection.id) ?? []), connection.index]);
  }
  for (const [id, list] of indexes) {
    list.sort((a, b) => a - b);
    check(
      list.every((index, i) => index === i + 1),
      'each request of a connection has its record',
      () => `${id}: ${list.join()}`,
    );
  }

  const { transactions, outcomes, verdicts, exitStatus } = summary;
  check(
    transactions === records.length && sum(outcomes) === transactions && sum(verdicts) === transactions,
    'the summary counts the records',
    () => JSON.stringify(summary),
  );
  check(
    OUTCOMES.every(
      (outcome) => outcomes[outcome] === records.filter((record) => record.outcome === outcome).length,
    ),
    'outcomes are those of the records',
    () => JSON.stringify(outcomes),
  );
  const failed = records.some(
    ({ outcome, verdict }) => FAILED.includes(outcome) && verdict !== 'no_request_sent',
  );
  const undecided = records.some(({ outcome }) => outcome === 'pending' || outcome === 'unknown');
  check(
    exitStatus === (failed ? 1 : undecided ? 3 : 0),
    'the exit status is that of the records',
    () => `${exitStatus}`,
  );
  const attempts = hosts.reduce((count, host) => count + host.attempts, 0);
  check(
    attempts === transactions && hosts.every((host) => sum(host.outcomes) === host.attempts),
    'each attempt is one of a host',
    () => `${attempts} of ${transactions}`,
  );
  check(
    new Set(hosts.map(({ host, port }) => `${host} ${port}`)).size === hosts.length,
    'a host is told once',
    () => hosts.map(({ host, port }) => `${host} ${port}`).join(),
  );
  const told = new Set(ids);
  check(
    summary.deliveries === deliveries.length,
    'deliveries are counted',
    () => `${deliveries.length}, not ${summary.deliveries}`,
  );
  for (const { key, attempts: some, duplicatesAfterAck } of deliveries) {
    check(
      some.length > 0 && new Set(some).size === some.length && some.every((id) => told.has(id)),
      'a delivery is made of attempts, each once',
      () => `${key}: ${some.join()}`,
    );
    check(
      isCount(duplicatesAfterAck),
      'attempts after an acknowledgement are counted',
      () => `${duplicatesAfterAck}`,
    );
  }
}

/** Where something is undefined or no number; null where all is well. */
function unfit(value: unknown, path: string): string | null {
  if (value === undefined) return `${path} is undefined`;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path} is ${value}`;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const odd = unfit(part, `${path}.${key}`);
    if (odd !== null) return odd;
  }
  return null;
}

function isSignal(signal: string): boolean {
  const [name = '', anomaly] = signal.split(':');
  if (name === 'http_anomaly') return anomaly !== undefined && anomaly in ANOMALIES;
  return NAME.test(name);
}

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
const isSubset = (some: readonly string[], all: readonly string[]) =>
  some.every((one) => all.includes(one)) && new Set(some).size === some.length;
const isAscending = (values: readonly number[]) =>
  values.every((value, i) => i === 0 || values[i - 1]! <= value);
const sum = (counts: object) =>
  Object.values(counts).reduce((total: number, count: number) => total + count, 0);
const least = (a: number, b: number) => Math.min(a, b);
const most = (a: number, b: number) => Math.max(a, b);
