/**
 * Link headers (https://www.tcpdump.org/linktypes.html) in; what they announce is handed on to ether.ts, or to ip.ts where
 * nothing but IP can follow. Sets `linkInterface` from an SLL2 header.
 */
import { i32, u16, u16le, u32le } from '../bytes.ts';
import { cut } from './cut.ts';
import { ethernet, llc, network, ppp, pppoe } from './ether.ts';
import { ip, ipv4, ipv6 } from './ip.ts';
import { nflog } from './nflog.ts';
import type { Step } from './rest.ts';
import type { Segment } from './segment.ts';
import { radiotap, wlan } from './wlan.ts';

const LINKTYPE_NULL = 0;
const LINKTYPE_ETHERNET = 1;
const LINKTYPE_PPP = 9;
const LINKTYPE_FDDI = 10;
/** Two values of DLT_RAW that some systems write in place of 101. */
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;
const LINKTYPE_PPP_HDLC = 50;
const LINKTYPE_PPP_ETHER = 51;
const LINKTYPE_RAW = 101;
const LINKTYPE_C_HDLC = 104;
const LINKTYPE_IEEE802_11 = 105;
const LINKTYPE_LOOP = 108;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IEEE802_11_RADIOTAP = 127;
const LINKTYPE_PPI = 192;
const LINKTYPE_PPP_WITH_DIR = 204;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_NFLOG = 239;
const LINKTYPE_LINUX_SLL2 = 276;

/** LINUX_SLL: packet type, ARPHRD, address length, address, protocol. */
const SLL_PROTOCOL = 14;
const SLL_HEADER = 16;
/** LINUX_SLL2: protocol, reserved, interface index, ARPHRD, packet type, address length, address. */
const SLL2_INTERFACE = 4;
const SLL2_HEADER = 20;
const LOOPBACK_HEADER = 4;
/** FDDI: frame control (0x5x is LLC), two addresses. */
const FDDI_HEADER = 13;
/** Cisco HDLC: address, control, EtherType. */
const CHDLC_HEADER = 4;
/** PPI: version, flags, length of all its fields, link type of what follows; the last two little endian. */
const PPI_HEADER = 8;

const AF_INET = 2;

export function linkLayer(
  link: number,
  bytes: Buffer,
  at: number,
  end: number,
  wireEnd: number,
  into: Segment,
): Step {
  switch (link) {
    case LINKTYPE_ETHERNET:
      return ethernet(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_LINUX_SLL:
      if (at + SLL_HEADER > end) return cut(at + SLL_HEADER, wireEnd);
      return network(u16(bytes, at + SLL_PROTOCOL), bytes, at + SLL_HEADER, end, wireEnd, 0, into);
    case LINKTYPE_LINUX_SLL2:
      if (at + SLL2_HEADER > end) return cut(at + SLL2_HEADER, wireEnd);
      into.linkInterface = i32(bytes, at + SLL2_INTERFACE);
      return network(u16(bytes, at), bytes, at + SLL2_HEADER, end, wireEnd, 0, into);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return loopback(bytes, at, end, wireEnd, into);
    case LINKTYPE_RAW:
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
      return ip(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_IPV4:
      return ipv4(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_IPV6:
      return ipv6(bytes, at, end, wireEnd, 0, into);
    default:
      return rarer(link, bytes, at, end, wireEnd, into);
  }
}

/** Apart from the others, so that what every packet runs through stays small. */
function rarer(link: number, bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Step {
  switch (link) {
    case LINKTYPE_PPP:
      return ppp(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_PPP_WITH_DIR:
      return ppp(bytes, at + 1, end, wireEnd, 0, into);
    case LINKTYPE_PPP_ETHER:
      return pppoe(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_PPP_HDLC:
      // Either kind of HDLC, told by the address: all stations, or Cisco's unicast and broadcast.
      if (at >= end) return cut(at + 1, wireEnd);
      return bytes[at] === 0x0f || bytes[at] === 0x8f
        ? ciscoHdlc(bytes, at, end, wireEnd, into)
        : ppp(bytes, at, end, wireEnd, 0, into);
    case LINKTYPE_C_HDLC:
      return ciscoHdlc(bytes, at, end, wireEnd, into);
    case LINKTYPE_FDDI:
      if (at + FDDI_HEADER > end) return cut(at + FDDI_HEADER, wireEnd);
      return bytes[at]! >> 4 === 5 ? llc(bytes, at + FDDI_HEADER, end, wireEnd, 0, into) : 'other';
    case LINKTYPE_IEEE802_11:
      return wlan(bytes, at, end, wireEnd, false, into);
    case LINKTYPE_IEEE802_11_RADIOTAP:
      return radiotap(bytes, at, end, wireEnd, into);
    case LINKTYPE_PPI:
      return perPacketInformation(bytes, at, end, wireEnd, into);
    case LINKTYPE_NFLOG:
      return nflog(bytes, at, end, wireEnd, into);
    default:
      return 'unknownLink';
  }
}

function ciscoHdlc(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Step {
  if (at + CHDLC_HEADER > end) return cut(at + CHDLC_HEADER, wireEnd);
  return network(u16(bytes, at + 2), bytes, at + CHDLC_HEADER, end, wireEnd, 0, into);
}

/** PPI may hold any link type; only itself it must not, or a packet of such headers would nest without end. */
function perPacketInformation(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Step {
  if (at + PPI_HEADER > end) return cut(at + PPI_HEADER, wireEnd);
  const length = u16le(bytes, at + 2);
  const link = u32le(bytes, at + 4);
  if (bytes[at] !== 0 || length < PPI_HEADER) return 'malformed';
  if (at + length > end) return cut(at + length, wireEnd);
  return link === LINKTYPE_PPI ? 'malformed' : linkLayer(link, bytes, at + length, end, wireEnd, into);
}

/**
 * NULL and LOOP: a protocol family in four bytes. NULL has it in the byte order of the machine that captured, which
 * the file does not tell; LOOP should be big endian. No family reaches 2^16, so the half that is zero tells the order.
 */
function loopback(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Step {
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
