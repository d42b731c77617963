/**
 * The same packets as tshark finds: for each capture beside the project that has its answers, the TCP packets, payload
 * bytes and SYN, SYN-ACK, FIN and RST counts between each two endpoints, per direction. tshark sees more where this
 * decoder stops on purpose, and each such place has its reason below.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { formatAddress } from '../../src/address.ts';
import { openCapture } from '../../src/capture/file.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { ACK, createSegment, FIN, RST, type Segment, SYN } from '../../src/decode/segment.ts';
import { needs, sharedCaptures } from '../support/needs.ts';

/** What of tshark's frame protocols, down to TCP, this decoder stops at on purpose; it follows all others. */
const STOPPED_AT: readonly (readonly [protocols: RegExp, why: string])[] = [
  [/:gtp:/, 'the mobile core: the tunnel of a phone, where no server sends'],
  [/:teredo:/, 'IPv6 for hosts behind NAT, shut down by those who ran it; any UDP port may be one'],
  [/:l2tp:/, 'needs the state of its control connection to tell what a session carries'],
  [/:gre:wlan:/, "an access point's own GRE protocol numbers, with frames of 802.11 within"],
  [/^(arcnet|ipoib|juniper):/, 'links on which no capture of HTTP is to be expected'],
];

/** Packets that tshark finds behind protocols that are followed elsewhere. */
const PASSED_OVER: ReadonlyMap<string, readonly [packets: number, why: string]> = new Map([
  [
    'AlexeyVasilev+PcapFlowLab/examples__showcase__pcap_flow_lab_showcase.pcap',
    [1, 'GRE version 1 of protocol 0x6400, which is no EtherType and which no RFC has'],
  ],
]);

/** Files that are a matter of the capture reader. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ['corelight+community-id-spec/pcaps__combined.pcap.gz', 'compressed'],
  ['the-tcpdump-group+libpcap/pcap-invalid-version-1.pcap', 'pcap version 1.4'],
]);

/** Reasons that some capture gives: one that none does is out of date. */
const met = new Set<(typeof STOPPED_AT)[number]>();

interface OracleSide {
  readonly ip: string;
  readonly port: number;
  readonly frames: number;
  readonly bytes: number;
  readonly syn: number;
  readonly synack: number;
  readonly fin: number;
  readonly rst: number;
}

interface Oracle {
  readonly streams: readonly { readonly a: OracleSide; readonly b: OracleSide }[];
  readonly stacks: Readonly<Record<string, number>>;
}

/** [packets, payload bytes, SYN, SYN-ACK, FIN, RST] by 'address:port>address:port'. */
type Counts = Map<string, number[]>;

function add(counts: Counts, key: string, values: readonly number[]): void {
  const sums = counts.get(key) ?? values.map(() => 0);
  counts.set(
    key,
    sums.map((sum, i) => sum + values[i]!),
  );
}

function addSegment(counts: Counts, segment: Segment): void {
  const { ipVersion, srcPort, dstPort, flags } = segment;
  const src = formatAddress(ipVersion, segment.src0, segment.src1, segment.src2, segment.src3);
  const dst = formatAddress(ipVersion, segment.dst0, segment.dst1, segment.dst2, segment.dst3);
  const opens = flags & (SYN | ACK);
  const letters = [opens === SYN, opens === (SYN | ACK), (flags & FIN) !== 0, (flags & RST) !== 0];
  add(counts, `${src}:${srcPort}>${dst}:${dstPort}`, [1, segment.payloadLength, ...letters.map(Number)]);
}

function oracleCounts(oracle: Oracle): Counts {
  const counts: Counts = new Map();
  for (const { a, b } of oracle.streams) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      if (from.frames === 0) continue;
      const { frames, bytes, syn, synack, fin, rst } = from;
      add(counts, `${from.ip}:${from.port}>${to.ip}:${to.port}`, [frames, bytes, syn, synack, fin, rst]);
    }
  }
  return counts;
}

function followed(stack: string): boolean {
  const stop = STOPPED_AT.find(([protocols]) => protocols.test(stack));
  if (stop) met.add(stop);
  return !stop;
}

function capturesWithOracle(): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(sharedCaptures, 'public'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const name of readdirSync(join(sharedCaptures, 'public', entry.name))) {
      if (name.endsWith('.oracle.json')) found.push(`${entry.name}/${name.slice(0, -'.oracle.json'.length)}`);
    }
  }
  return found.filter((name) => !UNREAD.has(name));
}

needs('shared-captures').test('every public capture has the packets that tshark finds in it', async () => {
  const segment = createSegment();
  const wrong: string[] = [];
  let packets = 0;
  const names = capturesWithOracle();
  for (const name of names) {
    const path = join(sharedCaptures, 'public', name);
    const oracle = JSON.parse(readFileSync(`${path}.oracle.json`, 'utf8')) as Oracle;
    const mine: Counts = new Map();
    let tcp = 0;
    const fragments = new Fragments((limit) => wrong.push(`${name}: ${limit}`));
    await openCapture([path]).run((packet) => {
      if (decode(packet, segment, fragments) !== 'tcp') return;
      tcp += 1;
      addSegment(mine, segment);
    });
    packets += tcp;
    const stacks = Object.entries(oracle.stacks).filter(([stack]) => followed(stack));
    const passedOver = PASSED_OVER.get(name)?.[0] ?? 0;
    const expected = stacks.reduce((sum, [, count]) => sum + count, 0) - passedOver;
    if (tcp !== expected) wrong.push(`${name}: ${tcp} TCP packets, tshark ${expected}`);
    const theirs = oracleCounts(oracle);
    for (const [key, counts] of mine) {
      if (`${theirs.get(key)}` !== `${counts}`)
        wrong.push(`${name}: ${key} ${counts}, tshark ${theirs.get(key)}`);
    }
  }
  expect(wrong).toEqual([]);
  expect([...STOPPED_AT].filter((stop) => !met.has(stop))).toEqual([]);
  expect(names.length).toBeGreaterThan(100);
  expect(packets).toBeGreaterThan(10_000);
});
