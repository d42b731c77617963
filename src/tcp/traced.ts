/**
 * A segment that its connection has taken, or an ICMP error about one: which part of which stream its packet carries.
 */
import type { Piece, Segment } from '../decode/segment.ts';
import { SYN } from '../decode/segment.ts';
import type { TcpConnection } from './connection.ts';
import type { Side, Traced } from './stream.ts';

/** Offsets in a TCP header (RFC 9293 §3.1), and its length without options. */
const DATA_OFFSET = 12;
const FLAGS = 13;
const CHECKSUM = 16;
const FIXED_HEADER = 20;
/** What is decoded of a quoted header (RFC 792). */
const QUOTED_HEADER = 8;

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
    return { ...base, payload, payloadEnd, offset, checksum: options - FIXED_HEADER + CHECKSUM };
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
    // When it follows a change of the payload, the checksum of ICMP around it stays right.
    checksum: whole ? at + CHECKSUM : -1,
  };
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
