/**
 * Transactions, which come by the hundred thousand, as `json-values.ts` would write them: one line each, the contract's
 * fields in its order, put into a `JsonLine` value by value. What many have in common is remembered as it was put.
 */
import type {
  ConnectionRecord,
  Evidence,
  Place,
  RequestRecord,
  ResponseRecord,
  Role,
  TransactionFacts,
  TransactionRecord,
  TransactionTimes,
  TransactionTimings,
} from '../verdict/verdict.ts';
import { JsonFields } from './json-fields.ts';
import { inner, JsonLine, LINE_END, names, piece, safeJson } from './json-line.ts';
import type { Language } from './summary/language.ts';
import { type Clock, rfc3339 } from './time.ts';

/** One for all: each line is taken before the next is begun. */
const line = new JsonLine();

export function transactionJson(record: TransactionRecord, clock: Clock, language: Language): string {
  putTransaction(record, clock, language);
  return line.toString();
}

/** The same with the end of a line; lent until the next. */
export function transactionLine(record: TransactionRecord, clock: Clock, language: Language): Uint8Array {
  putTransaction(record, clock, language);
  line.put(LINE_END);
  return line.bytes;
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

const MESSAGE = {
  ...names('headers', 'headerBytes', 'bodyBytes', 'bodyCaptured'),
  wholeBody: piece(',"complete":true,"body":'),
  partialBody: piece(',"complete":false,"body":'),
};
const requestFields = new JsonFields();

function putRequest(request: RequestRecord | null): void {
  if (request === null) {
    line.text(null);
    return;
  }
  putStart(request);
  putSizes(request, requestFields);
  line.put(MESSAGE.bodyCaptured);
  line.number(request.bodyCaptured);
  putBody(request);
  line.put(END);
}

/** What requests and answers have in common: behind the start line, then at the end. */
function putSizes(
  { headers, headerBytes, bodyBytes }: RequestRecord | ResponseRecord,
  fields: JsonFields,
): void {
  line.put(MESSAGE.headers);
  fields.put(headers, line);
  line.put(MESSAGE.headerBytes);
  line.number(headerBytes);
  line.put(MESSAGE.bodyBytes);
  line.number(bodyBytes);
}

function putBody({ complete, body }: RequestRecord | ResponseRecord): void {
  line.put(complete ? MESSAGE.wholeBody : MESSAGE.partialBody);
  line.text(body);
}

/** Characters of what is remembered by what it holds. */
const LONGEST = 1_024;

/** Start lines remembered by their URL: they come again and again, those of many receivers in turn. */
const STARTS = 1_024;
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
  if (url === null || json.length > LONGEST) return;
  if (starts.size >= STARTS) starts.clear();
  // Parsed again it is a copy: a piece of a head would keep all of that head in memory.
  const request: RequestStart = JSON.parse(json);
  starts.set(request.url ?? '', { request, json: start });
}

const RESPONSE = { ...names('interim'), noInterim: piece(',"interim":[]') };
const responseFields = new JsonFields();

function putResponse(response: ResponseRecord | null): void {
  if (response === null) {
    line.text(null);
    return;
  }
  putStatusLine(response);
  putSizes(response, responseFields);
  putBody(response);
  if (response.interim.length === 0) line.put(RESPONSE.noInterim);
  else {
    line.put(RESPONSE.interim);
    line.numbers(response.interim);
  }
  line.put(END);
}

/** The last status line of each status. */
const statusLines = new Map<number | null, { readonly response: StatusLine; readonly json: Uint8Array }>();

type StatusLine = Pick<ResponseRecord, 'status' | 'reason' | 'version'>;

function putStatusLine({ status, reason, version }: ResponseRecord): void {
  let known = statusLines.get(status);
  if (known === undefined || known.response.reason !== reason || known.response.version !== version) {
    const json = safeJson({ status, reason, version });
    known = { response: JSON.parse(json), json: piece(json.slice(0, -1)) };
    if (json.length <= LONGEST) statusLines.set(status, known);
  }
  line.put(known.json);
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
    line.time(TIMES.syn, syn, clock);
    line.time(TIMES.synAck, synAck, clock);
    line.time(TIMES.established, established, clock);
    line.time(TIMES.tlsDone, tlsDone, clock);
  }
  line.time(TIMES.requestFirstByte, times.requestFirstByte, clock);
  line.time(TIMES.requestLastByte, times.requestLastByte, clock);
  line.time(TIMES.requestAcked, times.requestAcked, clock);
  line.time(TIMES.responseFirstByte, times.responseFirstByte, clock);
  line.time(TIMES.responseLastByte, times.responseLastByte, clock);
  line.time(TIMES.closed, times.closed, clock);
  line.put(END);
}

const TIMINGS = {
  ...names('tls', 'send', 'ack', 'wait', 'receive', 'total', 'gaveUpAfter'),
  connect: piece(',"timings":{"connect":'),
  noneBefore: piece(',"timings":{"connect":null,"tls":null'),
};

function putTimings(timings: TransactionTimings, clock: Clock): void {
  if (timings.connect === null && timings.tls === null) line.put(TIMINGS.noneBefore);
  else {
    line.span(TIMINGS.connect, timings.connect, clock);
    line.span(TIMINGS.tls, timings.tls, clock);
  }
  line.span(TIMINGS.send, timings.send, clock);
  line.span(TIMINGS.ack, timings.ack, clock);
  line.span(TIMINGS.wait, timings.wait, clock);
  line.span(TIMINGS.receive, timings.receive, clock);
  line.span(TIMINGS.total, timings.total, clock);
  line.span(TIMINGS.gaveUpAfter, timings.gaveUpAfter, clock);
  line.put(END);
}

const CONNECTION = {
  ...names('port', 'history', 'retransmissions', 'rtt'),
  id: piece(',"connection":{"id":'),
  sender: piece(',"sender":{"ip":'),
  receiver: piece('},"receiver":{"ip":'),
  index: piece('},"index":'),
  reused: piece(',"reused":true,"idleBefore":'),
  first: piece(',"reused":false,"idleBefore":'),
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
  line.span(connection.reused ? CONNECTION.reused : CONNECTION.first, connection.idleBefore, clock);
  line.put(CONNECTION.history);
  line.text(connection.history);
  line.put(CONNECTION.retransmissions);
  line.number(connection.retransmissions);
  line.span(CONNECTION.rtt, connection.rtt, clock);
  putMedium(connection);
  line.put(END);
}

/** The last without TLS and streams: packets of a capture come by the same way. */
let medium: Pick<ConnectionRecord, 'link' | 'vlan' | 'interface'> = { link: '', vlan: null, interface: null };
let mediumJson = inner({ ...medium, tls: null, stream: null });

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

const EVIDENCE = { ...names('time'), open: piece('['), next: piece(','), close: piece(']') };

/** The file last named, up to the frame: few packets are of another than the one before. */
let namedFile: string | null = null;
let namedFileJson = piece('');
const roles = new Map<string, Uint8Array>();

function putEvidence(evidence: readonly Evidence[], clock: Clock): void {
  line.put(TRANSACTION.evidence);
  line.put(EVIDENCE.open);
  for (let i = 0; i < evidence.length; i++) {
    const { file, frame, time, role } = evidence[i]!;
    if (i > 0) line.put(EVIDENCE.next);
    if (file !== namedFile) {
      namedFile = file;
      namedFileJson = piece(`${safeJson({ file }).slice(0, -1)},"frame":`);
    }
    line.put(namedFileJson);
    line.number(frame);
    line.time(EVIDENCE.time, time, clock);
    putRole(role);
  }
  line.put(EVIDENCE.close);
}

function putRole(role: Role): void {
  let json = roles.get(role);
  if (json === undefined) {
    json = piece(`,"role":"${role}"}`);
    roles.set(role, json);
  }
  line.put(json);
}
