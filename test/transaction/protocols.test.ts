/** What is no HTTP, or stops being HTTP: one record a connection, and no request or response taken out of it. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { attempts, paired, post, reply } from './attempts.ts';

const hello = (type: number) =>
  Buffer.concat([Buffer.from([0x16, 3, 1, 0, 200, type, 0, 0, 196, 3, 3]), Buffer.alloc(194, 0x55)]);

test('TLS: one record for each turn', async () => {
  const c = conversation({ server: '203.0.113.44:443' })
    .handshake()
    .clientSends(hello(1))
    .serverSends(hello(2))
    .ack();
  for (let i = 0; i < 5; i++) {
    c.clientSends(Buffer.concat([Buffer.from([0x17, 3, 3, 0, 50]), Buffer.alloc(50, i)]));
    c.serverSends(Buffer.concat([Buffer.from([0x17, 3, 3, 0, 50]), Buffer.alloc(50, i + 100)])).wait(40_000);
  }
  expect(await paired(c.close('client').frames)).toEqual(Array(5).fill('sealed 55/55'));
});

test('the receiver speaks first', async () => {
  const c = conversation({ server: '203.0.113.44:22' })
    .handshake()
    .serverSends('SSH-2.0-OpenSSH_9.6\r\n')
    .ack();
  c.clientSends('SSH-2.0-client\r\n').ack().close('server');
  expect(await paired(c.frames)).toEqual(['opaque 16/21']);
});

test('a body inside another protocol that looks like a request line begins no attempt', async () => {
  const c = conversation()
    .handshake()
    .clientSends(`\x00\x01\x02binary\n${post('1')}`)
    .ack()
    .close('client');
  expect(await paired(c.frames)).toEqual([expect.stringMatching(/^opaque \d+\/0$/)]);
});

test('an answer to a request that is none is kept with it', async () => {
  const c = conversation().handshake().clientSends('POST/notify HTTP/1.1\r\nHost: h\r\n\r\n').ack();
  c.serverSends('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    .ack()
    .close('server');
  expect(await paired(c.frames)).toEqual(['opaque 33/0 - > 400 Bad Request']);
});

test('a response line within another protocol is no answer', async () => {
  const c = conversation({ server: '203.0.113.44:25' }).handshake().serverSends('220 mx\r\n').ack();
  c.clientSends('EHLO x\r\n').serverSends('HTTP/1.1 200 OK\r\n\r\n').ack().close('client');
  const [only, ...more] = await attempts(c.frames);
  expect(more).toEqual([]);
  expect([only!.kind, only!.response]).toEqual(['opaque', null]);
});

describe('leaving HTTP', () => {
  const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  test('101: the request has its answer, what follows is another protocol', async () => {
    const c = conversation().handshake().clientSends(UPGRADE).serverSends(SWITCH).ack();
    c.clientSends('\x81\x05hello').serverSends('\x81\x05world').ack().close('client');
    const found = await paired(c.frames);
    expect(found[0]).toBe('GET /ws > 101 Switching Protocols');
    expect(found.slice(1)).toEqual([expect.stringMatching(/^opaque \d+\/\d+$/)]);
  });

  test('bytes of the new protocol right behind the head, which look like HTTP', async () => {
    const c = conversation().handshake().clientSends(UPGRADE);
    c.serverSends(SWITCH + reply('inside'))
      .ack()
      .clientSends(post('inside'))
      .ack()
      .close('client');
    const found = await paired(c.frames);
    expect(found[0]).toBe('GET /ws > 101 Switching Protocols');
    expect(found.join()).not.toMatch(/POST|200/);
  });

  test('an upgrade that is refused leaves HTTP as it is', async () => {
    const c = conversation().handshake().clientSends(UPGRADE).serverSends(reply('r1', 426)).ack();
    c.clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired(c.frames)).toEqual(['GET /ws > 426 r1', 'POST /2 > 200 r2']);
  });

  test('CONNECT: nothing inside the tunnel is an attempt of its own', async () => {
    const c = conversation({ server: '203.0.113.44:3128' }).handshake();
    c.clientSends('CONNECT m.example:443 HTTP/1.1\r\nHost: m.example:443\r\n\r\n');
    c.serverSends('HTTP/1.1 200 Connection established\r\n\r\n')
      .ack()
      .clientSends('EHLO m.example\r\n')
      .serverSends('220 mx\r\n')
      .ack();
    expect(await paired(c.close('client').frames)).toEqual([
      'CONNECT m.example:443 > 200 Connection established',
      'opaque 16/8',
    ]);
  });

  test('CONNECT: TLS inside the tunnel is known as such', async () => {
    const c = conversation({ server: '203.0.113.44:3128' }).handshake();
    c.clientSends('CONNECT m.example:443 HTTP/1.1\r\nHost: m.example:443\r\n\r\n');
    c.serverSends('HTTP/1.1 200 Connection established\r\n\r\n')
      .ack()
      .clientSends(hello(1))
      .serverSends(hello(2))
      .ack();
    expect(await paired(c.close('client').frames)).toEqual([
      'CONNECT m.example:443 > 200 Connection established',
      'connect',
    ]);
  });

  test('CONNECT that is refused, and then a request', async () => {
    const c = conversation({ server: '203.0.113.44:3128' }).handshake();
    c.clientSends('CONNECT m.example:443 HTTP/1.1\r\nHost: m.example:443\r\n\r\n');
    c.serverSends(reply('auth', 407)).ack().clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired(c.frames)).toEqual(['CONNECT m.example:443 > 407 auth', 'POST /2 > 200 r2']);
  });
});

describe('responses nobody asked for', () => {
  const IDLE = 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

  test('an idle 408 before the next request is not its answer', async () => {
    const c = conversation().handshake().clientSends(post('1')).serverSends(reply('r1')).ack().wait(20_000);
    c.serverSends(IDLE).wait(500).clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
    const [first, second] = await attempts(c.frames);
    expect([first!.anomalies, second!.anomalies]).toEqual([[], ['unsolicited_response']]);
  });

  test('a 408 that crosses the next request is not its answer', async () => {
    const c = conversation().handshake().clientSends(post('1')).serverSends(reply('r1')).ack().wait(20_000);
    const heard = c.server.received;
    c.clientSends(post('2')).serverSends(IDLE, { ack: heard! }).fin('server', { ack: heard! });
    c.rst('server', { flags: 'R' });
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > -']);
    expect((await attempts(c.frames))[1]!.anomalies).toEqual(['unsolicited_response']);
  });

  test('a 408 in answer to half a request is its answer', async () => {
    const c = conversation().handshake().clientSends(post('1').slice(0, 30)).ack().wait(10_000);
    c.serverSends(IDLE).ack().close('server');
    expect(await paired(c.frames)).toEqual(['POST /1(cut) > 408 Request Timeout']);
  });

  test('on a connection without a request: one attempt, that never began a request', async () => {
    const c = conversation()
      .handshake()
      .wait(10_000)
      .serverSends(IDLE)
      .fin('server')
      .ack()
      .fin('client')
      .ack();
    const [only, ...more] = await attempts(c.frames);
    expect(more).toEqual([]);
    expect([only!.kind, only!.request, only!.response]).toEqual(['connect', null, null]);
  });
});

describe('nothing was sent', () => {
  test.each([
    ['a handshake and a close', conversation().handshake().close('client').frames],
    ['a handshake', conversation().handshake().frames],
    ['a refused connection', conversation().syn().rst('server').frames],
    ['SYNs alone', conversation().syn().wait(1000).syn().wait(2000).syn().wait(4000).syn().frames],
  ])('%s: one attempt', async (_, frames) => {
    expect(await paired(frames)).toEqual(['connect']);
  });

  test('keep-alive probes and an idle hour change nothing', async () => {
    const c = conversation().handshake();
    for (let i = 0; i < 60; i++) c.wait(60_000).keepAlive('client').ack('server');
    expect(await paired(c.frames)).toEqual(['connect']);
  });
});

test('HEAD, and then POST: a Content-Length without a body swallows nothing', async () => {
  const c = conversation().handshake().clientSends('HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\n');
  c.serverSends('HTTP/1.1 200 r1\r\nContent-Length: 100000\r\n\r\n').ack();
  c.clientSends(post('2'))
    .serverSends(reply('r2'))
    .ack()
    .clientSends(post('3'))
    .serverSends(reply('r3', 204, ''));
  expect(await paired(c.frames)).toEqual(['HEAD /1 > 200 r1', 'POST /2 > 200 r2', 'POST /3 > 204 r3']);
});
