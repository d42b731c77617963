/**
 * What is to be captured in, one pcap-filter(7) expression out, that keeps what a filter on hosts and ports alone loses:
 * ICMP and ICMPv6 errors of routers that quote a packet to the host, fragments behind the first (which have no ports), and
 * packets with one or two VLAN tags. Header offsets: RFC 791 §3.1, RFC 792, RFC 8200 §3 and §4.5, RFC 4443 §3.
 *
 * libpcap's `icmp[]` and `ip6[]` count from those headers, with the sizes they have without options: what a router quotes
 * was sent by this machine's TCP, which sets none.
 */
import { formatAddress, type Network, parseNetwork } from '../address.ts';

export interface FilterRequest {
  /** Addresses and networks of receivers; empty for all. */
  readonly networks: readonly string[];
  /** Ports of receivers; empty for all. */
  readonly ports: readonly number[];
  /** The user's own pcap-filter expression. */
  readonly expression: string | null;
}

/**
 * What the frames of an interface look like to a filter. `ethernet`: tags can be asked for. `other`: libpcap refuses the
 * word `vlan` there ("no VLAN support for Linux cooked v2"), or there are no tags.
 */
export type FrameKind = 'ethernet' | 'other';

/** ICMP types that quote a packet: unreachable, source quench, time exceeded. */
const ICMP_ERRORS = '(icmp[0] == 3 or icmp[0] == 4 or icmp[0] == 11)';
/** The quoted packet's protocol and destination: behind 8 bytes of ICMP header, at 9 and 16 of its own. */
const QUOTED_TCP = 'icmp[17] == 6';
const QUOTED_DESTINATION = 24;

/** ICMPv6 errors are the types below 128 (RFC 4443 §2.1). The quoted header begins 48 bytes into the IPv6 packet. */
const ICMP6_ERRORS = '(icmp6 and ip6[40] < 128)';
const QUOTED_TCP6 = 'ip6[54] == 6';
const QUOTED_DESTINATION6 = 72;

/** The fragment offset is not 0, and what is fragmented is TCP. In IPv6 a header of its own tells both. */
const LATER_FRAGMENT = '(ip[6:2] & 0x1fff != 0 and ip[9] == 6)';
const LATER_FRAGMENT6 = '(ip6[6] == 44 and ip6[40] == 6 and ip6[42:2] & 0xfff8 != 0)';

/** @returns the empty string where everything is to be captured. */
export function captureFilter({ networks, ports, expression }: FilterRequest, frames: FrameKind): string {
  const hosts = networks.map(parsed);
  const wanted = [
    expression === null ? null : `(${expression})`,
    anyOf(hosts.map(hostOrNet)),
    anyOf(ports.map((port) => `tcp port ${port}`)),
  ].filter((part) => part !== null);
  if (wanted.length === 0) return '';
  const untagged = [
    wanted.join(' and '),
    // A filter on hosts alone lets their fragments through anyway.
    ...(expression === null && ports.length === 0 ? [] : fragmentsOf(hosts)),
    ...quotesOf(hosts),
  ].join(' or ');
  if (frames === 'other') return untagged;
  // Last, because each `vlan` moves all offsets behind it by a tag: the second one finds packets that have two.
  return `${untagged} or (vlan and (${untagged})) or (vlan and (${untagged}))`;
}

function parsed(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw new Error(`neither address nor network: ${text}`);
  return network;
}

function anyOf(parts: readonly string[]): string | null {
  if (parts.length === 0) return null;
  return parts.length === 1 ? parts[0]! : `(${parts.join(' or ')})`;
}

function hostOrNet({ version, words, masks }: Network): string {
  const whole = version === 4 ? 32 : 128;
  const prefix = masks.reduce((sum, mask) => sum + ones(mask), 0) - (version === 4 ? 96 : 0);
  if (prefix === 0) return version === 4 ? 'ip' : 'ip6';
  const address = formatAddress(version, ...words);
  return prefix === whole ? `host ${address}` : `net ${address}/${prefix}`;
}

/** Bits set in a mask, which are its first ones. */
function ones(mask: number): number {
  return Math.clz32(~mask);
}

function fragmentsOf(hosts: readonly Network[]): string[] {
  const of = anyOf(hosts.map(hostOrNet));
  const later = `(${LATER_FRAGMENT} or ${LATER_FRAGMENT6})`;
  return [of === null ? later : `(${later} and ${of})`];
}

/** ICMP errors about packets to the hosts. Those that the hosts themselves send are caught by their address. */
function quotesOf(hosts: readonly Network[]): string[] {
  if (hosts.length === 0)
    return [`(${ICMP_ERRORS} and ${QUOTED_TCP})`, `(${ICMP6_ERRORS} and ${QUOTED_TCP6})`];
  return [4, 6].flatMap((version) => {
    const quoted = anyOf(hosts.filter((host) => host.version === version).map(quotedDestination));
    if (quoted === null) return [];
    return [version === 4 ? `(${ICMP_ERRORS} and ${quoted})` : `(${ICMP6_ERRORS} and ${quoted})`];
  });
}

/** Compares word by word: a filter has no names for what a quoted packet holds. */
function quotedDestination({ version, words, masks }: Network): string {
  const header = version === 4 ? 'icmp' : 'ip6';
  const tests: string[] = [];
  for (let i = version === 4 ? 3 : 0; i < 4; i++) {
    const mask = masks[i]!;
    if (mask === 0) break;
    const at = version === 4 ? QUOTED_DESTINATION : QUOTED_DESTINATION6 + 4 * i;
    const field = `${header}[${at}:4]${mask === -1 ? '' : ` & ${hex(mask)}`}`;
    tests.push(`${field} == ${hex(words[i]!)}`);
  }
  if (tests.length < 2) return tests[0] ?? (version === 4 ? QUOTED_TCP : QUOTED_TCP6);
  return `(${tests.join(' and ')})`;
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, '0')}`;
}
