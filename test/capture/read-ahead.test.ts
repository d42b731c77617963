/** Pieces that are read at once come in their order, however short the system makes each read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Delivery, newFacts } from '../../src/capture/delivery.ts';
import { Intake } from '../../src/capture/intake.ts';
import { readAhead } from '../../src/capture/read-ahead.ts';
import { pcap } from '../support/pcap-files.ts';

/** Some three pieces. */
const FILE = pcap(
  Array.from({ length: 900 }, (_, i) => ({
    seconds: i,
    fraction: 0,
    bytes: Buffer.alloc((i * 37) % 7_000, i),
  })),
);
const FIRST = 100;

/** @param lengthOf of a read, where it is not all that was asked for. */
async function read(lengthOf: (position: number) => number, signal?: AbortSignal, onRead = () => {}) {
  const seen: string[] = [];
  const delivery = new Delivery(
    newFacts(),
    ({ time, bytes, start, end }) => seen.push(`${time / 1e9} ${end - start} ${bytes[end - 1]}`),
    () => {},
  );
  const intake = new Intake(delivery);
  intake.open('x.pcap', false);
  FILE.copy(intake.room(), 0, 0, FIRST);
  intake.took(FIRST);
  const readAt = async (into: Buffer, position: number) => {
    const length = lengthOf(position);
    return FILE.copy(into.subarray(0, length), 0, position);
  };
  const whole = await readAhead(readAt, FIRST, intake, onRead, signal);
  return { whole, seen };
}

const ALL = read(() => Number.POSITIVE_INFINITY);

test('all of a file', async () => {
  const { whole, seen } = await ALL;
  expect(whole).toBe(true);
  expect(seen).toHaveLength(900);
  expect(seen[899]).toBe(`899 ${(899 * 37) % 7_000} ${899 % 256}`);
});

test('short reads', async () => {
  const short = fc.integer({ min: 200_000, max: 1_500_000 });
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(short), async (lengths) => {
      expect(await read(() => lengths.next().value)).toEqual(await ALL);
    }),
    { numRuns: 20 },
  );
});

test('what the system refuses is told when it is its turn, however many reads it refuses', async () => {
  const pieces: number[] = [];
  const refused = read(
    (position) => {
      if (position > 1_500_000) throw new Error(`no byte ${position > 0 ? 'there' : 'at all'}`);
      return Number.POSITIVE_INFINITY;
    },
    undefined,
    () => pieces.push(1),
  );
  await expect(refused).rejects.toThrow('no byte there');
  expect(pieces).toHaveLength(2);
});

test('a run that is ended waits for what is being read', async () => {
  const ended = new AbortController();
  const { whole, seen } = await read(
    () => Number.POSITIVE_INFINITY,
    ended.signal,
    () => ended.abort(),
  );
  expect(whole).toBe(false);
  expect(seen.length).toBeLessThan(900);
});
