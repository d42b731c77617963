/** One direction by itself: sequence numbers to offsets over many wraps, bounds, and what is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS, type LimitName, Stored } from '../../src/limits.ts';
import { Reassembler } from '../../src/tcp/reassembler.ts';

const AT = { time: 0, file: 0, frame: 1 };
const ANY = Number.NEGATIVE_INFINITY;
const ALL = Number.POSITIVE_INFINITY;

function reassembler() {
  const limits: LimitName[] = [];
  const log: string[] = [];
  const stream = new Reassembler((name) => limits.push(name), new Stored());
  stream.attach({
    onBytes: (bytes, start, end) => log.push(bytes.toString('latin1', start, end)),
    onGap: (length) => log.push(`<${length}>`),
    onEnd: (cause) => log.push(`.${cause}`),
  });
  const put = (seq: number, text: string, after = ANY, reached = ALL) =>
    stream.data(stream.offsetOf(seq | 0), text.length, Buffer.from(text), 0, text.length, AT, after, reached);
  return { stream, limits, log, put };
}

describe('reassembler', () => {
  test('offsets go on past 4 GiB while sequence numbers wrap', () => {
    const { stream, put, log } = reassembler();
    stream.start(-5);
    const step = 2 ** 29;
    let seq = -5;
    for (let total = 0; total < 3 * 2 ** 32; total += step) {
      expect(stream.giveUp(stream.next + step, AT, ALL)).toBe(step);
      seq = (seq + step) | 0;
      expect(stream.offsetOf(seq)).toBe(total + step);
      expect(stream.offsetOf((seq - 1) | 0)).toBe(total + step - 1);
    }
    put(seq, 'end');
    expect(log.at(-1)).toBe('end');
    expect(stream.next).toBe(3 * 2 ** 32 + 3);
  });

  test('takes segments in any order and cut, each byte once, across the wrap', () => {
    const pieces = fc.array(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 15 })), { maxLength: 40 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: -60, max: 5 }), (cuts, isn) => {
        const text = Array.from({ length: 40 }, (_, index) => String.fromCharCode(48 + index)).join('');
        const { stream, put, log } = reassembler();
        stream.start(isn);
        const there = new Array<boolean>(40).fill(false);
        for (const [from, length] of cuts) {
          const part = text.slice(from, from + length);
          let fresh = 0;
          for (let at = from; at < from + part.length; at++) {
            if (!there[at]) fresh++;
            there[at] = true;
          }
          expect(put(isn + from, part)).toBe(fresh);
        }
        const whole = there.indexOf(false);
        const known = whole < 0 ? 40 : whole;
        expect(log.join('')).toBe(text.slice(0, known));
        expect(stream.next).toBe(known);
        expect(stream.bytes).toBe(there.filter(Boolean).length);
        const expected = Array.from(text, (letter, at) => (there[at] ? letter : '_')).join('');
        const lost = stream.giveUp(40, AT, ALL);
        expect(lost).toBe(there.filter((byte) => !byte).length);
        expect(log.join('').replace(/<(\d+)>/g, (_, length) => '_'.repeat(Number(length)))).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('gives up no more than it is told', () => {
    const { stream, put, log } = reassembler();
    stream.start(0);
    put(5, 'fg');
    expect(stream.giveUp(3, AT, ALL)).toBe(3);
    expect(log).toEqual(['<3>']);
    expect(stream.giveUp(7, AT, ALL)).toBe(2);
    expect(log).toEqual(['<3>', '<2>', 'fg']);
    expect(stream.giveUp(7, AT, ALL)).toBe(0);
  });

  test('ends behind what it gave up, though nothing was held there', () => {
    const { stream, put, log } = reassembler();
    stream.start(0);
    put(0, 'a');
    stream.fin(5, AT);
    expect(stream.giveUp(5, AT, ALL)).toBe(4);
    stream.finish();
    expect(log).toEqual(['a', '<4>', '.fin']);
  });

  test('holds what answers more than the other side was told, until it was told', () => {
    const { stream, put, log } = reassembler();
    stream.start(0);
    put(0, 'a', 10, 9);
    put(1, 'b', 20, 9);
    expect(log).toEqual([]);
    expect(stream.drain(19)).toBe(true);
    expect(log).toEqual(['a']);
    expect(stream.drain(19)).toBe(false);
    expect(stream.giveUp(2, AT, 19)).toBe(0);
    expect(log).toEqual(['a']);
    stream.drain(20);
    expect(log).toEqual(['a', 'b']);
  });

  test('ends once, at its FIN, and takes nothing after it', () => {
    const { stream, put, log } = reassembler();
    stream.start(0);
    stream.fin(4, AT);
    expect(put(2, 'cdef')).toBe(2);
    expect(put(4, 'e')).toBe(-1);
    expect(put(0, 'ab')).toBe(2);
    expect(log).toEqual(['ab', 'cd', '.fin']);
    stream.fin(9, AT);
    stream.end('captureEnd', AT);
    expect(put(4, 'x')).toBe(-1);
    expect(put(0, 'ab')).toBe(0);
    expect(log.length).toBe(3);
  });

  test('a FIN before what was delivered is none', () => {
    const { stream, put, log } = reassembler();
    stream.start(0);
    put(0, 'abc');
    stream.fin(1, AT);
    put(3, 'def');
    expect(log).toEqual(['abc', 'def']);
  });

  test('what is further ahead than any window is refused', () => {
    const { stream, put } = reassembler();
    stream.start(0);
    expect(put(2 ** 30 + 1, 'x')).toBe(-1);
    expect(stream.highest).toBe(0);
    expect(put(2 ** 30, 'x')).toBe(1);
  });

  for (const wait of ['a hole', 'the other side', 'its beginning']) {
    test(`bytes and segments that wait for ${wait} are bounded, and none is lost at the bound`, () => {
      const { stream, limits, log } = reassembler();
      if (wait === 'its beginning') stream.float(0);
      else stream.start(0);
      const size = 2 ** 16;
      const bytes = Buffer.alloc(size, 120);
      const first = wait === 'a hole' ? 1 : 0;
      const after = wait === 'the other side' ? 5 : ANY;
      for (let count = 0; count <= LIMITS.heldBytes / size; count++) {
        stream.data(first + count * size, size, bytes, 0, size, AT, after, 4);
      }
      expect(limits).toEqual(['heldBytes']);
      expect(stream.holding).toBe(false);
      expect(log.join('').length).toBe(LIMITS.heldBytes + size + first * '<1>'.length);
      expect(log[0] === '<1>').toBe(wait === 'a hole');
      for (let count = 0; count <= LIMITS.heldSegments; count++) {
        stream.data(stream.highest + 1, 1, bytes, 0, 1, AT, ANY, 4);
      }
      expect(limits).toEqual(['heldBytes', 'heldSegments']);
    });
  }

  test('segments scattered before an open beginning are not worth a gap', () => {
    const { stream, limits, put, log } = reassembler();
    stream.float(100_000);
    for (let count = 0; count <= LIMITS.heldSegments; count++) put(100_000 - 2 - 2 * count, 'x');
    expect(limits).toEqual(['heldSegments']);
    put(100_000, 'begin');
    expect(log.join('')).toBe('begin');
  });
});
