/** The packet within each tunnel and behind each link header, and what only looks like one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/address.ts';
import { decode } from '../../src/decode/decode.ts';
import { createSegment, type Decoded } from '../../src/decode/segment.ts';
import { type TcpFrame, tcpFrame } from '../support/frames.ts';
import { needs } from '../support/needs.ts';
import { blocksIn } from '../support/pcap-files.ts';
import { ether, gre, hex, NFLOG_BIG_ENDIAN, udp, WRAPPINGS } from '../support/wrappings.ts';
import { packetOf, payloadOf } from './packet-of.ts';

const V4: TcpFrame = {
  link: 'raw',
  src: '10.0.0.1',
  dst: '203.0.113.44',
  srcPort: 40000,
  dstPort: 80,
  payload: 'POST / HTTP/1.1\r\n\r\n',
  ipId: 0xbeef,
};
const V6: TcpFrame = { ...V4, src: '2001:db8::1', dst: '2001:db8::2' };
const IP4 = tcpFrame(V4);
const IP6 = tcpFrame(V6);

function outcome(frame: Buffer, link = 1): Decoded {
  return decode(packetOf(frame, link), createSegment());
}

describe.each([...WRAPPINGS, NFLOG_BIG_ENDIAN])('$name', ({ link, wrap }) => {
  test.each([V4, V6])('gives the inner packet of %o', (base) => {
    const segment = createSegment();
    const packet = packetOf(wrap(tcpFrame(base)), link);
    expect(decode(packet, segment)).toBe('tcp');
    const { ipVersion, dst0, dst1, dst2, dst3, ipId, srcPort, bytes } = segment;
    expect(formatAddress(ipVersion, dst0, dst1, dst2, dst3)).toBe(base.dst);
    expect([ipId, srcPort]).toEqual([base === V4 ? 0xbeef : -1, 40000]);
    expect(bytes).toBe(packet.bytes);
    expect(payloadOf(segment, packet)).toBe(V4.payload);
  });

  test('cut anywhere it is truncated, or whole up to its payload', () => {
    const frame = wrap(IP4);
    let whole = false;
    for (let length = 0; length < frame.length; length++) {
      const cut = decode(packetOf(frame.subarray(0, length), link, frame.length), createSegment());
      expect([cut, length]).toEqual([whole || cut === 'tcp' ? 'tcp' : 'truncated', length]);
      whole ||= cut === 'tcp';
    }
    expect(whole).toBe(true);
  });
});

test('the outermost VLAN is told, also of one within a tunnel', () => {
  const vlanOf = (name: string): number => {
    const { link, wrap } = WRAPPINGS.find((wrapping) => wrapping.name === name)!;
    const segment = createSegment();
    decode(packetOf(wrap(IP4), link), segment);
    return segment.vlan;
  };
  expect([vlanOf('802.1ad'), vlanOf('VXLAN, tagged'), vlanOf('GRE')]).toEqual([7, 9, -1]);
});

test('LLC with the address of IP itself', () => {
  expect(outcome(ether('0060 060603', IP4))).toBe('tcp');
});

describe('nesting', () => {
  test.each(WRAPPINGS.filter(({ link }) => link === 1))('$name within itself ends', ({ wrap }) => {
    let frame = wrap(IP4);
    const seen = new Set<Decoded>();
    for (let i = 0; i < 40; i++) {
      // What follows an Ethernet header is of any type here: only the IP ones nest again.
      const ip = frame.subarray(14);
      seen.add(outcome(frame));
      frame = wrap(ip[0]! >> 4 === 4 ? ip : IP4);
    }
    for (const one of seen) expect(['tcp', 'malformed']).toContain(one);
  });

  test('tunnels in tunnels, up to the bound and no further', () => {
    const nested = (count: number): Buffer => {
      let ip: Buffer = IP4;
      for (let i = 0; i < count; i++)
        ip = udp(4789, hex('08000000 00002a00'), ether('0800', ip)).subarray(14);
      return ether('0800', ip);
    };
    expect(outcome(nested(5))).toBe('tcp');
    expect(outcome(nested(50))).toBe('malformed');
    const labels = (count: number): Buffer =>
      ether('8847', hex('00010040'.repeat(count - 1)), hex('00010140'), IP4);
    expect([outcome(labels(15)), outcome(labels(40))]).toEqual(['tcp', 'malformed']);
  });

  test('PPI within PPI is none', () => {
    const inner = WRAPPINGS.find(({ name }) => name === 'PPI, Ethernet')!.wrap(IP4);
    expect(outcome(Buffer.concat([hex('0000 0800 c0000000'), inner]), 192)).toBe('malformed');
  });
});

describe('what only looks like it stays other', () => {
  const vxlan = (header: string): Buffer => udp(4789, hex(header), ether('0800', IP4));
  const geneve = (header: string): Buffer => udp(6081, hex(header), ether('0800', IP4));
  test.each([
    ['VXLAN on another port', udp(4788, hex('08000000 00002a00'), ether('0800', IP4))],
    ['a bare IP packet on the VXLAN port', udp(4789, IP4)],
    ['VXLAN without a network id', vxlan('00000000 00002a00')],
    ['VXLAN with a reserved flag', vxlan('0c000000 00002a00')],
    ['VXLAN with reserved bytes', vxlan('08010000 00002a00')],
    ['VXLAN with a policy that it does not announce', vxlan('08000123 00002a00')],
    ['VXLAN with a reserved last byte', vxlan('08000000 00002a01')],
    ['VXLAN, group policy with reserved bits', vxlan('88010123 00002a00')],
    ['a datagram too short for VXLAN', udp(4789, hex('08000000'))],
    ['a datagram too short for Geneve', udp(6081, hex('00006558'))],
    ['Geneve of version 1', geneve('40006558 00002a00')],
    ['a Geneve control message', geneve('00806558 00002a00')],
    ['Geneve with reserved bits', geneve('00016558 00002a00')],
    ['Geneve with a reserved last byte', geneve('00006558 00002a01')],
    ['GRE of version 1', gre('2001 0800 00000000', IP4)],
    ['GRE with routing', gre('4000 0800 00000000', IP4)],
    ['a GRE keepalive', gre('0000 0000')],
    ['ERSPAN II of another version', gre('1000 88be 00000001 3001 0002 00000003', ether('0800', IP4))],
    [
      'ERSPAN III of another version',
      gre('1000 22eb 00000001 1001 0002 00000003 0000 0000', ether('0800', IP4)),
    ],
    ['PPPoE of another version', ether('8864 2100 0007 0040 0021', IP4)],
    ['PPPoE discovery', ether('8863 1109 0000 0004 01010000')],
    ['PPPoE that carries no IP', ether('8864 1100 0007 0040 c021', IP4)],
    ['MPLS of nothing known', ether('8847 00010140 50000000', IP4)],
    ['LLC of nothing known', ether('0060 424203', IP4)],
    ['LLC that is numbered', ether('0060 aaaa00 000000 0800', IP4)],
    ['SNAP of a vendor', ether('0060 aaaa03 00000c 0800', IP4)],
  ])('%s', (_, frame) => {
    expect(outcome(frame)).toBe('other');
  });

  const air = (control: string, rest: string): Buffer =>
    Buffer.concat([hex(control), Buffer.alloc(20), hex(rest), hex('aaaa03 000000 0800'), IP4]);
  test.each([
    ['plain, to compare with', '0801', '1000', 'tcp'],
    ['a beacon', '8000', '1000', 'other'],
    ['an acknowledgement', 'd400', '1000', 'other'],
    ['of another protocol version', '0901', '1000', 'other'],
    ['without data', '4801', '1000', 'other'],
    ['encrypted', '0841', '1000', 'other'],
    ['with more fragments', '0805', '1000', 'other'],
    ['a later fragment', '0801', '1100', 'other'],
    ['of several packets', '8801', '1000 8000', 'other'],
  ])('a frame of 802.11 %s', (_, control, rest, expected) => {
    expect(outcome(air(control, rest), 105)).toBe(expected);
  });

  test('an acknowledgement of 802.11, which has no sequence number', () => {
    expect(outcome(hex('d4000000 020000000001'), 105)).toBe('other');
  });

  test.each([
    ['NFLOG of another version', '0201 0000', 239, 'malformed'],
    ['NFLOG without a packet', '0200 0000 0700 0a00 61620000', 239, 'other'],
    ['an NFLOG attribute shorter than its header', '0200 0000 0300 0a00', 239, 'malformed'],
    ['NFLOG attributes without end', `0200 0000 ${'0400 0a00'.repeat(70)}`, 239, 'malformed'],
    ['radiotap of another version', '0100 0800 00000000', 127, 'malformed'],
    ['radiotap shorter than its header', '0000 0700 00000000', 127, 'malformed'],
    ['radiotap whose presence words do not end', '0000 0c00 000000a0 000000a0 0800', 127, 'other'],
    ['PPI of another version', '0100 0800 01000000', 192, 'malformed'],
    ['PPI shorter than its header', '0000 0700 01000000', 192, 'malformed'],
    ['PPI of an unknown link', '0000 0800 93000000', 192, 'unknownLink'],
    ['FDDI without LLC', `41 ${'00'.repeat(12)}`, 10, 'other'],
    ['PPP with a header that never comes', 'ff03', 9, 'malformed'],
  ])('%s', (_, bytes, link, expected) => {
    const padded = expected === 'other' && link === 127 ? Buffer.alloc(40) : Buffer.alloc(0);
    expect(outcome(Buffer.concat([hex(bytes), padded]), link)).toBe(expected);
  });
});

test('the length in a UDP header ends what it carries', () => {
  const inner = ether('0800', tcpFrame({ ...V4, ipLength: 0 }));
  const frame = udp(4789, hex('08000000 00002a00'), inner, Buffer.alloc(9));
  frame.writeUInt16BE(8 + 8 + inner.length, 14 + 20 + 4);
  const segment = createSegment();
  decode(packetOf(frame, 1), segment);
  expect(segment.payloadLength).toBe('POST / HTTP/1.1\r\n\r\n'.length);
});

needs('tshark').test(
  'tshark finds the same in every frame that is built here',
  () => {
    const { section, interface: port, enhanced } = blocksIn('little');
    const links = [...new Set(WRAPPINGS.map(({ link }) => link))];
    const frames = WRAPPINGS.flatMap(({ link, wrap }) =>
      [IP4, IP6].map((ip) => enhanced({ interface: links.indexOf(link), bytes: wrap(ip) })),
    );
    const path = join(mkdtempSync(join(tmpdir(), 'wirewitness-')), 'frames.pcapng');
    writeFileSync(path, Buffer.concat([section(), ...links.map((link) => port({ link })), ...frames]));
    const fields = ['-T', 'fields', '-E', 'occurrence=l', '-e', 'frame.protocols', '-e', 'tcp.len'];
    const { stdout } = spawnSync('tshark', ['-n', '--disable-protocol', 'http', '-r', path, ...fields], {
      encoding: 'utf8',
    });
    rmSync(dirname(path), { recursive: true });
    const rows = stdout.split('\n').slice(0, -1);
    const expected = WRAPPINGS.flatMap(({ protocols }) => [
      `${protocols}:ip:tcp 19`,
      `${protocols}:ipv6:tcp 19`,
    ]);
    expect(rows.map((row) => row.replace(/(:data)?\t/, ' '))).toEqual(expected);
  },
  20_000,
);
