/** Stages connect and send: each situation that a rule claims, and beside it the nearest one that it must leave alone. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { judged, OK, POST } from './judged.ts';
import { icmp, later, resent, reused, rows, talk } from './situations.ts';

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
      'full-size segments stuck, after others of their size were acknowledged',
      () =>
        later(
          resent(
            talk().clientSends(big.slice(0, 1500)).ack('server').lose().clientSends(big.slice(1500, 2900)),
          ),
        ),
      'request_partly_acked',
      { fault: ['network', 'receiver'] },
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
