/**
 * The English phrases that the sentences of `en.ts` are made of: endpoints, times, sizes, who closed. A phrase
 * of a fact that is not known is empty or says less; it never says `null`.
 */
import type { Endpoint, TransactionRecord } from '../../verdict/verdict.ts';
import { clip, escapeText } from '../escape.ts';
import { type Clock, readableTime } from '../time.ts';

/** Code points of a URL, a reason phrase or the like in a sentence; the record holds all of it. */
const URL_LENGTH = 160;
const PHRASE_LENGTH = 60;

/** Text from a packet, fit for a sentence. */
export function quoted(text: string, most = PHRASE_LENGTH): string {
  return escapeText(clip(text, most));
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

export function list(items: readonly string[], conjunction = 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`;
}

/** `[2001:db8::1]:443` for IPv6 (RFC 3986 §3.2.2). */
export function endpoint({ ip, port }: Endpoint): string {
  return ip.includes(':') ? `[${quoted(ip)}]:${port}` : `${quoted(ip)}:${port}`;
}

/** `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`; empty for what is no duration. */
export function duration(milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds) || milliseconds < 0) return '';
  // Each bound is where the rounded number would need a digit more.
  if (milliseconds < 9.95) return `${Number(milliseconds.toFixed(milliseconds < 0.1 ? 3 : 1))} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** ` after 12 ms`, or nothing. */
export function after(milliseconds: number | null): string {
  const text = duration(milliseconds);
  return text === '' ? '' : ` after ${text}`;
}

/** What a sentence tells of one transaction, in words. */
export interface Story {
  readonly record: TransactionRecord;
  /** `10.0.8.15:40112`. */
  readonly sender: string;
  readonly receiver: string;
  /** `the TCP endpoint at 203.0.113.44:80`: it may be a load balancer, so no more is claimed. */
  readonly peer: string;
  /** `POST http://pay.shop.example/notify (210 bytes of headers, 402 of body)`. */
  readonly request: string;
  /** ` at 2017-01-04 09:23:57.123 UTC`, or nothing. */
  readonly at: (time: number | null) => string;
}

export function storyOf(record: TransactionRecord, clock: Clock): Story {
  const receiver = endpoint(record.connection.receiver);
  return {
    record,
    sender: endpoint(record.connection.sender),
    receiver,
    peer: `the TCP endpoint at ${receiver}`,
    request: requestOf(record),
    at: (time) => {
      const readable = readableTime(time, clock);
      return readable === null ? '' : ` at ${readable}`;
    },
  };
}

function requestOf({ request }: TransactionRecord): string {
  if (request === null) return 'A request';
  return `${named(request.method, request.url ?? request.target)} (${sizeOf(request.headerBytes, request.bodyBytes)})`;
}

/** The capture may hold no more than the first letters of the start line. */
function named(method: string | null, target: string | null): string {
  if (!method) return 'A request';
  return target
    ? `${quoted(method)} ${quoted(target, URL_LENGTH)}`
    : `A request that begins with ${quoted(method)}`;
}

/** A head and a body as Wireshark shows their lengths. */
export function sizeOf(headerBytes: number, bodyBytes: number): string {
  const head = `${count(headerBytes, 'byte')} of headers`;
  return bodyBytes === 0 ? head : `${head}, ${bodyBytes} of body`;
}

/** `POST … was sent from S to R at T`, in part or whole as the facts say. */
export function sent(story: Story): string {
  const { record, request, sender, receiver, at } = story;
  const how = record.facts.sent === 'partial' ? 'was sent in part' : 'was sent';
  return `${request} ${how} from ${sender} to ${receiver}${at(record.times.requestFirstByte)}`;
}

/** The same with what the receiver's TCP said to it. */
export function sentAndAcked(story: Story): string {
  const { record, peer } = story;
  const { acked } = record.facts;
  if (acked === 'full') {
    const late = duration(record.timings.ack);
    const when = late === '' ? '' : `, ${late} after its last byte`;
    return `${sent(story)} and was acknowledged in full by ${peer}${when}`;
  }
  if (acked === 'partial') return `${sent(story)} and was acknowledged in part by ${peer}`;
  if (acked === 'none') return `${sent(story)} and was never acknowledged`;
  return sent(story);
}

/** `10.0.8.15:40112 tried to connect to 203.0.113.44:80 (pay.shop.example) at T`. */
export function triedToConnect(story: Story): string {
  const { record, sender, receiver, at } = story;
  const name = record.connection.tls?.sni ?? record.request?.host ?? null;
  const named = name === null ? '' : ` (${quoted(name)})`;
  return `${sender} tried to connect to ${receiver}${named}${at(record.times.syn)}`;
}

/** `10.0.8.15:40112 connected to 203.0.113.44:80 at T`. */
export function connected(story: Story): string {
  const { record, sender, receiver, at } = story;
  const name = record.connection.tls?.sni ?? null;
  const named = name === null ? '' : ` (${quoted(name)})`;
  return `${sender} connected to ${receiver}${named}${at(record.times.established ?? record.times.syn)}`;
}

const CLOSINGS = {
  sender_fin: 'the sender closed the connection (FIN)',
  sender_rst: 'the sender reset the connection (RST)',
  receiver_fin: 'the receiver closed the connection (FIN)',
  receiver_rst: "an RST came from the receiver's address",
} as const;

export type Closing = keyof typeof CLOSINGS;

export const BY_SENDER: readonly Closing[] = ['sender_fin', 'sender_rst'];
const BY_RECEIVER: readonly Closing[] = ['receiver_fin', 'receiver_rst'];

/**
 * Who ended it and how: `the receiver closed the connection (FIN) at T`; null while nobody did. The packet that the
 * verdict rests on comes before the first FIN of all, which may be a half-close that ended nothing.
 */
export function closing(
  { record, at }: Story,
  by: readonly Closing[] = [...BY_SENDER, ...BY_RECEIVER],
): string | null {
  const half = record.signals.includes('half_closed');
  for (const { role, time } of record.evidence) {
    const found = by.find((one) => one === role && !(half && one === 'sender_fin'));
    if (found !== undefined) return `${CLOSINGS[found]}${at(time)}`;
  }
  const { closedBy } = record.facts;
  if (closedBy === null || !by.includes(closedBy) || (half && closedBy === 'sender_fin')) return null;
  return `${CLOSINGS[closedBy]}${at(record.times.closed)}`;
}

/** For verdicts that say which side it was: the same, or the bare statement where its packet is not known. */
export function senderClosed(story: Story): string {
  return closing(story, BY_SENDER) ?? 'the sender closed the connection';
}

export function receiverClosed(story: Story): string {
  return closing(story, BY_RECEIVER) ?? 'the receiver closed the connection';
}

export function receiverReset(story: Story): string {
  return closing(story, ['receiver_rst']) ?? CLOSINGS.receiver_rst;
}

/** `503 Service Unavailable`; null when no status line was read. */
export function status({ record }: Story): string | null {
  const { response } = record;
  if (response === null || response.status === null) return null;
  const reason = response.reason === null ? '' : quoted(response.reason.trim());
  return reason === '' ? `${response.status}` : `${response.status} ${reason}`;
}

/** Value of a response field, for a sentence; null where there is none. */
export function responseField({ record }: Story, name: string): string | null {
  const field = record.response?.headers.find((header) => header.name.toLowerCase() === name);
  return field === undefined ? null : quoted(field.value, URL_LENGTH);
}

/** ` (only 100 came)`: interim responses are no answer, but they are worth a word. */
export function interims({ record }: Story): string {
  const interim = record.response?.interim ?? [];
  return interim.length === 0 ? '' : ` (only the interim ${list(interim.map(String))} came)`;
}
