/**
 * An attempt and its verdict as the record that leaves the engine. Absent facts are null, durations never negative.
 */
import type { CaptureFacts, Moment, Time } from '../capture/packet.ts';
import { fieldOf, type RequestHead, type ResponseHead } from '../http/message.ts';
import type { Side } from '../tcp/stream.ts';
import type { TlsFacts, TlsRecord } from '../tls/tls.ts';
import type { Message, Transaction } from '../transaction/transaction.ts';
import { entryOf } from './codes.ts';
import type { Facts } from './facts.ts';
import type { Verdict } from './judge.ts';
import { linkName } from './links.ts';
import { packetsOf } from './packets.ts';
import type {
  Code,
  ConnectionRecord,
  Endpoint,
  Evidence,
  Outcome,
  Place,
  Proof,
  RequestRecord,
  ResponseRecord,
  TransactionFacts,
  TransactionRecord,
  TransactionTimes,
  TransactionTimings,
} from './verdict.ts';

const MILLISECOND = 1e6;

export function recordOf(
  { transaction, verdict }: Judged,
  delivery: Place | null,
  capture: CaptureFacts,
): TransactionRecord {
  const { facts, proofs, signals } = verdict;
  const times = timesOf(facts);
  const connection = connectionOf(facts, capture);
  return {
    type: 'transaction',
    id: idOf(transaction),
    outcome: verdict.outcome,
    verdict: verdict.code,
    fault: verdict.fault,
    confidence: verdict.confidence,
    because: verdict.because,
    facts: transactionFacts(facts, verdict),
    request: requestOf(transaction, connection.receiver),
    response: responseOf(transaction),
    times,
    timings: timingsOf(times, facts),
    connection,
    delivery,
    signals: capture.live?.clockArrival ? [...signals, 'clock_arrival'] : signals,
    likely: verdict.likely,
    missing: verdict.missing,
    evidence: evidenceOf(proofs, capture),
    packets: packetsOf(transaction, proofs, capture),
  };
}

export function idOf({ connection, index }: Transaction): string {
  return `${connection.id}.${index}`;
}

/**
 * A judged attempt as it is selected and counted. The rest of its record is built when somebody wants it, which for
 * most attempts nobody does: building all of them took 3.8 of the 30 µs that an attempt cost.
 */
export class Judged {
  readonly transaction: Transaction;
  readonly verdict: Verdict;
  readonly outcome: Outcome;
  /** Of the receiver. */
  readonly ip: string;
  readonly port: number;
  /** The receiver's name as the request gives it, else as the TLS handshake does. */
  readonly name: string | null;

  constructor(transaction: Transaction, verdict: Verdict) {
    const { connection, sender, request, tls } = transaction;
    const side: Side = sender === 0 ? 1 : 0;
    this.transaction = transaction;
    this.verdict = verdict;
    this.outcome = verdict.outcome;
    this.ip = connection.addresses[side];
    this.port = connection.ports[side];
    this.name = request?.head ? nameIn(request.head) : (tls?.sni ?? null);
  }

  get code(): Code {
    return this.verdict.code;
  }

  get method(): string | null {
    const head = this.transaction.request?.head ?? null;
    return head !== null && isNamed(head) ? head.method : null;
  }

  /** As in the record's timings. */
  get ack(): number | null {
    const { request, acked } = this.transaction;
    return between(request === null ? null : endOf(request), acked?.at?.time ?? null);
  }

  get wait(): number | null {
    const { request, response, garbage } = this.transaction;
    if (garbage !== null || request === null) return null;
    return between(endOf(request), response?.firstByte.time ?? null);
  }

  get gaveUpAfter(): number | null {
    const { request } = this.transaction;
    return request === null ? null : gaveUpAfter(endOf(request), this.verdict.facts);
  }
}

/** The receiver's name and port as the sender gives it: Host field or absolute target, else address and port. */
export function hostOf(record: TransactionRecord): { host: string; port: number } {
  return hostNamed(record.request?.host ?? record.connection.tls?.sni ?? null, record.connection.receiver);
}

/** @param name as the request gives it. */
export function hostNamed(name: string | null, receiver: Endpoint): { host: string; port: number } {
  if (name === null || name === '') return { host: receiver.ip, port: receiver.port };
  const [, host = name, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(name) ?? [];
  if (Number(port) > 65_535) return { host: name.toLowerCase(), port: receiver.port };
  return { host: host.toLowerCase(), port: port === undefined ? receiver.port : Number(port) };
}

function transactionFacts(facts: Facts, verdict: Verdict): TransactionFacts {
  const success = verdict.code === 'delivered';
  const refused = entryOf(verdict.code).outcome === 'refused';
  return {
    sent: facts.sent,
    acked: facts.acked,
    responded: facts.responded,
    closedBy: facts.closedBy,
    accepted: success ? 'yes' : refused ? 'no' : 'unknown',
  };
}

function requestOf({ kind, request: message, tls }: Transaction, receiver: Endpoint): RequestRecord | null {
  if (message === null || kind === 'sealed') return null;
  const { head } = message;
  const host = head === null ? null : nameIn(head);
  const named = head !== null && isNamed(head);
  return {
    method: named ? head.method : null,
    target: named ? head.target : null,
    url: named ? urlOf(head.target, host, receiver, tls !== null) : null,
    host,
    version: head?.version ?? null,
    headers: head?.headers ?? [],
    headerBytes: head?.headerBytes ?? 0,
    bodyBytes: message.bodyBytes,
    bodyCaptured: message.bodyCaptured,
    complete: isComplete(message),
    body: message.decoded().text,
  };
}

/** Without a target the method itself may have been cut. */
function isNamed({ complete, target }: RequestHead): boolean {
  return complete || target !== '';
}

function responseOf({ kind, response, interim }: Transaction): ResponseRecord | null {
  if (kind === 'sealed') return null;
  if (response === null && interim.length === 0) return null;
  const head = response?.head ?? null;
  return {
    status: head === null || head.status === 0 ? null : head.status,
    reason: head?.reason ?? null,
    version: head?.version ?? null,
    headers: head?.headers ?? [],
    headerBytes: head?.headerBytes ?? 0,
    bodyBytes: response?.bodyBytes ?? 0,
    complete: response !== null && isComplete(response),
    body: response?.decoded().text ?? null,
    interim: interim.map(({ status }) => status),
  };
}

function isComplete({ ended }: Message<RequestHead | ResponseHead>): boolean {
  return ended === 'complete' || ended === 'closed';
}

/** A target in absolute form overrides the Host field (RFC 9112 §3.2.2). */
export function nameIn(head: RequestHead): string | null {
  return authorityOf(head.target) ?? fieldOf(head, 'host') ?? null;
}

/** RFC 9112 §3.2.2: a target in absolute form names its host itself. */
function authorityOf(target: string): string | null {
  if (target.startsWith('/')) return null;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
  // Without user information, which is no part of the host (RFC 3986 §3.2.1) and may be a password.
  return authority === undefined ? null : authority.slice(authority.lastIndexOf('@') + 1);
}

function urlOf(target: string, host: string | null, receiver: Endpoint, tls: boolean): string {
  // An empty Host field is allowed, and names nobody (RFC 9112 §3.2).
  const base = `${tls ? 'https' : 'http'}://${host || authority(receiver, tls)}`;
  if (!target.startsWith('/')) return target === '*' ? base : target;
  return `${base}${target}`;
}

function authority({ ip, port }: Endpoint, tls: boolean): string {
  const name = ip.includes(':') ? `[${ip}]` : ip;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}

function timesOf(facts: Facts): TransactionTimes {
  const { transaction: t, sender, receiver } = facts;
  const first = t.index === 1;
  const time = (at: Moment | null | undefined): Time | null => at?.time ?? null;
  return {
    syn: first ? time(sender.syn?.at) : null,
    synAck: first ? time(receiver.syn?.at) : null,
    established: first ? time(t.connection.established) : null,
    tlsDone: t.opens.tls ? time(t.tls?.done) : null,
    requestFirstByte: time(t.request?.firstByte ?? t.opaque.sender?.first),
    requestLastByte: t.request === null ? null : endOf(t.request),
    requestAcked: time(t.acked?.at),
    responseFirstByte: time(t.response?.firstByte ?? t.garbage?.first ?? t.opaque.receiver?.first),
    responseLastByte: t.response === null ? null : endOf(t.response),
    closed: time(facts.closed),
  };
}

function timingsOf(times: TransactionTimes, facts: Facts): TransactionTimings {
  const { transaction: t } = facts;
  const begin = times.syn ?? times.requestFirstByte;
  const end = times.responseLastByte ?? facts.closed?.time ?? null;
  return {
    connect: between(times.syn, times.established),
    tls: t.opens.tls ? between(t.tls?.clientHello?.first.time ?? null, times.tlsDone) : null,
    send: between(times.requestFirstByte, times.requestLastByte),
    ack: between(times.requestLastByte, times.requestAcked),
    wait: t.garbage === null ? between(times.requestLastByte, times.responseFirstByte) : null,
    receive: between(times.responseFirstByte, times.responseLastByte),
    total: between(begin, end),
    gaveUpAfter: gaveUpAfter(times.requestLastByte, facts),
  };
}

/** Of a message that came whole. */
function endOf(message: Message<RequestHead | ResponseHead>): Time | null {
  return isComplete(message) ? message.lastByte.time : null;
}

function gaveUpAfter(requestLastByte: Time | null, { closeUnseen, gaveUp }: Facts): number | null {
  return closeUnseen ? null : between(requestLastByte, gaveUp?.time ?? null);
}

/** Milliseconds; packets out of time order count as simultaneous. */
function between(from: Time | null, to: Time | null): number | null {
  if (from === null || to === null) return null;
  return Math.max(0, (to - from) / MILLISECOND);
}

function connectionOf(facts: Facts, capture: CaptureFacts): ConnectionRecord {
  const { transaction: t, rtt } = facts;
  const { connection } = t;
  const receiver: Side = t.sender === 0 ? 1 : 0;
  return {
    id: connection.id,
    sender: { ip: connection.addresses[t.sender], port: connection.ports[t.sender] },
    receiver: { ip: connection.addresses[receiver], port: connection.ports[receiver] },
    index: t.index,
    reused: t.index > 1,
    idleBefore: t.idleBefore === null ? null : t.idleBefore / MILLISECOND,
    history: connection.historyFrom(t.sender),
    retransmissions: t.retransmissions,
    rtt: rtt === null ? null : rtt / MILLISECOND,
    link: linkName(connection.link),
    vlan: connection.vlan < 0 ? null : connection.vlan,
    interface: capture.interfaces[connection.interfaceIndex]?.name ?? null,
    tls: t.tls === null ? null : tlsOf(t.tls, t.sender),
    stream: t.stream?.id ?? null,
  };
}

function tlsOf(tls: TlsFacts, sender: Side): TlsRecord {
  return {
    sni: tls.sni,
    version: tls.version,
    offered: [...tls.offered],
    cipher: tls.cipher,
    alpn: tls.alpn,
    alpnOffered: [...tls.alpnOffered],
    resumed: tls.resumed,
    alert: tls.alerts.find(({ fatal }) => fatal)?.name ?? null,
    alerts: tls.alerts.map(({ side, fatal, name }) => ({
      by: side === sender ? 'sender' : 'receiver',
      fatal,
      name,
    })),
    certificate: tls.certificate,
    decrypted: tls.decrypted,
  };
}

/** In time order, in which proofs nearly always are. */
function evidenceOf(proofs: readonly Proof[], capture: CaptureFacts): Evidence[] {
  const evidence = proofs.map(({ at, role }) => ({
    file: capture.files[at.file]?.path ?? '',
    frame: at.frame,
    time: at.time,
    role,
  }));
  const isInOrder = evidence.every((one, i) => i === 0 || byTime(evidence[i - 1]!, one) <= 0);
  return isInOrder ? evidence : evidence.sort(byTime);
}

function byTime(a: Evidence, b: Evidence): number {
  return a.time - b.time || a.frame - b.frame;
}
