/**
 * What other tools are known to get wrong in HTTP, as far as a parser of one direction can show it.
 */
import { describe, expect, test } from 'vitest';
import { bytewise, feed, type Piece, request, requests, response, responses } from './recorder.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const NO = 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n';
const post = (n: number) => `POST /n${n} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nid=${n % 10}`;

const statuses = (recorder: ReturnType<typeof responses>) => recorder.messages.map((m) => m.head!.status);
const targets = (recorder: ReturnType<typeof requests>) => recorder.messages.map((m) => m.head!.target);

describe('interim responses are messages of their own', () => {
  test.each([
    ['100, then the answer', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, [100, 200]],
    ['100 without a reason', `HTTP/1.1 100 \r\n\r\n${OK}`, [100, 200]],
    ['100 without even the space', `HTTP/1.1 100\r\n\r\n${OK}`, [100, 200]],
    ['100 with fields', `HTTP/1.1 100 Continue\r\nServer: x\r\n\r\n${OK}`, [100, 200]],
    [
      'several, with strange reasons',
      `HTTP/1.1 102 \xff..\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Go on then\r\n\r\n${OK}`,
      [102, 103, 100, 200],
    ],
    ['a refusal in place of 100', NO, [417]],
    ['an answer in place of 100', OK, [200]],
  ])('%s', (_what, wire, expected) => {
    for (const pieces of [[wire], bytewise(wire)]) {
      const recorder = feed(responses(['POST']), pieces);
      expect(statuses(recorder)).toEqual(expected);
      expect(recorder.messages.every((m) => m.end === 'complete')).toBe(true);
    }
  });

  test('a client that sends its body without waiting', () => {
    const { messages } = request('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody');
    expect(messages).toMatchObject([{ body: 'body', end: 'complete' }]);
  });

  test('a client that waits: the head is told before the body comes', () => {
    const recorder = requests();
    feed(recorder, ['POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n'], null);
    expect(recorder.messages).toMatchObject([{ head: { complete: true }, end: undefined }]);
    feed(recorder, ['body']);
    expect(recorder.messages).toMatchObject([{ body: 'body', end: 'complete' }]);
  });
});

describe('pipelining', () => {
  test.each([2, 3, 10, 50])('%i requests, in one segment and in segments of every small size', (count) => {
    const wire = Buffer.from(Array.from({ length: count }, (_, i) => post(i)).join(''));
    const expected = Array.from({ length: count }, (_, i) => `/n${i}`);
    expect(targets(feed(requests(), [wire]))).toEqual(expected);
    for (const size of [1, 2, 7, 64, 70, 71, 72, 150]) {
      const pieces = Array.from({ length: Math.ceil(wire.length / size) }, (_, i) =>
        wire.subarray(i * size, (i + 1) * size),
      );
      const recorder = feed(requests(), pieces);
      expect(targets(recorder)).toEqual(expected);
      expect(recorder.messages.map((m) => m.body)).toEqual(
        expected.map((t) => `id=${Number(t.slice(2)) % 10}`),
      );
    }
  });
});

describe('loss: the parser finds the next message again', () => {
  const second = post(2);
  const chunked = 'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n';
  const places: [string, string, number, number][] = [
    ['the request header', post(1), 20, 8],
    ['the request body', post(1), post(1).length - 3, 2],
    ['a chunk size', chunked, chunked.indexOf('4\r\ne'), 2],
    ['chunk data', chunked, chunked.indexOf('efgh') + 1, 2],
    ['the last chunk', chunked, chunked.indexOf('0\r\n\r\n'), 5],
  ];
  test.each(places)('in %s', (_what, first, start, length) => {
    const pieces: Piece[] = [
      first.slice(0, start),
      length,
      first.slice(start + length),
      second,
      post(3),
    ].filter((p) => p !== '');
    const recorder = feed(requests(), pieces);
    expect(targets(recorder).slice(-2)).toEqual(['/n2', '/n3']);
    expect(recorder.messages.slice(-2)).toMatchObject([
      { body: 'id=2', end: 'complete' },
      { body: 'id=3', end: 'complete' },
    ]);
  });

  test('in a response header, and in a response body', () => {
    const head = feed(responses(), ['HTTP/1.1 200 OK\r\nConte', 10, '2\r\n\r\nok', NO, OK]);
    expect(head.messages).toMatchObject([
      { end: 'lost' },
      { head: { status: 417 } },
      { head: { status: 200 }, body: 'ok' },
    ]);
    const body = feed(responses(), [OK.slice(0, -1), 1, NO, OK]);
    expect(body.messages).toMatchObject([
      { gap: 1, end: 'complete' },
      { head: { status: 417 } },
      { head: { status: 200 } },
    ]);
  });

  test('no byte after the gap is glued to what was before it', () => {
    const { messages } = feed(requests(), ['POST /a HTTP/1.1\r\nX: be', 5, 'fore\r\n\r\n', post(1)]);
    expect(messages[0]!.head).toMatchObject({ complete: false, headers: [{ name: 'X', value: 'be' }] });
    expect(messages[1]!.head!.target).toBe('/n1');
  });
});

test('a capture that begins in the middle: the first whole message is found', () => {
  const recorder = feed(requests({ midStream: true }), ['"amount":1}', post(1), `rest\r\n${post(2)}`]);
  expect(targets(recorder)).toEqual(['/n1', '/n2']);
  expect(recorder.other()).toBe('"amount":1}rest\r\n');
  const answers = feed(responses([], { midStream: true }), [`tail\n${OK}`]);
  expect(statuses(answers)).toEqual([200]);
});

describe('smuggling shapes are parsed as RFC 9112 says and told', () => {
  test('CL.TE: the chunked body ends first, what follows is a request', () => {
    const recorder = request(
      'POST / HTTP/1.1\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nX: y\r\n\r\n',
    );
    expect(targets(recorder)).toEqual(['/', '/admin']);
    expect(recorder.messages[0]!.anomalies).toEqual(['transfer_encoding_with_content_length']);
  });

  test('two lengths: the last one, as Wireshark reads it', () => {
    const recorder = request(
      'POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nid=1GET / HTTP/1.1\r\n\r\n',
    );
    expect(recorder.messages.map((m) => m.body)).toEqual(['id=1', '']);
    expect(recorder.messages[0]!.anomalies).toEqual(['content_length_conflict']);
  });

  test('a header in a folded line is no header', () => {
    const recorder = request(
      'GET / HTTP/1.1\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\nGET /b HTTP/1.1\r\n\r\n',
    );
    expect(targets(recorder)).toEqual(['/', '/b']);
    expect(recorder.messages[0]!.head!.headers).toEqual([
      { name: 'X', value: 'y Transfer-Encoding: chunked' },
    ]);
  });
});

describe('odd bytes', () => {
  test.each(['cruft without end', '89abcdef', '}', '"}', 'x=1&y=2'])(
    'a body longer than its length, by %j',
    (cruft) => {
      const recorder = feed(requests(), [post(1) + cruft, post(2)]);
      expect(targets(recorder)).toEqual(['/n1', '/n2']);
      expect(recorder.messages.map((m) => m.head!.method)).toEqual(['POST', 'POST']);
      expect(recorder.other()).toBe(cruft);
      expect(recorder.anomalies).toEqual(['unexpected_bytes']);
    },
  );

  test('a chunked body without its last chunk, and the next request right behind it', () => {
    const recorder = request(`POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n${post(1)}`);
    expect(recorder.messages).toMatchObject([
      { body: 'a', end: 'invalid', anomalies: ['chunk_size_invalid'] },
      { head: { target: '/n1' }, end: 'complete' },
    ]);
  });

  test('a method in two pieces is one method, also where its second half is another', () => {
    const { messages } = feed(requests(), [
      'RE',
      'PORT /x HTTP/1.1\r\n\r\n',
      'M-',
      'SEARCH * HTTP/1.1\r\n\r\n',
    ]);
    expect(messages.map((m) => m.head!.method)).toEqual(['REPORT', 'M-SEARCH']);
  });

  test('a request that ends without its last line end', () => {
    const { messages } = request('GET / HTTP/1.1\r\nHost: h\r\n');
    expect(messages).toMatchObject([{ head: { complete: false, headers: [{ name: 'Host' }] }, end: 'cut' }]);
  });

  test('an answer as in HTTP/0.9 is no message', () => {
    const recorder = response('hello\n', 'GET');
    expect(recorder.messages).toEqual([]);
    expect(recorder.other()).toBe('hello\n');
  });
});

test('the last chunk in a packet of its own, with and without trailers', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  for (const last of ['0\r\n\r\n', '0\r\nX-Sum: 1\r\n\r\n', '00000;x\r\n\r\n']) {
    const { messages } = feed(responses(), [head, '2\r\nok\r\n', last, OK]);
    expect(messages).toMatchObject([
      { body: 'ok', end: 'complete' },
      { body: 'ok', end: 'complete' },
    ]);
  }
  expect(feed(responses(), [head, '2\r\nok\r\n']).messages).toMatchObject([{ body: 'ok', end: 'cut' }]);
  expect(feed(responses(), [head, '2\r\nok\r\n', '0\r\n']).messages).toMatchObject([
    { body: 'ok', end: 'cut' },
  ]);
});

test("the length of an answer to HEAD is not the next answer's", () => {
  const wire = `HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${OK}`;
  expect(response(wire, 'HEAD', 'POST').messages).toMatchObject([
    { body: '', end: 'complete' },
    { body: 'ok', end: 'complete' },
  ]);
  expect(response(wire, 'POST').messages).toMatchObject([{ body: OK, end: 'cut' }]);
});

test('an answer without the blank line is a head that never ends, not a success', () => {
  const wire = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nSUCCESS';
  expect(response(wire).messages).toMatchObject([
    { head: { status: 200, complete: false, headers: [{}, { value: '7' }] }, framing: undefined, end: 'cut' },
  ]);
});

describe('tunnels', () => {
  test('2xx to CONNECT: what follows is no HTTP, even if it looks so', () => {
    const recorder = response(`HTTP/1.1 200 Connection established\r\n\r\n${OK}`, 'CONNECT');
    expect(recorder.messages).toMatchObject([{ framing: { kind: 'tunnel' }, end: 'complete' }]);
    expect(recorder.other()).toBe(OK);
  });

  test('a refused CONNECT is followed by HTTP', () => {
    expect(
      statuses(response(`HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n${OK}`, 'CONNECT', 'CONNECT')),
    ).toEqual([407, 200]);
  });

  test('101: a WebSocket', () => {
    const recorder = response(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi',
      'GET',
    );
    expect(recorder.messages).toMatchObject([{ end: 'complete' }]);
    expect(recorder.other()).toBe('\x81\x02hi');
  });

  test('a request that offers an upgrade is a request as any other', () => {
    expect(
      targets(request(`GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${post(1)}`)),
    ).toEqual(['/ws', '/n1']);
  });

  test.each<[string, string, object[], string]>([
    ['after a whole request', 'CONNECT h:1 HTTP/1.1\r\n\r\n', [{ end: 'complete' }], ''],
    ['inside a head', 'GET / HTTP/1.1\r\nA: b', [{ end: 'cut', head: { complete: false } }], ''],
    ['inside a body', 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab', [{ body: 'ab', end: 'cut' }], ''],
    ['inside what may be a start line', 'GE', [], 'GE'],
  ])('the other side can switch a parser over: %s', (_what, before, messages, other) => {
    const recorder = requests();
    feed(recorder, [before], null);
    recorder.parser.enterTunnel();
    feed(recorder, [post(1), 5, post(2)]);
    expect(recorder.messages).toMatchObject(messages);
    expect(recorder.messages.length).toBe(messages.length);
    expect(recorder.other()).toBe(`${other}${post(1)}${post(2)}`);
  });
});
