/**
 * Reading is the same however the bytes come: any split into reads gives the same packets, a cut at any byte gives
 * the whole packets before it, and what is damaged never throws.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Delivery, newFacts } from '../../src/capture/delivery.ts';
import { Intake } from '../../src/capture/intake.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { BLOCK, blocksIn, ORDERS, type Order, pcap, type Record } from '../support/pcap-files.ts';
import { codes, collect, copyOf, type Kept, type Reading } from './collect.ts';

/** A file and the offsets at which its parts end. */
interface Sample {
  readonly bytes: Buffer;
  /** Ends of whole records or blocks, of which `packetEnds` are those that hold a packet. */
  readonly ends: readonly number[];
  readonly packetEnds: readonly number[];
}

function sampleOf(parts: readonly { bytes: Buffer; packet: boolean }[]): Sample {
  const ends: number[] = [];
  const packetEnds: number[] = [];
  let end = 0;
  for (const part of parts) {
    end += part.bytes.length;
    ends.push(end);
    if (part.packet) packetEnds.push(end);
  }
  return { bytes: Buffer.concat(parts.map(({ bytes }) => bytes)), ends, packetEnds };
}

function classic(order: Order, records: readonly Record[]): Sample {
  const header = pcap([], { order });
  const parts = records.map((record) => ({
    bytes: pcap([record], { order }).subarray(header.length),
    packet: true,
  }));
  return sampleOf([{ bytes: header, packet: false }, ...parts]);
}

function nextGeneration(order: Order, records: readonly Record[]): Sample {
  const b = blocksIn(order);
  const other = (bytes: Buffer) => ({ bytes, packet: false });
  const packet = (bytes: Buffer) => ({ bytes, packet: true });
  const parts = [other(b.section()), other(b.interface({ link: 1 }, b.option(2, Buffer.from('eth0'))))];
  records.forEach(({ seconds, fraction, bytes }, i) => {
    const ticks = BigInt(seconds) * 1_000_000n + BigInt(fraction);
    if (i % 4 === 0) parts.push(packet(b.enhanced({ ticks, bytes })));
    if (i % 4 === 1) parts.push(packet(b.obsolete({ ticks, bytes })), other(b.block(BLOCK.secrets)));
    if (i % 4 === 2) parts.push(packet(b.simple(bytes)), other(b.statistics(0, b.option(5, b.u64(1n)))));
    if (i % 4 === 3)
      parts.push(other(b.section()), other(b.interface()), packet(b.enhanced({ ticks, bytes })));
  });
  return sampleOf(parts);
}

const records = fc.array(
  fc.record({
    seconds: fc.integer({ min: 1_600_000_000, max: 1_600_000_100 }),
    fraction: fc.integer({ min: 0, max: 999_999 }),
    bytes: fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes)),
  }),
  { minLength: 1, maxLength: 9 },
);
const sample = fc
  .tuple(fc.constantFrom(classic, nextGeneration), fc.constantFrom(...ORDERS), records)
  .map(([make, order, list]) => make(order, list));

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts)].filter((cut) => cut < bytes.length).sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

const quiet = (): void => {};

/** Reads through a buffer of a given size. */
function readThrough(bytes: Buffer, bufferBytes: number): Reading {
  const packets: Kept[] = [];
  const facts = newFacts();
  const onPacket = (packet: Parameters<typeof copyOf>[0]) => packets.push(copyOf(packet));
  const intake = new Intake(new Delivery(facts, onPacket, quiet), bufferBytes);
  intake.open('memory');
  intake.pour(bytes);
  intake.close(true);
  return { packets, facts };
}

describe('any split into reads gives the same', () => {
  test('packets and facts', async () => {
    await fc.assert(
      fc.asyncProperty(sample, fc.array(fc.nat({ max: 900 }), { maxLength: 12 }), async ({ bytes }, cuts) => {
        const whole = await collect(bufferSource(bytes));
        expect(await collect(bufferSource(pieces(bytes, cuts)))).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  test('byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(sample, async ({ bytes, packetEnds }) => {
        const whole = await collect(bufferSource(bytes));
        expect(whole.packets).toHaveLength(packetEnds.length);
        expect(await collect(bufferSource([...bytes].map((byte) => Buffer.of(byte))))).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  test('through a buffer of any size, which grows for a packet that is larger', async () => {
    await fc.assert(
      fc.asyncProperty(sample, fc.integer({ min: 1, max: 200 }), async ({ bytes }, size) => {
        expect(readThrough(bytes, size)).toEqual(await collect(bufferSource(bytes)));
      }),
      { numRuns: 100 },
    );
  });
});

test('a packet larger than the buffer, from a source that gives little at a time', async () => {
  const big = Buffer.alloc(3_000_000, 'wirewitness');
  const bytes = pcap([{ seconds: 1, fraction: 2, bytes: big }], { snaplen: 0 });
  const chunks = pieces(
    bytes,
    Array.from({ length: 50 }, (_, i) => i * 65_536),
  );
  const { packets, facts } = await collect(bufferSource(chunks));
  expect(packets.map((packet) => packet.bytes === big.toString('hex'))).toEqual([true]);
  expect(facts.warnings).toEqual([]);
});

test('one buffer serves a file of any length', () => {
  const intake = new Intake(new Delivery(newFacts(), quiet, quiet), 4096);
  const record = { seconds: 1, fraction: 2, bytes: Buffer.alloc(1000) };
  intake.open('x');
  const first = intake.room().buffer;
  intake.pour(pcap(Array.from({ length: 500 }, () => record)));
  intake.open('y');
  intake.pour(pcap([record]));
  expect(intake.room().buffer).toBe(first);
});

test('a length that is a lie does not make memory grow', () => {
  const facts = newFacts();
  const intake = new Intake(new Delivery(facts, quiet, quiet), 4096);
  const bytes = pcap([{ seconds: 1, fraction: 2, bytes: Buffer.alloc(10_000) }], { snaplen: 0 });
  bytes.writeUInt32LE(16_000_000, 24 + 8);
  intake.open('x');
  intake.pour(bytes);
  expect(intake.room().buffer.byteLength).toBeLessThanOrEqual(2 * 16_384);
  intake.close(true);
  expect(codes(facts)).toEqual(['file_truncated']);
});

describe.each(ORDERS)('a file cut at every byte (%s endian)', (order) => {
  const list = Array.from({ length: 6 }, (_, i) => ({
    seconds: 1_600_000_000 + i,
    fraction: i,
    bytes: Buffer.alloc(7 * i, i),
  }));

  test.each([
    ['pcap', classic(order, list)],
    ['pcapng', nextGeneration(order, list)],
  ])('%s', async (format, { bytes, ends, packetEnds }) => {
    const whole = await collect(bufferSource(bytes));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { packets, facts } = await collect(bufferSource(bytes.subarray(0, cut)));
      expect(packets).toEqual(whole.packets.slice(0, packetEnds.filter((end) => end <= cut).length));
      const sound = ends.includes(cut);
      expect(facts.files).toMatchObject([
        { truncated: !sound, bytes: cut, packets: packets.length, format: cut < 4 ? null : format },
      ]);
      const problems = codes(facts).filter((code) => code !== 'no_timestamps');
      expect(problems).toEqual(sound ? [] : [cut === 0 ? 'file_empty' : 'file_truncated']);
    }
  });
});

test('bytes that are wrong anywhere never throw anything but that it is no capture', async () => {
  await fc.assert(
    fc.asyncProperty(
      sample,
      fc.array(fc.tuple(fc.nat({ max: 900 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 }),
      async ({ bytes }, wrong) => {
        for (const [at, value] of wrong) if (at < bytes.length) bytes[at] = value;
        const source = bufferSource(bytes);
        try {
          const { packets, facts } = await collect(source);
          expect(facts.packets).toBe(packets.length);
          for (const packet of packets)
            expect(packet.wireLength).toBeGreaterThanOrEqual(packet.bytes.length / 2);
        } catch (error) {
          expect(error).toMatchObject({ name: 'UserError', code: 'file' });
          expect(source.facts.packets).toBe(0);
        }
      },
    ),
    { numRuns: 500 },
  );
});
