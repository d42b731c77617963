/** What two sides of nghttp2 say to each other is read as they read it, however it is cut. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Exchange, exchange, SCENARIOS } from './exchange.ts';
import { CLIENT, type Piece, play, type Recording, SERVER, type Told } from './recorder.ts';

type Of<Call extends Told['call']> = Extract<Told, { call: Call }>;

const only = <Call extends Told['call']>(told: readonly Told[], call: Call) =>
  told.filter((one): one is Of<Call> => one.call === call);

function bodiesOf(told: readonly Told[]): Record<string, string> {
  const bodies: Record<string, string> = {};
  for (const { side, stream, text } of only(told, 'data')) {
    if (text !== '') bodies[`${side}/${stream}`] = (bodies[`${side}/${stream}`] ?? '') + text;
  }
  return bodies;
}

/** One byte a packet, as far as the sides take turns. */
function* byBytes(pieces: readonly Piece[]): Generator<Piece> {
  for (const piece of pieces) {
    if (!('bytes' in piece)) continue;
    for (let i = 0; i < piece.bytes.length; i++)
      yield { side: piece.side, bytes: piece.bytes.subarray(i, i + 1) };
  }
}

/** Neighbours of one side in one piece. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: { side: 0 | 1; bytes: Buffer }[] = [];
  for (const piece of pieces) {
    if (!('bytes' in piece)) continue;
    const last = all.at(-1);
    if (last?.side === piece.side) last.bytes = Buffer.concat([last.bytes, piece.bytes]);
    else all.push({ ...piece });
  }
  return all;
}

function isClean({ told, limits, stored, rest }: Recording): void {
  expect(told.filter(({ call }) => call === 'anomaly' || call === 'lost' || call === 'foreign')).toEqual([]);
  expect(limits).toEqual([]);
  expect(rest).toEqual([null, null]);
  expect(stored.bytes).toBe(0);
}

describe.each(Object.entries(SCENARIOS))('%s', (_name, scenario) => {
  let truth: Exchange;
  let recording: Recording;
  beforeAll(async () => {
    truth = await exchange(scenario);
    recording = play(truth.pieces);
  });

  test('field sections, in order for each side and stream', () => {
    isClean(recording);
    const bySide = (sections: readonly { side: number; stream: number; fields: unknown }[]) =>
      sections
        .map(({ side, stream, fields }) => ({ side, stream, fields }))
        .sort((a, b) => a.side - b.side || a.stream - b.stream);
    const pushed = only(recording.told, 'push').map(({ side, promised, fields }) => ({
      side,
      stream: promised,
      fields,
    }));
    const headers = only(recording.told, 'headers');
    expect(bySide([...pushed, ...headers])).toEqual(bySide(truth.sections));
    expect(headers.every(({ complete }) => complete)).toBe(true);
  });

  test('bodies, resets and ends', () => {
    expect(bodiesOf(recording.told)).toEqual(truth.bodies);
    const resets = only(recording.told, 'reset').map(({ side, stream, code }) => ({ side, stream, code }));
    expect(resets).toEqual(truth.resets);
    const ends = [...only(recording.told, 'headers'), ...only(recording.told, 'data')].filter(
      ({ ends }) => ends,
    );
    const places = ends.map(({ side, stream }) => `${side}/${stream}`);
    expect(new Set(places).size).toBe(places.length);
    for (const key of Object.keys(truth.bodies)) expect(places).toContain(key);
  });

  test('the same byte by byte, and in pieces as large as they come', () => {
    expect(play(byBytes(truth.pieces)).told).toEqual(recording.told);
    expect(play(joined(truth.pieces)).told).toEqual(recording.told);
  });
});

test('settings, pings and goodbyes', async () => {
  const { pieces } = await exchange(SCENARIOS['a ping']!);
  const { told } = play(pieces);
  const acknowledged = only(told, 'settings').filter(({ settings }) => settings === null);
  expect(acknowledged.map(({ side }) => side).sort()).toEqual([CLIENT, SERVER]);
  expect(only(told, 'ping').map(({ side, ack }) => [side, ack])).toEqual([
    [CLIENT, false],
    [SERVER, true],
  ]);
  expect(only(told, 'goaway').map(({ side, last, code }) => ({ side, last, code }))).toContainEqual({
    side: CLIENT,
    last: 0,
    code: 0,
  });
});
