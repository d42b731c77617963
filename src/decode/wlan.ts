/**
 * Data frames of IEEE 802.11 in, the LLC header within handed on; with them the headers that capture tools put in front
 * (https://www.radiotap.org). What is encrypted, a fragment, or several packets in one frame (A-MSDU) is 'other'.
 */
import { u16le, u32le } from '../bytes.ts';
import { cut } from './cut.ts';
import { llc } from './ether.ts';
import type { Step } from './rest.ts';
import type { Segment } from './segment.ts';

/** First byte: version in two bits (0), type in two (2 is data), subtype in four. */
const VERSION_AND_TYPE = 0x0f;
const DATA = 0x08;
const NO_DATA = 0x40;
const QOS = 0x80;
/** Second byte. To and from another access point there is a fourth address. */
const BETWEEN_ACCESS_POINTS = 0x03;
const MORE_FRAGMENTS = 0x04;
const PROTECTED = 0x40;
const HT_CONTROL = 0x80;
/** Control, duration, three addresses, sequence and fragment number. */
const HEADER = 24;
const SEQUENCE = 22;
const ADDRESS = 6;
const AGGREGATE = 0x80;

const RADIOTAP_HEADER = 8;
const RADIOTAP_PRESENT = 4;
/** Bits of the first presence word, and what the flags field says of padding. */
const TSFT = 0x01;
const FLAGS = 0x02;
const EXTENDED = 0x80000000;
const PADDED = 0x20;

/** @param padded whether the header was brought to a multiple of four bytes, as some cards do. */
export function wlan(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  padded: boolean,
  into: Segment,
): Step {
  if (at + 2 > end) return cut(at + 2, wireEnd);
  const control = bytes[at]!;
  const flags = bytes[at + 1]!;
  if ((control & VERSION_AND_TYPE) !== DATA || (control & NO_DATA) !== 0) return 'other';
  if ((flags & (PROTECTED | MORE_FRAGMENTS)) !== 0) return 'other';
  if (at + HEADER > end) return cut(at + HEADER, wireEnd);
  if ((bytes[at + SEQUENCE]! & 0x0f) !== 0) return 'other';
  let header = HEADER;
  if ((flags & BETWEEN_ACCESS_POINTS) === BETWEEN_ACCESS_POINTS) header += ADDRESS;
  if ((control & QOS) !== 0) {
    if (at + header + 2 > end) return cut(at + header + 2, wireEnd);
    if ((bytes[at + header]! & AGGREGATE) !== 0) return 'other';
    header += (flags & HT_CONTROL) !== 0 ? 6 : 2;
  }
  if (padded) header = (header + 3) & ~3;
  return llc(bytes, at + header, end, wireEnd, 1, into);
}

export function radiotap(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Step {
  if (at + RADIOTAP_HEADER > end) return cut(at + RADIOTAP_HEADER, wireEnd);
  const length = u16le(bytes, at + 2);
  if (bytes[at] !== 0 || length < RADIOTAP_HEADER) return 'malformed';
  if (at + length > end) return cut(at + length, wireEnd);
  return wlan(bytes, at + length, end, wireEnd, isPadded(bytes, at, at + length), into);
}

/** The flags field is the second of a list in which each is there or not, aligned to its size. */
function isPadded(bytes: Buffer, at: number, end: number): boolean {
  const present = u32le(bytes, at + RADIOTAP_PRESENT);
  let field = at + RADIOTAP_PRESENT;
  while ((u32le(bytes, field) & EXTENDED) !== 0) {
    field += 4;
    if (field + 4 > end) return false;
  }
  field += 4;
  if ((present & TSFT) !== 0) field = at + ((field - at + 7) & ~7) + 8;
  return (present & FLAGS) !== 0 && field < end && (bytes[field]! & PADDED) !== 0;
}
