/** Held segments against a bitmap of the stream: each byte is there once, and it is the one captured first. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stored } from '../../src/limits.ts';
import { HeldSegments } from '../../src/tcp/holes.ts';

const SIZE = 64;
const AT = { time: 0, file: 0, frame: 1 };

/** A segment of the stream; `cut` of its bytes were not captured, `lead` bytes lie before it in the buffer. */
const segment = fc.record({
  offset: fc.nat(SIZE - 1),
  length: fc.integer({ min: 1, max: 20 }),
  cut: fc.nat(25),
  lead: fc.nat(5),
});

describe('held segments', () => {
  test('hold the same as a bitmap', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 30 }), (segments) => {
        const held = new HeldSegments(new Stored());
        // Per byte of the stream: the number of the segment that brought it, captured or not.
        const owner = new Array<number>(SIZE + 32).fill(-1);
        const captured = new Array<boolean>(SIZE + 32).fill(false);
        segments.forEach(({ offset, length, cut, lead }, index) => {
          const bytes = Buffer.alloc(lead + length, index);
          const there = Math.max(0, length - cut);
          let added = 0;
          for (let at = offset; at < offset + length; at++) {
            if (owner[at] !== -1) continue;
            owner[at] = index;
            captured[at] = at - offset < there;
            added++;
          }
          expect(held.insert(offset, offset + length, bytes, lead, lead + there, AT, 0)).toBe(added);
          bytes.fill(0xee);
          expect(held.bytes).toBe(captured.filter(Boolean).length);
        });
        const first = owner.findIndex((index) => index >= 0);
        expect(held.first?.offset ?? -1).toBe(first);
        const seen = new Array<number>(SIZE + 32).fill(-1);
        let end = 0;
        while (held.count > 0) {
          const next = held.shift();
          expect(next.offset).toBeGreaterThanOrEqual(end);
          expect(next.end).toBeGreaterThan(next.offset);
          end = next.end;
          for (let at = next.offset; at < next.end; at++) {
            const byte = next.bytes[at - next.offset];
            expect(byte !== undefined).toBe(captured[at]);
            seen[at] = byte ?? owner[at]!;
          }
        }
        expect(seen).toEqual(owner);
        expect(held.bytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('reach back as far as a bitmap has no hole', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 12 }), fc.nat(SIZE), (segments, from) => {
        const held = new HeldSegments(new Stored());
        const there = new Array<boolean>(SIZE + 32).fill(false);
        for (const { offset, length } of segments) {
          held.insert(offset, offset + length, Buffer.alloc(length), 0, length, AT, 0);
          there.fill(true, offset, offset + length);
        }
        let expected = from;
        while (expected > 0 && there[expected - 1]) expected--;
        expect(held.reachBack(from)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
