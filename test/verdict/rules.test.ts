/** Stages wait, reply and capture: each situation that a rule claims, and beside it the nearest one that it must leave alone. */
import { describe, expect, test } from 'vitest';
import { type Conversation, conversation } from '../support/conversation.ts';
import { type Frame, snapped } from '../support/packets-source.ts';
import { analyzed, judged, OK, POST } from './judged.ts';
import { asked, later, resent, rows, talk } from './situations.ts';

/** A connection whose receiver numbers its packets so, and then resets with `rst` from another hop count. */
function numbered(ids: readonly number[], rst: number): Conversation {
  const c = asked().wait(100);
  for (const ipId of ids) c.ack('server', { ipId });
  return c.rst('server', { ttl: 250, ipId: rst });
}

describe('wait', () => {
  rows([
    [
      'the sender gives up',
      () => asked().wait(5000).close('client'),
      'no_response_sender_closed',
      { fault: ['receiver'] },
    ],
    [
      'the sender gives up in a hurry',
      () => asked().wait(300).close('client'),
      'no_response_sender_closed',
      { fault: ['receiver', 'sender'] },
    ],
    [
      'a FIN with the request is no giving up',
      () => later(talk().clientSends(POST).fin('client').ack('server')),
      'no_response_timeout',
    ],
    [
      'a half-close at the end of the capture is pending',
      () => talk().clientSends(POST).fin('client').ack('server'),
      'pending_at_capture_end',
      { fault: ['capture'] },
    ],
    [
      'a half-close that is answered',
      () =>
        talk()
          .clientSends(POST)
          .fin('client')
          .wait(3000)
          .serverSends(OK)
          .ack('client')
          .fin('server')
          .ack('client'),
      'delivered',
    ],
    [
      'the receiver closes',
      () => asked().wait(100).close('server'),
      'no_response_receiver_closed',
      { fault: ['receiver'] },
    ],
    [
      'the receiver resets',
      () => asked().wait(100).rst('server'),
      'no_response_reset',
      { fault: ['receiver'], confidence: 'proven' },
    ],
    [
      'one sign of forgery accuses nobody else',
      () => asked().wait(100).rst('server', { ttl: 250 }),
      'no_response_reset',
      { fault: ['receiver'] },
    ],
    [
      'a RST that looks forged',
      () => asked().wait(100).rst('server', { ttl: 250, seq: 9999 }),
      'no_response_reset',
      { fault: ['network'], confidence: 'probable' },
    ],
    [
      'another hop count and DF bit',
      () => asked().wait(100).rst('server', { ttl: 250, dontFragment: false }),
      'no_response_reset',
      { fault: ['network'], confidence: 'probable' },
    ],
    [
      'RSTs at several sequence numbers',
      () => asked().wait(100).rst('server', { ttl: 250 }).rst('server', { ttl: 250, seq: 7461 }),
      'no_response_reset',
      { fault: ['network'], confidence: 'probable' },
    ],
    [
      'three signs',
      () => asked().wait(100).rst('server', { ttl: 250, seq: 9999, dontFragment: false }),
      'no_response_reset',
      { fault: ['network'], confidence: 'strong' },
    ],
    [
      'IP identifications that do not go on from those of the receiver',
      () => numbered([100, 101], 40_000),
      'no_response_reset',
      { fault: ['network'], because: expect.arrayContaining([{ reason: 'rst_ip_id' }]) },
    ],
    [
      'a reset with the identification 0 is what many hosts send',
      () => numbered([100, 101], 0),
      'no_response_reset',
      { fault: ['receiver'] },
    ],
    [
      'identifications by chance tell nothing',
      () => numbered([100, 30_000], 15_000),
      'no_response_reset',
      { fault: ['receiver'] },
    ],
    ['the deadline passes', () => later(asked()), 'no_response_timeout', { confidence: 'strong' }],
    ['the capture ends first', () => asked(), 'pending_at_capture_end', { outcome: 'pending' }],
    [
      'only 1xx came',
      () => later(asked().serverSends('HTTP/1.1 102 Processing\r\n\r\n').ack('client')),
      'no_response_timeout',
      { response: expect.objectContaining({ status: null, interim: [102] }) },
    ],
  ]);
});

test('a FIN right behind several requests gives up none of them', async () => {
  const pipelined = talk().clientSends(`${POST}${POST}`).fin('client').ack('server').wait(300).fin('server');
  const { records } = await analyzed(pipelined.frames);
  expect(records.map(({ verdict }) => verdict)).toEqual([
    'no_response_receiver_closed',
    'no_response_receiver_closed',
  ]);
});

describe('reply', () => {
  const half = OK.slice(0, -3);
  const with_ = (head: string) => () =>
    asked().serverSends(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`).ack('client');
  rows([
    ['whole', () => asked().serverSends(OK).ack('client'), 'delivered', { fault: [], outcome: 'delivered' }],
    ['302', with_('302 Found'), 'redirected'],
    ['404', with_('404 Not Found'), 'client_error'],
    ['500', with_('500 Oops'), 'server_error'],
    ['501 is no gateway', with_('501 No'), 'server_error'],
    ['502', with_('502 Bad Gateway'), 'gateway_error'],
    ['522', with_('522 CDN'), 'gateway_error'],
    [
      'the receiver closes in the middle',
      () => asked().serverSends(half).ack('client').close('server'),
      'response_incomplete',
      { fault: ['receiver'], confidence: 'proven' },
    ],
    [
      'the sender closes in the middle at once',
      () => asked().serverSends(half).ack('client').close('client'),
      'response_incomplete',
      { fault: ['sender', 'receiver'] },
    ],
    [
      'the sender closes after the answer has stopped',
      () => asked().serverSends(half).ack('client').wait(9000).close('client'),
      'response_incomplete',
      { fault: ['receiver', 'network'], confidence: 'strong' },
    ],
    [
      'the sender does not read on',
      () => later(asked().serverSends(half).ack('client', { window: 0 })),
      'response_incomplete',
      { fault: ['sender'] },
    ],
    [
      'garbage',
      () => asked().serverSends('\x15\x03\x01\x00\x02\x02\x0a').ack('client').close('server'),
      'response_invalid',
    ],
    [
      'after the sender had given up',
      () => asked().wait(5000).fin('client').lose().serverSends(OK).rst('client', { flags: 'R' }),
      'response_late',
      { fault: ['receiver', 'sender'] },
    ],
    [
      'after the sender had hurried away',
      () => asked().wait(300).fin('client').lose().serverSends(OK).rst('client', { flags: 'R' }),
      'response_late',
      { fault: ['sender', 'receiver'] },
    ],
    [
      'ignored by the sender',
      () =>
        later(
          asked()
            .lose()
            .serverSends(OK)
            .wait(300)
            .lose()
            .retransmit('server')
            .wait(600)
            .lose()
            .retransmit('server'),
        ),
      'response_ignored',
      { fault: ['sender'] },
    ],
    [
      'ignored in part: still the sender',
      () =>
        later(
          asked()
            .lose()
            .serverSends(half)
            .wait(300)
            .lose()
            .retransmit('server')
            .wait(600)
            .lose()
            .retransmit('server'),
        ),
      'response_ignored',
      { fault: ['sender'] },
    ],
    [
      'sent again and taken',
      () => asked().lose().serverSends(OK).wait(300).retransmit('server').ack('client'),
      'delivered',
    ],
    [
      'refused before it was sent',
      () =>
        talk()
          .clientSends(POST.slice(0, -1))
          .serverSends('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
          .ack('client')
          .close('server'),
      'rejected_early',
    ],
    [
      'refused after it was sent, the refusal captured first',
      () => {
        const c = talk().clientSends(POST).serverSends('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
        const [request, response] = c.frames.splice(-2) as [Frame, Frame];
        c.frames.push({ ...response, timeNs: request.timeNs }, { ...request, timeNs: request.timeNs + 1e6 });
        return c;
      },
      'client_error',
    ],
  ]);

  test('what counts as delivered', async () => {
    const accept = { body: /^success$/g, rejectBody: /FAIL/, statuses: null };
    const answer = (body: string, head = '') =>
      asked()
        .serverSends(`HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`)
        .ack('client');
    // Twice, because a pattern with the flag g remembers where it matched.
    for (let i = 0; i < 2; i++)
      expect(await judged(answer('success'), { accept })).toMatchObject({ verdict: 'delivered' });
    expect(await judged(answer('no'), { accept })).toMatchObject({
      verdict: 'refused_in_body',
      outcome: 'refused',
    });
    expect(await judged(answer('FAIL'), { accept: { ...accept, body: null } })).toMatchObject({
      verdict: 'refused_in_body',
    });
    expect(await judged(answer('xyz', 'Content-Encoding: zz\r\n'), { accept })).toMatchObject({
      verdict: 'delivered_unconfirmed',
    });
    expect(await judged(answer('x'), { accept: { ...accept, body: null, statuses: [204] } })).toMatchObject({
      verdict: 'refused_in_body',
    });
  });

  test('the rule for the body is not asked of a tunnel', async () => {
    const c = talk()
      .clientSends('CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n')
      .serverSends('HTTP/1.1 200 OK\r\n\r\n')
      .ack('client');
    expect(await judged(c, { accept: { body: /success/, rejectBody: null, statuses: null } })).toMatchObject({
      verdict: 'delivered',
    });
  });
});

describe('cannot tell', () => {
  test('a response that was acknowledged but not captured was an answer', async () => {
    const c = later(asked().drop().serverSends(OK).ack('client'));
    expect(await judged(c)).toMatchObject({
      verdict: 'response_not_captured',
      outcome: 'unknown',
      fault: ['capture'],
    });
    expect((await judged(later(asked()))).verdict).toBe('no_response_timeout');
  });

  test('a response without its request', async () => {
    const c = later(talk().drop().clientSends(POST).serverSends(OK).ack('client'));
    expect(await judged(c)).toMatchObject({ verdict: 'capture_insufficient', missing: ['request'] });
  });

  test('one direction', async () => {
    const only = (port: number) => {
      const frames: Frame[] = asked().serverSends(OK).ack('client').close('client').frames;
      return { frames: frames.filter(({ bytes }) => bytes.readUInt16BE(34) === port) };
    };
    expect(await judged(only(40000))).toMatchObject({ outcome: 'unknown', fault: ['capture'] });
    expect(await judged(only(80))).toMatchObject({ outcome: 'unknown', fault: ['capture'] });
  });

  test('snapshot length', async () => {
    const cut = (c: Conversation) => ({ frames: snapped(c.frames, 80) });
    expect(await judged(cut(later(asked().serverSends(OK).ack('client'))))).toMatchObject({
      outcome: 'unknown',
    });
    // That nothing came back needs no bytes.
    expect(await judged(cut(later(resent(talk().lose().clientSends(POST)))))).toMatchObject({
      verdict: 'request_not_acked',
    });
  });

  test('the middle of a connection', async () => {
    const c = later(resent(conversation().established().lose().clientSends(POST)));
    expect(await judged(c)).toMatchObject({ verdict: 'request_not_acked', confidence: 'probable' });
    expect(await judged(later(conversation().established().clientSends(POST).ack('server')))).toMatchObject({
      verdict: 'no_response_timeout',
      confidence: 'probable',
    });
  });

  test('drops cap what was not seen, not what was', async () => {
    expect((await judged(later(asked()), {}, { dropped: 3 })).confidence).toBe('probable');
    expect((await judged(asked().serverSends(OK).ack('client'), {}, { dropped: 3 })).confidence).toBe(
      'proven',
    );
    expect((await judged(later(asked()), {}, { dropped: 0 })).confidence).toBe('strong');
  });

  test('another protocol', async () => {
    expect(
      await judged(talk().clientSends('\x16\x03\x01\x00\x05hello').ack('server').close('client')),
    ).toMatchObject({ verdict: 'opaque' });
  });
});
