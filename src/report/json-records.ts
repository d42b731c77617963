/**
 * The records that come by the hundred thousand, transactions and deliveries, as `json-values.ts` would write them: one line
 * each, the contract's fields in its order, put into a `JsonLine` value by value. What many records have in common is
 * remembered as it was put.
 */
import type { Time } from '../capture/packet.ts';
import type {
  ConnectionRecord,
  DeliveryRecord,
  Evidence,
  Place,
  RequestRecord,
  ResponseRecord,
  TransactionFacts,
  TransactionRecord,
  TransactionTimes,
  TransactionTimings,
} from '../verdict/verdict.ts';
import { JsonFields } from './json-fields.ts';
import { JsonLine, piece, safeJson } from './json-line.ts';
import type { Language } from './summary/language.ts';
import { type Clock, rfc3339 } from './time.ts';

/** One for all: each line is taken before the next is begun. */
const line = new JsonLine();

export function transactionJson(record: TransactionRecord, clock: Clock, language: Language): string {
  putTransaction(record, clock, language);
  return line.toString();
}

export function deliveryJson(record: DeliveryRecord, clock: Clock): string {
  putDelivery(record, clock);
  return line.toString();
}

const LINE_END = piece('\n');

/** The same with the end of a line; lent until the next. */
export function transactionLine(record: TransactionRecord, clock: Clock, language: Language): Uint8Array {
  putTransaction(record, clock, language);
  line.put(LINE_END);
  return line.bytes;
}

export function deliveryLine(record: DeliveryRecord, clock: Clock): Uint8Array {
  putDelivery(record, clock);
  line.put(LINE_END);
  return line.bytes;
}

/** What stands before a value, by the name of its field. */
function names<const N extends string>(...fields: readonly N[]): Readonly<Record<N, Uint8Array>> {
  const entries = fields.map((field) => [field, piece(`,"${field}":`)]);
  return Object.fromEntries(entries) as Record<N, Uint8Array>;
}

const TRANSACTION = {
  ...names('summary', 'facts', 'request', 'response', 'delivery', 'evidence', 'packets'),
  id: piece('{"type":"transaction","id":'),
};
const END = piece('}');

function putTransaction(record: TransactionRecord, clock: Clock, language: Language): void {
  line.clear();
  line.put(TRANSACTION.id);
  line.text(record.id);
  putJudgement(record, language);
  line.put(TRANSACTION.summary);
  line.text(language.summarize(record, clock));
  putFacts(record.facts);
  line.put(TRANSACTION.request);
  putRequest(record.request);
  line.put(TRANSACTION.response);
  putResponse(record.response);
  putTimes(record.times, clock);
  putTimings(record.timings, clock);
  putConnection(record.connection, clock);
  line.put(TRANSACTION.delivery);
  putPlace(record.delivery);
  putAsides(record);
  putEvidence(record.evidence, clock);
  line.put(TRANSACTION.packets);
  const { packets } = record;
  line.json(
    packets === null
      ? 'null'
      : safeJson(packets.map((packet) => ({ ...packet, time: rfc3339(packet.time, clock) }))),
  );
  line.put(END);
}

interface Judgement {
  readonly outcome: string;
  readonly fault: TransactionRecord['fault'];
  readonly confidence: string;
  readonly json: Uint8Array;
}

/** The last of each verdict that has no reasons: most are alike. */
const judgements = new Map<string, Judgement>();

function putJudgement(record: TransactionRecord, language: Language): void {
  const { outcome, verdict, fault, confidence, because } = record;
  let known = because.length === 0 ? judgements.get(verdict) : undefined;
  if (
    known === undefined ||
    known.outcome !== outcome ||
    known.fault !== fault ||
    known.confidence !== confidence
  ) {
    const reasons = because.map((reason) => language.reason(reason));
    const json = inner({ outcome, verdict, fault, confidence, because: reasons });
    known = { outcome, fault, confidence, json };
    if (because.length === 0) judgements.set(verdict, known);
  }
  line.put(known.json);
}

/** The fields of an object, to be put among others. */
function inner(value: object): Uint8Array {
  return piece(`,${safeJson(value).slice(1, -1)}`);
}

/** The last of each way to end. */
const endings = new Map<string | null, { readonly facts: TransactionFacts; readonly json: Uint8Array }>();

function putFacts(facts: TransactionFacts): void {
  const { sent, acked, responded, closedBy, accepted } = facts;
  let known = endings.get(closedBy);
  if (
    known === undefined ||
    known.facts.sent !== sent ||
    known.facts.acked !== acked ||
    known.facts.responded !== responded ||
    known.facts.accepted !== accepted
  ) {
    known = { facts, json: inner({ facts: { sent, acked, responded, closedBy, accepted } }) };
    endings.set(closedBy, known);
  }
  line.put(known.json);
}

const MESSAGE = names('headers', 'headerBytes', 'bodyBytes', 'bodyCaptured', 'complete', 'body');
const requestFields = new JsonFields();

function putRequest(request: RequestRecord | null): void {
  if (request === null) {
    line.text(null);
    return;
  }
  putStart(request);
  line.put(MESSAGE.headers);
  requestFields.put(request.headers, line);
  line.put(MESSAGE.headerBytes);
  line.number(request.headerBytes);
  line.put(MESSAGE.bodyBytes);
  line.number(request.bodyBytes);
  line.put(MESSAGE.bodyCaptured);
  line.number(request.bodyCaptured);
  line.put(MESSAGE.complete);
  line.flag(request.complete);
  line.put(MESSAGE.body);
  line.text(request.body);
  line.put(END);
}

/** Start lines remembered by their URL: they come again and again, those of many receivers in turn. */
const STARTS = 1_024;
const LONGEST_URL = 256;
const starts = new Map<string, { readonly request: RequestStart; readonly json: Uint8Array }>();

type RequestStart = Pick<RequestRecord, 'method' | 'target' | 'url' | 'host' | 'version'>;

function putStart({ method, target, url, host, version }: RequestRecord): void {
  const known = url === null ? undefined : starts.get(url);
  if (
    known !== undefined &&
    known.request.method === method &&
    known.request.target === target &&
    known.request.host === host &&
    known.request.version === version
  ) {
    line.put(known.json);
    return;
  }
  const json = safeJson({ method, target, url, host, version });
  const start = piece(json.slice(0, -1));
  line.put(start);
  if (url === null || url.length > LONGEST_URL) return;
  if (starts.size >= STARTS) starts.clear();
  // Parsed again it is a copy: a piece of a head would keep all of that head in memory.
  const request: RequestStart = JSON.parse(json);
  starts.set(request.url ?? '', { request, json: start });
}

const RESPONSE = { ...names('reason', 'version', 'interim'), status: piece('{"status":') };
const responseFields = new JsonFields();

function putResponse(response: ResponseRecord | null): void {
  if (response === null) {
    line.text(null);
    return;
  }
  line.put(RESPONSE.status);
  line.number(response.status);
  line.put(RESPONSE.reason);
  line.text(response.reason);
  line.put(RESPONSE.version);
  line.text(response.version);
  line.put(MESSAGE.headers);
  responseFields.put(response.headers, line);
  line.put(MESSAGE.headerBytes);
  line.number(response.headerBytes);
  line.put(MESSAGE.bodyBytes);
  line.number(response.bodyBytes);
  line.put(MESSAGE.complete);
  line.flag(response.complete);
  line.put(MESSAGE.body);
  line.text(response.body);
  line.put(RESPONSE.interim);
  line.numbers(response.interim);
  line.put(END);
}

const TIMES = {
  ...names('synAck', 'established', 'tlsDone', 'requestFirstByte', 'requestLastByte', 'requestAcked'),
  ...names('responseFirstByte', 'responseLastByte', 'closed'),
  syn: piece(',"times":{"syn":'),
  noneBefore: piece(',"times":{"syn":null,"synAck":null,"established":null,"tlsDone":null'),
};

function putTimes(times: TransactionTimes, clock: Clock): void {
  const { syn, synAck, established, tlsDone } = times;
  if (syn === null && synAck === null && established === null && tlsDone === null) line.put(TIMES.noneBefore);
  else {
    putTime(TIMES.syn, syn, clock);
    putTime(TIMES.synAck, synAck, clock);
    putTime(TIMES.established, established, clock);
    putTime(TIMES.tlsDone, tlsDone, clock);
  }
  putTime(TIMES.requestFirstByte, times.requestFirstByte, clock);
  putTime(TIMES.requestLastByte, times.requestLastByte, clock);
  putTime(TIMES.requestAcked, times.requestAcked, clock);
  putTime(TIMES.responseFirstByte, times.responseFirstByte, clock);
  putTime(TIMES.responseLastByte, times.responseLastByte, clock);
  putTime(TIMES.closed, times.closed, clock);
  line.put(END);
}

function putTime(name: Uint8Array, time: Time | null, clock: Clock): void {
  line.put(name);
  line.moment(time, clock);
}

const TIMINGS = {
  ...names('tls', 'send', 'ack', 'wait', 'receive', 'total', 'gaveUpAfter'),
  connect: piece(',"timings":{"connect":'),
};

function putTimings(timings: TransactionTimings, clock: Clock): void {
  putDuration(TIMINGS.connect, timings.connect, clock);
  putDuration(TIMINGS.tls, timings.tls, clock);
  putDuration(TIMINGS.send, timings.send, clock);
  putDuration(TIMINGS.ack, timings.ack, clock);
  putDuration(TIMINGS.wait, timings.wait, clock);
  putDuration(TIMINGS.receive, timings.receive, clock);
  putDuration(TIMINGS.total, timings.total, clock);
  putDuration(TIMINGS.gaveUpAfter, timings.gaveUpAfter, clock);
  line.put(END);
}

function putDuration(name: Uint8Array, milliseconds: number | null, clock: Clock): void {
  line.put(name);
  line.duration(milliseconds, clock);
}

const CONNECTION = {
  ...names('port', 'index', 'reused', 'idleBefore', 'history', 'retransmissions', 'rtt'),
  id: piece(',"connection":{"id":'),
  sender: piece(',"sender":{"ip":'),
  receiver: piece('},"receiver":{"ip":'),
  index: piece('},"index":'),
};

function putConnection(connection: ConnectionRecord, clock: Clock): void {
  const { sender, receiver } = connection;
  line.put(CONNECTION.id);
  line.number(connection.id);
  line.put(CONNECTION.sender);
  line.text(sender.ip);
  line.put(CONNECTION.port);
  line.number(sender.port);
  line.put(CONNECTION.receiver);
  line.text(receiver.ip);
  line.put(CONNECTION.port);
  line.number(receiver.port);
  line.put(CONNECTION.index);
  line.number(connection.index);
  line.put(CONNECTION.reused);
  line.flag(connection.reused);
  putDuration(CONNECTION.idleBefore, connection.idleBefore, clock);
  line.put(CONNECTION.history);
  line.text(connection.history);
  line.put(CONNECTION.retransmissions);
  line.number(connection.retransmissions);
  putDuration(CONNECTION.rtt, connection.rtt, clock);
  putMedium(connection);
  line.put(END);
}

/** The last without TLS and streams: packets of a capture come by the same way. */
let medium: Pick<ConnectionRecord, 'link' | 'vlan' | 'interface'> = { link: '', vlan: null, interface: null };
let mediumJson = inner(medium);

function putMedium({ link, vlan, interface: name, tls, stream }: ConnectionRecord): void {
  const alike = medium.link === link && medium.vlan === vlan && medium.interface === name;
  if (tls !== null || stream !== null) line.put(inner({ link, vlan, interface: name, tls, stream }));
  else {
    if (!alike) {
      medium = { link, vlan, interface: name };
      mediumJson = inner({ ...medium, tls, stream });
    }
    line.put(mediumJson);
  }
}

const PLACE = { ...names('attempt', 'of'), key: piece('{"key":') };

function putPlace(place: Place | null): void {
  if (place === null) {
    line.text(null);
    return;
  }
  line.put(PLACE.key);
  line.text(place.key);
  line.put(PLACE.attempt);
  line.number(place.attempt);
  line.put(PLACE.of);
  line.number(place.of);
  line.put(END);
}

const ASIDES = {
  ...names('signals', 'likely', 'missing'),
  none: piece(',"signals":[],"likely":null,"missing":[]'),
};

function putAsides({ signals, likely, missing }: TransactionRecord): void {
  if (signals.length === 0 && likely === null && missing.length === 0) {
    line.put(ASIDES.none);
    return;
  }
  line.put(ASIDES.signals);
  line.texts(signals);
  line.put(ASIDES.likely);
  line.text(likely);
  line.put(ASIDES.missing);
  line.texts(missing);
}

const EVIDENCE = { ...names('frame', 'time', 'role'), open: piece('['), next: piece(','), close: piece(']') };

/** The file last named: few packets are of another than the one before. */
let namedFile: string | null = null;
let namedFileJson = piece('');

function putEvidence(evidence: readonly Evidence[], clock: Clock): void {
  line.put(TRANSACTION.evidence);
  line.put(EVIDENCE.open);
  for (let i = 0; i < evidence.length; i++) {
    const { file, frame, time, role } = evidence[i]!;
    if (i > 0) line.put(EVIDENCE.next);
    if (file !== namedFile) {
      namedFile = file;
      namedFileJson = piece(safeJson({ file }).slice(0, -1));
    }
    line.put(namedFileJson);
    line.put(EVIDENCE.frame);
    line.number(frame);
    putTime(EVIDENCE.time, time, clock);
    line.put(EVIDENCE.role);
    line.text(role);
    line.put(END);
  }
  line.put(EVIDENCE.close);
}

const DELIVERY = {
  ...names('host', 'outcome', 'verdict', 'attempts', 'attemptCount', 'intervals', 'firstSent', 'firstAcked'),
  ...names('deliveredAt', 'duplicatesAfterAck', 'duplicatesAfterDelivery', 'method', 'port', 'path'),
  ...names('keyFrom', 'inferred', 'expected'),
  key: piece('{"type":"delivery","key":'),
};

function putDelivery(record: DeliveryRecord, clock: Clock): void {
  line.clear();
  line.put(DELIVERY.key);
  line.text(record.key);
  line.put(DELIVERY.host);
  line.text(record.host);
  line.put(DELIVERY.outcome);
  line.text(record.outcome);
  line.put(DELIVERY.verdict);
  line.text(record.verdict);
  line.put(DELIVERY.attempts);
  line.texts(record.attempts);
  line.put(DELIVERY.attemptCount);
  line.number(record.attemptCount);
  line.put(DELIVERY.intervals);
  line.durations(record.intervals, clock);
  putTime(DELIVERY.firstSent, record.firstSent, clock);
  putTime(DELIVERY.firstAcked, record.firstAcked, clock);
  putTime(DELIVERY.deliveredAt, record.deliveredAt, clock);
  line.put(DELIVERY.duplicatesAfterAck);
  line.number(record.duplicatesAfterAck);
  line.put(DELIVERY.duplicatesAfterDelivery);
  line.number(record.duplicatesAfterDelivery);
  line.put(DELIVERY.method);
  line.text(record.method);
  line.put(DELIVERY.port);
  line.number(record.port);
  line.put(DELIVERY.path);
  line.text(record.path);
  line.put(DELIVERY.keyFrom);
  line.text(record.keyFrom);
  line.put(DELIVERY.inferred);
  line.flag(record.inferred);
  line.put(DELIVERY.expected);
  const { expected } = record;
  line.json(
    expected === null
      ? 'null'
      : safeJson({
          lines: expected.lines,
          firstTime: rfc3339(expected.firstTime, clock),
          lastTime: rfc3339(expected.lastTime, clock),
        }),
  );
  line.put(END);
}
