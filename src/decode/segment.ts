/**
 * One decoded TCP segment or ICMP error: numbers and offsets only, no views, no strings.
 * Lent: the decoder refills one object for the whole capture.
 */
import type { Moment, Packet, Time } from '../capture/packet.ts';

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
  /** 4 or 6. */
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
  /** TCP options are `bytes[options, payload)` of the packet. */
  options: number;
  /** Captured payload is `bytes[payload, payloadEnd)` of the packet. */
  payload: number;
  payloadEnd: number;
  /** Payload bytes on the wire: larger than `payloadEnd - payload` when the snapshot length cut them. */
  payloadLength: number;

  /**
   * Only for outcome 'icmp': an ICMP or ICMPv6 error. The addresses, ports and `seq` above are then those of the
   * packet it quotes (which the sender of that packet had sent), and these tell who reports what.
   */
  icmpType: number;
  icmpCode: number;
  /** Next-hop MTU of "fragmentation needed" (RFC 1191) or "packet too big" (RFC 4443 §3.2), else 0. */
  icmpMtu: number;
  reporter0: number;
  reporter1: number;
  reporter2: number;
  reporter3: number;
}

/** Fills `into` from a packet; `into` is only meaningful for 'tcp' and 'icmp'. */
export type Decode = (packet: Packet, into: Segment) => Decoded;
