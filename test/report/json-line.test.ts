/** Whatever value is put into a line reads there as JSON writes it, with what could harm a terminal escaped. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonFields } from '../../src/report/json-fields.ts';
import { JsonLine, piece, safeJson } from '../../src/report/json-line.ts';
import { milliseconds, rfc3339 } from '../../src/report/time.ts';
import { CLOCK, CLOCK_NS } from './records.ts';

/** One line over and over: what an earlier one left behind must not show. */
const line = new JsonLine();

function put(write: (into: JsonLine) => void): string {
  line.clear();
  write(line);
  return line.toString();
}

const clocks = fc.constantFrom(CLOCK, CLOCK_NS);

test('texts of any length and characters', () => {
  const plain = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '~', '/', '{') });
  const quoted = fc.string({ unit: fc.constantFrom('a', '"', '\\') });
  const hostile = fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '\x7f', '\x80', '\xff', '\u202e', '支', '\ud800', '😀'),
  });
  const times = fc.integer({ min: 1, max: 40 });
  const value = fc.tuple(fc.oneof(plain, quoted, hostile), times).map(([text, n]) => text.repeat(n));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      expect(put((into) => into.texts(values))).toBe(safeJson(values));
    }),
    { numRuns: 500 },
  );
});

test('every character by itself, in a short and in a long text', () => {
  for (let code = 0; code < 0x300; code++) {
    for (const around of ['', 'x'.repeat(40)]) {
      const text = `${around}${String.fromCharCode(code)}${around}`;
      expect(put((into) => into.text(text))).toBe(safeJson(text));
    }
  }
});

test('long texts in which few characters need an escape, wherever those stand', () => {
  const plain = 'plain text, '.repeat(400);
  const special = fc.constantFrom('"', '\\', '\n', '\x7f', '\xe9', '支');
  const some = fc.array(fc.tuple(fc.nat(plain.length), special), { maxLength: 4 });
  // At both sides of where the pieces end by which they are looked at, too: 1,024 characters each.
  const edge = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -2, max: 2 }), special);
  fc.assert(
    fc.property(some, edge, fc.nat(plain.length), (specials, [piece, off, character], end) => {
      let text = plain.slice(0, end);
      for (const [at, inserted] of [...specials, [1024 * piece + off, character] as const]) {
        text = text.slice(0, at) + inserted + text.slice(at);
      }
      expect(put((into) => into.texts([text, 'behind']))).toBe(safeJson([text, 'behind']));
    }),
    { numRuns: 300 },
  );
});

test('what is larger than all the lines before it', () => {
  for (const unit of ['a', '"', '支', '\n']) {
    const fresh = new JsonLine();
    fresh.put(piece('['));
    fresh.text(unit.repeat(100_000));
    fresh.put(piece(']'));
    expect(fresh.toString() === safeJson([unit.repeat(100_000)]), unit).toBe(true);
    expect(fresh.length).toBe(Buffer.byteLength(fresh.toString()));
  }
});

test('numbers', () => {
  const numbers = fc.oneof(
    fc.nat(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(fc.array(numbers), (values) => {
      expect(put((into) => into.numbers(values))).toBe(JSON.stringify(values));
    }),
  );
  expect(put((into) => into.number(null))).toBe('null');
});

test('durations as they are rounded', () => {
  const exact = fc.integer({ min: 0, max: 2_000_000_000 }).map((ns) => ns / 1e6);
  const values = fc.oneof(
    exact,
    fc.double({ min: 0, max: 1e12, noNaN: true }),
    fc.constantFrom(0, 0.0004, 0.05, 0.85),
  );
  fc.assert(
    fc.property(values, clocks, (value, clock) => {
      expect(put((into) => into.duration(value, clock))).toBe(JSON.stringify(milliseconds(value, clock)));
    }),
    { numRuns: 2000 },
  );
  expect(put((into) => into.duration(null, CLOCK))).toBe('null');
});

test('moments as RFC 3339', () => {
  const times = fc.oneof(
    fc.integer({ min: -1e9, max: 1e13 }),
    fc.constantFrom(0, 8_999_999_999_999_999, 1e300, null),
  );
  const clocksOf = fc.constantFrom(CLOCK, CLOCK_NS, { epoch: null, digits: 6 } as const);
  fc.assert(
    fc.property(times, clocksOf, (time, clock) => {
      expect(put((into) => into.moment(time, clock))).toBe(JSON.stringify(rfc3339(time, clock)));
    }),
    { numRuns: 1000 },
  );
});

test('fields of one head after another, some as before', () => {
  const text = fc.constantFrom('Host', 'X', 'pay.shop.example', '"', '支', 'x'.repeat(50));
  const heads = fc.array(fc.array(fc.record({ name: text, value: text }), { maxLength: 5 }), {
    maxLength: 8,
  });
  const fields = new JsonFields();
  fc.assert(
    fc.property(heads, (several) => {
      // Each twice: the second time it is known, the third it was kept.
      for (const head of several.flatMap((one) => [one, one, [...one]])) {
        expect(put((into) => fields.put(head, into))).toBe(safeJson(head));
      }
    }),
  );
  const long = Array.from({ length: 200 }, (_, i) => ({ name: 'N', value: `${i}` }));
  for (let times = 0; times < 3; times++) {
    expect(put((into) => fields.put(long, into))).toBe(safeJson(long));
  }
});
