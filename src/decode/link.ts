/**
 * Link headers (https://www.tcpdump.org/linktypes.html) and VLAN tags (IEEE 802.1Q, 802.1ad) in, the IP packet within
 * handed on. Sets `vlan` to the outermost tag's id and `linkInterface` from an SLL2 header.
 */
import { i32, u16 } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { cut } from './cut.ts';
import { ip, ipv4, ipv6 } from './ip.ts';
import type { Decoded, Segment } from './segment.ts';

const LINKTYPE_NULL = 0;
const LINKTYPE_ETHERNET = 1;
/** Two values of DLT_RAW that some systems write in place of 101. */
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;
const LINKTYPE_RAW = 101;
const LINKTYPE_LOOP = 108;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_LINUX_SLL2 = 276;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_PROVIDER = 0x88a8;
/** Tag types of QinQ from before 802.1ad. */
const ETHERTYPE_QINQ = 0x9100;
const ETHERTYPE_QINQ_2 = 0x9200;

/** Ethernet: two addresses, EtherType. */
const ETHERNET_TYPE = 12;
const ETHERNET_HEADER = 14;
/** LINUX_SLL: packet type, ARPHRD, address length, address, protocol. */
const SLL_PROTOCOL = 14;
const SLL_HEADER = 16;
/** LINUX_SLL2: protocol, reserved, interface index, ARPHRD, packet type, address length, address. */
const SLL2_INTERFACE = 4;
const SLL2_HEADER = 20;
const LOOPBACK_HEADER = 4;
const TAG = 4;

const AF_INET = 2;

export function linkLayer(
  link: number,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  into: Segment,
): Decoded {
  switch (link) {
    case LINKTYPE_ETHERNET:
      if (at + ETHERNET_HEADER > end) return cut(at + ETHERNET_HEADER, wireEnd);
      return tagged(u16(bytes, at + ETHERNET_TYPE), bytes, at + ETHERNET_HEADER, end, wireEnd, into);
    case LINKTYPE_LINUX_SLL:
      if (at + SLL_HEADER > end) return cut(at + SLL_HEADER, wireEnd);
      return tagged(u16(bytes, at + SLL_PROTOCOL), bytes, at + SLL_HEADER, end, wireEnd, into);
    case LINKTYPE_LINUX_SLL2:
      if (at + SLL2_HEADER > end) return cut(at + SLL2_HEADER, wireEnd);
      into.linkInterface = i32(bytes, at + SLL2_INTERFACE);
      return tagged(u16(bytes, at), bytes, at + SLL2_HEADER, end, wireEnd, into);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return loopback(bytes, at, end, wireEnd, into);
    case LINKTYPE_RAW:
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
      return ip(bytes, at, end, wireEnd, into);
    case LINKTYPE_IPV4:
      return ipv4(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_IPV6:
      return ipv6(bytes, at, end, wireEnd, 0, into);
    default:
      return 'unknownLink';
  }
}

/** What follows an EtherType at `at`: tags, each ending in the next EtherType, then IP. */
function tagged(
  etherType: number,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  into: Segment,
): Decoded {
  for (let depth = 0; depth < LIMITS.layers; depth++) {
    switch (etherType) {
      case ETHERTYPE_IPV4:
        return ipv4(bytes, at, end, wireEnd, depth, into);
      case ETHERTYPE_IPV6:
        return ipv6(bytes, at, end, wireEnd, depth, into);
      case ETHERTYPE_VLAN:
      case ETHERTYPE_PROVIDER:
      case ETHERTYPE_QINQ:
      case ETHERTYPE_QINQ_2:
        break;
      default:
        return 'other';
    }
    if (at + TAG > end) return cut(at + TAG, wireEnd);
    if (into.vlan < 0) into.vlan = u16(bytes, at) & 0x0fff;
    etherType = u16(bytes, at + 2);
    at += TAG;
  }
  return 'malformed';
}

/**
 * NULL and LOOP: a protocol family in four bytes. NULL has it in the byte order of the machine that captured, which
 * the file does not tell; LOOP should be big endian. No family reaches 2^16, so the half that is zero tells the order.
 */
function loopback(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Decoded {
  if (at + LOOPBACK_HEADER > end) return cut(at + LOOPBACK_HEADER, wireEnd);
  const high = u16(bytes, at);
  const low = u16(bytes, at + 2);
  if (high !== 0 && low !== 0) return 'other';
  const family = high === 0 ? low : (high >> 8) | ((high & 0xff) << 8);
  switch (family) {
    case AF_INET:
      return ipv4(bytes, at + LOOPBACK_HEADER, end, wireEnd, 0, into);
    case 10: // AF_INET6 of Linux
    case 23: // Windows
    case 24: // NetBSD, OpenBSD, and what Npcap writes
    case 28: // FreeBSD
    case 30: // macOS
      return ipv6(bytes, at + LOOPBACK_HEADER, end, wireEnd, 0, into);
    default:
      return 'other';
  }
}
