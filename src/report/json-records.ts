/**
 * The records that come by the hundred thousand, transactions and deliveries, as `json-values.ts` would write them: one line
 * each, the contract's fields in its order. They are put together from few and long pieces, since each one costs 20 ns to
 * join; what many records have in common is remembered as it was written.
 */
import type {
  ConnectionRecord,
  DeliveryRecord,
  Endpoint,
  Evidence,
  Expectation,
  Place,
  RequestRecord,
  ResponseRecord,
  TransactionFacts,
  TransactionRecord,
  TransactionTimes,
  TransactionTimings,
} from '../verdict/verdict.ts';
import { Fields, list, moment, safeJson, text, texts } from './json-pieces.ts';
import type { Language } from './summary/language.ts';
import { type Clock, millisecondsJson as ms, rfc3339 } from './time.ts';

export function transactionJson(record: TransactionRecord, clock: Clock, language: Language): string {
  const { id, facts, request, response, times, timings, connection, delivery, evidence, packets } = record;
  return (
    `{"type":"transaction","id":${text(id)},${judgementJson(record, language)},` +
    `"summary":${text(language.summarize(record, clock))},"facts":${factsJson(facts)},` +
    `"request":${request === null ? 'null' : requestJson(request)},` +
    `"response":${response === null ? 'null' : responseJson(response)},` +
    `"times":${timesJson(times, clock)},"timings":${timingsJson(timings, clock)},` +
    `"connection":${connectionJson(connection, clock)},` +
    `"delivery":${delivery === null ? 'null' : placeJson(delivery)},${asidesJson(record)},` +
    `"evidence":${list(evidence, (proof) => evidenceJson(proof, clock))},` +
    `"packets":${packets === null ? 'null' : list(packets, (packet) => safeJson({ ...packet, time: rfc3339(packet.time, clock) }))}}`
  );
}

type Judgement = Pick<TransactionRecord, 'outcome' | 'fault' | 'confidence'> & { readonly json: string };

/** The last of each verdict that has no reasons: most are alike. */
const judgements = new Map<string, Judgement>();

function judgementJson(record: TransactionRecord, language: Language): string {
  const { outcome, verdict, fault, confidence, because } = record;
  const last = judgements.get(verdict);
  if (
    because.length === 0 &&
    last !== undefined &&
    last.outcome === outcome &&
    last.confidence === confidence &&
    last.fault === fault
  ) {
    return last.json;
  }
  const json =
    `"outcome":"${outcome}","verdict":"${verdict}","fault":${texts(fault)},` +
    `"confidence":"${confidence}","because":${texts(because.map(language.reason))}`;
  if (because.length === 0) judgements.set(verdict, { outcome, fault, confidence, json });
  return json;
}

/** The last of each way to end. */
const endings = new Map<string | null, { readonly facts: TransactionFacts; readonly json: string }>();

function factsJson(facts: TransactionFacts): string {
  const { sent, acked, responded, closedBy, accepted } = facts;
  const last = endings.get(closedBy);
  if (
    last !== undefined &&
    last.facts.sent === sent &&
    last.facts.acked === acked &&
    last.facts.responded === responded &&
    last.facts.accepted === accepted
  ) {
    return last.json;
  }
  const json = safeJson({ sent, acked, responded, closedBy, accepted });
  endings.set(closedBy, { facts, json });
  return json;
}

const requestFields = new Fields();
const responseFields = new Fields();

function requestJson(request: RequestRecord): string {
  const { headers, headerBytes, bodyBytes, bodyCaptured, complete, body } = request;
  return (
    `${startJson(request)},"headers":${requestFields.json(headers)},"headerBytes":${headerBytes},` +
    `"bodyBytes":${bodyBytes},"bodyCaptured":${bodyCaptured},"complete":${complete},"body":${text(body)}}`
  );
}

/** Start lines remembered by their URL: they come again and again, those of many receivers in turn. */
const STARTS = 1_024;
const LONGEST_URL = 256;
const starts = new Map<string, { readonly request: RequestStart; readonly json: string }>();

type RequestStart = Pick<RequestRecord, 'method' | 'target' | 'url' | 'host' | 'version'>;

function startJson({ method, target, url, host, version }: RequestRecord): string {
  const known = url === null ? undefined : starts.get(url);
  if (
    known !== undefined &&
    known.request.method === method &&
    known.request.target === target &&
    known.request.host === host &&
    known.request.version === version
  ) {
    return known.json;
  }
  const json = safeJson({ method, target, url, host, version });
  const start = json.slice(0, -1);
  if (url !== null && url.length <= LONGEST_URL) {
    if (starts.size >= STARTS) starts.clear();
    // Parsed again it is a copy: a piece of a head would keep all of that head in memory.
    const request: RequestStart = JSON.parse(json);
    starts.set(request.url ?? '', { request, json: start });
  }
  return start;
}

function responseJson(response: ResponseRecord): string {
  const { status, reason, version, headers, headerBytes, bodyBytes, complete, body, interim } = response;
  return (
    `{"status":${status},"reason":${text(reason)},"version":${text(version)},` +
    `"headers":${responseFields.json(headers)},"headerBytes":${headerBytes},"bodyBytes":${bodyBytes},` +
    `"complete":${complete},"body":${text(body)},"interim":${interim.length === 0 ? '[]' : `[${interim.join()}]`}}`
  );
}

function timesJson(times: TransactionTimes, clock: Clock): string {
  const { syn, synAck, established, tlsDone, requestFirstByte, requestLastByte, requestAcked, closed } =
    times;
  const unknown = syn === null && synAck === null && established === null && tlsDone === null;
  return (
    (unknown
      ? '{"syn":null,"synAck":null,"established":null,"tlsDone":null,'
      : `{"syn":${moment(syn, clock)},"synAck":${moment(synAck, clock)},` +
        `"established":${moment(established, clock)},"tlsDone":${moment(tlsDone, clock)},`) +
    `"requestFirstByte":${moment(requestFirstByte, clock)},"requestLastByte":${moment(requestLastByte, clock)},` +
    `"requestAcked":${moment(requestAcked, clock)},"responseFirstByte":${moment(times.responseFirstByte, clock)},` +
    `"responseLastByte":${moment(times.responseLastByte, clock)},"closed":${moment(closed, clock)}}`
  );
}

function timingsJson(timings: TransactionTimings, clock: Clock): string {
  const { connect, tls, send, ack, wait, receive, total, gaveUpAfter } = timings;
  return (
    `{"connect":${ms(connect, clock)},"tls":${ms(tls, clock)},"send":${ms(send, clock)},` +
    `"ack":${ms(ack, clock)},"wait":${ms(wait, clock)},"receive":${ms(receive, clock)},` +
    `"total":${ms(total, clock)},"gaveUpAfter":${ms(gaveUpAfter, clock)}}`
  );
}

function connectionJson(connection: ConnectionRecord, clock: Clock): string {
  const { id, sender, receiver, index, reused, idleBefore, history, retransmissions, rtt } = connection;
  return (
    `{"id":${id},"sender":${endpointJson(sender)},"receiver":${endpointJson(receiver)},"index":${index},` +
    `"reused":${reused},"idleBefore":${ms(idleBefore, clock)},"history":${text(history)},` +
    `"retransmissions":${retransmissions},"rtt":${ms(rtt, clock)},${mediumJson(connection)}}`
  );
}

/** The last connection without TLS and streams: packets of a capture come by the same way. */
let medium: Pick<ConnectionRecord, 'link' | 'vlan' | 'interface'> = { link: '', vlan: null, interface: null };
let mediumJsonLast = '';

function mediumJson({ link, vlan, interface: name, tls, stream }: ConnectionRecord): string {
  if (tls !== null || stream !== null)
    return safeJson({ link, vlan, interface: name, tls, stream }).slice(1, -1);
  if (mediumJsonLast === '' || medium.link !== link || medium.vlan !== vlan || medium.interface !== name) {
    medium = { link, vlan, interface: name };
    mediumJsonLast = safeJson({ ...medium, tls, stream }).slice(1, -1);
  }
  return mediumJsonLast;
}

function endpointJson({ ip, port }: Endpoint): string {
  return `{"ip":${text(ip)},"port":${port}}`;
}

function placeJson({ key, attempt, of }: Place): string {
  return `{"key":${text(key)},"attempt":${attempt},"of":${of}}`;
}

function asidesJson({ signals, likely, missing }: TransactionRecord): string {
  if (signals.length === 0 && likely === null && missing.length === 0) {
    return '"signals":[],"likely":null,"missing":[]';
  }
  return `"signals":${texts(signals)},"likely":${text(likely)},"missing":${texts(missing)}`;
}

/** The file last printed: few records are of another than the one before. */
let printedFile: string | null = null;
let printedFileJson = '';

function evidenceJson({ file, frame, time, role }: Evidence, clock: Clock): string {
  if (file !== printedFile) {
    printedFile = file;
    printedFileJson = safeJson({ file }).slice(0, -1);
  }
  return `${printedFileJson},"frame":${frame},"time":${moment(time, clock)},"role":"${role}"}`;
}

export function deliveryJson(record: DeliveryRecord, clock: Clock): string {
  const { key, host, outcome, verdict, attempts, attemptCount, intervals, expected } = record;
  const { firstSent, firstAcked, deliveredAt, duplicatesAfterAck, duplicatesAfterDelivery } = record;
  const { method, port, path, keyFrom, inferred } = record;
  return (
    `{"type":"delivery","key":${text(key)},"host":${text(host)},"outcome":"${outcome}","verdict":"${verdict}",` +
    `"attempts":${texts(attempts)},"attemptCount":${attemptCount},` +
    `"intervals":${list(intervals, (interval) => ms(interval, clock))},` +
    `"firstSent":${moment(firstSent, clock)},"firstAcked":${moment(firstAcked, clock)},` +
    `"deliveredAt":${moment(deliveredAt, clock)},"duplicatesAfterAck":${duplicatesAfterAck},` +
    `"duplicatesAfterDelivery":${duplicatesAfterDelivery},"method":${text(method)},"port":${port},` +
    `"path":${text(path)},"keyFrom":${text(keyFrom)},"inferred":${inferred},` +
    `"expected":${expected === null ? 'null' : expectedJson(expected, clock)}}`
  );
}

function expectedJson({ lines, firstTime, lastTime }: Expectation, clock: Clock): string {
  return `{"lines":[${lines.join()}],"firstTime":${moment(firstTime, clock)},"lastTime":${moment(lastTime, clock)}}`;
}
