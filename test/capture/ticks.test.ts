/**
 * Timestamps of every resolution against plain BigInt arithmetic.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Epoch, TickClock } from '../../src/capture/ticks.ts';

const U64 = 2n ** 64n - 1n;

/** The definition: ticks in seconds times 10^9, rounded down, plus the offset. */
function nanoseconds(ticks: bigint, resolution: number, offset: bigint): bigint {
  const power = BigInt(resolution & 0x7f);
  const perSecond = (resolution & 0x80) === 0 ? 10n ** power : 2n ** power;
  return (ticks * 1_000_000_000n) / perSecond + offset * 1_000_000_000n;
}

function epoch(): Epoch {
  let zero: bigint | null = null;
  return {
    since(at) {
      zero ??= at;
      return Number(at - zero);
    },
  };
}

function timeOf(clock: TickClock, ticks: bigint, zero: Epoch): number {
  return clock.time(Number(ticks >> 32n), Number(ticks & 0xffff_ffffn), zero);
}

/** Where a double holds every nanosecond the time must be exact, else correct to its last digits. */
function expectTime(actual: number, expected: bigint): void {
  if (expected > -(2n ** 53n) && expected < 2n ** 53n) expect(actual).toBe(Number(expected));
  else expect(Math.abs(actual - Number(expected))).toBeLessThanOrEqual(Math.abs(actual) * 2 ** -51);
}

test('any resolution, any ticks, any offset', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 255 }),
      fc.bigInt({ min: -(10n ** 6n), max: 10n ** 6n }),
      fc.array(fc.bigInt({ min: 0n, max: U64 }), { minLength: 1, maxLength: 5 }),
      (resolution, offset, series) => {
        const clock = new TickClock(resolution, offset);
        const zero = epoch();
        const first = nanoseconds(series[0]!, resolution, offset);
        for (const ticks of series) {
          expectTime(timeOf(clock, ticks, zero), nanoseconds(ticks, resolution, offset) - first);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('packets close together, as they are in a capture', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(3, 6, 7, 9, 12, 0x80 | 10, 0x80 | 20, 0x80 | 30, 0x80 | 32),
      fc.bigInt({ min: 0n, max: 2n ** 62n }),
      fc.array(fc.bigInt({ min: -(2n ** 34n), max: 2n ** 34n }), { minLength: 1, maxLength: 20 }),
      (resolution, start, steps) => {
        const clock = new TickClock(resolution, 0n);
        const zero = epoch();
        const first = nanoseconds(start, resolution, 0n);
        let ticks = start;
        expectTime(timeOf(clock, ticks, zero), nanoseconds(ticks, resolution, 0n) - first);
        for (const step of steps) {
          ticks = ticks + step < 0n ? 0n : ticks + step;
          expectTime(timeOf(clock, ticks, zero), nanoseconds(ticks, resolution, 0n) - first);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  [0, false],
  [6, false],
  [7, true],
  [9, true],
  [12, true],
  [0x80, false],
  [0x80 | 6, false],
  [0x80 | 7, true],
  [0x80 | 20, true],
])('resolution %i needs more than six digits: %s', (resolution, finer) => {
  expect(new TickClock(resolution, 0n).finerThanMicroseconds).toBe(finer);
});

test('BigInt is used once in a long capture, not for every packet', () => {
  let calls = 0;
  const zero: Epoch = { since: () => calls++ };
  const nanos = new TickClock(9, 0n);
  const start = 1_700_000_000_000_000_000n;
  for (let hour = 0n; hour < 24n * 100n; hour++) timeOf(nanos, start + hour * 3_600_000_000_000n, zero);
  expect(calls).toBe(1);
});
