/** A connection has one hash, whichever side sends, and nobody can choose addresses so that many connections share one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSegment, type Segment } from '../../src/decode/segment.ts';
import { Flows } from '../../src/tcp/flows.ts';

/** Four words of an address, then its port. */
type End = readonly [number, number, number, number, number];

function segment(ipVersion: 4 | 6, source: End, destination: End): Segment {
  const [src0, src1, src2, src3, srcPort] = source;
  const [dst0, dst1, dst2, dst3, dstPort] = destination;
  const ends = { src0, src1, src2, src3, srcPort, dst0, dst1, dst2, dst3, dstPort };
  return Object.assign(createSegment(), { ipVersion, ...ends });
}

describe('hash of a connection', () => {
  const word = fc.oneof(fc.integer({ min: 0, max: 1 }), fc.integer());
  const end = fc.tuple(word, word, word, word, fc.integer({ min: 0, max: 3 }));

  test.each([4, 6] as const)('is the same in both directions of IPv%i', (version) => {
    const flows = new Flows();
    fc.assert(
      fc.property(end, end, (a, b) => {
        expect(flows.hashOf(segment(version, b, a))).toBe(flows.hashOf(segment(version, a, b)));
      }),
    );
  });

  const COUNT = 16_384;
  /** Ends of the connection number `i`, by what somebody may have hoped for. */
  const families: Readonly<Record<string, (i: number) => readonly [4 | 6, End, End]>> = {
    'an address and its complement': (i) => [4, [0, 0, 0, i * 97, 80], [0, 0, 0, ~(i * 97), 80]],
    'the same difference': (i) => [4, [0, 0, 0, i, 80], [0, 0, 0, i ^ 0x55aa, 80]],
    'addresses of one sum': (i) => [4, [0, 0, 0, i, 80], [0, 0, 0, -i, 80]],
    'one client': (i) => [4, [0, 0, 0, 0x0a000001, i], [0, 0, 0, 0x0a000002, 80]],
    'highest bits': (i) => [4, [0, 0, 0, (i & 127) << 25, 1], [0, 0, 0, (i >> 7) << 25, 2]],
    'upper words and their complements': (i) => [6, [i, 1, 2, 3, 80], [~i, 4, 5, 6, 80]],
    'upper words that change places': (i) => [6, [i, COUNT - i, 2, 3, 80], [0, 4, 5, 6, 80]],
    'few bits of each word': (i) => [
      6,
      [(i & 3) << 30, (i & 12) << 28, (i & 48) << 26, (i & 192) << 24, 80],
      [(i & 0x300) << 22, (i & 0xc00) << 20, (i & 0x3000) << 18, 1, 80],
    ],
  };

  test.each(Object.entries(families))('differs between connections with %s', (_, endsOf) => {
    const flows = new Flows();
    const hashes = new Set<number>();
    const places = new Map<number, number>();
    for (let i = 0; i < COUNT; i++) {
      const hash = flows.hashOf(segment(...endsOf(i)));
      hashes.add(hash);
      const place = hash & (COUNT - 1);
      places.set(place, (places.get(place) ?? 0) + 1);
    }
    expect(hashes.size).toBeGreaterThan(COUNT - 64);
    expect(Math.max(...places.values())).toBeLessThan(32);
  });
});
