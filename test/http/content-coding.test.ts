/**
 * Content codings: whatever the bytes are, what can be had of the content comes out, bounded, and nothing throws.
 */
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeContent } from '../../src/http/content-coding.ts';
import { LIMITS } from '../../src/limits.ts';

/** Compresses, but not to nothing: each line has digits of its own. */
const TEXT = Buffer.from(
  Array.from({ length: 2000 }, (_, i) => `order ${(i * 7919) % 10007} paid\n`).join(''),
);
const NOTHING = Buffer.alloc(0);

const CODINGS: [string, string, (bytes: Buffer) => Buffer][] = [
  ['gzip', 'gzip', (bytes) => gzipSync(bytes)],
  ['x-gzip', 'X-GZip', (bytes) => gzipSync(bytes)],
  ['deflate as zlib', 'deflate', (bytes) => deflateSync(bytes)],
  ['deflate without the zlib header', 'deflate', (bytes) => deflateRawSync(bytes)],
  ['br', 'br', (bytes) => brotliCompressSync(bytes)],
];

describe.each(CODINGS)('%s', (_name, coding, encode) => {
  const coded = encode(TEXT);

  test('whole', () => {
    expect(decodeContent(coded, coding)).toEqual({ bytes: TEXT, complete: true });
  });

  test('cut anywhere: a prefix', () => {
    let longest = 0;
    for (let length = 1; length < coded.length; length += 97) {
      const { bytes, complete, error } = decodeContent(coded.subarray(0, length), coding);
      expect(bytes.equals(TEXT.subarray(0, bytes.length))).toBe(true);
      expect({ complete, error }).toEqual({ complete: false, error: 'cut' });
      expect(bytes.length).toBeGreaterThanOrEqual(longest);
      longest = bytes.length;
    }
    expect(longest).toBeGreaterThan(TEXT.length / 2);
  });

  test('not of this coding at all', () => {
    const { complete, error } = decodeContent(Buffer.from('{"code":"SUCCESS","amount":1}'), coding);
    expect({ complete, error }).toEqual({ complete: false, error: 'corrupt' });
  });

  test('a bomb is bounded', () => {
    const bomb = encode(Buffer.alloc(2 * 1024 * 1024));
    const { bytes, complete, error } = decodeContent(bomb, coding);
    expect({ complete, error }).toEqual({ complete: false, error: 'limit' });
    expect(bytes.length).toBeLessThanOrEqual(LIMITS.decodedBodyBytes);
    // Brotli packs it into so few bytes that no prefix of them stays within the limit.
    if (coding !== 'br') expect(bytes.length).toBeGreaterThanOrEqual(LIMITS.decodedBodyBytes / 4);
  });

  test('damaged anywhere: nothing throws, all is bounded', () => {
    fc.assert(
      fc.property(fc.nat({ max: coded.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(coded);
        damaged[at]! ^= flip;
        const { bytes, complete, error } = decodeContent(damaged, coding);
        expect(bytes.length).toBeLessThanOrEqual(LIMITS.decodedBodyBytes);
        expect(complete).toBe(error === undefined);
      }),
      { numRuns: 20 },
    );
  });
});

test('a wrong checksum: all of the content, and told', () => {
  const damaged = gzipSync(TEXT);
  damaged[damaged.length - 8]! ^= 1;
  const { bytes, complete, error } = decodeContent(damaged, 'gzip');
  expect(bytes.equals(TEXT)).toBe(true);
  expect({ complete, error }).toEqual({ complete: false, error: 'corrupt' });
});

test('damage between two blocks: the first is had', () => {
  const half = TEXT.subarray(0, TEXT.length >> 1);
  const first = deflateRawSync(half, { finishFlush: constants.Z_SYNC_FLUSH });
  // Block type 3 is reserved (RFC 1951 §3.2.3).
  const { bytes, error } = decodeContent(Buffer.concat([first, Buffer.alloc(500, 0xff)]), 'deflate');
  expect(bytes.equals(half)).toBe(true);
  expect(error).toBe('corrupt');
});

describe('several codings, in the order they were applied', () => {
  test('all known', () => {
    const coded = brotliCompressSync(gzipSync(TEXT));
    expect(decodeContent(coded, 'gzip, identity,, \tBR ')).toEqual({ bytes: TEXT, complete: true });
  });

  test('an unknown one stops there', () => {
    const inner = gzipSync(TEXT);
    expect(decodeContent(gzipSync(inner), 'zstd, gzip')).toEqual({
      bytes: inner,
      complete: false,
      error: 'unknown_coding',
    });
    expect(decodeContent(inner, 'gzip, zstd').error).toBe('unknown_coding');
  });

  test('a cut outer layer is told once, as cut', () => {
    const coded = gzipSync(gzipSync(TEXT));
    const { bytes, error } = decodeContent(coded.subarray(0, coded.length >> 1), 'gzip, gzip');
    expect(error).toBe('cut');
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.equals(TEXT.subarray(0, bytes.length))).toBe(true);
  });

  test('layers are bounded', () => {
    expect(decodeContent(TEXT, Array(5).fill('gzip').join()).error).toBe('too_many_codings');
    expect(decodeContent(TEXT, Array(100_000).fill('identity').join())).toEqual({
      bytes: TEXT,
      complete: true,
    });
  });
});

test('without a coding the bytes are the content, within the limit', () => {
  expect(decodeContent(TEXT, '')).toEqual({ bytes: TEXT, complete: true });
  expect(decodeContent(TEXT, 'identity')).toEqual({ bytes: TEXT, complete: true });
  const { bytes, error } = decodeContent(Buffer.alloc(LIMITS.decodedBodyBytes + 1), '');
  expect([bytes.length, error]).toEqual([LIMITS.decodedBodyBytes, 'limit']);
});

test('an empty body has nothing to undo', () => {
  expect(decodeContent(NOTHING, 'gzip')).toEqual({ bytes: NOTHING, complete: true });
});
