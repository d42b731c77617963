/** Datagrams in pieces: in any order, repeated, overlapping, incomplete, too many. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment, type Decoded, type Segment } from '../../src/decode/segment.ts';
import { LIMITS, type LimitName } from '../../src/limits.ts';
import { conversation } from '../support/conversation.ts';
import { icmpError, ipFrame, type TcpFrame, tcpFrame } from '../support/frames.ts';
import { type Frame, packetsSource } from '../support/packets-source.ts';
import { ether, gre } from '../support/wrappings.ts';
import { packetOf } from './packet-of.ts';

const SECOND = 1e9;
const TEXT = Array.from({ length: 500 }, (_, i) => `${i},`).join('');
const V4: TcpFrame = {
  link: 'raw',
  src: '10.0.0.1',
  dst: '203.0.113.44',
  srcPort: 40000,
  dstPort: 80,
  payload: TEXT,
};
const V6: TcpFrame = { ...V4, src: '2001:db8::1', dst: '2001:db8::2' };

/** [first byte, past the last] of a datagram's payload. */
type Range = readonly [from: number, to: number];

interface Piece {
  readonly ip?: TcpFrame;
  readonly id?: number;
  readonly protocol?: number;
  readonly more?: boolean;
}

/** What an IP packet carries behind its header. */
function payloadOf(ip: TcpFrame): Buffer {
  return tcpFrame(ip).subarray(ip.src.includes(':') ? 40 : 20);
}

/** One fragment, as a raw IP packet. */
function piece(content: Buffer, [from, to]: Range, options: Piece = {}): Buffer {
  const { ip = V4, id = 7, protocol = 6, more = to < content.length } = options;
  const { src, dst } = ip;
  const bytes = content.subarray(from, to);
  if (!src.includes(':')) {
    return ipFrame({ link: 'raw', src, dst, ipId: id, fragment: { offset: from, more } }, protocol, bytes);
  }
  const header = Buffer.alloc(8);
  header[0] = protocol;
  header.writeUInt16BE(from | (more ? 1 : 0), 2);
  header.writeUInt32BE(id, 4);
  return ipFrame({ link: 'raw', src, dst }, 44, Buffer.concat([header, bytes]));
}

/** `content` in pieces of `size`, in order. */
function pieces(content: Buffer, size: number, options?: Piece): Buffer[] {
  return Array.from({ length: Math.ceil(content.length / size) }, (_, i) =>
    piece(content, [i * size, Math.min(content.length, (i + 1) * size)], options),
  );
}

class Feed {
  readonly limits: LimitName[] = [];
  readonly fragments = new Fragments((name) => this.limits.push(name));
  readonly segment: Segment = createSegment();
  time = 0;

  /** Outcomes of these packets; a datagram must come out as it was cut. */
  give(packets: readonly Buffer[], link = 101, expected: string = TEXT): Decoded[] {
    return packets.map((bytes) => {
      const { segment } = this;
      const outcome = decode({ ...packetOf(bytes, link), time: this.time }, segment, this.fragments);
      if (outcome === 'tcp') {
        expect(segment.bytes.toString('latin1', segment.payload, segment.payloadEnd)).toBe(expected);
        expect([segment.payloadLength, segment.srcPort]).toEqual([expected.length, 40000]);
      }
      return outcome;
    });
  }

  get incomplete(): number {
    return Number(/^\d+/.exec(this.fragments.warnings()[0]?.text ?? '0')?.[0]);
  }
}

const count = (outcomes: readonly Decoded[], outcome: Decoded): number =>
  outcomes.filter((one) => one === outcome).length;

describe.each([
  ['IPv4', V4],
  ['IPv6', V6],
])('%s', (_, ip) => {
  const content = payloadOf(ip);
  const later: Range = [1000, content.length];

  test('the packet that completes a datagram stands for it', () => {
    const feed = new Feed();
    expect(feed.give(pieces(content, 800, { ip }))).toEqual(['fragment', 'fragment', 'tcp']);
    expect(feed.segment).toMatchObject({ frame: 12, file: 1, interfaceIndex: 3, dstPort: 80 });
    expect(feed.incomplete).toBe(0);
  });

  test('pieces of any size, in any order, some of them again: once, and whole', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: content.length >> 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.infiniteStream(fc.nat()), (at, random) => {
        const next = () => random.next().value as number;
        const edges = [0, ...at.map((unit) => unit * 8).sort((a, b) => a - b), content.length];
        const ranges = edges.slice(1).flatMap((to, i): Range[] => (to > edges[i]! ? [[edges[i]!, to]] : []));
        if (ranges.length < 2) return;
        const packets = ranges.map((range) => piece(content, range, { ip }));
        const again = packets.filter(() => next() % 3 === 0);
        const mixed = [...packets, ...again]
          .map((packet) => [next(), packet] as const)
          .sort(([a], [b]) => a - b)
          .map(([, packet]) => packet);
        const feed = new Feed();
        const outcomes = feed.give(mixed);
        expect(count(outcomes, 'tcp')).toBe(1);
        expect(count(outcomes, 'fragment')).toBe(mixed.length - 1);
        expect(feed.fragments.warnings()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('interleaved datagrams are told apart by identification and addresses', () => {
    const other = { ip: { ...ip, dst: ip.src, src: ip.dst } };
    const streams = [{ ip }, { ip, id: 8 }, other].map((options) => pieces(content, 800, options));
    const mixed = [0, 1, 2].flatMap((i) => streams.map((stream) => stream[i]!));
    expect(count(new Feed().give(mixed), 'tcp')).toBe(3);
  });

  test('a copy of the whole datagram is dropped, a later one of the same identification is not', () => {
    const feed = new Feed();
    const all = pieces(content, 800, { ip });
    expect(count(feed.give([...all, ...all]), 'tcp')).toBe(1);
    expect(feed.incomplete).toBe(0);
    feed.time = 0.2 * SECOND;
    expect(count(feed.give(all), 'tcp')).toBe(1);
  });

  test('a piece without the rest is told, and forgotten after its time', () => {
    const feed = new Feed();
    const [first, ...rest] = pieces(content, 800, { ip });
    feed.give([first!]);
    expect(feed.fragments.warnings()).toMatchObject([{ code: 'fragments_incomplete' }]);
    feed.time = LIMITS.fragmentAge;
    expect(count(feed.give(rest), 'tcp')).toBe(0);
    expect(feed.incomplete).toBe(2);
    expect(feed.limits).toEqual([]);
  });

  test('one packet with a wrong time neither stops nor keeps anything for ever', () => {
    const feed = new Feed();
    feed.time = 1e6 * SECOND;
    feed.give(pieces(content, 800, { ip, id: 1 }));
    feed.give([piece(content, [0, 800], { ip, id: 2 })]);
    feed.time = 0;
    expect(count(feed.give(pieces(content, 800, { ip, id: 1 })), 'tcp')).toBe(1);
    expect(count(feed.give(pieces(content, 800, { ip, id: 2 })), 'tcp')).toBe(1);
    expect(feed.incomplete).toBe(1);
  });

  test('a piece that the snapshot length cut completes nothing', () => {
    const feed = new Feed();
    const [first, ...rest] = pieces(content, 800, { ip });
    const cut = decode(packetOf(first!.subarray(0, 200), 101, first!.length), feed.segment, feed.fragments);
    expect([cut, ...feed.give(rest)]).toEqual(['truncated', 'fragment', 'fragment']);
  });

  test.each([
    ['empty', [800, 800], true],
    ['no multiple of eight', [800, 1001], true],
  ] as const)('a piece that is %s is malformed', (_name, range, more) => {
    expect(new Feed().give([piece(content, range, { ip, more })])).toEqual(['malformed']);
  });

  test('the longest datagram, and a piece beyond', () => {
    const { payload: _, ...bare } = ip;
    const longest = 'x'.repeat(65_535 - 20);
    const long = payloadOf({ ...bare, payload: longest, ipLength: 0 });
    const feed = new Feed();
    expect(count(feed.give(pieces(long, 1480, { ip }), 101, longest), 'tcp')).toBe(1);
    const [past] = [piece(Buffer.concat([long, Buffer.alloc(8)]), [65_528, 65_536], { ip, id: 9 })];
    expect(feed.give([past])).toEqual(['malformed']);
  });

  test('an ICMP error in pieces', () => {
    const error = icmpError({
      link: 'raw',
      src: ip.dst,
      dst: ip.src,
      type: ip === V4 ? 3 : 1,
      code: 1,
      quote: ip,
    });
    const protocol = ip === V4 ? 1 : 58;
    const message = error.subarray(ip === V4 ? 20 : 40);
    const feed = new Feed();
    expect(feed.give(pieces(message, 64, { ip, protocol })).at(-1)).toBe('icmp');
    expect(feed.segment.srcPort).toBe(40000);
  });

  test('two last pieces that disagree about the length', () => {
    const feed = new Feed();
    const shorter = piece(content.subarray(0, 1600), [1592, 1600], { ip });
    const outcomes = feed.give([piece(content, later, { ip }), shorter, piece(content, [0, 1000], { ip })]);
    expect(outcomes.at(-1)).toBe(ip === V4 ? 'tcp' : 'fragment');
  });

  test('as many pieces as are allowed, and more', () => {
    const feed = new Feed();
    const many = payloadOf({ ...ip, payload: 'y'.repeat(8 * LIMITS.datagramFragments) });
    feed.give(pieces(many, 8, { ip }));
    expect(feed.limits).toEqual(['datagramFragments']);
    expect(feed.incomplete).toBe(1);
  });
});

describe('overlaps', () => {
  const evil = Buffer.alloc(4096, '!');
  const ranges: readonly Range[] = [
    [0, 808],
    [800, 1600],
  ];
  const overlapping = (ip: TcpFrame): Buffer[] => {
    const content = payloadOf(ip);
    const [first, second] = ranges as [Range, Range];
    return [
      piece(content, first, { ip }),
      piece(evil, second, { ip, more: true }),
      piece(content, [808, content.length], { ip }),
    ];
  };

  test('in IPv4 the byte that came first stays', () => {
    const content = payloadOf(V4);
    const good = [piece(content, [800, 1600], { more: true }), piece(content, [1600, content.length])];
    const late = [
      [600, 808],
      [1592, 1704],
      [0, 1600],
    ] as const;
    const [before, across, over] = late.map((range) => piece(evil, range, { more: true })) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const feed = new Feed();
    const start = [piece(content, [0, 600], { more: true })];
    const expected = `${TEXT.slice(0, 580)}${'!'.repeat(200)}${TEXT.slice(780)}`;
    expect(feed.give([...good, across, ...start, before], 101, expected)).toEqual([
      ...new Array(4).fill('fragment'),
      'tcp',
    ]);
    const whole = new Feed();
    expect(
      whole.give([...pieces(content, 800).slice(0, 2), over, piece(content, [1600, content.length])]).at(-1),
    ).toBe('tcp');
  });

  test('in IPv6 they destroy the datagram and all that comes of it', () => {
    const feed = new Feed();
    const content = payloadOf(V6);
    const outcomes = feed.give([...overlapping(V6), ...pieces(content, 800, { ip: V6 })]);
    expect(new Set(outcomes)).toEqual(new Set(['fragment']));
    expect(feed.incomplete).toBe(1);
  });

  test('in IPv6 the next header of the first piece counts', () => {
    const content = payloadOf(V6);
    const feed = new Feed();
    const packets = [
      piece(content, [800, content.length], { ip: V6, protocol: 17 }),
      piece(content, [0, 800], { ip: V6 }),
    ];
    expect(feed.give(packets)).toEqual(['fragment', 'tcp']);
  });
});

describe('together with tunnels', () => {
  test('pieces of a tunnel that carries pieces', () => {
    const inner = pieces(payloadOf(V6), 800, { ip: V6, id: 3 });
    const outer = inner.flatMap((ip, i) => {
      const packet = gre('0000 86dd', ip).subarray(14);
      return pieces(packet.subarray(20), 400, { id: 100 + i, protocol: 47 });
    });
    const feed = new Feed();
    const outcomes = feed.give(
      outer.map((ip) => ether('0800', ip)),
      1,
    );
    expect(outcomes.at(-1)).toBe('tcp');
    expect(count(outcomes, 'fragment')).toBe(outer.length - 1);
  });

  test('a datagram that is itself a fragment, again and again, ends', () => {
    let content = payloadOf(V6);
    for (let i = 0; i < 40; i++) {
      const header = Buffer.from([44, 0, 0, 1, 0, 0, 0, i]);
      content = Buffer.concat([header, content, Buffer.alloc(-content.length & 7)]);
    }
    const feed = new Feed();
    for (const outcome of feed.give(pieces(content, 800, { ip: V6, protocol: 44 }))) {
      expect(['fragment', 'malformed', 'truncated']).toContain(outcome);
    }
  });
});

describe('bounds', () => {
  const content = payloadOf(V4);

  test('of datagrams at once', () => {
    const feed = new Feed();
    const firsts = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => piece(content, [0, 800], { id: from + i }));
    feed.give(firsts(0, LIMITS.fragmentedDatagrams));
    expect(feed.limits).toEqual([]);
    feed.give(firsts(LIMITS.fragmentedDatagrams, LIMITS.fragmentedDatagrams + 10));
    expect(feed.limits).toEqual(new Array(10).fill('fragmentedDatagrams'));
    expect(feed.incomplete).toBe(LIMITS.fragmentedDatagrams + 10);
    // The oldest went; the youngest is still there.
    const rest = (id: number) => piece(content, [800, content.length], { id });
    expect(feed.give([rest(0), rest(LIMITS.fragmentedDatagrams + 9)])).toEqual(['fragment', 'tcp']);
  });

  test('of bytes held, also where a piece far behind needs a large buffer', () => {
    const feed = new Feed();
    const far = Buffer.alloc(65_000);
    const needed = Math.ceil(LIMITS.fragmentBytes / 64_000);
    for (let id = 0; id < 2 * needed; id++) feed.give([piece(far, [64_000, 64_008], { id, more: true })]);
    expect(feed.limits.length).toBeGreaterThan(needed / 2);
    expect(new Set(feed.limits)).toEqual(new Set(['fragmentBytes']));
  });

  test('time grows no faster than the number of pieces', () => {
    /** Datagrams whose pieces come backwards, none touching the next: the longest list of stretches there can be. */
    const run = (datagrams: number): number => {
      const feed = new Feed();
      const large = Buffer.alloc(16 * LIMITS.datagramFragments);
      const packets: Buffer[] = [];
      for (let id = 0; id < datagrams; id++) {
        for (let at = LIMITS.datagramFragments - 1; at > 0; at--) {
          packets.push(piece(large, [16 * at, 16 * at + 8], { id, more: true }));
        }
      }
      const begin = performance.now();
      feed.give(packets);
      return performance.now() - begin;
    };
    run(2);
    const [small, large] = [1, 2].map((scale) => Math.min(run(8 * scale ** 3), run(8 * scale ** 3))) as [
      number,
      number,
    ];
    // 8 times as many: 8^1.5 is 23.
    expect(large / small).toBeLessThan(23);
  });
});

test('a request in fragments has its verdict, a piece alone its warning', async () => {
  const talk = conversation()
    .handshake()
    .clientSends(`POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${TEXT.length}\r\n\r\n${TEXT}`)
    .ack()
    .serverSends('HTTP/1.1 204 No Content\r\n\r\n')
    .ack()
    .close('client');
  let id = 50;
  const cut = (frame: Frame): Frame[] => {
    const ip = frame.bytes.subarray(14);
    if (ip.length < 600) return [frame];
    const text = (at: number) => [...ip.subarray(at, at + 4)].join('.');
    const of = { ip: { ...V4, src: text(12), dst: text(16) }, id: id++ };
    return pieces(ip.subarray(20), 400, of).map((part) => {
      const bytes = ether('0800', part);
      return { ...frame, bytes, wireLength: bytes.length };
    });
  };
  const frames = talk.frames.flatMap(cut);
  expect(frames.length).toBeGreaterThan(talk.frames.length);
  const run = async (given: readonly Frame[]) => {
    const verdicts: string[] = [];
    const { capture } = await analyze(packetsSource(given), DEFAULT_OPTIONS, {
      transaction: ({ verdict }) => verdicts.push(verdict),
      end() {},
    });
    return [verdicts, capture.decoded.fragment, capture.warnings.map(({ code }) => code)];
  };
  const parts = frames.length - talk.frames.length;
  expect(await run(frames)).toEqual([['delivered'], parts, []]);
  const lost = frames.filter((_, i) => i !== frames.findIndex(({ bytes }) => bytes.length > 400));
  const [verdicts, , codes] = await run(lost);
  expect([verdicts, codes]).toEqual([['capture_insufficient'], ['fragments_incomplete']]);
});
