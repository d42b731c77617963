/** What is missing costs what it hides: nothing that is told is wrong, and all of it is accounted for. */
import { beforeAll, describe, expect, test } from 'vitest';
import { exchange, SCENARIOS } from './exchange.ts';
import { CLIENT, type Fields, type Piece, play, type Recording, SERVER, type Told } from './recorder.ts';

interface Truth {
  readonly pieces: readonly { side: 0 | 1; bytes: Buffer }[];
  readonly whole: Recording;
  /** Field sections by side and stream, in order. */
  readonly sections: ReadonlyMap<string, readonly Fields[]>;
  readonly bodies: ReadonlyMap<string, string>;
}

type Damage = readonly Piece[];

function truthOf(pieces: readonly Piece[]): Truth {
  const whole = play(pieces);
  const sections = new Map<string, Fields[]>();
  const bodies = new Map<string, string>();
  for (const told of whole.told) {
    if (told.call === 'data') {
      const key = `${told.side}/${told.stream}`;
      bodies.set(key, (bodies.get(key) ?? '') + told.text);
    } else if (told.call === 'headers' || told.call === 'push') {
      const key = keyOf(told);
      sections.set(key, [...(sections.get(key) ?? []), told.fields]);
    }
  }
  return { pieces: pieces.filter((piece) => 'bytes' in piece), whole, sections, bodies };
}

const keyOf = (told: Extract<Told, { call: 'headers' | 'push' }>) =>
  `${told.side}/${told.call === 'push' ? told.promised : told.stream}`;

/** Each known name and value is that of the field at its place. */
function agrees(found: Fields, fields: Fields, complete: boolean): boolean {
  if (complete ? found.length !== fields.length : found.length > fields.length) return false;
  return found.every(
    ([name, value], i) =>
      (name === null || name === fields[i]?.[0]) && (value === null || value === fields[i]?.[1]),
  );
}

/** @returns how many field sections were read. */
function holds(truth: Truth, damage: Damage, name: string, options?: Parameters<typeof play>[1]): number {
  const { told, stored, accounted, session } = play(damage, options);
  let sections = 0;
  for (const one of told) {
    if (one.call === 'headers' || one.call === 'push') {
      const candidates = truth.sections.get(keyOf(one)) ?? [];
      const known = candidates.some((fields) => agrees(one.fields, fields, one.complete));
      if (!known)
        throw new Error(`${name}: ${JSON.stringify(one)} is not among ${JSON.stringify(candidates)}`);
      if (one.complete) sections++;
    } else if (one.call === 'data') {
      const body = truth.bodies.get(`${one.side}/${one.stream}`);
      // Of a frame with a hole the parts are not told apart, and where the hole hides how much of it is padding, all counts.
      const text = one.text.replace(/\0+$/, '');
      if (one.missing === 0 && !body?.includes(text)) throw new Error(`${name}: data of ${one.stream}`);
    } else if (one.call === 'anomaly') {
      throw new Error(`${name}: ${one.anomaly} told of ${one.side}`);
    }
  }
  for (const side of [CLIENT, SERVER] as const) {
    if (accounted[side] > session.position(side))
      throw new Error(`${name}: more accounted for than there is`);
  }
  expect(stored.bytes).toBe(0);
  return sections;
}

/** Takes [from, from + length) of one side away. */
function without(pieces: Truth['pieces'], side: 0 | 1, from: number, length: number): Damage {
  const damaged: Piece[] = [];
  let position = 0;
  for (const piece of pieces) {
    if (piece.side !== side) {
      damaged.push(piece);
      continue;
    }
    const { bytes } = piece;
    const start = Math.min(Math.max(from - position, 0), bytes.length);
    const end = Math.min(Math.max(from + length - position, 0), bytes.length);
    if (start > 0) damaged.push({ side, bytes: bytes.subarray(0, start) });
    if (end > start) damaged.push({ side, gap: end - start });
    if (end < bytes.length) damaged.push({ side, bytes: bytes.subarray(end) });
    position += bytes.length;
  }
  return damaged;
}

const lengthOf = (pieces: Truth['pieces'], of: 0 | 1) =>
  pieces.reduce((sum, { side, bytes }) => sum + (side === of ? bytes.length : 0), 0);

describe.each([
  'requests one after the other',
  'requests at once',
  'tables that evict',
  'padding',
  'tables that change',
  'field sections of several frames',
  'pushed streams',
])('%s', (name) => {
  let truth: Truth;
  beforeAll(async () => {
    truth = truthOf((await exchange(SCENARIOS[name]!)).pieces);
  });

  test('a hole of any size anywhere', () => {
    for (const side of [CLIENT, SERVER] as const) {
      const length = lengthOf(truth.pieces, side);
      const step = Math.max(1, Math.floor(length / 40));
      for (const size of [1, 8, 40, 1_000, 20_000]) {
        for (let from = size % step; from < length; from += step) {
          holds(truth, without(truth.pieces, side, from, size), `${size} of ${side} from ${from}`);
        }
      }
    }
  });

  test('a beginning or an end that is missing', () => {
    for (const side of [CLIENT, SERVER] as const) {
      const length = lengthOf(truth.pieces, side);
      const step = Math.max(1, Math.floor(length / 60));
      for (let at = 1; at < length; at += step) {
        const midStream = [side === CLIENT, side === SERVER] as const;
        const rest = without(truth.pieces, side, 0, at).filter((piece) => 'bytes' in piece);
        holds(truth, rest, `${side} from ${at}`, { midStream });
        holds(truth, without(truth.pieces, side, at, length), `${side} up to ${at}`);
      }
    }
  });
});

describe('a small exchange', () => {
  let truth: Truth;
  beforeAll(async () => {
    truth = truthOf((await exchange(SCENARIOS['a ping']!)).pieces);
  });

  test('a hole of each size at each place', () => {
    for (const side of [CLIENT, SERVER] as const) {
      const length = lengthOf(truth.pieces, side);
      for (let from = 0; from < length; from++) {
        for (let size = 1; size <= Math.min(60, length - from); size++) {
          holds(truth, without(truth.pieces, side, from, size), `${size} of ${side} from ${from}`);
        }
      }
    }
  });
});

test('a lost packet costs the field sections in it, the one that it cuts, and the next', async () => {
  const truth = truthOf((await exchange(SCENARIOS['tables that evict']!)).pieces);
  const all = holds(truth, truth.pieces, 'whole');
  const length = lengthOf(truth.pieces, SERVER);
  for (let from = 0; from < length - 1448; from += 500) {
    const before = holds(truth, without(truth.pieces, SERVER, from, length), `up to ${from}`);
    const until = holds(truth, without(truth.pieces, SERVER, from + 1448, length), `up to ${from + 1448}`);
    const found = holds(truth, without(truth.pieces, SERVER, from, 1448), `a packet from ${from}`);
    expect(found, `a packet from ${from}`).toBeGreaterThanOrEqual(all - (until - before) - 2);
  }
});
