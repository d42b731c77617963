/**
 * What a filter leaves out although it speaks of the same traffic: a packet in, and whether the filter would have kept
 * what is within it. `host 203.0.113.44` sees neither a router's ICMP error about a packet to that host, nor a packet
 * with a VLAN tag. Told by asking the same program about the packet without its tags, or about the one that is quoted.
 * Source: IEEE 802.1Q §9.6 (tags), https://www.tcpdump.org/linktypes.html, RFC 791 §3.1, RFC 792, RFC 8200 §3, RFC 4443.
 */
import { u16 } from '../bytes.ts';
import type { BpfProgram } from './bpf.ts';
import type { Packet } from './packet.ts';

/** Where a link header has its EtherType, and how long it is without tags; -1 where it has no type. */
const LINKS: ReadonlyMap<number, readonly [type: number, length: number]> = new Map([
  [1, [12, 14]], // Ethernet
  [113, [14, 16]], // Linux cooked
  [276, [0, 20]], // Linux cooked, version 2
  [0, [-1, 4]], // BSD loopback
  [108, [-1, 4]], // OpenBSD loopback
  [12, [-1, 0]], // raw IP
  [14, [-1, 0]],
  [101, [-1, 0]],
  [228, [-1, 0]],
  [229, [-1, 0]],
]);

const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const TAG = 4;
const MOST_TAGS = 4;

const IPV4_HEADER = 20;
const IPV4_PROTOCOL = 9;
const IPV4_FRAGMENT = 6;
const IPV6_HEADER = 40;
const IPV6_NEXT = 6;
const ICMP = 1;
const ICMPV6 = 58;
const ICMP_HEADER = 8;
/** Unreachable, source quench, time exceeded. */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 11]);
/** Types below are errors (RFC 4443 §2.1). */
const ICMPV6_INFORMATION = 128;

/** As much of a packet as any filter looks at. */
const LONGEST = 512;

export type Hidden = 'tagged' | 'icmp' | null;

export class FilterHides {
  readonly #scratch: Buffer;

  constructor() {
    this.#scratch = Buffer.alloc(LONGEST);
  }

  /** @param packet one that the program has not accepted. */
  whatOf(packet: Packet, program: BpfProgram): Hidden {
    const link = LINKS.get(packet.link);
    if (link === undefined) return null;
    const { bytes, start, end } = packet;
    const [type, header] = link;
    if (start + header > end) return null;
    let network = start + header;
    let innermost = type < 0 ? -1 : start + type;
    let tags = 0;
    while (innermost >= 0 && tags < MOST_TAGS && network + TAG <= end && TAGS.has(u16(bytes, innermost))) {
      innermost = network + 2;
      network += TAG;
      tags++;
    }
    if (tags > 0 && this.#accepts(program, packet, link, innermost, network)) return 'tagged';
    const quoted = quotedPacket(bytes, network, end);
    return quoted > 0 && this.#accepts(program, packet, link, innermost, quoted) ? 'icmp' : null;
  }

  /** @param from where what is to be asked about begins; its EtherType stands at `innermost`. */
  #accepts(
    program: BpfProgram,
    { bytes, start, end }: Packet,
    [type, header]: readonly [number, number],
    innermost: number,
    from: number,
  ): boolean {
    const scratch = this.#scratch;
    bytes.copy(scratch, 0, start, start + header);
    if (type >= 0) bytes.copy(scratch, type, innermost, innermost + 2);
    const length = header + bytes.copy(scratch, header, from, Math.min(end, from + LONGEST - header));
    return program.accepts(scratch, 0, length, header + end - from);
  }
}

/** Where the packet begins that an ICMP error quotes; 0 where it is none. */
function quotedPacket(bytes: Buffer, at: number, end: number): number {
  if (at + IPV4_HEADER > end) return 0;
  const version = bytes[at]! >> 4;
  if (version === 4) {
    const icmp = at + ((bytes[at]! & 0x0f) << 2);
    const later = (u16(bytes, at + IPV4_FRAGMENT) & 0x1fff) !== 0;
    if (bytes[at + IPV4_PROTOCOL] !== ICMP || later || icmp + ICMP_HEADER > end) return 0;
    return ICMP_ERRORS.has(bytes[icmp]!) ? icmp + ICMP_HEADER : 0;
  }
  const icmp = at + IPV6_HEADER;
  if (version !== 6 || icmp + ICMP_HEADER > end || bytes[at + IPV6_NEXT] !== ICMPV6) return 0;
  return bytes[icmp]! < ICMPV6_INFORMATION ? icmp + ICMP_HEADER : 0;
}
