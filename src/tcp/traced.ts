/**
 * A segment that its connection has taken, or an ICMP error about one: which part of which stream its packet carries.
 */
import type { Piece, Segment } from '../decode/segment.ts';
import { SYN } from '../decode/segment.ts';
import type { TcpConnection } from './connection.ts';
import type { Side, Traced } from './stream.ts';

/** Behind which `Segment.options` lies, and where before it the checksum (RFC 9293 §3.1). */
const CHECKSUM_BEFORE_OPTIONS = 4;
/** What is decoded of a quoted header (RFC 792), and offsets in it. */
const QUOTED_HEADER = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const FIXED_HEADER = 20;
/** From the ICMP header, whose checksum is at 2, to the IP header that it quotes. */
const ICMP_HEADER = 8;
const ICMP_CHECKSUM = 2;
const IPV6_HEADER = 40;

/** Ask when the connection has taken it: where its stream begins is known only then. */
export function tracedOf(
  order: number,
  segment: Segment,
  icmp: boolean,
  connection: TcpConnection,
  side: Side,
): Traced {
  const { stream } = connection.sides[side];
  const base = { order, connection: connection.id, side, icmp };
  if (!icmp) {
    const { payload, payloadEnd, seq, flags, options } = segment;
    const offset = stream.offsetOf(seq) + ((flags & SYN) === 0 ? 0 : 1);
    return { ...base, payload, payloadEnd, offset, checksum: options - CHECKSUM_BEFORE_OPTIONS };
  }
  const { bytes, options, payloadEnd } = segment;
  const at = options - QUOTED_HEADER;
  // Few routers quote more than the eight bytes.
  const whole = payloadEnd - at >= FIXED_HEADER;
  const header = whole ? Math.max(FIXED_HEADER, (bytes[at + DATA_OFFSET]! >> 4) << 2) : payloadEnd - at;
  const syn = whole && (bytes[at + FLAGS]! & SYN) !== 0;
  return {
    ...base,
    payload: Math.min(payloadEnd, at + header),
    payloadEnd,
    offset: stream.offsetOf(segment.seq) + (syn ? 1 : 0),
    checksum: icmpChecksum(bytes, at),
  };
}

/** The quoted IP header lies between; -1 where it has extensions. */
function icmpChecksum(bytes: Buffer, at: number): number {
  for (let header = FIXED_HEADER; header <= 60; header += 4) {
    const ip = at - header;
    if (ip >= ICMP_HEADER && bytes[ip] === (0x40 | (header >> 2))) return ip - ICMP_HEADER + ICMP_CHECKSUM;
  }
  const ip = at - IPV6_HEADER;
  return ip >= ICMP_HEADER && bytes[ip]! >> 4 === 6 ? ip - ICMP_HEADER + ICMP_CHECKSUM : -1;
}

/** What of a datagram's payload one of its fragments carries. The checksum counts all of them, and is no longer kept. */
export function partOf(traced: Traced, { order, at, end, offset }: Piece): Traced {
  const from = Math.max(traced.payload, offset);
  const to = Math.min(traced.payloadEnd, offset + end - at);
  const payload = at + from - offset;
  return {
    ...traced,
    order,
    payload,
    payloadEnd: Math.max(payload, at + to - offset),
    offset: traced.offset + from - traced.payload,
    checksum: -1,
  };
}
