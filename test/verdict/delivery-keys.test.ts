/** Keys of deliveries in one buffer: each row's is what was put there last, whatever ended before, and in whatever letters. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeliveryKeys } from '../../src/verdict/delivery-keys.ts';
import { FIRST_ROOM } from '../../src/verdict/delivery-room.ts';

const LONGEST = 1_024;

test('as a map from rows to texts would', () => {
  const key = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('', 'é', '\ud800', '\uffff\u0000', '支付-7', 'x'.repeat(LONGEST), '付'.repeat(LONGEST)),
  );
  const step = fc.record({ row: fc.nat(FIRST_ROOM - 1), key, ends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 400 }), (steps) => {
      const keys = new DeliveryKeys();
      const known = new Map<number, string>();
      for (const { row, key: text, ends } of steps) {
        if (known.has(row) && ends) {
          keys.end(row);
          known.delete(row);
        } else if (!known.has(row)) {
          keys.set(row, text);
          known.set(row, text);
        }
      }
      for (const [row, text] of known) {
        expect(keys.text(row)).toBe(text);
        expect(keys.has(row, text)).toBe(true);
        expect(keys.has(row, `${text}x`)).toBe(false);
        expect(keys.has(row, text.replace(/.$/su, '\u0101'))).toBe(text === '' || text.endsWith('\u0101'));
      }
    }),
    { numRuns: 200 },
  );
});

test('those that ended take no room for ever', () => {
  const keys = new DeliveryKeys();
  keys.set(0, 'first');
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200_000; i++) {
    keys.set(1 + (i % 100), `${i}`.padStart(LONGEST, '0'));
    keys.end(1 + (i % 100));
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * 2 ** 20);
  expect(keys.text(0)).toBe('first');
});
