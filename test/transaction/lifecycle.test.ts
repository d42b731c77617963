/** When an attempt is over, and that each is handed on once, whatever ends it. */
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { conversation } from '../support/conversation.ts';
import { merged, packetsSource } from '../support/packets-source.ts';
import { observe } from '../support/transactions.ts';
import { attempts, paired, post, reply, SECOND } from './attempts.ts';

const occasions = async (...args: Parameters<typeof attempts>) =>
  (await attempts(...args)).map(({ occasion }) => occasion);

describe('without an answer', () => {
  test('the file ends right after the request', async () => {
    const c = conversation().handshake().clientSends(post('1'));
    expect(await paired(c.frames)).toEqual(['POST /1 > -']);
    expect(await occasions(c.frames)).toEqual(['captureEnd']);
  });

  test('the file ends within the request, after any packet of it', async () => {
    const c = conversation({ mss: 7 }).handshake().clientSends(post('1')).ack();
    for (let end = 3 + 2; end < c.frames.length - 2; end++) {
      expect(await paired(c.frames.slice(0, end))).toEqual([expect.stringMatching(/^POST .*\(cut\) > -$/)]);
    }
  });

  test('the deadline passes, and the connection stays open', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(31_000).keepAlive('client');
    expect(await occasions(c.frames)).toEqual(['deadline']);
    expect(await occasions(c.frames, 60 * SECOND)).toEqual(['captureEnd']);
  });

  test.each(['client', 'server'] as const)('the %s closes', async (side) => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(2000).close(side);
    expect(await occasions(c.frames)).toEqual(['closed']);
  });

  test('the server resets', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(2000).rst('server');
    expect(await paired(c.frames)).toEqual(['POST /1 > -']);
    expect(await occasions(c.frames)).toEqual(['closed']);
  });

  test('the client resets: an answer may still be on its way until the capture ends', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(2000).rst('client');
    expect(await paired(c.frames)).toEqual(['POST /1 > -']);
    expect(await occasions(c.frames)).toEqual(['captureEnd']);
  });

  test('the ports are used for another connection', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(5000);
    const d = conversation({ start: c.now, clientIsn: 900_000, serverIsn: 77_000 });
    d.handshake().clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired([...c.frames, ...d.frames])).toEqual(['POST /1 > -', 'POST /2 > 200 r2']);
    expect((await occasions([...c.frames, ...d.frames]))[0]).toBe('replaced');
  });
});

describe('an answer that comes late', () => {
  test('after the deadline: the attempt was judged, and the answer is not that of the next', async () => {
    const c = conversation()
      .handshake()
      .clientSends(post('1'))
      .ack()
      .wait(40_000)
      .keepAlive('client')
      .ack('server');
    c.wait(100).serverSends(reply('r1')).ack().clientSends(post('2')).serverSends(reply('r2')).ack();
    expect((await paired(c.frames)).at(-1)).toBe('POST /2 > 200 r2');
    expect((await occasions(c.frames))[0]).toBe('deadline');
  });

  test('after the sender had closed', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(5000).fin('client').ack('server');
    c.wait(3000).serverSends(reply('r1')).rst('client', { flags: 'R' });
    const [only] = await attempts(c.frames);
    expect(only!.response!.head!.reason).toBe('r1');
    expect(only!.response!.firstByte.time).toBeGreaterThan(8 * SECOND);
  });

  test('after the sender had reset', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().wait(500).rst('client');
    c.wait(300).serverSends(reply('r1')).rst('client', { flags: 'R' });
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1']);
  });
});

describe('odd ends of an answer', () => {
  test('the last chunk in a packet of its own', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack();
    c.serverSends('HTTP/1.1 200 r1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n').ack().wait(300);
    c.serverSends('0\r\nX-Sum: 1\r\n\r\n').ack().clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
    const [first] = await attempts(c.frames);
    expect([first!.response!.lastByte.frame, first!.response!.decoded().text]).toEqual([8, 'hello']);
  });

  test('no blank line', async () => {
    const c = conversation()
      .handshake()
      .clientSends(post('1'))
      .ack()
      .serverSends('HTTP/1.1 200 OK\r\nsuccess');
    expect(await paired(c.ack().close('server').frames)).toEqual(['POST /1 > 200 OK(cut)']);
  });

  test('no HTTP at all', async () => {
    const c = conversation()
      .handshake()
      .clientSends(post('1'))
      .ack()
      .serverSends('success')
      .ack()
      .close('server');
    expect(await paired(c.frames)).toEqual(['POST /1 > -']);
    const [only] = await attempts(c.frames);
    expect([only!.garbage!.bytes, only!.garbage!.prefix.toString()]).toEqual([7, 'success']);
  });

  test('more bytes than its Content-Length, and then the next one', async () => {
    const c = conversation()
      .handshake()
      .clientSends(post('1'))
      .serverSends(`${reply('r1')}\r\ncruft`)
      .ack();
    c.clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
  });

  test('a request with cruft behind it', async () => {
    const c = conversation()
      .handshake()
      .clientSends(`${post('1')}\r\ncruft`)
      .serverSends(reply('r1'))
      .ack();
    c.clientSends(post('2')).serverSends(reply('r2')).ack();
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
    expect((await attempts(c.frames))[0]!.anomalies).toContain('unexpected_bytes');
  });

  test('bytes between two requests, long after the first, are told of the second', async () => {
    const c = conversation().handshake().clientSends(post('1')).serverSends(reply('r1')).ack().wait(5000);
    c.clientSends('cruft\r\n').ack().wait(5000).clientSends(post('2')).serverSends(reply('r2')).ack();
    const found = await attempts(c.frames);
    expect(found.map(({ anomalies }) => anomalies)).toEqual([[], ['unexpected_bytes']]);
  });

  test('until the close', async () => {
    const c = conversation()
      .handshake()
      .clientSends(post('1'))
      .serverSends('HTTP/1.0 200 r1\r\n\r\nsuccess')
      .ack();
    expect(await paired(c.wait(100).close('server').frames)).toEqual(['POST /1 > 200 r1(closed)']);
    expect(await paired(c.frames.slice(0, 6))).toEqual(['POST /1 > 200 r1(cut)']);
  });
});

test('many connections at once: each attempt once, each connection numbered from 1', async () => {
  const lists = Array.from({ length: 40 }, (_, i) => {
    const c = conversation({ client: `10.0.0.1:${41_000 + i}`, start: i * 3_000_000 }).handshake();
    for (let n = 1; n <= i % 5; n++)
      c.clientSends(post(`${n}`))
        .serverSends(reply(`r${n}`))
        .ack()
        .wait(i * 400);
    if (i % 3 === 0) c.clientSends(post('last')).ack();
    if (i % 4 === 0) c.wait(35_000).close(i % 8 === 0 ? 'client' : 'server');
    return c.frames;
  });
  const found = await attempts(merged(...lists));
  const expected = lists.map((_, i) => Math.max(1, (i % 5) + (i % 3 === 0 ? 1 : 0)));
  expect(found).toHaveLength(expected.reduce((sum, count) => sum + count, 0));
  for (const { request, response } of found) {
    if (response !== null) expect(`/${response.head!.reason}`).toBe(request!.head!.target.replace('/', '/r'));
  }
});

test('an answer that was not captured keeps nothing of the later exchanges in memory', async () => {
  const c = conversation({ rtt: 1 }).handshake().clientSends(post('lost')).drop().serverSends(reply('lost'));
  const count = LIMITS.pendingRequests + 10;
  for (let n = 0; n < count; n++) c.clientSends(post('1')).serverSends(reply('r1'));
  const { transactions, limits } = await observe(packetsSource(c.ack('client').frames));
  expect(limits).toEqual([]);
  expect(transactions.filter(({ response }) => response !== null)).toHaveLength(count);
});

test('the packet that first acknowledges the last byte of each request', async () => {
  const c = conversation({ mss: 40 }).handshake();
  c.clientSends(post('1')).ack().wait(5).ack('server').serverSends(reply('r1')).ack();
  c.clientSends(post('2')).serverSends(reply('r2')).ack();
  const found = await attempts(c.frames);
  expect(found.map(({ acked, response }) => [acked!.at!.frame, response!.firstByte.frame])).toEqual([
    [6, 8],
    [13, 13],
  ]);
  const partly = conversation({ mss: 40 }).handshake().clientSends(post('1').slice(0, 40)).ack();
  partly
    .clientSends(post('1').slice(40, -1))
    .ack()
    .clientSends(post('1').slice(-1))
    .wait(40_000)
    .keepAlive('client');
  expect((await attempts(partly.frames))[0]!.acked!.at).toBeNull();
});

test('SYNs for half a minute are one attempt', async () => {
  const c = conversation();
  for (const seconds of [1, 2, 4, 8, 16, 0]) c.syn().wait(seconds * 1000);
  expect(await paired(c.frames)).toEqual(['connect']);
});

test('an hour of silence between two requests', async () => {
  const c = conversation().handshake().clientSends(post('1')).serverSends(reply('r1')).ack().wait(3_600_000);
  c.clientSends(post('2')).serverSends(reply('r2')).ack().wait(3_600_000).close('client');
  expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
  expect((await attempts(c.frames))[1]!.idleBefore).toBeGreaterThan(3_599 * SECOND);
});
