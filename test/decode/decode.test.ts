/** Each encapsulation with each IP version, and what the lengths of a packet may do, one case at a time. */
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/address.ts';
import type { Packet } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { ACK, createSegment, type Decoded, PSH, type Segment } from '../../src/decode/segment.ts';
import { icmpError, ipFrame, LINKTYPES, type LinkName, type TcpFrame, tcpFrame } from '../support/frames.ts';
import { packetOf, payloadOf } from './packet-of.ts';

const V4: TcpFrame = {
  src: '10.0.0.1',
  dst: '203.0.113.44',
  srcPort: 40000,
  dstPort: 80,
  seq: 0xfffffff0,
  ack: 0x80000001,
  flags: 'PA',
  window: 501,
  options: { timestamps: [1, 2] },
  payload: 'POST / HTTP/1.1\r\n\r\n',
  ttl: 57,
  ipId: 0xbeef,
};
const V6: TcpFrame = { ...V4, src: '2001:db8::1', dst: '2001:db8:ffff:ffff::2:1' };
const HEADERS: readonly Partial<TcpFrame>[] = [
  { link: 'ethernet' },
  { link: 'ethernet', vlan: [7] },
  { link: 'ethernet', vlan: [4095, 20] },
  { link: 'ethernet', vlan: [0, 1, 2, 3, 4, 5] },
  { link: 'ethernet', padding: 9 },
  { link: 'sll' },
  { link: 'sll', vlan: [7, 8] },
  { link: 'sll2', ifindex: 3 },
  { link: 'sll2', ifindex: 3, vlan: [9] },
  { link: 'null' },
  { link: 'null', bigEndian: true },
  { link: 'loop' },
  { link: 'raw' },
];

function decoded(bytes: Buffer, link: number, wireLength = bytes.length): [Decoded, Segment, Packet] {
  const packet = packetOf(bytes, link, wireLength);
  const segment = createSegment();
  return [decode(packet, segment), segment, packet];
}

function tcpOf(frame: TcpFrame, link = LINKTYPES[frame.link ?? 'ethernet']): [Segment, Packet] {
  const [outcome, segment, packet] = decoded(tcpFrame(frame), link);
  expect(outcome).toBe('tcp');
  return [segment, packet];
}

describe.each([
  [4, V4],
  [6, V6],
])('IPv%i', (version, base) => {
  test.each(HEADERS)('behind %o', (header) => {
    const [segment, packet] = tcpOf({ ...base, ...header });
    const { payload = '' } = base;
    expect(formatAddress(version, segment.src0, segment.src1, segment.src2, segment.src3)).toBe(base.src);
    expect(formatAddress(version, segment.dst0, segment.dst1, segment.dst2, segment.dst3)).toBe(base.dst);
    expect(segment).toMatchObject({
      time: packet.time,
      file: packet.file,
      frame: packet.frame,
      interfaceIndex: packet.interfaceIndex,
      link: packet.link,
      linkInterface: header.ifindex ?? 0,
      vlan: header.vlan?.[0] ?? -1,
      ipVersion: version,
      ttl: 57,
      ipId: version === 4 ? 0xbeef : -1,
      dontFragment: true,
      srcPort: 40000,
      dstPort: 80,
      seq: -16,
      ack: 0x80000001 | 0,
      flags: PSH | ACK,
      window: 501,
      payloadLength: payload.length,
      icmpType: 0,
    });
    expect(segment.payload - segment.options).toBe(12);
    expect(packet.bytes.toString('latin1', segment.payload, segment.payloadEnd)).toBe(payload);
  });
});

describe('link', () => {
  test.each([12, 14, 101, 228])('%i is raw IPv4', (link) => {
    expect(payloadOf(...tcpOf({ ...V4, link: 'raw' }, link))).toBe(V4.payload);
  });

  test.each([12, 14, 101, 229])('%i is raw IPv6', (link) => {
    expect(payloadOf(...tcpOf({ ...V6, link: 'raw' }, link))).toBe(V6.payload);
  });

  test.each([10, 23, 24, 28, 30])('NULL with family %i is IPv6 in both byte orders', (family) => {
    for (const bigEndian of [false, true]) tcpOf({ ...V6, link: 'null', family, bigEndian });
  });

  test('a family that is not IP, or is none at all', () => {
    expect(decoded(tcpFrame({ ...V4, link: 'null', family: 7 }), 0)[0]).toBe('other');
    expect(decoded(tcpFrame({ ...V4, link: 'null', family: 0x02000002 }), 0)[0]).toBe('other');
  });

  test('IPv6 under the IPv4 link type, and the other way round', () => {
    expect(decoded(tcpFrame({ ...V6, link: 'raw' }), 228)[0]).toBe('malformed');
    expect(decoded(tcpFrame({ ...V4, link: 'raw' }), 229)[0]).toBe('malformed');
  });

  test.each([0x0806, 0x88cc, 0x05dc])('EtherType %i is other', (type) => {
    const bytes = tcpFrame(V4);
    bytes.writeUInt16BE(type, 12);
    expect(decoded(bytes, 1)[0]).toBe('other');
  });

  test.each([0x8100, 0x88a8, 0x9100, 0x9200])('tag type %i, with priority bits', (type) => {
    const bytes = tcpFrame({ ...V4, vlan: [0xe007] });
    bytes.writeUInt16BE(type, 12);
    const [outcome, segment] = decoded(bytes, 1);
    expect([outcome, segment.vlan]).toEqual(['tcp', 7]);
  });

  test('as many layers as are allowed and one more', () => {
    const tags = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
    expect(decoded(tcpFrame({ ...V4, vlan: tags(15) }), 1)[0]).toBe('tcp');
    expect(decoded(tcpFrame({ ...V4, vlan: tags(16) }), 1)[0]).toBe('malformed');
  });

  test('an unknown link type', () => {
    expect(decoded(tcpFrame(V4), 147)[0]).toBe('unknownLink');
  });
});

describe('IP', () => {
  test('IPv4 options are stepped over', () => {
    const [segment, packet] = tcpOf({ ...V4, ipOptions: Buffer.from([0x94, 4, 0, 0, 1]) });
    expect(payloadOf(segment, packet)).toBe(V4.payload);
  });

  test.each([
    [['hopByHop']],
    [['routing']],
    [['destination']],
    [['ah']],
    [['atomicFragment']],
    [['hopByHop', 'destination', 'routing', 'atomicFragment', 'ah', 'destination']],
  ] as const)('IPv6 extension headers %j are stepped over', (ipv6Extensions) => {
    const [segment, packet] = tcpOf({ ...V6, ipv6Extensions });
    expect(payloadOf(segment, packet)).toBe(V6.payload);
  });

  test('extension headers without end', () => {
    const ipv6Extensions = (count: number): 'destination'[] =>
      new Array<'destination'>(count).fill('destination');
    expect(decoded(tcpFrame({ ...V6, ipv6Extensions: ipv6Extensions(15) }), 1)[0]).toBe('tcp');
    expect(decoded(tcpFrame({ ...V6, ipv6Extensions: ipv6Extensions(16) }), 1)[0]).toBe('malformed');
  });

  test('an extension header longer than its packet', () => {
    const bytes = tcpFrame({ ...V6, ipv6Extensions: ['destination'] });
    bytes[14 + 40 + 1] = 200;
    expect(decoded(bytes, 1)[0]).toBe('malformed');
  });

  test('the authentication header of IPv4, and IPv6 headers where IPv4 has none', () => {
    const ah = Buffer.concat([Buffer.from([6, 4, 0, 0]), Buffer.alloc(20)]);
    const segment = tcpFrame({ ...V4, link: 'raw' }).subarray(20);
    expect(decoded(ipFrame(V4, 51, Buffer.concat([ah, segment])), 1)[0]).toBe('tcp');
    for (const protocol of [0, 43, 44, 58, 60]) {
      const header = Buffer.concat([Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]), segment]);
      expect(decoded(ipFrame(V4, protocol, header), 1)[0]).toBe('other');
    }
  });

  test.each([
    ['first', { ...V4, fragment: { offset: 0, more: true } }],
    ['later', { ...V4, fragment: { offset: 1480, more: true } }],
    ['last', { ...V4, fragment: { offset: 1480, more: false } }],
    ['first of IPv6', { ...V6, ipv6Extensions: ['hopByHop', { fragment: 0, more: true }] }],
    ['last of IPv6', { ...V6, ipv6Extensions: [{ fragment: 1480, more: false }] }],
  ] as const)('the %s fragment', (_, frame) => {
    // All but the last are a multiple of 8 long.
    expect(decoded(tcpFrame({ ...frame, payload: 'x'.repeat(24) }), 1)[0]).toBe('fragment');
  });

  test("the don't-fragment bit", () => {
    expect(tcpOf({ ...V4, dontFragment: false })[0].dontFragment).toBe(false);
  });

  test('padding of a short frame is no payload', () => {
    for (const base of [V4, V6]) {
      const [segment] = tcpOf({ ...base, payload: '', padding: 6 });
      expect(segment.payloadLength).toBe(0);
      expect(segment.payloadEnd - segment.payload).toBe(0);
    }
  });

  test('length 0 takes the length of the frame, also where the snapshot length cut it', () => {
    for (const base of [V4, V6]) {
      const payload = 'x'.repeat(70_000);
      const bytes = tcpFrame({ ...base, payload, ipLength: 0 });
      const [outcome, segment] = decoded(bytes, 1);
      expect([outcome, segment.payloadLength]).toEqual(['tcp', 70_000]);
      const [, short] = decoded(bytes.subarray(0, 200), 1, bytes.length);
      expect(short.payloadLength).toBe(70_000);
      expect(short.payloadEnd - short.payload).toBeLessThan(200);
    }
  });

  test('a length on the wire that no packet has does not become a payload length', () => {
    const [outcome, segment] = decoded(tcpFrame({ ...V4, ipLength: 0 }), 1, 0xffffffff);
    expect(outcome).toBe('tcp');
    expect(segment.payloadLength).toBeLessThan(2 ** 24);
  });

  test('a frame longer than its length on the wire is taken for whole', () => {
    const [outcome, segment] = decoded(tcpFrame({ ...V4, ipLength: 0 }), 1, 0);
    expect([outcome, segment.payloadLength]).toEqual(['tcp', 'POST / HTTP/1.1\r\n\r\n'.length]);
  });

  test('wrong checksums change nothing', () => {
    expect(payloadOf(...tcpOf({ ...V4, badChecksums: true }))).toBe(V4.payload);
    expect(payloadOf(...tcpOf({ ...V6, badChecksums: true }))).toBe(V6.payload);
  });

  test.each([
    ['version', 0, 0x55],
    ['header length', 0, 0x44],
    ['total length below the header', 3, 19],
  ])('a wrong %s', (_, at, value) => {
    const bytes = tcpFrame({ ...V4, payload: '' });
    bytes[14 + at] = value;
    expect(decoded(bytes, 1)[0]).toBe('malformed');
  });

  test('other protocols', () => {
    for (const protocol of [17, 47, 50, 59, 132]) {
      expect(decoded(ipFrame(V4, protocol, Buffer.alloc(40)), 1)[0]).toBe('other');
      expect(decoded(ipFrame(V6, protocol, Buffer.alloc(40)), 1)[0]).toBe('other');
    }
  });
});

describe('TCP', () => {
  test('a data offset below the fixed header or beyond the packet', () => {
    const bytes = tcpFrame({ ...V4, payload: '', options: {} });
    bytes[14 + 20 + 12] = 0x40;
    expect(decoded(bytes, 1)[0]).toBe('malformed');
    bytes[14 + 20 + 12] = 0x60;
    expect(decoded(bytes, 1)[0]).toBe('malformed');
  });

  test('a header that is the last thing in its packet, cut by one byte', () => {
    const bytes = tcpFrame({ ...V4, payload: '', options: {} });
    expect(decoded(bytes.subarray(0, -1), 1, bytes.length)[0]).toBe('truncated');
  });

  test('all eight flags', () => {
    expect(tcpOf({ ...V4, flags: 'FSRPAUEC' })[0].flags).toBe(0xff);
  });

  test('an IP packet too short for a TCP header', () => {
    expect(decoded(ipFrame(V4, 6, Buffer.alloc(19)), 1)[0]).toBe('malformed');
    expect(decoded(ipFrame(V6, 6, Buffer.alloc(0)), 1, 1000)[0]).toBe('truncated');
  });
});

describe('ICMP', () => {
  const ROUTER = { src: '198.51.100.9', dst: '10.0.0.1' };
  const ROUTER6 = { src: '2001:db8::9', dst: '2001:db8::1' };

  test.each([
    [3, 1, 0],
    [3, 13, 0],
    [3, 4, 1400],
    [11, 0, 0],
    [4, 0, 0],
  ])('ICMP type %i code %i, the quote cut to eight bytes of TCP', (type, code, mtu) => {
    const bytes = icmpError({ ...ROUTER, type, code, mtu, quote: V4, quoteBytes: 28, ttl: 250 });
    const [outcome, segment, packet] = decoded(bytes, 1);
    expect(outcome).toBe('icmp');
    const { src0, src1, src2, src3, reporter0, reporter1, reporter2, reporter3 } = segment;
    expect(formatAddress(4, src0, src1, src2, src3)).toBe(V4.src);
    expect(formatAddress(4, reporter0, reporter1, reporter2, reporter3)).toBe(ROUTER.src);
    expect(segment).toMatchObject({ srcPort: 40000, dstPort: 80, seq: -16, ttl: 57, ipId: 0xbeef });
    expect(segment).toMatchObject({ icmpType: type, icmpCode: code, icmpMtu: mtu, payloadLength: 0 });
    expect([segment.options, segment.payload, segment.payloadEnd]).toEqual(new Array(3).fill(packet.end));
  });

  test.each([
    [1, 4, 0],
    [2, 0, 1280],
    [3, 0, 0],
  ])('ICMPv6 type %i code %i, the quote with extension headers', (type, code, mtu) => {
    const quote: TcpFrame = {
      ...V6,
      ipv6Extensions: ['hopByHop', 'destination', { fragment: 0, more: true }],
    };
    const bytes = icmpError({ ...ROUTER6, type, code, mtu, quote });
    const [outcome, segment] = decoded(bytes, 1);
    expect(outcome).toBe('icmp');
    const { dst0, dst1, dst2, dst3, reporter0, reporter1, reporter2, reporter3 } = segment;
    expect(formatAddress(6, dst0, dst1, dst2, dst3)).toBe(V6.dst);
    expect(formatAddress(6, reporter0, reporter1, reporter2, reporter3)).toBe(ROUTER6.src);
    expect(segment).toMatchObject({ srcPort: 40000, dstPort: 80, seq: -16, icmpType: type, icmpCode: code });
    expect(segment.icmpMtu).toBe(mtu);
  });

  test('a TCP segment after an error carries nothing of it', () => {
    const segment = createSegment();
    decode(packetOf(icmpError({ ...ROUTER, type: 3, code: 4, mtu: 1400, quote: V4 }), 1), segment);
    decode(packetOf(tcpFrame(V4), 1), segment);
    expect(segment).toMatchObject({
      icmpType: 0,
      icmpCode: 0,
      icmpMtu: 0,
      reporter2: 0,
      reporter3: 0,
      ack: 0x80000001 | 0,
    });
  });

  test('messages that are no errors, and errors about other protocols', () => {
    expect(decoded(icmpError({ ...ROUTER, type: 8, code: 0, quote: V4 }), 1)[0]).toBe('other');
    expect(decoded(icmpError({ ...ROUTER6, type: 135, code: 0, quote: V6 }), 1)[0]).toBe('other');
    const udp = ipFrame({ ...V4, link: 'raw' }, 17, Buffer.alloc(20));
    expect(decoded(icmpError({ ...ROUTER, type: 3, code: 3, quote: udp }), 1)[0]).toBe('other');
    const later: TcpFrame = { ...V4, fragment: { offset: 8, more: false } };
    expect(decoded(icmpError({ ...ROUTER, type: 3, code: 3, quote: later }), 1)[0]).toBe('other');
    const later6: TcpFrame = { ...V6, ipv6Extensions: [{ fragment: 8, more: false }] };
    expect(decoded(icmpError({ ...ROUTER6, type: 1, code: 0, quote: later6 }), 1)[0]).toBe('other');
    const nested = icmpError({ ...ROUTER, link: 'raw', type: 3, code: 3, quote: V4 });
    expect(decoded(icmpError({ ...ROUTER, type: 3, code: 3, quote: nested }), 1)[0]).toBe('other');
  });

  test('ICMP in IPv6 and ICMPv6 in IPv4', () => {
    const quote = tcpFrame({ ...V4, link: 'raw' });
    const quote6 = tcpFrame({ ...V6, link: 'raw' });
    const header = (type: number): Buffer => Buffer.from([type, 1, 0, 0, 0, 0, 0, 0]);
    expect(decoded(ipFrame(ROUTER, 58, Buffer.concat([header(3), quote])), 1)[0]).toBe('other');
    expect(decoded(ipFrame(ROUTER6, 1, Buffer.concat([header(1), quote6])), 1)[0]).toBe('other');
  });

  test('a quote too short, on the wire or in the capture only', () => {
    const error = { ...ROUTER, type: 3, code: 1, quote: V4 };
    expect(decoded(icmpError({ ...error, quoteBytes: 27 }), 1)[0]).toBe('malformed');
    expect(decoded(icmpError({ ...error, quoteBytes: 10 }), 1)[0]).toBe('malformed');
    const whole = icmpError(error);
    expect(decoded(whole.subarray(0, 14 + 20 + 8 + 27), 1, whole.length)[0]).toBe('truncated');
    expect(decoded(whole.subarray(0, 14 + 20 + 5), 1, whole.length)[0]).toBe('truncated');
  });

  test('a quote of the wrong version', () => {
    const quote = tcpFrame({ ...V6, link: 'raw' });
    expect(decoded(icmpError({ ...ROUTER, type: 3, code: 1, quote }), 1)[0]).toBe('malformed');
    const quote4 = tcpFrame({ ...V4, link: 'raw' });
    expect(decoded(icmpError({ ...ROUTER6, type: 1, code: 1, quote: quote4 }), 1)[0]).toBe('malformed');
  });
});

test('LINKTYPES covers every link of the frame builder', () => {
  for (const [link, number] of Object.entries(LINKTYPES)) tcpOf({ ...V4, link: link as LinkName }, number);
});
