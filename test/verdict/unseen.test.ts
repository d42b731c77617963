/** What was not captured but leaves its mark in what was: sequence numbers that jump, acknowledgements, resets of a closed socket. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import type { Frame } from '../support/packets-source.ts';
import { judged, OK, POST } from './judged.ts';
import { asked, icmp, later, reused, rows, talk } from './situations.ts';

const reason = (name: string) => ({
  because: expect.arrayContaining([expect.objectContaining({ reason: name })]),
});

describe('an answer that only its sequence numbers tell of', () => {
  rows([
    [
      'FIN behind it, nothing acknowledged: it may have come or not',
      () => later(asked().drop().lose().serverSends(OK).fin('server')),
      'capture_insufficient',
      { outcome: 'unknown', missing: ['response'] },
    ],
    [
      'FIN behind it, acknowledged with it',
      () => later(asked().drop().serverSends(OK).fin('server').ack('client')),
      'response_not_captured',
      { outcome: 'unknown' },
    ],
    [
      'FIN behind it, and the next request follows before the gap is sure',
      () => reused(300).clientSends(POST).ack('server').drop().serverSends(OK).fin('server').ack('client'),
      'response_not_captured',
      {},
      2,
    ],
    [
      'FIN behind it, and the sender gives up without having got it: lost on the way',
      () =>
        later(
          asked().wait(50).drop().lose().serverSends(OK).fin('server').ack('client').wait(5000).fin('client'),
        ),
      'no_response_sender_closed',
      { fault: ['network', 'receiver'], ...reason('bytes_beyond_hole') },
    ],
    [
      'RST behind it',
      () => later(asked().drop().lose().serverSends(OK).drop().ack('client').wait(500).rst('server')),
      'capture_insufficient',
      { missing: ['response'] },
    ],
    [
      'RST behind an exchange of which only SYNs were captured',
      () => {
        const c = talk();
        for (const side of ['client', 'server'] as const) {
          c.drop(2);
          if (side === 'client') c.clientSends(POST).ack('server');
          else c.serverSends(OK).ack('client');
        }
        return later(c.wait(500).rst('server'));
      },
      'capture_insufficient',
      { missing: ['request', 'response'] },
    ],
  ]);
});

describe('a sender that had given up, as far as its packets tell', () => {
  rows([
    [
      'its FIN was not captured, but the answer meets a closed socket',
      () =>
        asked().wait(900).drop().fin('client').wait(900).serverSends(OK).segment('client', { flags: 'R' }),
      'response_late',
      { confidence: 'strong' },
    ],
    [
      'its FIN was not captured, and what meets a closed socket came behind the answer',
      () => {
        const c = asked().wait(5).serverSends(OK).wait(1).serverSends('x'.repeat(31));
        return c.drop().fin('client').segment('client', { flags: 'R' });
      },
      'delivered',
      {},
    ],
    [
      'an RST with ACK right behind the answer closes in a hurry, and takes it',
      () => asked().wait(900).serverSends(OK).rst('client'),
      'delivered',
    ],
    [
      'a round trip with a SYN missing in it makes no half-close of a give-up',
      () => {
        const c = talk();
        // The SYN that was answered came a second after the first.
        for (const frame of c.frames.slice(1)) frame.timeNs += 1.01e9;
        c.now += 1.01e9;
        return c.clientSends(POST).ack('server').wait(1000).fin('client').wait(800).serverSends(OK);
      },
      'response_late',
    ],
  ]);
});

describe('connections', () => {
  test('an acknowledgement of what was not captured is no port collision', async () => {
    const c = talk();
    const frames = later(c.clientSends(POST).ack('server')).frames;
    // SYN, and the acknowledgement of the request.
    const kept = { frames: [frames[0]!, frames[4]!, ...frames.slice(5)] };
    expect(await judged(kept)).toMatchObject({ verdict: 'capture_insufficient', outcome: 'unknown' });
  });

  test('a SYN that is not sent again may have been answered unseen', async () => {
    expect(await judged(later(conversation().syn()))).toMatchObject({
      verdict: 'connect_no_reply',
      confidence: 'probable',
      ...reason('syn_not_repeated'),
    });
  });

  test('the next connection of the same ports, without its handshake, is another one', async () => {
    const first = asked().serverSends(OK).ack('client').close('server');
    const next = conversation({ start: first.now + 1e9, clientIsn: 900_000, serverIsn: 700_000 });
    next.established().ack('client').clientSends(POST).serverSends(OK).ack('client');
    const record = await judged({ frames: [...first.frames.slice(0, -2), ...next.frames] }, {}, {}, 2);
    expect(record).toMatchObject({ verdict: 'delivered', connection: { id: 2 } });
  });
});

describe('captured in another order than sent', () => {
  const swap = (c: { readonly frames: readonly Frame[] }, a: number, b: number) => {
    const frames = [...c.frames];
    const [first, second] = [frames.at(a)!, frames.at(b)!];
    frames[(a + frames.length) % frames.length] = { ...second, timeNs: first.timeNs };
    frames[(b + frames.length) % frames.length] = { ...first, timeNs: second.timeNs };
    return { frames };
  };

  test.each([
    ['client', 'no_response_sender_closed', 'sender_fin'],
    ['server', 'no_response_receiver_closed', 'receiver_fin'],
  ] as const)(
    'of two FINs the first is the one that the other acknowledges: %s',
    async (side, verdict, closedBy) => {
      const closing = asked().wait(2000).close(side);
      expect(await judged(swap(closing, -3, -2))).toMatchObject({ verdict, facts: { closedBy } });
    },
  );

  test('an ICMP error before the SYN that it quotes', async () => {
    const refused = icmp(conversation().syn(), '192.0.2.1', 3, 13);
    expect(await judged(swap(refused, 0, 1))).toMatchObject({
      verdict: 'connect_prohibited',
      fault: ['network'],
    });
  });
});
