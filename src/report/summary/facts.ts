/**
 * What the sentences of every language pick from a record, before it is put into words: endpoints, lengths of time,
 * who closed and when. Text that came from packets is clipped and escaped here, so that no language can forget it.
 */
import type {
  DeliveryRecord,
  Endpoint,
  Reason,
  Reasons,
  Role,
  TransactionRecord,
} from '../../verdict/verdict.ts';
import { clip, escapeText } from '../escape.ts';

/** Code points of a URL, a reason phrase or the like in a sentence; the record holds all of it. */
const URL_LENGTH = 160;
const PHRASE_LENGTH = 60;

/** Text from a packet, fit for a sentence. */
export function quoted(text: string, most = PHRASE_LENGTH): string {
  return escapeText(clip(text, most));
}

/** A URL or request target, fit for a sentence. */
export function quotedUrl(text: string): string {
  return quoted(text, URL_LENGTH);
}

/** `[2001:db8::1]:443` for IPv6 (RFC 3986 §3.2.2). */
export function endpoint({ ip, port }: Endpoint): string {
  return ip.includes(':') ? `[${quoted(ip)}]:${port}` : `${quoted(ip)}:${port}`;
}

/** 1,234,567: large counts are read, not computed with. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** What stands behind the number of a duration, with the space before it. */
export interface Units {
  readonly ms: string;
  readonly s: string;
  readonly min: string;
  readonly h: string;
}

/** `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`; empty for what is no duration. */
export function durationIn(units: Units, milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds) || milliseconds < 0) return '';
  // Each bound is where the rounded number would need a digit more.
  if (milliseconds < 9.95) return `${Number(milliseconds.toFixed(milliseconds < 0.1 ? 3 : 1))}${units.ms}`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}${units.ms}`;
  if (milliseconds < 9_995) return `${(milliseconds / 1000).toFixed(2)}${units.s}`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)}${units.s}`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${units.min} ${seconds % 60}${units.s}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${units.h} ${minutes % 60}${units.min}`;
}

export type Closing = NonNullable<TransactionRecord['facts']['closedBy']>;

export const BY_SENDER: readonly Closing[] = ['sender_rst_stream', 'sender_fin', 'sender_rst'];
export const BY_RECEIVER: readonly Closing[] = [
  'receiver_rst_stream',
  'receiver_goaway',
  'receiver_fin',
  'receiver_rst',
];
export const RESETS: readonly Closing[] = ['receiver_rst_stream', 'receiver_rst'];
export const BY_ANYONE: readonly Closing[] = [...BY_SENDER, ...BY_RECEIVER];

/**
 * Who ended it, how and when; null while nobody did. The packet that the verdict rests on comes before the first
 * FIN of all, which may be a half-close that ended nothing.
 */
export function closingOf(
  record: TransactionRecord,
  by: readonly Closing[],
): { readonly how: Closing; readonly time: number | null } | null {
  const half = record.signals.includes('half_closed');
  for (const { role, time } of record.evidence) {
    const how = by.find((one) => one === role && !(half && one === 'sender_fin'));
    if (how !== undefined) return { how, time };
  }
  const { closedBy } = record.facts;
  if (closedBy === null || !by.includes(closedBy) || (half && closedBy === 'sender_fin')) return null;
  return { how: closedBy, time: record.times.closed };
}

/** Milliseconds from the SYN to the packet of that role, from the evidence. */
export function sinceSyn({ evidence, times }: TransactionRecord, role: Role): number | null {
  const proof = evidence.find((one) => one.role === role);
  return proof === undefined || times.syn === null ? null : (proof.time - times.syn) / 1e6;
}

/** Milliseconds from the first SYN to its last repetition; null when it was not repeated. */
export function synRepeatedFor({ evidence, times }: TransactionRecord): number | null {
  const last = evidence.findLast((one) => one.role === 'syn');
  if (last === undefined || times.syn === null || last.time <= times.syn) return null;
  return (last.time - times.syn) / 1e6;
}

/** `503 Service Unavailable`; null when no status line was read. */
export function statusOf({ response }: TransactionRecord): string | null {
  if (response === null || response.status === null) return null;
  const reason = response.reason === null ? '' : quoted(response.reason.trim());
  return reason === '' ? `${response.status}` : `${response.status} ${reason}`;
}

/** Value of the Location field; null where there is none. */
export function locationOf({ response }: TransactionRecord): string | null {
  const field = response?.headers.find((header) => header.name.toLowerCase() === 'location');
  return field === undefined ? null : quotedUrl(field.value);
}

/** The receiver as its name was given in the handshake or in the request; null where it was not. */
export function nameOf({ connection, request }: TransactionRecord): string | null {
  const name = connection.tls?.sni ?? request?.host ?? null;
  return name === null ? null : quoted(name);
}

/** A phrase for each reason. */
export type ReasonWording = Readonly<{ [R in keyof Reasons]: (values: Reasons[R]) => string }>;

export function wordReason(wording: ReasonWording, reason: Reason): string {
  // The reason's name and its values belong together; the compiler cannot follow a name that is not fixed.
  return (wording[reason.reason] as (values: Reason) => string)(reason);
}

export function icmpName(version: number): string {
  return version === 6 ? 'ICMPv6' : 'ICMP';
}

/** `pay.shop.example:80/notify`, as much as the list or the request tells; null where that is nothing. */
export function placeOf({ host, port, path }: DeliveryRecord): string | null {
  if (host === null) return null;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return quoted(`${name}${port === null ? '' : `:${port}`}${path ?? ''}`);
}
