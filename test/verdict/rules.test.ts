/** Each situation that a rule claims, and beside it the nearest one that it must leave alone. */
import { describe, expect, test } from 'vitest';
import type { Code } from '../../src/verdict/verdict.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { icmpError } from '../support/frames.ts';
import { type Frame, snapped } from '../support/packets-source.ts';
import { judged, OK, POST } from './judged.ts';

const talk = () => conversation().handshake();
/** After the request is sent and acknowledged. */
const asked = () => talk().clientSends(POST).ack('server');
/** A finished exchange, then the same connection again. */
const reused = (idle = 100) => asked().serverSends(OK).ack('client').wait(idle);
/** Another connection's packet so much later: the capture goes on. */
const later = (c: Conversation, ms = 40_000): Conversation => {
  const other = conversation({ client: '10.0.0.9:1', server: '10.0.0.8:2', start: c.now + ms * 1e6 });
  c.frames.push(...other.segment('client', { flags: 'RA' }).frames);
  return c;
};
const resent = (c: Conversation, times = 4, fields = {}): Conversation => {
  for (let i = 0, wait = 200; i < times; i++, wait *= 2) c.wait(wait).lose().retransmit('client', fields);
  return c;
};
const icmp = (c: Conversation, src: string, type: number, code: number, mtu?: number): Conversation =>
  c.raw(
    icmpError({
      src,
      dst: '10.0.0.1',
      type,
      code,
      ...(mtu === undefined ? {} : { mtu }),
      quote: c.fields('client', { flags: 'S', seq: 1000 }),
    }),
  );

/** `of` is how many records the frames give; the last one is looked at. */
type Row = readonly [
  name: string,
  build: () => Conversation,
  verdict: Code,
  also?: Readonly<Record<string, unknown>>,
  of?: number,
];
function rows(list: readonly Row[]): void {
  for (const [name, build, verdict, also = {}, of = 1] of list) {
    test(name, async () => {
      expect(await judged(build(), {}, {}, of)).toMatchObject({ verdict, ...also });
    });
  }
}

describe('connect', () => {
  rows([
    [
      'SYN met by RST',
      () => conversation().syn().rst('server', { seq: 0 }),
      'connect_refused',
      { fault: ['receiver'], outcome: 'unsent' },
    ],
    [
      'RST after the SYN-ACK is no refusal',
      () => talk().rst('server'),
      'receiver_closed_early',
      { outcome: 'unsent' },
    ],
    [
      'RST after a SYN-ACK that was not captured neither',
      () => conversation().syn().drop().synAck().ack('client').rst('server'),
      'receiver_closed_early',
    ],
    [
      'ICMP: prohibited',
      () => later(icmp(conversation().lose().syn(), '192.0.2.1', 3, 13)),
      'connect_prohibited',
      { fault: ['network'] },
    ],
    [
      'ICMP: host unreachable',
      () => later(icmp(conversation().lose().syn(), '192.0.2.1', 3, 1)),
      'connect_unreachable',
      { fault: ['network'] },
    ],
    [
      'ICMP: port unreachable, by the receiver itself',
      () => later(icmp(conversation().lose().syn(), '203.0.113.44', 3, 3)),
      'connect_unreachable',
      { fault: ['receiver'] },
    ],
    [
      'ICMP, and yet the connection comes about',
      () =>
        icmp(conversation().syn(), '192.0.2.1', 3, 1)
          .synAck()
          .ack('client')
          .clientSends(POST)
          .serverSends(OK)
          .ack('client'),
      'delivered',
    ],
    [
      'ICMP: time exceeded is no unreachable',
      () => later(icmp(conversation().lose().syn(), '192.0.2.1', 11, 0)),
      'connect_no_reply',
      { fault: ['network'] },
    ],
    [
      'SYNs into the void',
      () => later(conversation().lose().syn().wait(1000).lose().syn()),
      'connect_no_reply',
      { fault: ['network', 'receiver'], confidence: 'strong' },
    ],
    [
      'SYN and SYN-ACK repeated, never acknowledged',
      () => later(conversation().syn().synAck().wait(1000).syn().synAck()),
      'connect_reply_ignored',
      { fault: ['sender'] },
    ],
    [
      'SYN repeated before the SYN-ACK came',
      () =>
        conversation()
          .lose()
          .syn()
          .wait(1000)
          .syn()
          .synAck()
          .ack('client')
          .clientSends(POST)
          .serverSends(OK)
          .ack('client'),
      'delivered',
    ],
    [
      'SYN-ACK too late, at once',
      () => conversation().syn().synAck().rst('client', { flags: 'R' }),
      'connect_abandoned',
      { fault: ['sender', 'network', 'receiver'] },
    ],
    [
      'SYN-ACK too late, after seconds',
      () => conversation().syn().wait(3000).synAck().rst('client', { flags: 'R' }),
      'connect_abandoned',
      { fault: ['network', 'receiver', 'sender'] },
    ],
    [
      'SYN-ACK repeated after the request',
      () => later(resent(talk().lose().clientSends(POST), 2).synAck()),
      'connect_not_accepted',
      { outcome: 'unanswered' },
    ],
    [
      'SYN-ACK repeated before the request',
      () => later(resent(talk().synAck().ack('client').lose().clientSends(POST))),
      'request_not_acked',
    ],
    [
      'SYN-ACK repeated after a close without a request',
      () => later(talk().lose().fin('client').wait(1000).synAck()),
      'connect_not_accepted',
      { outcome: 'unsent' },
    ],
    [
      'only the sender captured accuses nobody',
      () => {
        const c = conversation().syn();
        return c.drop().synAck().ack('client').fin('client');
      },
      'capture_insufficient',
      { fault: ['capture'] },
    ],
  ]);
});

describe('send', () => {
  const big = `POST /n HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n${'x'.repeat(3000)}`;
  const expecting = 'POST /n HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n';
  rows([
    [
      'connected, closed, nothing sent',
      () => talk().close('client'),
      'no_request_sent',
      { fault: ['sender'] },
    ],
    [
      'connected, closed by the receiver',
      () => talk().close('server'),
      'receiver_closed_early',
      { fault: ['receiver'] },
    ],
    [
      'FIN crosses the request on a new connection',
      () => talk().lose().clientSends(POST).fin('server').rst('server', { flags: 'R' }),
      'receiver_closed_early',
      { outcome: 'unsent' },
    ],
    [
      'FIN crosses the request on a reused one',
      () => reused().lose().clientSends(POST).fin('server').rst('server', { flags: 'R' }),
      'stale_connection',
      { fault: ['sender', 'receiver'] },
      2,
    ],
    [
      'FIN before the request on a reused one',
      () => reused().fin('server').ack('client').lose().clientSends(POST).rst('server', { flags: 'R' }),
      'stale_connection',
      {},
      2,
    ],
    [
      'FIN long after a request that was lost',
      () => later(resent(talk().lose().clientSends(POST)).fin('server')),
      'request_not_acked',
    ],
    [
      'RST at once after long silence',
      () => reused(60_000).lose().clientSends(POST).rst('server', { flags: 'R' }),
      'idle_state_lost',
      { fault: ['network', 'receiver'] },
      2,
    ],
    [
      'the same with another TTL',
      () => reused(60_000).lose().clientSends(POST).rst('server', { flags: 'R', ttl: 250 }),
      'idle_state_lost',
      { fault: ['network'] },
      2,
    ],
    [
      'RST after a short silence',
      () => reused(5_000).lose().clientSends(POST).rst('server', { flags: 'R' }),
      'reset_during_send',
      {},
      2,
    ],
    [
      'silence after silence tells nothing of a lost state',
      () => later(resent(reused(60_000).lose().clientSends(POST))),
      'request_not_acked',
      {},
      2,
    ],
    [
      'request never acknowledged',
      () => later(resent(talk().lose().clientSends(POST))),
      'request_not_acked',
      { fault: ['network', 'receiver'], confidence: 'strong' },
    ],
    [
      'never acknowledged nor sent again: not all was captured',
      () => later(talk().lose().clientSends(POST)),
      'capture_insufficient',
      { missing: ['acknowledgement'] },
    ],
    [
      'the sender resets before an acknowledgement could come',
      () => talk().lose().clientSends(POST).wait(2).rst('client'),
      'request_not_acked',
      { fault: ['sender', 'network', 'receiver'], confidence: 'probable' },
    ],
    [
      'RST not covering the request',
      () => talk().lose().clientSends(POST).rst('server'),
      'reset_during_send',
      { fault: ['receiver', 'network'] },
    ],
    [
      'RST covering the request',
      () => talk().clientSends(POST).rst('server'),
      'no_response_reset',
      { facts: expect.objectContaining({ acked: 'none' }) },
    ],
    [
      'RST covering it, after a half-close',
      () => talk().clientSends(POST).fin('client').rst('server'),
      'no_response_reset',
    ],
    [
      'full-size segments stuck, the first acknowledged',
      () =>
        later(
          resent(talk().clientSends(big.slice(0, 60)).ack('server').lose().clientSends(big.slice(60, 1500))),
        ),
      'path_mtu_blackhole',
      { confidence: 'probable' },
    ],
    [
      'small segments stuck as well',
      () =>
        later(
          resent(talk().clientSends(big.slice(0, 60)).ack('server').lose().clientSends(big.slice(60, 160))),
        ),
      'request_partly_acked',
    ],
    [
      'zero window that stays',
      () => later(talk().clientSends(big.slice(0, 1000)).ack('server', { window: 0 }).wait(2000)),
      'receiver_window_closed',
      { fault: ['receiver'] },
    ],
    [
      'zero window that opens again',
      () =>
        talk()
          .clientSends(big.slice(0, 1000))
          .ack('server', { window: 0 })
          .wait(2000)
          .ack('server')
          .clientSends(big.slice(1000))
          .serverSends(OK)
          .ack('client'),
      'delivered',
    ],
    [
      'Expect without an answer',
      () => later(talk().clientSends(expecting).ack('server')),
      'expect_continue_stalled',
      { fault: ['receiver'] },
    ],
    [
      'Expect with 100, and then nothing',
      () =>
        talk()
          .clientSends(expecting)
          .serverSends('HTTP/1.1 100 Continue\r\n\r\n')
          .ack('client')
          .wait(2000)
          .fin('client')
          .ack('server'),
      'request_incomplete',
      { fault: ['sender'] },
    ],
    [
      'Expect with 100 and the body',
      () =>
        talk()
          .clientSends(expecting)
          .serverSends('HTTP/1.1 100 Continue\r\n\r\n')
          .clientSends('123456789')
          .serverSends(OK)
          .ack('client'),
      'delivered',
    ],
    [
      'half a request, then the sender closes',
      () => talk().clientSends(POST.slice(0, 30)).ack('server').fin('client').ack('server'),
      'request_incomplete',
      { fault: ['sender'] },
    ],
  ]);
});

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

test('a port collision that recovers loses no request', async () => {
  const c = conversation()
    .syn()
    .ack('server', { seq: 777, ack: 4242 })
    .segment('client', { flags: 'R', seq: 4242 });
  c.client.next = 1001;
  c.wait(1000)
    .syn()
    .synAck()
    .ack('client')
    .clientSends(POST, { seq: 1001 })
    .serverSends(OK, { ack: 1001 + POST.length })
    .ack('client');
  expect(await judged(c)).toMatchObject({ verdict: 'delivered' });
});
