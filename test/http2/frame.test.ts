/** Frames that no library sends: what is told of them, and that what follows is read. */
import { describe, expect, test } from 'vitest';
import { HTTP2 } from '../../src/http2/session.ts';
import { LIMITS } from '../../src/limits.ts';
import { section as block, frame, SETTINGS_ACK, settings, word } from '../support/http2.ts';
import { data, END_HEADERS, END_STREAM, fromClient, GET, headers, PADDED } from './frames.ts';
import { CLIENT, play, SERVER, type Told } from './recorder.ts';

/** What of a client is told, after its preface and settings. */
function client(...frames: readonly Buffer[]) {
  const bytes = fromClient(...frames);
  const { told, limits, stored } = play([{ side: CLIENT, bytes }]);
  for (let cut = 1; cut < Math.min(bytes.length, 200); cut++) {
    const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)].map((part) => ({
      side: CLIENT,
      bytes: part,
    }));
    expect(play(pieces).told, `cut at ${cut}`).toEqual(told);
  }
  expect(stored.bytes).toBe(0);
  return { told: told.slice(1), limits };
}

const LIST = Object.entries(GET);
const request = (stream: number): Told => ({
  call: 'headers',
  side: CLIENT,
  stream,
  fields: LIST,
  complete: true,
  ends: false,
});
const anomaly = (name: string, stream: number): Told => ({
  call: 'anomaly',
  side: CLIENT,
  anomaly: name,
  stream,
});

describe('frames as RFC 9113 has them', () => {
  test('padding and priority are not part of what a frame carries', () => {
    const prefixed = Buffer.concat([
      Buffer.of(3),
      word(0x8000_0000),
      Buffer.of(15),
      block(GET),
      Buffer.alloc(3),
    ]);
    const padded = Buffer.concat([Buffer.of(5), Buffer.from('data'), Buffer.alloc(5)]);
    const { told } = client(
      frame(1, END_HEADERS | PADDED | 0x20, 1, prefixed),
      frame(0, PADDED, 1, padded),
      frame(0, PADDED | END_STREAM, 1, Buffer.concat([Buffer.of(2), Buffer.alloc(2)])),
    );
    const sent = { call: 'data', side: CLIENT, stream: 1, missing: 0 } as const;
    expect(told).toEqual([
      request(1),
      { ...sent, text: 'data', length: 10, ends: false },
      { ...sent, text: '', length: 3, ends: true },
    ]);
  });

  test('small frames', () => {
    const { told } = client(
      frame(8, 0, 3, word(0x8000_0010)),
      frame(3, 0, 3, word(8)),
      frame(6, 1, 0, Buffer.alloc(8, 1)),
      frame(7, 0, 0, Buffer.concat([word(5), word(11), Buffer.from('enough')])),
      settings({ 1: 100, 4: 1000, 61440: 7 }),
      SETTINGS_ACK,
    );
    const side = CLIENT;
    expect(told).toEqual([
      { call: 'window', side, stream: 3, increment: 16 },
      { call: 'reset', side, stream: 3, code: 8 },
      { call: 'ping', side, ack: true },
      { call: 'goaway', side, last: 5, code: 11, debug: 'enough' },
      { call: 'settings', side, settings: { 1: 100, 4: 1000, 61440: 7 } },
      { call: 'settings', side, settings: null },
    ]);
  });

  test('types that are not known, and PRIORITY, are stepped over', () => {
    const { told } = client(
      frame(0xee, 0xff, 77, Buffer.alloc(300, 0x55)),
      frame(2, 0, 1, Buffer.alloc(5)),
      frame(0x10, 0, 0, Buffer.from('....u=1')),
      headers(1, GET),
    );
    expect(told).toEqual([request(1)]);
  });

  test('a promise and a field section in three frames', () => {
    const whole = block(GET);
    const parts = [whole.subarray(0, 7), whole.subarray(7, 30), whole.subarray(30)];
    const { told } = client(
      frame(5, 0, 1, Buffer.concat([word(2), parts[0] ?? whole])),
      frame(9, 0, 1, parts[1]),
      frame(9, END_HEADERS, 1, parts[2]),
    );
    expect(told).toEqual([
      { call: 'push', side: CLIENT, stream: 1, promised: 2, fields: LIST, complete: true },
    ]);
  });
});

describe('frames against RFC 9113 are told, and what follows is read', () => {
  const CASES: Readonly<Record<string, readonly [frames: readonly Buffer[], told: readonly Told[]]>> = {
    'padding longer than the frame': [
      [frame(0, PADDED, 1, Buffer.of(9, 1, 2)), frame(1, PADDED | END_HEADERS, 1, Buffer.of(200, 0x82))],
      [
        anomaly('padding_invalid', 1),
        { call: 'data', side: CLIENT, stream: 1, text: '', missing: 0, length: 3, ends: false },
        anomaly('padding_invalid', 1),
        { call: 'headers', side: CLIENT, stream: 1, fields: [], complete: false, ends: false },
      ],
    ],
    'no room for the fields of padding and priority': [
      [frame(1, PADDED | 0x20 | END_HEADERS, 1, Buffer.of(0, 0, 0)), frame(0, PADDED, 1)],
      [
        anomaly('frame_size_invalid', 1),
        { call: 'headers', side: CLIENT, stream: 1, fields: [], complete: false, ends: false },
        anomaly('frame_size_invalid', 1),
        { call: 'data', side: CLIENT, stream: 1, text: '', missing: 0, length: 0, ends: false },
      ],
    ],
    'frames of a wrong size': [
      [
        frame(8, 0, 0, Buffer.alloc(3)),
        frame(4, 0, 0, Buffer.alloc(7)),
        frame(3, 0, 1),
        frame(7, 0, 0, word(1)),
      ],
      [0, 0, 1, 0].map((stream) => anomaly('frame_size_invalid', stream)),
    ],
    'frames on a stream that they may not be on': [
      [
        data(0, 'x'),
        headers(0, GET),
        frame(4, 0, 1),
        frame(6, 0, 1, Buffer.alloc(8)),
        frame(3, 0, 0, word(1)),
      ],
      [0, 0, 1, 1, 0].map((stream) => anomaly('stream_invalid', stream)),
    ],
    'a field section that another frame cuts': [
      [frame(1, END_STREAM, 1, block(GET)), data(1, 'x')],
      [
        anomaly('continuation_missing', 1),
        { call: 'headers', side: CLIENT, stream: 1, fields: LIST, complete: false, ends: true },
        { call: 'data', side: CLIENT, stream: 1, text: 'x', missing: 0, length: 1, ends: false },
      ],
    ],
    'a CONTINUATION on its own, and one of another stream': [
      [
        frame(9, END_HEADERS, 1, block(GET)),
        frame(1, 0, 1, block(GET)),
        frame(9, END_HEADERS, 3, block(GET)),
      ],
      [
        anomaly('continuation_unexpected', 1),
        anomaly('continuation_missing', 1),
        { call: 'headers', side: CLIENT, stream: 1, fields: LIST, complete: false, ends: false },
      ],
    ],
    'settings that are not allowed': [
      [settings({ 2: 2, 4: 0x8000_0000, 5: 100, 3: 9 })],
      [anomaly('setting_invalid', 0), { call: 'settings', side: CLIENT, settings: { 3: 9 } }],
    ],
    'a window of nothing': [
      [frame(8, 0, 1, word(0))],
      [anomaly('window_increment_zero', 1), { call: 'window', side: CLIENT, stream: 1, increment: 0 }],
    ],
    'a frame larger than was allowed': [
      [data(1, 'x'.repeat(16_385))],
      [
        anomaly('frame_too_large', 1),
        {
          call: 'data',
          side: CLIENT,
          stream: 1,
          text: 'x'.repeat(16_385),
          missing: 0,
          length: 16_385,
          ends: false,
        },
      ],
    ],
    'a field section that cannot be decoded': [
      [frame(1, END_HEADERS, 1, Buffer.of(0x82, 0x80))],
      [
        anomaly('compression_error', 1),
        {
          call: 'headers',
          side: CLIENT,
          stream: 1,
          fields: [[':method', 'GET']],
          complete: false,
          ends: false,
        },
      ],
    ],
  };

  for (const [name, [frames, expected]] of Object.entries(CASES)) {
    test(name, () => {
      const ping = frame(6, 0, 0, Buffer.alloc(8));
      expect(client(...frames, ping).told).toEqual([...expected, { call: 'ping', side: CLIENT, ack: false }]);
    });
  }

  test('bytes that are no frames: the next ones are found', () => {
    const { told } = client(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), headers(1, GET), data(1, 'x'));
    expect(told.filter(({ call }) => call !== 'lost')).toEqual([
      anomaly('frame_invalid', 0),
      request(1),
      { call: 'data', side: CLIENT, stream: 1, text: 'x', missing: 0, length: 1, ends: false },
    ]);
  });

  test('settings of one side bind the frames of the other', () => {
    const large = data(1, 'x'.repeat(20_000));
    const { told } = play([
      { side: CLIENT, bytes: fromClient() },
      { side: SERVER, bytes: settings({ 5: 20_000 }) },
      { side: CLIENT, bytes: Buffer.concat([SETTINGS_ACK, large]) },
    ]);
    expect(told.filter(({ call }) => call === 'anomaly')).toEqual([]);
  });

  test('a table may grow as soon as it is allowed, and not before', () => {
    const update = frame(1, END_HEADERS, 1, Buffer.concat([Buffer.of(0x3f, 0xe1, 0x3f), block(GET)]));
    expect(client(update).told[0]).toEqual(anomaly('compression_error', 1));
    const { told } = play([
      { side: CLIENT, bytes: fromClient() },
      { side: SERVER, bytes: settings({ 1: 8192 }) },
      { side: CLIENT, bytes: Buffer.concat([SETTINGS_ACK, update]) },
    ]);
    expect(told).toContainEqual(request(1));
  });
});

test('where a hole in a payload was measured wrong, as TLS may, the next frame is found all the same', () => {
  const body = data(1, 'x'.repeat(100));
  const rest = Buffer.concat([
    data(1, 'y'.repeat(30), END_STREAM),
    headers(3, GET),
    data(3, 'z', END_STREAM),
  ]);
  for (const wrong of [-20, -9, -8, -1, 0, 1, 8, 9, 20]) {
    const { told } = play([
      { side: CLIENT, bytes: Buffer.concat([fromClient(headers(1, GET)), body.subarray(0, 50)]) },
      { side: CLIENT, gap: 30 + wrong },
      { side: CLIENT, bytes: Buffer.concat([body.subarray(80), rest]) },
    ]);
    expect(told.filter(({ call }) => call === 'anomaly')).toEqual([]);
    expect(told, `${wrong} bytes wrong`).toContainEqual(request(3));
    const last = told.filter((one) => one.call === 'data').at(-1);
    expect(last).toMatchObject({ stream: 3, text: 'z', ends: true });
  }
});

test('behind a hole streams go on where they were, further by as many as it can have hidden, and not further', () => {
  const requests = (from: number, count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, i) => headers(from + 2 * i, GET)));
  const behind = (stream: number, gap: number) =>
    play([
      { side: CLIENT, bytes: fromClient(requests(1, 300)) },
      { side: CLIENT, gap },
      { side: CLIENT, bytes: requests(stream, 3) },
    ]).told.filter(({ call }) => call === 'headers').length;
  expect(behind(601, 9)).toBe(303);
  expect(behind(801, 900)).toBe(303);
  expect(behind(801, 9)).toBe(300);
});

describe('how a direction begins', () => {
  test('a server that answers in HTTP/1.1 is something else, cut anywhere', () => {
    const answer = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    for (let cut = 0; cut <= answer.length; cut++) {
      const pieces = [answer.subarray(0, cut), answer.subarray(cut)].map((bytes) => ({
        side: SERVER,
        bytes,
      }));
      const { told } = play(pieces);
      expect(told.map((one) => (one.call === 'foreign' ? one.text : one.call)).join('')).toBe(
        answer.toString(),
      );
    }
  });

  test('so is a client without the preface', () => {
    const text = 'PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n';
    const { told } = play([...text].map((letter) => ({ side: CLIENT, bytes: Buffer.from(letter) })));
    expect(told.map((one) => (one.call === 'foreign' ? one.text : one.call)).join('')).toBe(text);
  });

  test('a direction without settings is told', () => {
    const { told } = play([{ side: SERVER, bytes: headers(1, { ':status': '200' }) }]);
    expect(told[0]).toEqual({ call: 'anomaly', side: SERVER, anomaly: 'settings_missing', stream: 0 });
    expect(told[1]?.call).toBe('headers');
  });

  test('one of which the beginning was not captured is read from its first frame on', () => {
    const bytes = Buffer.concat([
      Buffer.from('the end of some body'),
      headers(7, GET),
      data(7, 'x', END_STREAM),
    ]);
    for (const from of [0, 10, 19, 20]) {
      const { told } = play([{ side: CLIENT, bytes: bytes.subarray(from) }], { midStream: [true, true] });
      expect(told.filter(({ call }) => call !== 'lost').map(({ call }) => call)).toEqual(['headers', 'data']);
    }
  });

  test('settings of an upgrade are in force at once', () => {
    const upgrade = settings({ 1: 0x10000 }).subarray(9);
    const update = frame(1, END_HEADERS, 1, Buffer.of(0x3f, 0xe1, 0xff, 0x03, 0x88));
    const bytes = Buffer.concat([settings(), update]);
    expect(play([{ side: SERVER, bytes }], { upgrade }).told[1]).toMatchObject({
      fields: [[':status', '200']],
    });
    expect(play([{ side: SERVER, bytes }]).told[1]).toMatchObject({ anomaly: 'compression_error' });
  });

  test('it is known by its preface, and by frames where its beginning is missing', () => {
    const like = (bytes: Buffer, midStream = false) =>
      HTTP2.looksLikeHttp2(bytes, 0, bytes.length, midStream);
    const whole = fromClient();
    for (let length = 1; length < 24; length++) expect(like(whole.subarray(0, length))).toBe('maybe');
    expect(like(whole)).toBe('yes');
    expect(like(Buffer.from('POST / HTTP/1.1\r\n'))).toBe('no');
    const frames = Buffer.concat([headers(7, GET), data(7, 'x')]);
    expect(like(frames)).toBe('no');
    expect(like(frames, true)).toBe('yes');
    expect(like(headers(7, GET), true)).toBe('no');
    expect(like(Buffer.alloc(100), true)).toBe('no');
    expect(like(Buffer.from('GET / HTTP/1.1\r\n\r\n'), true)).toBe('no');
  });
});

describe('bounds', () => {
  test('a field section of too many frames is cut, and what follows is read', () => {
    const flood = Array.from({ length: LIMITS.http2Continuations + 5 }, () => frame(9, 0, 1));
    const { told, limits } = client(
      frame(1, 0, 1, Buffer.of(0x82)),
      ...flood,
      frame(9, END_HEADERS, 1),
      frame(1, END_HEADERS, 3, Buffer.of(0x82)),
    );
    expect(limits).toEqual(['http2Continuations']);
    expect(
      told.map((one) => ('complete' in one ? [one.stream, one.complete] : Object.values(one)[2])),
    ).toEqual(['field_block_too_large', [1, false], [3, true]]);
  });

  test('so is one of too many bytes, in one frame or several', () => {
    const part = block({ a: 'x'.repeat(16_000) });
    const parts = Array.from({ length: 20 }, () => frame(9, 0, 1, part));
    const several = client(frame(1, 0, 1, part), ...parts, frame(9, END_HEADERS, 1));
    expect(several.limits).toEqual(['headBytes']);
    expect(several.told.map(({ call }) => call)).toEqual(['anomaly', 'headers']);
    const large = frame(1, END_HEADERS, 1, Buffer.concat([part, part, Buffer.alloc(LIMITS.headBytes)]));
    const pieces = [large.subarray(0, 1000), large.subarray(1000)].map((bytes) => ({ side: CLIENT, bytes }));
    const one = play([{ side: CLIENT, bytes: fromClient() }, ...pieces]);
    expect(one.limits).toContain('headBytes');
  });

  test('what is held to find the next frame is read once three of them follow each other', () => {
    const large = frame(0, 0, 1, Buffer.alloc(60_000, 0x78));
    const pieces = [large, large, large].flatMap((bytes) => [bytes.subarray(0, 70), bytes.subarray(70)]);
    const { told, limits } = play([
      { side: CLIENT, bytes: fromClient() },
      { side: SERVER, bytes: settings({ 5: 60_000 }) },
      { side: CLIENT, gap: 10 },
      ...pieces.map((bytes) => ({ side: CLIENT, bytes })),
    ]);
    expect(limits).toEqual([]);
    expect(told.filter(({ call }) => call === 'data')).toHaveLength(3);
  });

  test('what takes too much to find it is lost', () => {
    const large = frame(0, 0, 1, Buffer.alloc(16_000, 0x78));
    const { told, limits, stored } = play([
      { side: CLIENT, bytes: fromClient() },
      { side: CLIENT, gap: 10 },
      ...Array.from(large.subarray(0, 4_000), (_, i) => ({ side: CLIENT, bytes: large.subarray(i, i + 1) })),
      { side: CLIENT, bytes: Buffer.concat([headers(1, GET), data(1, 'x')]) },
    ]);
    expect(new Set(limits)).toEqual(new Set(['http2SearchBytes']));
    expect(told.map(({ call }) => call)).toEqual(['settings', 'lost', 'headers', 'data']);
    expect(stored.bytes).toBe(0);
  });
});
