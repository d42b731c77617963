/**
 * The English phrases that the sentences of `en.ts` are made of: endpoints, times, sizes, who closed. A phrase
 * of a fact that is not known is empty or says less; it never says `null`.
 */
import type { TransactionRecord } from '../../verdict/verdict.ts';
import { type Clock, readableTime } from '../time.ts';
import {
  BY_ANYONE,
  BY_RECEIVER,
  BY_SENDER,
  type Closing,
  closingOf,
  durationIn,
  endpoint,
  nameOf,
  quoted,
  quotedUrl,
  RESETS,
  statusOf,
} from './facts.ts';

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

export function list(items: readonly string[], conjunction = 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`;
}

/** `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`; empty for what is no duration. */
export function duration(milliseconds: number | null): string {
  return durationIn({ ms: ' ms', s: ' s', min: ' min', h: ' h' }, milliseconds);
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
  return target ? `${quoted(method)} ${quotedUrl(target)}` : `A request that begins with ${quoted(method)}`;
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
  if (acked === 'none') return `${sent(story)} and was not acknowledged`;
  return sent(story);
}

/** `10.0.8.15:40112 tried to connect to 203.0.113.44:80 (pay.shop.example) at T`. */
export function triedToConnect(story: Story): string {
  const { record, sender, receiver, at } = story;
  return `${sender} tried to connect to ${receiver}${knownAs(record)}${at(record.times.syn)}`;
}

/** `10.0.8.15:40112 connected to 203.0.113.44:80 at T`. */
export function connected(story: Story): string {
  const { record, sender, receiver, at } = story;
  const time = record.times.established ?? record.times.syn;
  return `${sender} connected to ${receiver}${knownAs(record)}${at(time)}`;
}

function knownAs(record: TransactionRecord): string {
  const name = nameOf(record);
  return name === null ? '' : ` (${name})`;
}

const CLOSINGS: Readonly<Record<Closing, string>> = {
  sender_fin: 'the sender closed the connection (FIN)',
  sender_rst: 'the sender reset the connection (RST)',
  receiver_fin: 'the receiver closed the connection (FIN)',
  receiver_rst: "an RST came from the receiver's address",
  sender_rst_stream: 'the sender cancelled the stream (RST_STREAM)',
  receiver_rst_stream: 'the receiver ended the stream (RST_STREAM)',
  receiver_goaway: 'the receiver took no further streams (GOAWAY)',
};

/** `the receiver closed the connection (FIN) at T`; null while nobody did. */
export function closing({ record, at }: Story, by: readonly Closing[] = BY_ANYONE): string | null {
  const found = closingOf(record, by);
  return found === null ? null : `${CLOSINGS[found.how]}${at(found.time)}`;
}

/** For verdicts that say which side it was: the same, or the bare statement where its packet is not known. */
export function senderClosed(story: Story): string {
  return closing(story, BY_SENDER) ?? 'the sender closed the connection';
}

export function receiverClosed(story: Story): string {
  return closing(story, BY_RECEIVER) ?? 'the receiver closed the connection';
}

export function receiverReset(story: Story): string {
  return closing(story, RESETS) ?? CLOSINGS.receiver_rst;
}

/** ` 503 Service Unavailable`, or nothing. */
export function code({ record }: Story): string {
  const text = statusOf(record);
  return text === null ? '' : ` ${text}`;
}

/** ` (only 100 came)`: interim responses are no answer, but they are worth a word. */
export function interims({ record }: Story): string {
  const interim = record.response?.interim ?? [];
  return interim.length === 0 ? '' : ` (only the interim ${list(interim.map(String))} came)`;
}
