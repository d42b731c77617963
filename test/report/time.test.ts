/** Packet times as dates, exact to the last digit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milliseconds, readableTime, rfc3339 } from '../../src/report/time.ts';
import { CLOCK, CLOCK_NS } from './records.ts';

describe('rfc3339', () => {
  test.each([
    [0, '2017-01-04T09:23:57.123456Z'],
    [1000, '2017-01-04T09:23:57.123457Z'],
    // What is finer than the capture's clock is cut.
    [999, '2017-01-04T09:23:57.123456Z'],
    [876_544_000, '2017-01-04T09:23:58.000000Z'],
    [-1000, '2017-01-04T09:23:57.123455Z'],
    [-123_457_000, '2017-01-04T09:23:56.999999Z'],
    [86_400e9, '2017-01-05T09:23:57.123456Z'],
    // 104 days less one nanosecond: the quotient by a second is rounded up in binary.
    [8_999_999_999_999_999, '2017-04-18T13:23:57.123455Z'],
  ])('%d ns', (time, text) => {
    expect(rfc3339(time, CLOCK)).toBe(text);
  });

  test('nine digits for nanosecond captures', () => {
    expect(rfc3339(0, CLOCK_NS)).toBe('2017-01-04T09:23:57.123456789Z');
    expect(rfc3339(1, CLOCK_NS)).toBe('2017-01-04T09:23:57.123456790Z');
    expect(rfc3339(-123_456_790, CLOCK_NS)).toBe('2017-01-04T09:23:56.999999999Z');
  });

  test('the epoch itself and before it', () => {
    expect(rfc3339(0, { epoch: 0n, digits: 6 })).toBe('1970-01-01T00:00:00.000000Z');
    expect(rfc3339(0, { epoch: -1n, digits: 9 })).toBe('1969-12-31T23:59:59.999999999Z');
  });

  test('nothing where there is no time, no clock or no such year', () => {
    expect(rfc3339(null, CLOCK)).toBeNull();
    expect(rfc3339(0, { epoch: null, digits: 6 })).toBeNull();
    expect(rfc3339(0, { epoch: 2n ** 64n * 1000n, digits: 9 })).toBeNull();
    expect(rfc3339(0, { epoch: -(2n ** 64n) * 1000n, digits: 9 })).toBeNull();
    expect(rfc3339(0, { epoch: 253_402_300_799_000_000_000n, digits: 6 })).toBe(
      '9999-12-31T23:59:59.000000Z',
    );
    expect(rfc3339(0, { epoch: 253_402_300_800_000_000_000n, digits: 6 })).toBeNull();
  });

  test('agrees with integer arithmetic', () => {
    const epoch = fc.bigInt({ min: -62_000_000_000_000_000_000n, max: 253_000_000_000_000_000_000n });
    const time = fc.integer({ min: -9e15, max: 9e15 });
    fc.assert(
      fc.property(epoch, time, (start, offset) => {
        const all = start + BigInt(offset);
        const fraction = ((all % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
        const seconds = Number((all - fraction) / 1_000_000_000n);
        const date = new Date(seconds * 1000).toISOString().slice(0, 19);
        const expected = `${date}.${String(fraction).padStart(9, '0')}Z`;
        expect(rfc3339(offset, { epoch: start, digits: 9 })).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});

test('readableTime begins as the exact time does', () => {
  expect(readableTime(876_543_999, CLOCK_NS)).toBe('2017-01-04 09:23:58.000 UTC');
  expect(readableTime(876_543_000, CLOCK)).toBe('2017-01-04 09:23:57.999 UTC');
  expect(readableTime(null, CLOCK)).toBeNull();
});

test('milliseconds keep the precision of the capture and lose the noise', () => {
  expect(milliseconds(120.00000000000001, CLOCK)).toBe(120);
  expect(milliseconds(0.1 + 0.2, CLOCK)).toBe(0.3);
  expect(milliseconds(1.0004567, CLOCK)).toBe(1);
  expect(milliseconds(1.0004567, CLOCK_NS)).toBe(1.000457);
  expect(milliseconds(null, CLOCK)).toBeNull();
});
