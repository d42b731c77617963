/**
 * A TCP header (RFC 9293 §3.1) in; ports, numbers, flags and the offsets of options and payload out. The fixed header
 * must be there; options and payload may be cut by the snapshot length, and what is missing is then known.
 */
import { i32, u16 } from '../bytes.ts';
import { cut } from './cut.ts';
import type { Decoded, Segment } from './segment.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGEMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const FIXED_HEADER = 20;

/** @param end,wireEnd where the IP packet ends, captured and on the wire. */
export function tcp(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Decoded {
  const options = at + FIXED_HEADER;
  if (options > end) return cut(options, wireEnd);
  const header = (bytes[at + DATA_OFFSET]! >> 4) << 2;
  const payload = at + header;
  if (header < FIXED_HEADER || payload > wireEnd) return 'malformed';
  into.srcPort = u16(bytes, at + SOURCE_PORT);
  into.dstPort = u16(bytes, at + DESTINATION_PORT);
  into.seq = i32(bytes, at + SEQUENCE);
  into.ack = i32(bytes, at + ACKNOWLEDGEMENT);
  into.flags = bytes[at + FLAGS]!;
  into.window = u16(bytes, at + WINDOW);
  into.options = options;
  into.payload = Math.min(payload, end);
  into.payloadEnd = end;
  into.payloadLength = wireEnd - payload;
  into.icmpType = 0;
  into.icmpCode = 0;
  into.icmpMtu = 0;
  into.reporter0 = 0;
  into.reporter1 = 0;
  into.reporter2 = 0;
  into.reporter3 = 0;
  return 'tcp';
}

/** The bytes of a TCP header that every ICMP error must quote (RFC 792): ports and sequence number. */
const QUOTED_HEADER = 8;

/** A quoted header: only ports and `seq` are believed, as what follows may be padding (RFC 4884 §5.1). */
export function quotedTcp(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Decoded {
  if (at + QUOTED_HEADER > end) return cut(at + QUOTED_HEADER, wireEnd);
  into.srcPort = u16(bytes, at + SOURCE_PORT);
  into.dstPort = u16(bytes, at + DESTINATION_PORT);
  into.seq = i32(bytes, at + SEQUENCE);
  into.ack = 0;
  into.flags = 0;
  into.window = 0;
  into.options = at + QUOTED_HEADER;
  into.payload = end;
  into.payloadEnd = end;
  into.payloadLength = 0;
  return 'icmp';
}
