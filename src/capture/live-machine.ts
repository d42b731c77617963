/**
 * What this machine has to capture with: its interfaces, and what their frames look like to a filter. Linux tells in
 * /sys/class/net; elsewhere the interfaces are those with addresses.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { FrameKind } from './live-filter.ts';

const SYS_NET = '/sys/class/net';
/** libpcap's name for all interfaces at once. */
const ANY = 'any';

/** ARPHRD_ETHER and ARPHRD_LOOPBACK of linux/if_arp.h: what libpcap gives out as Ethernet. */
const ETHERNET_TYPES: ReadonlySet<string> = new Set(['1', '772']);
/** Where there is no /sys: names of macOS and the BSDs whose frames have no Ethernet header. */
const NO_ETHERNET = /^(?:lo|utun|gif|stf|ppp|tun|pktap|ipsec)\d*/;

export interface Interface {
  readonly name: string;
  /** `up`, `down`, or what else the kernel says; null where nobody says. */
  readonly state: string | null;
  readonly frames: FrameKind;
  readonly addresses: readonly string[];
}

/** In the order of their names, `any` last where there is one. */
export function interfaces(): Interface[] {
  const addressed = networkInterfaces();
  const names = new Set([...sysNames(), ...Object.keys(addressed)]);
  const found: Interface[] = [...names].sort().map((name) => ({
    name,
    state: stateOf(name),
    frames: frameKind(name),
    addresses: (addressed[name] ?? []).map(({ address }) => address),
  }));
  if (process.platform === 'linux') found.push({ name: ANY, state: 'up', frames: 'other', addresses: [] });
  return found;
}

/** Of an interface that need not exist (yet): then it is taken for Ethernet, unless its name says otherwise. */
export function frameKind(name: string): FrameKind {
  if (name === ANY) return 'other';
  const type = sysFile(name, 'type');
  if (type !== null) return ETHERNET_TYPES.has(type) ? 'ethernet' : 'other';
  return process.platform !== 'linux' && NO_ETHERNET.test(name) ? 'other' : 'ethernet';
}

/** Loopback and tunnels know no carrier: the kernel's word for that is "unknown", and they are up by their flags. */
function stateOf(name: string): string | null {
  const state = sysFile(name, 'operstate');
  if (state !== 'unknown') return state;
  return (Number(sysFile(name, 'flags')) & 1) === 1 ? 'up' : 'down';
}

function sysNames(): string[] {
  try {
    // Files beside the interfaces are settings of drivers.
    return readdirSync(SYS_NET, { withFileTypes: true })
      .filter((entry) => !entry.isFile())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Null where it cannot be read: another system, or no such interface. */
function sysFile(name: string, file: string): string | null {
  if (name.includes('/') || name.startsWith('.')) return null;
  try {
    return readFileSync(`${SYS_NET}/${name}/${file}`, 'utf8').trim();
  } catch {
    return null;
  }
}
