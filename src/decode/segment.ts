/**
 * One decoded TCP segment or ICMP error: numbers and offsets only, no views, no strings.
 * Lent: the decoder refills one object for the whole capture.
 */
import type { Moment, Packet, Time } from '../capture/packet.ts';
import type { Fragments } from './fragments.ts';
import { createRest, type Rest } from './rest.ts';

/** What became of a packet; each outcome is counted, none throws. */
export type Decoded = 'tcp' | 'icmp' | 'other' | 'fragment' | 'truncated' | 'malformed' | 'unknownLink';

/** TCP header flags (RFC 9293 §3.1). */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/**
 * Addresses are four signed 32-bit words in network order; an IPv4 address is mapped (RFC 4291 §2.5.5.2):
 * words 0 and 1 are 0, word 2 is 0xffff, word 3 the address. Signed because V8 keeps those unboxed.
 */
export interface Segment extends Moment {
  time: Time;
  file: number;
  frame: number;
  interfaceIndex: number;
  link: number;
  /** Interface number inside the link header (SLL2), else 0. */
  linkInterface: number;
  /** Outermost VLAN id, or -1. */
  vlan: number;
  /** 4 or 6. In a tunnel, this and all that follows are of the innermost packet. */
  ipVersion: number;
  src0: number;
  src1: number;
  src2: number;
  src3: number;
  dst0: number;
  dst1: number;
  dst2: number;
  dst3: number;
  /** IPv4 TTL or IPv6 hop limit. */
  ttl: number;
  /** IPv4 identification, or -1 for IPv6. */
  ipId: number;
  dontFragment: boolean;

  srcPort: number;
  dstPort: number;
  /** Sequence and acknowledgement number as signed 32-bit integers (compare with `(a - b) | 0`). */
  seq: number;
  ack: number;
  flags: number;
  /** As in the header, not scaled. */
  window: number;
  /** In which the offsets below count: the packet's buffer, or that of a datagram put together from fragments. */
  bytes: Buffer;
  /** TCP options are `bytes[options, payload)`. */
  options: number;
  /** Captured payload is `bytes[payload, payloadEnd)`. */
  payload: number;
  payloadEnd: number;
  /** Payload bytes on the wire: larger than `payloadEnd - payload` when the snapshot length cut them. */
  payloadLength: number;

  /**
   * Only for outcome 'icmp': an ICMP or ICMPv6 error. The addresses, ports and `seq` above are then those of the
   * packet it quotes (which the sender of that packet had sent), as are TTL and identification, its `ack`, `flags`
   * and payload are 0 and empty, what is quoted behind `seq` is `bytes[options, payload)`, and these tell who reports
   * what. 0 for outcome 'tcp'.
   */
  icmpType: number;
  icmpCode: number;
  /** Next-hop MTU of "fragmentation needed" (RFC 1191) or "packet too big" (RFC 4443 §3.2), else 0. */
  icmpMtu: number;
  reporter0: number;
  reporter1: number;
  reporter2: number;
  reporter3: number;

  /** Only for the decoder itself. */
  readonly rest: Rest;
}

/**
 * Fills `into` from a packet; `into` is only meaningful for 'tcp' and 'icmp'.
 * @param fragments those seen before: a fragment that completes a datagram gives what the datagram carries, all others
 *   count as 'fragment'. Without it every fragment does.
 */
export type Decode = (packet: Packet, into: Segment, fragments?: Fragments) => Decoded;

/** A packet that carried `[offset, offset + end - at)` of a fragmented datagram in its `bytes[at, end)`. */
export interface Piece {
  readonly packet: Packet;
  /** Which packet of the run it is, from 1. */
  readonly order: number;
  readonly at: number;
  readonly end: number;
  readonly offset: number;
}

const NO_BYTES = Buffer.alloc(0);

/** A segment to be filled. Every field has its final type from the start, `time` that of a fraction: V8 then keeps one shape. */
export function createSegment(): Segment {
  return {
    time: Number.NaN,
    file: 0,
    frame: 0,
    interfaceIndex: 0,
    link: 0,
    linkInterface: 0,
    vlan: -1,
    ipVersion: 4,
    src0: 0,
    src1: 0,
    src2: 0,
    src3: 0,
    dst0: 0,
    dst1: 0,
    dst2: 0,
    dst3: 0,
    ttl: 0,
    ipId: 0,
    dontFragment: false,
    srcPort: 0,
    dstPort: 0,
    seq: 0,
    ack: 0,
    flags: 0,
    window: 0,
    bytes: NO_BYTES,
    options: 0,
    payload: 0,
    payloadEnd: 0,
    payloadLength: 0,
    icmpType: 0,
    icmpCode: 0,
    icmpMtu: 0,
    reporter0: 0,
    reporter1: 0,
    reporter2: 0,
    reporter3: 0,
    rest: createRest(),
  };
}
