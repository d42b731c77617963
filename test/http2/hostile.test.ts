/** Frames that are made to cost more than their bytes: time grows with the bytes, and what is held has its bound. */
import { describe, expect, test } from 'vitest';
import { growthOf } from '../hostile/growth.ts';
import { frame, section, settings, word } from '../support/http2.ts';
import { data, END_HEADERS, END_STREAM, GET, headers } from './frames.ts';
import { CLIENT, packet, play, record, SERVER } from './recorder.ts';

const LIMIT = 1.5;
const repeat = (count: number, bytes: Buffer) => Buffer.concat(Array.from({ length: count }, () => bytes));
const literal = (name: string, value: string) => section({ [name]: value }, 'indexed');

interface Flood {
  readonly name: string;
  readonly from: number;
  /** What a server sends after its settings. */
  readonly bytes: (size: number) => Buffer;
  /** Longest piece; else as packets cut it. */
  readonly piece?: number;
  /** Bytes that are missing before it. */
  readonly gap?: number;
}

const FLOODS: readonly Flood[] = [
  {
    name: 'CONTINUATIONs without end',
    from: 2000,
    bytes: (size) => Buffer.concat([frame(1, 0, 1), repeat(size, frame(9, 0, 1, Buffer.of(0x82)))]),
  },
  {
    name: 'empty CONTINUATIONs',
    from: 4000,
    bytes: (size) => Buffer.concat([frame(1, 0, 1), repeat(size, frame(9, 0, 1))]),
  },
  {
    name: 'a large field that is referred to again and again',
    from: 4000,
    bytes(size) {
      const large = literal('a', 'x'.repeat(3_900));
      const bomb = frame(1, END_HEADERS, 3, Buffer.alloc(10_000, 0xbe));
      return Buffer.concat([frame(1, END_HEADERS, 1, large), repeat(Math.ceil(size / 1_000), bomb)]);
    },
  },
  {
    name: 'entries that evict each other',
    from: 4000,
    bytes: (size) => repeat(size, frame(1, END_HEADERS, 1, literal('name', 'value'))),
  },
  {
    name: 'a table whose size flaps',
    from: 4000,
    bytes: (size) =>
      repeat(
        size,
        frame(1, END_HEADERS, 1, Buffer.concat([Buffer.of(0x20, 0x3f, 0xe1, 0x1f), literal('a', 'b')])),
      ),
  },
  {
    name: 'many size updates in one block',
    from: 20,
    bytes: (size) => repeat(size, frame(1, END_HEADERS, 1, repeat(4_000, Buffer.of(0x20, 0x3f, 0xe1, 0x1f)))),
  },
  { name: 'settings', from: 4000, bytes: (size) => repeat(size, settings({ 1: 4096, 4: 1 })) },
  { name: 'settings of one frame', from: 40, bytes: (size) => repeat(size, settingsOf(2_700)) },
  { name: 'pings', from: 4000, bytes: (size) => repeat(size, frame(6, 0, 0, Buffer.alloc(8))) },
  { name: 'windows', from: 4000, bytes: (size) => repeat(size, frame(8, 0, 1, word(1))) },
  { name: 'resets', from: 4000, bytes: (size) => repeat(size, frame(3, 0, 1, word(8))) },
  { name: 'empty data', from: 4000, bytes: (size) => repeat(size, data(1, '')) },
  { name: 'frames of no known type', from: 4000, bytes: (size) => repeat(size, frame(0xbb, 0, 1)) },
  { name: 'a frame that is as long as it may be', from: 200, bytes: (size) => huge(size, 0) },
  { name: 'a field block that is as long as it may be', from: 200, bytes: (size) => huge(size, 1) },
  {
    name: 'field blocks byte by byte',
    from: 20,
    piece: 1,
    bytes: (size) => repeat(size, frame(1, END_HEADERS, 1, section({ a: 'x'.repeat(1_000) }))),
  },
  {
    name: 'text where a frame is searched for',
    from: 20_000,
    gap: 1,
    bytes: (size) => Buffer.alloc(size * 10, 'no frame at all, '),
  },
  {
    name: 'zeros where a frame is searched for',
    from: 20_000,
    gap: 1,
    bytes: (size) => Buffer.alloc(size * 10),
  },
  {
    name: 'headers that promise a frame, again and again',
    from: 400,
    gap: 1,
    bytes: (size) => repeat(size, Buffer.concat([frame(0, 0, 1, Buffer.alloc(30, 0x78)).subarray(0, 20)])),
  },
  {
    name: 'the same byte by byte',
    from: 400,
    gap: 1,
    piece: 1,
    bytes: (size) => repeat(size, Buffer.from('0000ff000000000001', 'hex')),
  },
  {
    name: 'frames that are found and lost again',
    from: 200,
    gap: 1,
    piece: 60_000,
    bytes(size) {
      const found = Buffer.concat([headers(1, GET), data(1, 'x'), data(1, 'y', END_STREAM)]);
      return repeat(size, Buffer.concat([found, Buffer.from('HTTP/1.1 200 OK')]));
    },
  },
];

function settingsOf(count: number): Buffer {
  return frame(4, 0, 0, repeat(count, Buffer.of(0, 4, 0, 0, 0, 1)));
}

function huge(size: number, type: number): Buffer {
  const header = frame(type, END_HEADERS, 1);
  header.writeUIntBE(0xff_ffff, 0, 3);
  return Buffer.concat([header, Buffer.alloc(size * 1_000, 0x82)]);
}

function* sent({ bytes, piece = 1_448, gap = 0 }: Flood, size: number) {
  yield { side: SERVER, bytes: settings() };
  if (gap > 0) yield { side: SERVER, gap };
  const all = bytes(size);
  for (let at = 0; at < all.length; at += piece) {
    yield { side: SERVER, bytes: all.subarray(at, at + piece) };
  }
}

describe('time grows more slowly than n^1.5 with', () => {
  for (const flood of FLOODS) {
    test(flood.name, async () => {
      const sizes = [1, 2, 4, 8].map((times) => times * flood.from);
      const { exponent, seconds } = await growthOf(
        sizes,
        (size) => {
          const pieces = [...sent(flood, size)];
          return () => void play(pieces);
        },
        LIMIT,
      );
      expect(exponent, `CPU seconds for ${sizes.join(', ')}: ${seconds.join(', ')}`).toBeLessThan(LIMIT);
    });
  }
});

describe('what is held is bounded, and given back, with', () => {
  for (const flood of FLOODS) {
    test(flood.name, () => {
      const { session, stored } = record();
      let most = 0;
      for (const piece of sent(flood, flood.from)) {
        if ('bytes' in piece) session.onBytes(piece.side, piece.bytes, 0, piece.bytes.length, packet(1));
        else session.onGap(piece.side, piece.gap, packet(1));
        most = Math.max(most, stored.bytes);
      }
      expect(most).toBeLessThan(1024 * 1024);
      session.onEnd(SERVER, packet(2));
      expect(stored.bytes).toBe(0);
    });
  }
});

test('a client that was foreign stays so, at no cost', () => {
  const { told, stored } = play([{ side: CLIENT, bytes: Buffer.alloc(100_000, 'x') }]);
  expect(told).toHaveLength(1);
  expect(stored.bytes).toBe(0);
});
