/**
 * Tunnels over IP: GRE (RFC 2784, RFC 2890) with IP, Ethernet, MPLS or a mirrored frame (ERSPAN, draft-foschiano-erspan)
 * within; VXLAN (RFC 7348) and Geneve (RFC 8926) over UDP. UDP says nothing of its content, so only the registered
 * ports are tried, and only a header with all its fixed bits right is believed: plain UDP stays 'other'.
 */
import { u16 } from '../bytes.ts';
import { cut } from './cut.ts';
import { ethernet, network } from './ether.ts';
import type { Step } from './rest.ts';
import type { Segment } from './segment.ts';

const GRE = 47;
const GRE_HEADER = 4;
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_VERSION = 0x0007;
/** Below are lengths (IEEE 802.3 §3.2.6), which only a real Ethernet header has; 0 marks Cisco's keepalives. */
const SMALLEST_ETHERTYPE = 0x0600;
const ERSPAN = 0x88be;
const ERSPAN_III = 0x22eb;

const UDP_DESTINATION = 2;
const UDP_LENGTH = 4;
const UDP_HEADER = 8;
const VXLAN_PORT = 4789;
/** Linux used it before there was a registered one, and does unless told otherwise. */
const VXLAN_PORT_LINUX = 8472;
const VXLAN_HEADER = 8;
const GENEVE_PORT = 6081;
const GENEVE_HEADER = 8;

/** Goes on at the header that `into.rest` tells. */
export function tunnel(into: Segment): Step {
  const { bytes, rest } = into;
  const { protocol, at, end, wireEnd, depth } = rest;
  return protocol === GRE
    ? gre(bytes, at, end, wireEnd, depth, into)
    : udp(bytes, at, end, wireEnd, depth, into);
}

function gre(bytes: Buffer, at: number, end: number, wireEnd: number, depth: number, into: Segment): Step {
  if (at + GRE_HEADER > end) return cut(at + GRE_HEADER, wireEnd);
  const flags = u16(bytes, at);
  const type = u16(bytes, at + 2);
  // Routing is of RFC 1701 and gone; version 1 is PPTP's.
  if ((flags & (GRE_ROUTING | GRE_VERSION)) !== 0) return 'other';
  const sequence = (flags & GRE_SEQUENCE) !== 0;
  let payload = at + GRE_HEADER;
  if ((flags & GRE_CHECKSUM) !== 0) payload += 4;
  if ((flags & GRE_KEY) !== 0) payload += 4;
  if (sequence) payload += 4;
  if (type === ERSPAN || type === ERSPAN_III) {
    return erspan(type, sequence, bytes, payload, end, wireEnd, depth, into);
  }
  return announced(type, bytes, payload, end, wireEnd, depth, into);
}

function announced(
  type: number,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  return type < SMALLEST_ETHERTYPE ? 'other' : network(type, bytes, at, end, wireEnd, depth, into);
}

/** Type I is a bare frame without a GRE sequence number; II has 8 bytes in front of it, III 12 and maybe 8 more. */
function erspan(
  type: number,
  sequence: boolean,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (type === ERSPAN && !sequence) return ethernet(bytes, at, end, wireEnd, depth, into);
  const header = type === ERSPAN ? 8 : 12;
  if (at + header > end) return cut(at + header, wireEnd);
  if (bytes[at]! >> 4 !== (type === ERSPAN ? 1 : 2)) return 'other';
  const optional = type === ERSPAN_III && (bytes[at + 11]! & 1) !== 0;
  return ethernet(bytes, at + header + (optional ? 8 : 0), end, wireEnd, depth, into);
}

function udp(bytes: Buffer, at: number, end: number, wireEnd: number, depth: number, into: Segment): Step {
  const payload = at + UDP_HEADER;
  if (payload > end) return tooShort(payload, wireEnd);
  const port = u16(bytes, at + UDP_DESTINATION);
  if (port !== VXLAN_PORT && port !== VXLAN_PORT_LINUX && port !== GENEVE_PORT) return 'other';
  const length = u16(bytes, at + UDP_LENGTH);
  // 0 is the length of what segmentation offload has still to cut.
  const datagramEnd = length === 0 ? wireEnd : Math.min(wireEnd, at + length);
  const captured = Math.min(end, datagramEnd);
  return port === GENEVE_PORT
    ? geneve(bytes, payload, captured, datagramEnd, depth, into)
    : vxlan(bytes, payload, captured, datagramEnd, depth, into);
}

/** Flags, reserved, network id, reserved; with the group policy extension some of the reserved bits are in use. */
function vxlan(bytes: Buffer, at: number, end: number, wireEnd: number, depth: number, into: Segment): Step {
  if (at + VXLAN_HEADER > end) return tooShort(at + VXLAN_HEADER, wireEnd);
  const flags = bytes[at]!;
  const policy = (flags & 0x80) !== 0;
  if ((flags & 0x7f) !== 0x08 || bytes[at + 7] !== 0) return 'other';
  if (policy ? (bytes[at + 1]! & 0xb7) !== 0 : bytes[at + 1] !== 0 || u16(bytes, at + 2) !== 0)
    return 'other';
  return ethernet(bytes, at + VXLAN_HEADER, end, wireEnd, depth, into);
}

/** Version 0, no control message; options, in units of four bytes, are passed over. */
function geneve(bytes: Buffer, at: number, end: number, wireEnd: number, depth: number, into: Segment): Step {
  if (at + GENEVE_HEADER > end) return tooShort(at + GENEVE_HEADER, wireEnd);
  const first = bytes[at]!;
  if (first >> 6 !== 0 || (bytes[at + 1]! & 0xbf) !== 0 || bytes[at + 7] !== 0) return 'other';
  const payload = at + GENEVE_HEADER + ((first & 0x3f) << 2);
  return announced(u16(bytes, at + 2), bytes, payload, end, wireEnd, depth, into);
}

/** Like cut.ts, but a datagram with no room for a tunnel's header is none, and not malformed. */
function tooShort(needed: number, wireEnd: number): Step {
  return needed > wireEnd ? 'other' : 'truncated';
}
