/** What the kernel filter keeps, by libpcap itself: tcpdump reads made-up packets through it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { captureFilter, type FrameKind } from '../../src/capture/live-filter.ts';
import { icmpError, ipFrame, type LinkName, tcpFrame } from '../support/frames.ts';
import { needs } from '../support/needs.ts';
import { pcapBytes } from '../support/packets-source.ts';

const HOST = '203.0.113.44';
const HOST6 = '2001:db8::44';
const toHost = { src: '10.0.0.1', dst: HOST, srcPort: 40_000, dstPort: 8080 };
const toHost6 = { src: '2001:db8:1::1', dst: HOST6, srcPort: 40_000, dstPort: 8080 };
const toOther = { ...toHost, dst: '198.51.100.7' };
const router = { src: '192.0.2.1', dst: '10.0.0.1', type: 3, code: 1 };
const router6 = { src: '2001:db8:2::1', dst: '2001:db8:1::1', type: 1, code: 0 };
const later = { ...toHost, fragment: { offset: 1480, more: false } };
const later6 = { ...toHost6, ipv6Extensions: [{ fragment: 1480, more: false }] } as const;

/** By what is in them. */
const PACKETS = {
  segment: tcpFrame(toHost),
  segment6: tcpFrame(toHost6),
  answer: tcpFrame({ src: HOST, dst: '10.0.0.1', srcPort: 8080, dstPort: 40_000 }),
  unreachable: icmpError({ ...router, quote: toHost }),
  exceeded: icmpError({ ...router, type: 11, code: 0, quote: toHost, quoteBytes: 28 }),
  unreachable6: icmpError({ ...router6, quote: toHost6 }),
  tooBig6: icmpError({ ...router6, type: 2, mtu: 1280, quote: toHost6 }),
  later: ipFrame(later, 6, Buffer.alloc(100)),
  later6: ipFrame(later6, 6, Buffer.alloc(100)),
  tagged: tcpFrame({ ...toHost, vlan: [100] }),
  taggedTwice: tcpFrame({ ...toHost, vlan: [100, 7] }),
  taggedError: icmpError({ ...router, vlan: [100], quote: toHost }),
  taggedLater6: ipFrame({ ...later6, vlan: [100] }, 6, Buffer.alloc(100)),
  otherPort: tcpFrame({ ...toHost, dstPort: 22 }),
  other: tcpFrame(toOther),
  otherError: icmpError({ ...router, quote: toOther }),
  otherTagged: tcpFrame({ ...toOther, vlan: [100] }),
  otherLater: ipFrame({ ...later, dst: '198.51.100.7' }, 6, Buffer.alloc(100)),
  ping: ipFrame({ src: '10.0.0.1', dst: '198.51.100.7' }, 1, Buffer.from([8, 0, 0, 0, 0, 0, 0, 0])),
  datagramLater: ipFrame({ ...later, dst: '198.51.100.7' }, 17, Buffer.alloc(100)),
} satisfies Record<string, Buffer>;
type Name = keyof typeof PACKETS;

const OF_HOST: readonly Name[] = [
  'segment',
  'answer',
  'unreachable',
  'exceeded',
  'later',
  'tagged',
  'taggedTwice',
  'taggedError',
];

/** The packets that libpcap lets through. */
function kept(filter: string, link: LinkName = 'ethernet', names = Object.keys(PACKETS) as Name[]): Name[] {
  return names.filter((name) => {
    const bytes = link === 'ethernet' ? PACKETS[name] : cooked[name];
    if (bytes === undefined) return false;
    const input = pcapBytes([{ timeNs: 0, bytes, wireLength: bytes.length }], link);
    const run = spawnSync('tcpdump', ['-r', '-', '-w', '-', filter], { input });
    expect(run.status, `${run.stderr}`).toBe(0);
    return run.stdout.length > 24;
  });
}

/** The same on `-i any`. */
const cooked: Partial<Record<Name, Buffer>> = {
  segment: tcpFrame({ ...toHost, link: 'sll2' }),
  unreachable: icmpError({ ...router, link: 'sll2', quote: toHost }),
  later: ipFrame({ ...later, link: 'sll2' }, 6, Buffer.alloc(100)),
  other: tcpFrame({ ...toOther, link: 'sll2' }),
  otherError: icmpError({ ...router, link: 'sll2', quote: toOther }),
};

const filterOf = (
  networks: readonly string[],
  ports: readonly number[] = [],
  expression: string | null = null,
  frames: FrameKind = 'ethernet',
) => captureFilter({ networks, ports, expression }, frames);

needs('tcpdump').describe('the kernel filter', () => {
  test('of a host keeps what others say of it, with tags, in fragments', () => {
    expect(kept(filterOf([HOST]))).toEqual([...OF_HOST, 'otherPort']);
  });

  test('of a host and a port keeps the fragments that name no port', () => {
    expect(kept(filterOf([HOST], [8080]))).toEqual(OF_HOST);
  });

  test('of IPv6 does the same', () => {
    const six: Name[] = ['segment6', 'unreachable6', 'tooBig6', 'later6', 'taggedLater6'];
    expect(kept(filterOf([HOST6], [8080]))).toEqual(six);
    expect(kept(filterOf(['2001:db8::/33'], [8080]))).toEqual(six);
  });

  test('of a network compares only its bits', () => {
    expect(kept(filterOf(['203.0.112.0/23'], [8080]))).toEqual(OF_HOST);
    expect(kept(filterOf(['203.0.113.0/27'], [8080]))).toEqual([]);
    expect(kept(filterOf(['0.0.0.0/0'], [22]))).toContain('otherError');
  });

  test('of ports alone takes the errors and fragments of any TCP', () => {
    const all: Name[] = [...OF_HOST, 'segment6', 'unreachable6', 'tooBig6', 'later6', 'taggedLater6'];
    all.push('other', 'otherError', 'otherTagged', 'otherLater');
    expect(new Set(kept(filterOf([], [8080])))).toEqual(new Set(all));
  });

  test('with the user’s own expression is narrower, whatever operators it has', () => {
    expect(
      kept(filterOf([HOST], [], 'tcp port 22 or tcp port 23'), 'ethernet', ['segment', 'otherPort']),
    ).toEqual(['otherPort']);
    expect(
      kept(filterOf([], [], 'tcp port 22'), 'ethernet', ['segment', 'otherPort', 'unreachable']),
    ).toEqual(['otherPort', 'unreachable']);
  });

  test('compiles for cooked captures, where there are no tags to ask for', () => {
    const filter = filterOf([HOST, HOST6], [8080], null, 'other');
    expect(kept(filter, 'sll2')).toEqual(['segment', 'unreachable', 'later']);
  });

  test('of many hosts stays below the most that the kernel takes', () => {
    const hosts = Array.from({ length: 30 }, (_, i) => `203.0.113.${i + 1}`);
    const run = spawnSync('tcpdump', ['-y', 'EN10MB', '-d', filterOf(hosts, [80, 443])], {
      encoding: 'utf8',
    });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout.split('\n').length).toBeLessThan(4096);
  });
});

describe('the text of the filter', () => {
  test('is empty where everything is wanted', () => {
    expect(filterOf([])).toBe('');
  });

  test('names each host by its canonical address, each network without host bits', () => {
    const filter = filterOf(['2001:DB8:0:0::44', '10.1.2.3/8'], [], null, 'other');
    expect(filter).toMatch(/^\(host 2001:db8::44 or net 10\.0\.0\.0\/8\) or /);
  });
});
