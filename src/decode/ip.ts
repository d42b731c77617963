/**
 * IPv4 (RFC 791) and IPv6 (RFC 8200) in, the transport header within handed on. The length in the IP header is
 * trusted over that of the frame, which may be padded; 0 means that the card was to cut the packet (segmentation
 * offload) and the frame's length is all there is. Also reads the packet that an ICMP error quotes, of which the
 * lengths tell nothing about what is there. IP in IP (RFC 2003, RFC 4213) is read here; at fragments and other tunnels
 * it stops and says where (rest.ts).
 */
import { i32, u16 } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { cut } from './cut.ts';
import { icmpError } from './icmp.ts';
import type { Step } from './rest.ts';
import type { Segment } from './segment.ts';
import { quotedTcp, tcp } from './tcp.ts';

const IPV4_LENGTH = 2;
const IPV4_ID = 4;
const IPV4_FRAGMENT = 6;
const IPV4_TTL = 8;
const IPV4_PROTOCOL = 9;
const IPV4_SOURCE = 12;
const IPV4_DESTINATION = 16;
const IPV4_HEADER = 20;

const IPV6_LENGTH = 4;
const IPV6_NEXT = 6;
const IPV6_HOP_LIMIT = 7;
const IPV6_SOURCE = 8;
const IPV6_DESTINATION = 24;
const IPV6_HEADER = 40;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

const HOP_BY_HOP = 0;
const ICMP = 1;
const IPV4_IN_IP = 4;
const TCP = 6;
const UDP = 17;
const IPV6_IN_IP = 41;
const ROUTING = 43;
const FRAGMENT = 44;
const GRE = 47;
const AUTHENTICATION = 51;
const ICMPV6 = 58;
const DESTINATION_OPTIONS = 60;

/** No extension header is shorter, and each has its next-header and length fields first. */
const EXTENSION_HEADER = 8;

/** Either version, told by the first four bits: raw IP has nothing else. */
export function ip(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (at >= end) return cut(at + 1, wireEnd);
  return bytes[at]! >> 4 === 6
    ? ipv6(bytes, at, end, wireEnd, depth, into)
    : ipv4(bytes, at, end, wireEnd, depth, into);
}

export function ipv4(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (at + IPV4_HEADER > end) return cut(at + IPV4_HEADER, wireEnd);
  const header = ipv4HeaderLength(bytes, at);
  const length = u16(bytes, at + IPV4_LENGTH);
  const packetEnd = length === 0 ? wireEnd : at + length;
  if (header === 0 || at + header > packetEnd) return 'malformed';
  ipv4Fields(bytes, at, into);
  const protocol = bytes[at + IPV4_PROTOCOL]!;
  const fragment = u16(bytes, at + IPV4_FRAGMENT);
  if ((fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0) {
    const { rest } = into;
    rest.id = into.ipId;
    rest.offset = (fragment & FRAGMENT_OFFSET) << 3;
    rest.more = (fragment & MORE_FRAGMENTS) !== 0;
    return fragmentAt(protocol, at + header, end, packetEnd, depth + 1, into);
  }
  return transport(protocol, bytes, at + header, Math.min(end, packetEnd), packetEnd, depth + 1, false, into);
}

export function ipv6(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  const payload = at + IPV6_HEADER;
  if (payload > end) return cut(payload, wireEnd);
  if (bytes[at]! >> 4 !== 6) return 'malformed';
  const length = u16(bytes, at + IPV6_LENGTH);
  const packetEnd = length === 0 ? wireEnd : payload + length;
  ipv6Fields(bytes, at, into);
  const protocol = bytes[at + IPV6_NEXT]!;
  return transport(protocol, bytes, payload, Math.min(end, packetEnd), packetEnd, depth + 1, false, into);
}

/** The packet an ICMP error quotes: of its transport header eight bytes are enough (RFC 792). */
function quoted(bytes: Buffer, at: number, end: number, wireEnd: number, depth: number, into: Segment): Step {
  if (into.ipVersion === 6) {
    if (at + IPV6_HEADER > end) return cut(at + IPV6_HEADER, wireEnd);
    if (bytes[at]! >> 4 !== 6) return 'malformed';
    ipv6Fields(bytes, at, into);
    return transport(bytes[at + IPV6_NEXT]!, bytes, at + IPV6_HEADER, end, wireEnd, depth + 1, true, into);
  }
  if (at + IPV4_HEADER > end) return cut(at + IPV4_HEADER, wireEnd);
  const header = ipv4HeaderLength(bytes, at);
  if (header === 0) return 'malformed';
  ipv4Fields(bytes, at, into);
  // A later fragment carries no ports; the first one does.
  if ((u16(bytes, at + IPV4_FRAGMENT) & FRAGMENT_OFFSET) !== 0) return 'other';
  return transport(bytes[at + IPV4_PROTOCOL]!, bytes, at + header, end, wireEnd, depth + 1, true, into);
}

/** Goes on behind the IP header of a datagram that was put together from fragments: `into.rest` tells where. */
export function reassembled(into: Segment): Step {
  const { protocol, at, end, wireEnd, depth } = into.rest;
  return transport(protocol, into.bytes, at, end, wireEnd, depth, false, into);
}

/** A fragment is of use only when all of it was captured, and all but the last end on a multiple of 8 (RFC 791 §3.2). */
function fragmentAt(
  protocol: number,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  const { rest } = into;
  const length = wireEnd - at;
  if (length <= 0 || rest.offset + length > LIMITS.datagramBytes) return 'malformed';
  if (rest.more && (length & 7) !== 0) return 'malformed';
  if (end < wireEnd) return 'truncated';
  stopAt(protocol, at, wireEnd, wireEnd, depth, into);
  return 'fragment';
}

function stopAt(
  protocol: number,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): void {
  const { rest } = into;
  rest.protocol = protocol;
  rest.at = at;
  rest.end = end;
  rest.wireEnd = wireEnd;
  rest.depth = depth;
}

/** Steps over extension headers; in IPv4 only the authentication header is one. */
function transport(
  protocol: number,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  inQuote: boolean,
  into: Segment,
): Step {
  for (; depth <= LIMITS.layers; depth++) {
    switch (protocol) {
      case TCP:
        return inQuote ? quotedTcp(bytes, at, end, wireEnd, into) : tcp(bytes, at, end, wireEnd, into);
      case ICMP:
      case ICMPV6: {
        if (inQuote || (protocol === ICMP) !== (into.ipVersion === 4)) return 'other';
        const outcome = icmpError(bytes, at, end, wireEnd, into);
        return outcome === 'icmp' ? quoted(bytes, at + 8, end, wireEnd, depth, into) : outcome;
      }
      case IPV4_IN_IP:
        return inQuote ? 'other' : ipv4(bytes, at, end, wireEnd, depth, into);
      case IPV6_IN_IP:
        return inQuote ? 'other' : ipv6(bytes, at, end, wireEnd, depth, into);
      case UDP:
      case GRE:
        if (inQuote) return 'other';
        stopAt(protocol, at, end, wireEnd, depth, into);
        return 'tunnel';
      case AUTHENTICATION:
        break;
      case HOP_BY_HOP:
      case ROUTING:
      case FRAGMENT:
      case DESTINATION_OPTIONS:
        if (into.ipVersion === 4) return 'other';
        break;
      default:
        return 'other';
    }
    if (at + EXTENSION_HEADER > end) return cut(at + EXTENSION_HEADER, wireEnd);
    if (protocol === FRAGMENT) {
      // Offset in the upper 13 bits, more-fragments in the lowest; both 0 in an atomic fragment (RFC 6946).
      const field = u16(bytes, at + 2);
      if (inQuote) {
        if ((field & 0xfff8) !== 0) return 'other';
      } else if ((field & 0xfff9) !== 0) {
        const { rest } = into;
        rest.id = i32(bytes, at + 4);
        rest.offset = field & 0xfff8;
        rest.more = (field & 1) !== 0;
        return fragmentAt(bytes[at]!, at + EXTENSION_HEADER, end, wireEnd, depth + 1, into);
      }
    }
    const length = extensionLength(protocol, bytes[at + 1]!);
    protocol = bytes[at]!;
    at += length;
  }
  return 'malformed';
}

/** Length in bytes: in units of 8 without the first (RFC 8200 §4), of 4 less 2 for AH (RFC 4302 §2.2). */
function extensionLength(protocol: number, field: number): number {
  if (protocol === FRAGMENT) return EXTENSION_HEADER;
  return protocol === AUTHENTICATION ? (field + 2) << 2 : (field + 1) << 3;
}

/** Length of the header with its options in bytes; 0 where it cannot be one. */
function ipv4HeaderLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  const length = (first & 0x0f) << 2;
  return first >> 4 === 4 && length >= IPV4_HEADER ? length : 0;
}

function ipv4Fields(bytes: Buffer, at: number, into: Segment): void {
  into.ipVersion = 4;
  into.ttl = bytes[at + IPV4_TTL]!;
  into.ipId = u16(bytes, at + IPV4_ID);
  into.dontFragment = (u16(bytes, at + IPV4_FRAGMENT) & DONT_FRAGMENT) !== 0;
  into.src0 = 0;
  into.src1 = 0;
  into.src2 = 0xffff;
  into.src3 = i32(bytes, at + IPV4_SOURCE);
  into.dst0 = 0;
  into.dst1 = 0;
  into.dst2 = 0xffff;
  into.dst3 = i32(bytes, at + IPV4_DESTINATION);
}

function ipv6Fields(bytes: Buffer, at: number, into: Segment): void {
  into.ipVersion = 6;
  into.ttl = bytes[at + IPV6_HOP_LIMIT]!;
  into.ipId = -1;
  // Routers never fragment IPv6.
  into.dontFragment = true;
  into.src0 = i32(bytes, at + IPV6_SOURCE);
  into.src1 = i32(bytes, at + IPV6_SOURCE + 4);
  into.src2 = i32(bytes, at + IPV6_SOURCE + 8);
  into.src3 = i32(bytes, at + IPV6_SOURCE + 12);
  into.dst0 = i32(bytes, at + IPV6_DESTINATION);
  into.dst1 = i32(bytes, at + IPV6_DESTINATION + 4);
  into.dst2 = i32(bytes, at + IPV6_DESTINATION + 8);
  into.dst3 = i32(bytes, at + IPV6_DESTINATION + 12);
}
