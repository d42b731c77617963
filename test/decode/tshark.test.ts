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
import { ACK, createSegment, FIN, RST, type Segment, SYN } from '../../src/decode/segment.ts';
import { needs, sharedCaptures } from '../support/needs.ts';

/** Frame protocols, down to TCP, that this decoder follows; tunnels and other links are not among them. */
const FOLLOWED =
  /^((eth|sll|sll2):ethertype(:vlan:ethertype)*|null|raw)?:?(ip(:ah)?|ipv6(:ipv6\.\w+|:ah)*):tcp$/;

/** TCP packets that tshark put together from fragments, which are counted here and not reassembled. */
const REASSEMBLED: ReadonlyMap<string, number> = new Map([
  ['OISF+suricata-verify/defrag__bug-6887-defrag-ipv6-tcp__frag-ip-tcp.pcap', 1],
  ['seladb+PcapPlusPlus/Pcap++Test__PcapExamples__frag_http_req.pcap', 1],
]);

/** Files that are a matter of the capture reader. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ['corelight+community-id-spec/pcaps__combined.pcap.gz', 'compressed'],
  ['seladb+PcapPlusPlus/Pcap++Test__PcapExamples__solaris.snoop', 'Solaris snoop'],
  ['the-tcpdump-group+libpcap/pcap-invalid-version-1.pcap', 'pcap version 1.4'],
]);

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
    await openCapture([path]).run((packet) => {
      if (decode(packet, segment) !== 'tcp') return;
      tcp += 1;
      addSegment(mine, segment);
    });
    packets += tcp;
    const stacks = Object.entries(oracle.stacks).filter(([stack]) => FOLLOWED.test(stack));
    const expected = stacks.reduce((sum, [, count]) => sum + count, 0) - (REASSEMBLED.get(name) ?? 0);
    if (tcp !== expected) wrong.push(`${name}: ${tcp} TCP packets, tshark ${expected}`);
    const theirs = oracleCounts(oracle);
    for (const [key, counts] of mine) {
      if (`${theirs.get(key)}` !== `${counts}`)
        wrong.push(`${name}: ${key} ${counts}, tshark ${theirs.get(key)}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(names.length).toBeGreaterThan(100);
  expect(packets).toBeGreaterThan(10_000);
});
