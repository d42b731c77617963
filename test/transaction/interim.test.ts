/** Interim responses (RFC 9110 §15.2) answer nothing; the final one does. FIELD cases of 100-continue, 102, 103, 417. */
import { expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { attempts, paired, post, reply } from './attempts.ts';

const HEAD = 'POST /1 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

test('the client waits for 100 before it sends the body', async () => {
  const c = conversation().handshake().clientSends(HEAD).serverSends(CONTINUE).clientSends('id=1');
  c.serverSends(reply('r1')).ack().clientSends(post('2')).serverSends(reply('r2')).ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 100 200 r1', 'POST /2 > 200 r2']);
});

test('the client does not wait', async () => {
  const c = conversation().handshake().clientSends(HEAD).clientSends('id=1').ack();
  c.serverSends(CONTINUE).serverSends(reply('r1')).ack();
  c.clientSends(post('2')).serverSends(reply('r2')).ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 100 200 r1', 'POST /2 > 200 r2']);
});

test('100 and final response in one segment, and cut between any two bytes', async () => {
  for (const mss of [1460, 3]) {
    const c = conversation({ mss }).handshake().clientSends(`${HEAD}id=1`).ack();
    c.serverSends(CONTINUE + reply('r1')).ack();
    expect(await paired(c.frames)).toEqual(['POST /1 > 100 200 r1']);
  }
});

test('several, without a reason, with a long one, with fields', async () => {
  const interim = [
    'HTTP/1.1 100 \r\n\r\n',
    'HTTP/1.1 102\r\n\r\n',
    `HTTP/1.1 100 ${'x'.repeat(300)}\r\n\r\n`,
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Length: 0\r\n\r\n',
  ];
  const c = conversation().handshake().clientSends(post('1')).ack();
  for (const text of interim) c.serverSends(text).ack().wait(100);
  c.serverSends(reply('r1')).ack().clientSends(post('2')).serverSends(reply('r2')).ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 100 102 100 103 200 r1', 'POST /2 > 200 r2']);
});

test('its packet is known', async () => {
  const c = conversation().handshake().clientSends(HEAD).serverSends(CONTINUE).clientSends('id=1');
  c.serverSends(reply('r1'));
  const [only] = await attempts(c.frames);
  expect(only!.interim).toEqual([{ status: 100, at: { time: expect.any(Number), file: 0, frame: 5 } }]);
  expect(only!.response!.firstByte.frame).toBe(7);
});

test('417 instead of 100, and the body is never sent', async () => {
  const c = conversation().handshake().clientSends(HEAD).serverSends(reply('no', 417)).ack().close('client');
  expect(await paired(c.frames)).toEqual(['POST /1(cut) > 417 no']);
});

test('417 instead of 100, and the same request again without Expect', async () => {
  const c = conversation().handshake().clientSends(HEAD).serverSends(reply('no', 417)).ack().fin('client');
  const d = conversation({ client: '10.0.0.1:40001', start: c.now });
  d.handshake().clientSends(post('1')).serverSends(reply('r1')).ack();
  expect(await paired([...c.frames, ...d.frames])).toEqual(['POST /1(cut) > 417 no', 'POST /1 > 200 r1']);
});

test('a final response instead of 100, and the body comes all the same', async () => {
  const c = conversation().handshake().clientSends(HEAD).serverSends(reply('r1')).clientSends('id=1').ack();
  c.clientSends(post('2')).serverSends(reply('r2')).ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
});

test('only 100, and then silence', async () => {
  const c = conversation().handshake().clientSends(HEAD).serverSends(CONTINUE).clientSends('id=1').ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 100']);
});

test('interim responses among pipelined requests go with the request that is answered next', async () => {
  const c = conversation()
    .handshake()
    .clientSends(post('1') + post('2'))
    .ack();
  c.serverSends(reply('r1') + CONTINUE + reply('r2')).ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 100 200 r2']);
});
