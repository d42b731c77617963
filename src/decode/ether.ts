/**
 * What an EtherType, an LLC header or a PPP protocol number announces: tags (IEEE 802.1Q, 802.1ad, 802.1ah, VN-Tag), MPLS
 * labels (RFC 3032), PPPoE sessions (RFC 2516), whole Ethernet frames, and IP, which is handed on. Sets `vlan` to the
 * outermost tag's id. In one file because each of these may hold any of the others.
 */
import { u16 } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { cut } from './cut.ts';
import { ipv4, ipv6 } from './ip.ts';
import type { Step } from './rest.ts';
import type { Segment } from './segment.ts';

/** Smaller values are lengths, and LLC follows (IEEE 802.3 §3.2.6). In SLL headers 4 means the same. */
const LARGEST_LENGTH = 1500;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_TRANSPARENT_ETHERNET = 0x6558;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_MPLS = 0x8847;
const ETHERTYPE_MPLS_UPSTREAM = 0x8848;
const ETHERTYPE_PPPOE_SESSION = 0x8864;
const ETHERTYPE_PROVIDER = 0x88a8;
const ETHERTYPE_BACKBONE = 0x88e7;
const ETHERTYPE_VN_TAG = 0x8926;
/** Tag types of QinQ from before 802.1ad. */
const ETHERTYPE_QINQ = 0x9100;
const ETHERTYPE_QINQ_2 = 0x9200;

/** Ethernet: two addresses, EtherType. */
const ETHERNET_TYPE = 12;
const ETHERNET_HEADER = 14;
const TAG = 4;
/** VN-Tag: four bytes of flags and interfaces, EtherType. */
const VN_TAG = 6;
/** 802.1ah: four bytes of flags and service id, then the customer's Ethernet frame. */
const SERVICE_TAG = 4;
const LABEL = 4;
/** PPPoE: version and type, code, session, length. */
const PPPOE_HEADER = 6;
const PPPOE_VERSION_TYPE = 0x11;

export function ethernet(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (at + ETHERNET_HEADER > end) return cut(at + ETHERNET_HEADER, wireEnd);
  return network(u16(bytes, at + ETHERNET_TYPE), bytes, at + ETHERNET_HEADER, end, wireEnd, depth, into);
}

/** What follows an EtherType at `at`: tags, each ending in the next EtherType, then mostly IP. */
export function network(
  etherType: number,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  for (; depth < LIMITS.layers; depth++) {
    switch (etherType) {
      case ETHERTYPE_IPV4:
        return ipv4(bytes, at, end, wireEnd, depth, into);
      case ETHERTYPE_IPV6:
        return ipv6(bytes, at, end, wireEnd, depth, into);
      case ETHERTYPE_VLAN:
      case ETHERTYPE_PROVIDER:
      case ETHERTYPE_QINQ:
      case ETHERTYPE_QINQ_2:
        if (at + TAG > end) return cut(at + TAG, wireEnd);
        if (into.vlan < 0) into.vlan = u16(bytes, at) & 0x0fff;
        etherType = u16(bytes, at + 2);
        at += TAG;
        break;
      case ETHERTYPE_VN_TAG:
        if (at + VN_TAG > end) return cut(at + VN_TAG, wireEnd);
        etherType = u16(bytes, at + 4);
        at += VN_TAG;
        break;
      case ETHERTYPE_BACKBONE:
        return ethernet(bytes, at + SERVICE_TAG, end, wireEnd, depth + 1, into);
      case ETHERTYPE_TRANSPARENT_ETHERNET:
        return ethernet(bytes, at, end, wireEnd, depth + 1, into);
      case ETHERTYPE_MPLS:
      case ETHERTYPE_MPLS_UPSTREAM:
        return mpls(bytes, at, end, wireEnd, depth, into);
      case ETHERTYPE_PPPOE_SESSION:
        return pppoe(bytes, at, end, wireEnd, depth + 1, into);
      default:
        return etherType <= LARGEST_LENGTH ? llc(bytes, at, end, wireEnd, depth + 1, into) : 'other';
    }
  }
  return 'malformed';
}

/**
 * LLC (IEEE 802.2): SNAP with an EtherType behind it (RFC 1042, also as 802.1H bridges write it), or IP's own address.
 * Unnumbered information only, which is control 3.
 */
export function llc(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (at + 3 > end) return cut(at + 3, wireEnd);
  const access = u16(bytes, at);
  if (bytes[at + 2] !== 3) return 'other';
  if (access === 0x0606) return ipv4(bytes, at + 3, end, wireEnd, depth, into);
  if (access !== 0xaaaa) return 'other';
  if (at + 8 > end) return cut(at + 8, wireEnd);
  const organization = (u16(bytes, at + 3) << 8) | bytes[at + 5]!;
  if (organization !== 0 && organization !== 0x0000f8) return 'other';
  return network(u16(bytes, at + 6), bytes, at + 8, end, wireEnd, depth, into);
}

/** The label stack says nothing of what it holds: the first four bits of that must (RFC 4928 §3). */
function mpls(bytes: Buffer, at: number, end: number, wireEnd: number, depth: number, into: Segment): Step {
  for (; depth < LIMITS.layers; depth++) {
    if (at + LABEL > end) return cut(at + LABEL, wireEnd);
    const bottom = (bytes[at + 2]! & 1) !== 0;
    at += LABEL;
    if (!bottom) continue;
    if (at + 4 > end) return cut(at + 4, wireEnd);
    const version = bytes[at]! >> 4;
    if (version === 4) return ipv4(bytes, at, end, wireEnd, depth, into);
    if (version === 6) return ipv6(bytes, at, end, wireEnd, depth, into);
    // A pseudowire's control word, of which these bits are 0 for Ethernet (RFC 4448 §4.6).
    return u16(bytes, at) === 0 ? ethernet(bytes, at + 4, end, wireEnd, depth + 1, into) : 'other';
  }
  return 'malformed';
}

export function pppoe(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (at + PPPOE_HEADER > end) return cut(at + PPPOE_HEADER, wireEnd);
  if (bytes[at] !== PPPOE_VERSION_TYPE || bytes[at + 1] !== 0) return 'other';
  return ppp(bytes, at + PPPOE_HEADER, end, wireEnd, depth, into);
}

/** PPP (RFC 1661 §2): address and control may be left out, and the first byte of the protocol number where it is 0. */
export function ppp(
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  depth: number,
  into: Segment,
): Step {
  if (at + 2 > end) return cut(at + 2, wireEnd);
  if (u16(bytes, at) === 0xff03) at += 2;
  if (at + 2 > end) return cut(at + 2, wireEnd);
  const short = (bytes[at]! & 1) !== 0;
  const protocol = short ? bytes[at]! : u16(bytes, at);
  at += short ? 1 : 2;
  switch (protocol) {
    case 0x0021:
      return ipv4(bytes, at, end, wireEnd, depth, into);
    case 0x0057:
      return ipv6(bytes, at, end, wireEnd, depth, into);
    case 0x0281:
    case 0x0283:
      return mpls(bytes, at, end, wireEnd, depth, into);
    default:
      return 'other';
  }
}
