/** Streams and frames that are made to cost more than their bytes. */
import {
  data,
  frame,
  headers,
  PREFACE,
  rstStream,
  SETTINGS_ACK,
  section,
  settings,
  windowUpdate,
} from '../support/http2.ts';
import { type Capture, client, opened, server, type Trap, times } from './trap.ts';

const REQUEST = { ':method': 'POST', ':scheme': 'http', ':path': '/notify', ':authority': 'shop.example' };
const BEGIN = Buffer.concat([PREFACE, settings(), SETTINGS_ACK]);
const SERVER_BEGIN = Buffer.concat([settings(), SETTINGS_ACK]);

/** What the client says, then what the server does. */
function said(requests: readonly Buffer[], answers: readonly Buffer[] = [], segment = 14_000): Buffer[] {
  const capture = opened();
  const asked = sent(capture, client, Buffer.concat([BEGIN, ...requests]), segment, 0);
  sent(capture, server, Buffer.concat([SERVER_BEGIN, ...answers]), segment, asked);
  return [capture.file()];
}

function sent(capture: Capture, side: typeof client, bytes: Buffer, segment: number, ack: number): number {
  for (let at = 0; at < bytes.length; at += segment)
    capture.add(side(at, bytes.subarray(at, at + segment), ack));
  return bytes.length;
}

const request = (stream: number) => headers(stream, REQUEST);
const answer = (stream: number) => headers(stream, { ':status': '200' });
const odd = (index: number) => 2 * index + 1;

export const HTTP2_TRAPS: readonly Trap[] = [
  {
    name: 'streams without an answer',
    from: 500,
    files: (size) => said(times(size, (i) => request(odd(i)))),
  },
  {
    name: 'streams that are answered backwards',
    from: 200,
    files(size) {
      const streams = times(size, odd);
      return said(streams.map(request), [...streams].reverse().map(answer));
    },
  },
  {
    name: 'streams that are reset as soon as they begin',
    from: 500,
    files: (size) => said(times(size, (i) => Buffer.concat([request(odd(i)), rstStream(odd(i), 8)]))),
  },
  {
    name: 'data of all streams in turns, a byte each',
    from: 20,
    files(size) {
      const open = times(100, (i) => headers(odd(i), REQUEST, { end: false }));
      const turns = times(size, () => Buffer.concat(times(100, (i) => data(odd(i), 'x', { end: false }))));
      return said([...open, ...turns]);
    },
  },
  {
    name: 'CONTINUATIONs without end',
    from: 10_000,
    files: (size) => said([frame(1, 0, 1, section(REQUEST)), ...times(size, () => frame(9, 0, 1))]),
  },
  {
    name: 'a large field that each request refers to a thousand times',
    from: 10,
    files(size) {
      const first = headers(1, { ...REQUEST, 'x-large': 'x'.repeat(3_900) }, { coding: 'indexed' });
      const bomb = Buffer.concat([section(REQUEST), Buffer.alloc(1_000, 0xbe)]);
      return said([first, ...times(size, (i) => frame(1, 5, odd(i + 1), bomb))]);
    },
  },
  {
    name: 'settings, windows and empty data of one stream',
    from: 2_000,
    files(size) {
      const noise = Buffer.concat([settings({ 4: 1 }), windowUpdate(1, 1), data(1, '', { end: false })]);
      return said([headers(1, REQUEST, { end: false }), ...times(size, () => noise)]);
    },
  },
  {
    name: 'interim responses of one stream',
    from: 2_000,
    files: (size) =>
      said(
        [request(1)],
        times(size, () => headers(1, { ':status': '103' }, { end: false })),
      ),
  },
  {
    name: 'streams behind a hole',
    from: 300,
    files(size) {
      const capture = opened();
      const bytes = Buffer.concat([BEGIN, ...times(size, (i) => request(odd(i)))]);
      // Every tenth packet was not captured.
      for (let at = 0, i = 0; at < bytes.length; at += 500, i++) {
        if (i % 10 !== 5) capture.add(client(at, bytes.subarray(at, at + 500)));
        capture.add(server(0, '', Math.min(bytes.length, at + 500)), 2_000_000);
      }
      return [capture.file()];
    },
  },
];
