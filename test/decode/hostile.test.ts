/** Packets cut anywhere, damaged anywhere, or made of noise: never a throw, never an offset outside of the packet. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Packet } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment, type Decoded, type Segment } from '../../src/decode/segment.ts';
import { icmpError, ipFrame, LINKTYPES, type TcpFrame, tcpFrame } from '../support/frames.ts';
import { offsetFault } from '../support/offset-fault.ts';
import { WRAPPINGS } from '../support/wrappings.ts';
import { packetOf } from './packet-of.ts';

const OUTCOMES: readonly Decoded[] = [
  'tcp',
  'icmp',
  'other',
  'fragment',
  'truncated',
  'malformed',
  'unknownLink',
];

const V4: TcpFrame = {
  src: '10.0.0.1',
  dst: '203.0.113.44',
  srcPort: 40000,
  dstPort: 80,
  options: { mss: 1460, wscale: 7, timestamps: [1, 2] },
  payload: 'POST /notify HTTP/1.1\r\n\r\n',
};
const V6: TcpFrame = {
  ...V4,
  src: '2001:db8::1',
  dst: '2001:db8::2',
  ipv6Extensions: ['hopByHop', 'routing', 'ah'],
};
const LENGTH = 'POST /notify HTTP/1.1\r\n\r\n'.length;

/** Frames that reach every layer, with their link types. */
const FRAMES: readonly [name: string, bytes: Buffer, link: number][] = [
  ['ethernet', tcpFrame(V4), LINKTYPES.ethernet],
  ['ethernet, padded', tcpFrame({ ...V4, padding: 4 }), LINKTYPES.ethernet],
  ['two tags, IPv6', tcpFrame({ ...V6, vlan: [1, 2] }), LINKTYPES.ethernet],
  ['sll', tcpFrame({ ...V4, link: 'sll', ipOptions: Buffer.alloc(8, 1) }), LINKTYPES.sll],
  ['sll2', tcpFrame({ ...V6, link: 'sll2' }), LINKTYPES.sll2],
  ['null', tcpFrame({ ...V6, link: 'null' }), LINKTYPES.null],
  ['raw', tcpFrame({ ...V4, link: 'raw' }), LINKTYPES.raw],
  ['length 0', tcpFrame({ ...V4, ipLength: 0 }), LINKTYPES.ethernet],
  ['icmp', icmpError({ src: '10.0.0.9', dst: '10.0.0.1', type: 3, code: 1, quote: V4 }), LINKTYPES.ethernet],
  [
    'icmpv6',
    icmpError({ src: '2001:db8::9', dst: '2001:db8::1', type: 2, code: 0, mtu: 1280, quote: V6 }),
    LINKTYPES.ethernet,
  ],
];

/** Every tunnel and link; cutting those at each byte is up to wrappings.test.ts. */
const WRAPPED: typeof FRAMES = WRAPPINGS.map(({ name, link, wrap }) => [
  name,
  wrap(tcpFrame({ ...V4, link: 'raw' })),
  link,
]);

function check(packet: Packet, fragments?: Fragments): [Decoded, Segment] {
  const segment = createSegment();
  const outcome = decode(packet, segment, fragments);
  if (!OUTCOMES.includes(outcome)) throw new Error(`unknown outcome ${outcome}`);
  if (outcome === 'tcp' || outcome === 'icmp') expect(offsetFault(packet, segment)).toBeUndefined();
  return [outcome, segment];
}

test.each(FRAMES)('%s cut at every byte', (_, bytes, link) => {
  const [whole, full] = check(packetOf(bytes, link));
  expect(['tcp', 'icmp']).toContain(whole);
  let seen: Decoded | undefined;
  for (let length = 0; length < bytes.length; length++) {
    const [outcome, segment] = check(packetOf(bytes.subarray(0, length), link, bytes.length));
    expect(outcome === 'truncated' || outcome === whole).toBe(true);
    // Once the headers are there, more bytes never take them away.
    if (seen === whole) expect(outcome).toBe(whole);
    seen = outcome;
    if (outcome === 'tcp') expect([segment.payloadLength, segment.seq]).toEqual([LENGTH, full.seq]);
  }
});

test('a frame cut inside the TCP options keeps what was captured of them', () => {
  const bytes = tcpFrame(V4);
  const [outcome, segment] = check(packetOf(bytes.subarray(0, 14 + 20 + 20 + 5), 1, bytes.length));
  expect(outcome).toBe('tcp');
  expect(segment.payload - segment.options).toBe(5);
  expect(segment.payloadEnd - segment.payload).toBe(0);
  expect(segment.payloadLength).toBe(LENGTH);
});

describe('properties', () => {
  const link = fc.constantFrom(
    ...[0, 1, 9, 10, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 147, 192, 204, 228, 229, 239, 276],
  );
  const wire = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 0xffffffff }));

  test('noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), link, wire, (noise, type, wireLength) => {
        check(packetOf(Buffer.from(noise), type, wireLength));
      }),
      { numRuns: 1500 },
    );
  });

  test('valid frames with some bytes changed and some cut off', () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...FRAMES, ...WRAPPED),
        fc.array(change, { maxLength: 6 }),
        fc.nat(200),
        wire,
        ([, frame, type], changes, length, wireLength) => {
          const bytes = Buffer.from(frame);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          check(packetOf(bytes.subarray(0, length), type, wireLength));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('fragments of noise and of valid packets, all of one identification', () => {
    const inner = fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((noise) => Buffer.from(noise)),
      fc.constantFrom(...FRAMES, ...WRAPPED).map(([, frame]) => frame.subarray(34, 114)),
    );
    const fragment = fc.tuple(
      inner,
      fc.nat(20),
      fc.boolean(),
      fc.constantFrom(4, 6, 17, 41, 44, 47),
      fc.boolean(),
    );
    const { src, dst } = V4;
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (list) => {
        const fragments = new Fragments(() => {});
        for (const [content, unit, more, protocol, v6] of list) {
          const header = Buffer.from([
            protocol,
            0,
            unit >> 5,
            ((unit << 3) & 0xf8) | (more ? 1 : 0),
            0,
            0,
            0,
            7,
          ]);
          const bytes = v6
            ? ipFrame({ src: V6.src, dst: V6.dst }, 44, Buffer.concat([header, content]))
            : ipFrame({ src, dst, ipId: 7, fragment: { offset: unit * 8, more } }, protocol, content);
          check(packetOf(bytes, 1), fragments);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('every single bit of every frame', () => {
    for (const [, frame, type] of [...FRAMES, ...WRAPPED]) {
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const bytes = Buffer.from(frame);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        check(packetOf(bytes, type));
      }
    }
  });

  test('what lies around a packet does not change what it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FRAMES, ...WRAPPED),
        fc.nat(200),
        fc.nat(255),
        ([, frame, type], length, filler) => {
          const packet = packetOf(frame.subarray(0, length), type, frame.length);
          const [outcome, segment] = check(packet);
          packet.bytes.fill(filler, 0, packet.start);
          packet.bytes.fill(filler, packet.end);
          expect(check(packet)).toEqual([outcome, segment]);
        },
      ),
    );
  });
});
