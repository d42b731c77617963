/**
 * One direction of HTTP/2, made up: frames in an order that may be, with field blocks of any representation; then changed
 * in their headers, in their order, and byte by byte.
 */
import { frame, integer, PREFACE } from '../support/http2.ts';
import type { Turn } from './by-http.ts';
import type { Random } from './random.ts';

const NAMES = [':method', ':path', ':status', ':authority', 'content-type', 'cookie', 'x', ''];
const VALUES = ['GET', '/', '200', 'a.example', '', '0', 'text/plain', 'y'.repeat(300), '\x00\x1b\x80'];
/** Huffman-coded, in and against its rules. */
const CODED = ['8cf1e3c2e5f23a6ba0ab90f4ff', '86a8eb10649cbf', '821fff', '84ffffffff', '8100', '80'];

function text(random: Random, values: readonly string[]): Buffer {
  if (random.chance(0.2)) return Buffer.from(random.pick(CODED), 'hex');
  const value = Buffer.from(random.pick(values), 'latin1');
  return Buffer.concat([integer(value.length, 7), value]);
}

function field(random: Random): Buffer {
  const index = random.chance(0.7) ? random.between(1, 61) : random.between(0, 90);
  const kind = random.below(20);
  if (kind < 8) return integer(index, 7, 0x80);
  if (kind === 8) return integer(random.pick([0, 30, 100, 4096, 5000]), 5, 0x20);
  const [prefix, first] = random.pick([[6, 0x40] as const, [4, 0x10] as const, [4, 0] as const]);
  const named = random.chance(0.6);
  const name = named ? integer(index, prefix, first) : Buffer.concat([Buffer.of(first), text(random, NAMES)]);
  return Buffer.concat([name, text(random, VALUES)]);
}

function fields(random: Random): Buffer {
  return Buffer.concat(Array.from({ length: random.about(12) }, () => field(random)));
}

/** A request without a body to be expected, a response, and an interim one, by the static table. */
const BEGINNINGS = ['838684', '88', '4803313033'];

/** A field section in as many frames as it may come in. */
function fieldSection(random: Random, stream: number, fromClient: boolean): Buffer[] {
  const whole = random.chance(0.7) ? BEGINNINGS[fromClient ? 0 : random.between(1, 2)] : '';
  const block = Buffer.concat([Buffer.from(whole ?? '', 'hex'), fields(random)]);
  const priority = random.chance(0.2);
  const padding = random.chance(0.2) ? random.about(40) : -1;
  const cuts = Array.from({ length: random.chance(0.3) ? random.about(5) : 0 }, () =>
    random.below(block.length + 1),
  );
  cuts.sort((a, b) => a - b);
  const parts = [0, ...cuts].map((from, i) => block.subarray(from, cuts[i] ?? block.length));
  return parts.map((part, i) => {
    const ends = i === parts.length - 1 ? 4 : 0;
    if (i > 0) return frame(9, ends, stream, part);
    const before = [padding < 0 ? [] : [padding], priority ? [0, 0, 0, 1, 9] : []].flat();
    const payload = Buffer.concat([Buffer.from(before), part, Buffer.alloc(Math.max(0, padding))]);
    const flags = ends | (padding < 0 ? 0 : 8) | (priority ? 0x20 : 0) | random.below(2);
    return frame(1, flags, stream, payload);
  });
}

function any(random: Random, fromClient: boolean): Buffer[] {
  const stream = random.about(20) * 2 - 1;
  switch (random.below(12)) {
    case 0:
      return [frame(4, 0, 0, Buffer.concat(Array.from({ length: random.below(4) }, () => setting(random))))];
    case 1:
      return [frame(4, 1, 0)];
    case 2:
      return [frame(8, 0, random.chance(0.5) ? 0 : stream, random.bytes(4))];
    case 3:
      return [frame(3, 0, stream, Buffer.of(0, 0, 0, random.below(16)))];
    case 4:
      return [frame(6, random.below(2), 0, random.bytes(8))];
    case 5:
      return [frame(7, 0, 0, random.bytes(8 + random.about(30)))];
    case 6:
      return [frame(5, 4, stream, Buffer.concat([Buffer.of(0, 0, 0, 2), fields(random)]))];
    case 7:
      return [frame(random.between(10, 255), random.below(256), stream, random.bytes(random.about(50)))];
    case 8:
    case 9:
      return fieldSection(random, stream, fromClient);
    default: {
      const padded = random.chance(0.2);
      const body = Buffer.alloc(random.about(2000), random.pick(['text ', '\x00', '\x00\x00\x04']));
      return [frame(0, (padded ? 8 : 0) | random.below(2), stream, body)];
    }
  }
}

function setting(random: Random): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(random.between(1, 9));
  bytes.writeUInt32BE(random.pick([0, 1, 100, 4096, 16_384, 65_536, 0xffff_ffff]), 2);
  return bytes;
}

/** What both sides say, in turns. */
export function streamsOf(random: Random): Turn[] {
  return (['client', 'server'] as const)
    .flatMap((side) => {
      const text = directionOf(random, side === 'client').toString('latin1');
      const cuts = Array.from({ length: random.about(4) }, () => random.below(text.length + 1)).sort(
        (a, b) => a - b,
      );
      return [0, ...cuts].map((from, i) => ({ side, text: text.slice(from, cuts[i] ?? text.length), at: i }));
    })
    .sort((a, b) => a.at - b.at);
}

/** Bytes of one direction. */
export function directionOf(random: Random, fromClient: boolean): Buffer {
  const frames = Array.from({ length: random.about(40) }, () => any(random, fromClient)).flat();
  for (let left = random.below(4); left > 0; left--) {
    const at = random.below(frames.length);
    const one = Buffer.from(frames[at] ?? Buffer.alloc(9));
    switch (random.below(6)) {
      case 0:
        frames.splice(at, 1);
        break;
      case 1:
        frames.splice(
          random.below(frames.length + 1),
          0,
          ...Array.from({ length: random.about(300) }, () => one),
        );
        break;
      case 2:
        frames.splice(at, 1, one.subarray(0, random.below(one.length + 1)));
        break;
      case 3:
        frames.splice(at, 0, random.bytes(random.about(60)));
        break;
      case 4:
        one[random.below(9)] = random.word();
        frames[at] = one;
        break;
      default:
        one[random.below(one.length)] = random.word();
        frames[at] = one;
    }
  }
  const begins = fromClient ? [PREFACE, frame(4, 0, 0)] : [frame(4, 0, 0)];
  return Buffer.concat(random.chance(0.95) ? [...begins, ...frames] : frames).subarray(0, 100_000);
}
