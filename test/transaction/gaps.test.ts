/** Bytes that were not captured, wherever they lie: what they hit is told as such, what comes after is paired rightly. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { snapped } from '../support/packets-source.ts';
import { attempts, paired, post, reply } from './attempts.ts';

const REQUEST = `POST /1 HTTP/1.1\r\nHost: m.example\r\nContent-Length: 60\r\n\r\n${'a=1&'.repeat(15)}`;
const RESPONSE = `HTTP/1.1 200 r1\r\nServer: nginx/1.24.0\r\nContent-Length: 60\r\n\r\n${'success '.repeat(8).slice(0, 60)}`;
const CHUNKED =
  'HTTP/1.1 200 r1\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n' +
  `${'c'.repeat(40)}\r\n14\r\n${'d'.repeat(20)}\r\n0\r\n\r\n`;

/** One exchange with `text` cut into three, the middle one not captured, and another exchange after it. */
function holed(text: string, from: number, to: number, side: 'request' | 'response') {
  const c = conversation().handshake();
  const parts = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  const send = (part: string) => (side === 'request' ? c.clientSends(part) : c.serverSends(part));
  if (side === 'response') c.clientSends(REQUEST);
  for (const [i, part] of parts.entries()) if (part !== '') (i === 1 ? c.drop() : c).wait(0) && send(part);
  if (side === 'request') c.serverSends(RESPONSE);
  c.ack('client').wait(3000);
  return c.clientSends(post('2')).serverSends(reply('r2')).ack('client').wait(10).close('client').frames;
}

const HEAD_END = REQUEST.indexOf('\r\n\r\n') + 4;
const RESPONSE_BODY = RESPONSE.indexOf('\r\n\r\n') + 4;

describe('in a request', () => {
  test.each([
    ['its start line', 2, 10, '- > 200 r1'],
    ['all of its head', 0, HEAD_END, '- > 200 r1'],
    ['a field', 20, 30, 'POST /1(lost) > 200 r1'],
    ['the end of its head', HEAD_END - 10, HEAD_END, 'POST /1(lost) > 200 r1'],
    ['head and body', HEAD_END - 10, HEAD_END + 10, 'POST /1(lost) > 200 r1'],
    ['its body', HEAD_END, HEAD_END + 20, 'POST /1 > 200 r1'],
    ['the end of its body', HEAD_END + 20, REQUEST.length, 'POST /1 > 200 r1'],
    ['all of it', 0, REQUEST.length, '- > 200 r1'],
  ])('%s', async (_, from, to, first) => {
    const frames = holed(REQUEST, from, to, 'request');
    const found = await paired(frames);
    // A few letters may be the beginning of any method; which one they were of is not known.
    expect(found[0]!.replace(/^PO (\(lost\))?/, '-')).toBe(first);
    expect(found.slice(1)).toEqual(['POST /2 > 200 r2']);
    expect((await attempts(frames))[0]!.requestUnseen).toBe(to - from);
  });

  test('a body with a hole is no text, and says how much of it was captured', async () => {
    const [first] = await attempts(holed(REQUEST, HEAD_END + 10, HEAD_END + 30, 'request'));
    const { bodyBytes, bodyCaptured } = first!.request!;
    expect([bodyBytes, bodyCaptured]).toEqual([60, 40]);
    expect(first!.request!.decoded().whole).toBe(false);
  });
});

describe('in a response', () => {
  test.each([
    ['all of its head', RESPONSE, 0, RESPONSE_BODY],
    ['all of it', RESPONSE, 0, RESPONSE.length],
  ])('%s: the request is known to have had one', async (_, text, from, to) => {
    const frames = holed(text, from, to, 'response');
    const [first, second, ...more] = await attempts(frames);
    expect(more).toEqual([]);
    expect(first!.response).toBeNull();
    expect(first!.answerUnseen).toBe(to - from);
    expect(second!.response!.head!.reason).toBe('r2');
    expect(second!.answerUnseen).toBe(0);
  });

  test.each([
    ['its fields', RESPONSE, 20, 40, 'lost'],
    ['the end of its head', RESPONSE, RESPONSE_BODY - 10, RESPONSE_BODY + 5, 'lost'],
    ['its body', RESPONSE, RESPONSE_BODY + 5, RESPONSE_BODY + 20, 'complete'],
    ['the end of its body', RESPONSE, RESPONSE_BODY + 5, RESPONSE.length, 'complete'],
    ['a chunk', CHUNKED, CHUNKED.indexOf('ccc') + 5, CHUNKED.indexOf('ccc') + 30, 'complete'],
    ['a chunk size', CHUNKED, CHUNKED.indexOf('\r\n14') + 2, CHUNKED.indexOf('ddd'), 'lost'],
    ['the last chunk', CHUNKED, CHUNKED.length - 5, CHUNKED.length, 'lost'],
  ])('%s', async (_, text, from, to, ended) => {
    const frames = holed(text, from, to, 'response');
    const [first, second, ...more] = await attempts(frames);
    expect(more).toEqual([]);
    expect([first!.response!.head!.status, first!.response!.ended]).toEqual([200, ended]);
    expect(second!.response!.head!.reason).toBe('r2');
    expect([second!.answerUnseen, second!.requestUnseen]).toEqual([0, 0]);
  });
});

test('a snapshot length cuts every packet: heads are read as far as they go, and nothing is joined over a cut', async () => {
  const c = conversation().handshake();
  for (const n of ['1', '2', '3']) {
    c.clientSends(post(n, 'x'.repeat(500)))
      .ack()
      .serverSends(reply(`r${n}`, 200, 'y'.repeat(500)))
      .ack()
      .wait(10);
  }
  const cut = c.frames.map((frame) => ({ ...frame, bytes: frame.bytes.subarray(0, 200) }));
  expect(await paired(cut)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2', 'POST /3 > 200 r3']);
  const [first] = await attempts(cut);
  expect(first!.request!.bodyCaptured).toBeLessThan(500);
  expect(first!.response!.decoded().whole).toBe(false);
});

describe('of every message only the first bytes, as a small snapshot length leaves them', () => {
  const c = conversation().handshake();
  for (const [i, name] of ['1', '2', '3'].entries()) {
    if (i > 0) c.wait(100);
    c.clientSends(post(name))
      .serverSends(reply(`r${name}`))
      .ack('client');
  }
  const frames = c.close('client').frames;

  test.each([1, 2, 3, 4, 5, 6, 10, 14, 20])('%i of them: each request has its attempt', async (visible) => {
    const found = await attempts(snapped(frames, 14 + 20 + 20 + visible));
    expect(found.map(({ request, response }) => [request?.ended, response?.ended])).toEqual(
      Array(3).fill(['lost', 'lost']),
    );
  });

  test('letters that may be a method are none in the middle of a body', async () => {
    const long = `POST /1 HTTP/1.1\r\nHost: m.example\r\nContent-Length: 4000\r\n\r\n`;
    const d = conversation().handshake().clientSends(long).ack('server');
    for (let i = 0; i < 4; i++) d.clientSends(`PO${'x'.repeat(998)}`).ack('server');
    d.serverSends(reply('r1')).ack('client').close('client');
    expect(await attempts(snapped(d.frames, 14 + 20 + 20 + 2))).toHaveLength(1);
  });
});
