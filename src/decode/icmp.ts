/**
 * The header of an ICMP (RFC 792) or ICMPv6 (RFC 4443) error in, its type, code, MTU and reporter out. The packet that
 * it quotes begins eight bytes further on and is read by ip.ts.
 */
import { u16, u32 } from '../bytes.ts';
import { cut } from './cut.ts';
import type { Decoded, Segment } from './segment.ts';

const CODE = 1;
/** "Fragmentation needed": 16 bits at the end of the header (RFC 1191 §4). */
const MTU = 6;
/** "Packet too big": 32 bits (RFC 4443 §3.2). */
const MTU_V6 = 4;
const HEADER = 8;

const DESTINATION_UNREACHABLE = 3;
const FRAGMENTATION_NEEDED = 4;
const SOURCE_QUENCH = 4;
const TIME_EXCEEDED = 11;

const DESTINATION_UNREACHABLE_V6 = 1;
const PACKET_TOO_BIG_V6 = 2;
const TIME_EXCEEDED_V6 = 3;

/** 'icmp' where a quoted packet follows; `into` holds the addresses of the packet that carries the error. */
export function icmpError(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Decoded {
  if (at + HEADER > end) return cut(at + HEADER, wireEnd);
  const type = bytes[at]!;
  const code = bytes[at + CODE]!;
  let mtu = 0;
  if (into.ipVersion === 4) {
    if (type !== DESTINATION_UNREACHABLE && type !== SOURCE_QUENCH && type !== TIME_EXCEEDED) return 'other';
    if (type === DESTINATION_UNREACHABLE && code === FRAGMENTATION_NEEDED) mtu = u16(bytes, at + MTU);
  } else if (type === PACKET_TOO_BIG_V6) {
    mtu = u32(bytes, at + MTU_V6);
  } else if (type !== DESTINATION_UNREACHABLE_V6 && type !== TIME_EXCEEDED_V6) {
    return 'other';
  }
  into.icmpType = type;
  into.icmpCode = code;
  into.icmpMtu = mtu;
  into.reporter0 = into.src0;
  into.reporter1 = into.src1;
  into.reporter2 = into.src2;
  into.reporter3 = into.src3;
  return 'icmp';
}
