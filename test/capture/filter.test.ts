/**
 * `--filter` on files: the same packets as tcpdump keeps, with the frame numbers of the capture, and what an expression
 * hides.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { BpfProgram } from '../../src/capture/bpf.ts';
import { openCapture } from '../../src/capture/file.ts';
import { compileFilter } from '../../src/capture/filter-compiler.ts';
import { filtered } from '../../src/capture/filtered.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { conversation } from '../support/conversation.ts';
import { icmpError, LINKTYPES, type LinkName, tcpFrame } from '../support/frames.ts';
import { needs, projectRoot, sharedCaptures } from '../support/needs.ts';
import { type Frame, packetsSource, pcapBytes } from '../support/packets-source.ts';
import { blocksIn } from '../support/pcap-files.ts';
import { codes, collect } from './collect.ts';

const EXPRESSIONS = [
  'tcp',
  'tcp port 80',
  'host 203.0.113.10 or host 10.0.8.15',
  'net 10.0.0.0/8 and not port 22',
  'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0',
  'icmp[0] == 3 or icmp6',
  'greater 200',
  'len - ip[0] % 7 > 100 and ip[8] * 2 < 200 and (ip[2:2] / 3 ^ 5) & 1 = 0',
  'ip6 and tcp',
  'ip[6:2] & 0x3fff != 0 and (ip[8] << 2 | ip[9] >> 1) != 7',
  'tcp[((tcp[12] & 0xf0) >> 2):4] = 0x504f5354',
  'udp or -ip[9] = 0xfffffffa',
];

const LAB = [
  '18-encapsulation/path-mtu-discovery.pcap',
  '18-encapsulation/vlan-any.pcap',
  '19-day-in-the-life/small.pcap',
];

/** What tcpdump keeps, as the hexadecimal bytes of each packet; null where it does not compile the expression. */
async function keptByTcpdump(path: string, expression: string): Promise<string[] | null> {
  const asked = spawnSync('tcpdump', ['-r', '-', '-w', '-', '--', expression], {
    input: spawnSync('cat', [path], { maxBuffer: 1 << 28 }).stdout,
    maxBuffer: 1 << 28,
  });
  if (asked.status !== 0) return null;
  return (await collect(bufferSource(asked.stdout))).packets.map(({ bytes }) => bytes);
}

needs('tcpdump').describe('the packets that tcpdump keeps', () => {
  test.each([
    'icmp-prohibited.pcap',
    'over-ipv6-with-extension-headers.pcap',
    'linux-any-sll2.pcap',
    'each-packet-twice-other-vlan.pcap',
    'give-ups-cluster.pcap',
  ])('of %s', async (name) => {
    const path = join(projectRoot, 'fixtures', name);
    const all = (await collect(openCapture([path]))).packets;
    let kept = 0;
    for (const expression of EXPRESSIONS) {
      const theirs = await keptByTcpdump(path, expression);
      const { packets, facts } = await collect(openCapture([path], { filter: expression }));
      expect(packets.map(({ bytes }) => bytes)).toEqual(theirs);
      // Each is the packet of that number in the whole capture.
      expect(packets).toEqual(packets.map(({ frame }) => all[frame - 1]));
      expect(facts.packets).toBe(all.length);
      expect(facts.filter).toBe(expression);
      kept += packets.length;
    }
    expect(kept).toBeGreaterThan(0);
  });
});

needs('tcpdump', 'shared-captures').test('and of captures of the lab', async () => {
  for (const name of LAB) {
    const path = join(sharedCaptures, 'lab', name);
    for (const expression of EXPRESSIONS.slice(0, 9)) {
      const { packets } = await collect(openCapture([path], { filter: expression }));
      expect(packets.map(({ bytes }) => bytes)).toEqual(await keptByTcpdump(path, expression));
    }
  }
});

/** One POST to each of two servers, as a capture on this link. */
function twoServers(link: LinkName = 'ethernet'): Frame[] {
  return ['203.0.113.44:80', '203.0.113.45:80'].flatMap(
    (server, i) =>
      conversation({ server, start: i * 1e9, frame: { link } })
        .handshake()
        .clientSends('POST / HTTP/1.1\r\n\r\n')
        .ack().frames,
  );
}

needs('tcpdump').describe('kinds of captures', () => {
  test('several link types in one pcapng have a program each', async () => {
    const { section, interface: describe_, enhanced } = blocksIn('little');
    const links: readonly LinkName[] = ['ethernet', 'sll2', 'raw', 'null'];
    const blocks = links.flatMap((link, i) =>
      twoServers(link).map(({ bytes, timeNs }) =>
        enhanced({ interface: i, bytes, ticks: BigInt(timeNs / 1000) }),
      ),
    );
    const file = Buffer.concat([
      section(),
      ...links.map((link) => describe_({ link: LINKTYPES[link] })),
      ...blocks,
    ]);
    const compile = vi.fn(compileFilter);
    const { packets } = await collect(filtered(bufferSource(file), 'host 203.0.113.45', compile));
    expect(packets.map(({ frame }) => frame)).toEqual(
      links.flatMap((_, i) => [6, 7, 8, 9, 10].map((n) => 10 * i + n)),
    );
    expect(compile).toHaveBeenCalledTimes(links.length);
  });

  test('a packet of a link type that nobody knows is left out, and told', async () => {
    const { section, interface: describe_, enhanced } = blocksIn('big');
    const bytes = Buffer.alloc(60, 1);
    const source = bufferSource(Buffer.concat([section(), describe_({ link: 1 }), enhanced({ bytes })]));
    const unknown = { facts: source.facts, run: source.run.bind(source) };
    const run: typeof source.run = (onPacket, signal) =>
      unknown.run((packet) => onPacket({ ...packet, link: -1 }), signal);
    const { packets, facts } = await collect(filtered({ facts: source.facts, run }, 'tcp', compileFilter));
    expect(packets).toEqual([]);
    expect(codes(facts)).toEqual(['filtered', 'filter_unknown_link']);
  });

  test('an expression that does not compile is an error in the words of libpcap, also without any packet', async () => {
    const wrong = {
      name: 'UserError',
      code: 'flag',
      message: "--filter: can't parse filter expression: syntax error",
    };
    for (const frames of [twoServers(), []]) {
      const source = filtered(bufferSource(pcapBytes(frames)), 'tcp prot 80', compileFilter);
      await expect(collect(source)).rejects.toMatchObject(wrong);
    }
    const sll2 = filtered(bufferSource(pcapBytes(twoServers('sll2'), 'sll2')), 'vlan 7', compileFilter);
    await expect(collect(sll2)).rejects.toThrow('--filter: no VLAN support for Linux cooked v2');
  });

  test('an expression that begins with a dash is none of tcpdump’s flags', async () => {
    const source = filtered(bufferSource(pcapBytes(twoServers())), '-ip[9] = 0xfffffffa', compileFilter);
    expect((await collect(source)).packets).toHaveLength(10);
  });

  test('compressed and in pieces it is the same', async () => {
    const path = join(projectRoot, 'fixtures', 'icmp-prohibited.pcap');
    const plain = await collect(openCapture([path], { filter: 'tcp' }));
    const zipped = gzipSync(spawnSync('cat', [path]).stdout);
    const cli = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/cli.ts', 'analyze', '--filter', 'tcp', '--exit-zero', '-q'],
      { cwd: projectRoot, input: zipped, encoding: 'utf8' },
    );
    expect(cli.stderr).toBe('');
    const capture = cli.stdout
      .split('\n')
      .map((line) => line && JSON.parse(line))
      .find((each) => each.type === 'capture');
    expect(capture.decoded.tcp).toBe(plain.packets.length);
    expect(capture.options.filter).toBe('tcp');
  });
});

test('without tcpdump it is an error that says what works without', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const source = filtered(bufferSource(pcapBytes(twoServers())), 'tcp', compileFilter);
  await expect(collect(source)).rejects.toMatchObject({
    name: 'UserError',
    code: 'flag',
    message: expect.stringMatching(/^--filter needs tcpdump.*not installed; --host and --port work without$/),
  });
  vi.unstubAllEnvs();
});

describe('what an expression hides', () => {
  const quote = tcpFrame({ src: '10.0.0.1', dst: '203.0.113.44', srcPort: 5, dstPort: 80, link: 'raw' });
  const quote6 = tcpFrame({ src: '2001:db8::1', dst: '2001:db8::2', srcPort: 5, dstPort: 80, link: 'raw' });
  const router = (link: LinkName, vlan: readonly number[] = []) =>
    icmpError({ src: '10.9.9.9', dst: '10.0.0.1', type: 3, code: 13, quote, link, vlan });
  const router6 = icmpError({ src: '2001:db8::9', dst: '2001:db8::1', type: 1, code: 1, quote: quote6 });
  const tagged = (link: LinkName, vlan: readonly number[]) =>
    tcpFrame({ src: '10.0.0.1', dst: '203.0.113.44', srcPort: 5, dstPort: 80, link, vlan });

  needs('tcpdump').describe('is told', () => {
    test.each<[string, LinkName, string, Buffer[], string[]]>([
      ['a router’s ICMP error', 'ethernet', 'host 203.0.113.44', [router('ethernet')], ['filter_hides_icmp']],
      ['likewise on any', 'sll2', 'host 203.0.113.44', [router('sll2')], ['filter_hides_icmp']],
      ['likewise without link header', 'raw', 'tcp port 80', [router('raw')], ['filter_hides_icmp']],
      ['likewise of IPv6', 'ethernet', 'host 2001:db8::2', [router6], ['filter_hides_icmp']],
      [
        'likewise with a tag',
        'ethernet',
        'host 203.0.113.44',
        [router('ethernet', [7])],
        ['filter_hides_icmp'],
      ],
      ['a tagged packet', 'ethernet', 'host 203.0.113.44', [tagged('ethernet', [7])], ['filter_hides_vlan']],
      ['one with two tags', 'ethernet', 'tcp port 80', [tagged('ethernet', [7, 8])], ['filter_hides_vlan']],
      ['one on any', 'sll2', 'tcp port 80', [tagged('sll2', [7])], ['filter_hides_vlan']],
      ['an ICMP error about others', 'ethernet', 'host 203.0.113.99', [router('ethernet')], []],
      ['a tagged packet of others', 'ethernet', 'host 203.0.113.99', [tagged('ethernet', [7])], []],
      [
        'nothing where it is asked for',
        'ethernet',
        'icmp or (vlan and tcp)',
        [router('ethernet'), tagged('ethernet', [7])],
        [],
      ],
      [
        'nothing of a packet cut short',
        'ethernet',
        'host 203.0.113.44',
        [router('ethernet').subarray(0, 40), tagged('ethernet', [7]).subarray(0, 17)],
        [],
      ],
    ])('%s', async (_, link, expression, frames, hidden) => {
      const source = packetsSource(
        frames.map((bytes, i) => ({ timeNs: i, bytes, wireLength: bytes.length })),
        { link },
      );
      const { facts } = await collect(filtered(source, expression, compileFilter));
      expect(codes(facts)).toEqual(['filtered', ...hidden]);
    });
  });
});

describe('programs', () => {
  test.each<[string, string]>([
    ['nothing', '0\n'],
    ['too few lines', '3\n6 0 0 1\n'],
    ['no return at its end', '1\n0 0 0 1\n'],
    ['a jump out of it', '2\n21 5 0 1\n6 0 0 1\n'],
    ['memory beyond the sixteenth word', '2\n2 0 0 16\n6 0 0 1\n'],
    ['no numbers', '1\ntcpdump: what?\n'],
  ])('with %s are refused', (_, text) => {
    expect(() => new BpfProgram(text)).toThrow();
  });

  const run = (...lines: string[]) =>
    new BpfProgram(`${lines.length}\n${lines.join('\n')}\n`).accepts(
      Buffer.from([0xff, 2, 3, 4, 0x85, 9]),
      0,
      5,
      1500,
    );

  test.each<[string, string[], boolean]>([
    ['a load that reaches beyond the packet keeps nothing', ['32 0 0 2', '6 0 0 1'], false],
    ['a load of its last byte', ['48 0 0 4', '21 0 1 133', '6 0 0 1', '6 0 0 0'], true],
    ['a header length behind it', ['177 0 0 5', '6 0 0 1'], false],
    ['the length on the wire', ['128 0 0 0', '21 0 1 1500', '6 0 0 1', '6 0 0 0'], true],
    ['words without sign', ['32 0 0 0', '37 0 1 2147483647', '6 0 0 1', '6 0 0 0'], true],
    ['a division by X, which is 0', ['0 0 0 5', '60 0 0 0', '6 0 0 1'], false],
    [
      'memory',
      ['0 0 0 9', '2 0 0 3', '0 0 0 0', '97 0 0 3', '135 0 0 0', '21 0 1 9', '6 0 0 1', '6 0 0 0'],
      true,
    ],
    ['a return of A', ['0 0 0 0', '22 0 0 0'], false],
    ['a jump over a return', ['5 0 0 1', '6 0 0 0', '6 0 0 1'], true],
    ['an index beyond all packets', ['1 0 0 4294967295', '80 0 0 4294967295', '6 0 0 1'], false],
  ])('%s', (_, lines, kept) => {
    expect(run(...lines)).toBe(kept);
  });
});
