/** Who is the sender, and what a connection of which only a part was captured still gives. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { attempts, paired, post, reply } from './attempts.ts';

describe('without a handshake', () => {
  test('the side that sends requests is the sender', async () => {
    const c = conversation().established();
    c.clientSends(post('1')).ack().serverSends(reply('r1')).ack();
    const [only] = await attempts(c.frames);
    expect(only!.connection.ports[only!.sender]).toBe(40000);
  });

  test.each([
    ['10.0.0.1:80', '203.0.113.44:8080'],
    ['10.0.0.1:80', '203.0.113.44:50000'],
    ['10.0.0.1:443', '203.0.113.44:443'],
    ['[2001:db8::1]:80', '[2001:db8::2]:40000'],
  ])('client %s, server %s', async (client, server) => {
    for (const replyFirst of [false, true]) {
      const c = conversation({ client, server }).established();
      if (replyFirst) c.serverSends(reply('r0')).ack().wait(50);
      c.clientSends(post('1')).ack().serverSends(reply('r1')).ack();
      const found = await attempts(c.frames);
      for (const { connection, sender } of found) expect(connection.addresses[sender]).toMatch(/^10|::1$/);
      expect(await paired(c.frames)).toEqual([...(replyFirst ? ['- > 200 r0'] : []), 'POST /1 > 200 r1']);
    }
  });

  test('the SYN-ACK alone tells who opened the connection', async () => {
    const c = conversation({ client: '10.0.0.1:80', server: '203.0.113.44:40000' });
    c.drop().syn().synAck().ack('client').clientSends(post('1')).ack().serverSends(reply('r1')).ack();
    const [only] = await attempts(c.frames);
    expect(only!.connection.ports[only!.sender]).toBe(80);
  });

  test('the SYN-ACK was captured before the SYN', async () => {
    const c = conversation().handshake().clientSends(post('1')).ack().serverSends(reply('r1')).ack();
    const [syn, synAck, ...rest] = c.frames;
    expect(await paired([synAck!, syn!, ...rest])).toEqual(['POST /1 > 200 r1']);
  });

  test.each([
    ['10.0.0.1:40000', '203.0.113.44:80'],
    ['10.0.0.1:80', '203.0.113.44:40000'],
  ])('it begins with the end of an answer to %s', async (client, server) => {
    const c = conversation({ client, server }).established();
    c.serverSends('the end of a body that began before the capture').ack().wait(2000);
    c.clientSends(post('1')).ack().serverSends(reply('r1')).ack();
    expect(await paired(c.frames)).toEqual(['- > -', 'POST /1 > 200 r1']);
  });

  test('it begins within a request', async () => {
    const c = conversation().established();
    c.clientSends('nd of a body').ack().serverSends(reply('r0')).ack().wait(2000);
    c.clientSends(post('1')).ack().serverSends(reply('r1')).ack();
    expect(await paired(c.frames)).toEqual(['- > 200 r0', 'POST /1 > 200 r1']);
    expect(await paired(c.frames.slice(0, 4))).toEqual(['- > 200 r0']);
  });
});

test('the response was captured before its request', async () => {
  for (const shake of [true, false]) {
    const c = shake ? conversation().handshake() : conversation().established();
    c.clientSends(post('1'))
      .serverSends(reply('r1'))
      .ack()
      .clientSends(post('2'))
      .serverSends(reply('r2'))
      .ack();
    const frames = [...c.frames];
    const first = shake ? 3 : 0;
    [frames[first], frames[first + 1]] = [frames[first + 1]!, frames[first]!];
    expect(await paired(frames)).toEqual(['POST /1 > 200 r1', 'POST /2 > 200 r2']);
  }
});

test('responses of which no request was captured have a record each', async () => {
  const c = conversation();
  c.drop(1).syn().synAck().drop().ack('client');
  for (const n of ['1', '2', '3'])
    c.drop()
      .clientSends(post(n))
      .serverSends(reply(`r${n}`));
  expect(await paired(c.frames)).toEqual(['- > 200 r1', '- > 200 r2', '- > 200 r3']);
});

test('requests of which no response was captured have a record each', async () => {
  const c = conversation().syn().drop().synAck().ack('client');
  for (const n of ['1', '2', '3'])
    c.clientSends(post(n))
      .drop()
      .serverSends(reply(`r${n}`))
      .ack('client');
  const found = await attempts(c.frames);
  expect(found.map(({ request, response }) => [request?.head?.target, response])).toEqual([
    ['/1', null],
    ['/2', null],
    ['/3', null],
  ]);
});

test.each([81, 3000, 8443, 65535])('HTTP on port %i', async (port) => {
  const c = conversation({ server: `203.0.113.44:${port}` }).handshake();
  c.clientSends(post('1')).ack().serverSends(reply('r1')).ack();
  expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1']);
});

test('each side speaks its first bytes in segments of one byte', async () => {
  for (const shake of [true, false]) {
    const c = shake ? conversation({ mss: 1 }).handshake() : conversation({ mss: 1 }).established();
    c.clientSends(post('1')).ack().serverSends(reply('r1')).ack();
    expect(await paired(c.frames)).toEqual(['POST /1 > 200 r1']);
  }
});
