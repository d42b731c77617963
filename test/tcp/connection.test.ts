/** One connection: handshakes, closes and windows as the capture shows them. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { tcpFrame } from '../support/frames.ts';
import { observe, observeOne, swapped } from './observe.ts';

const MILLISECOND = 1e6;

describe('handshake', () => {
  test('is followed from SYN to the acknowledgement of the SYN-ACK', async () => {
    const { connection, sides } = await observeOne(conversation().handshake().frames);
    expect(connection.opener).toBe(0);
    expect(connection.established?.frame).toBe(3);
    expect(sides.map(({ synCount }) => synCount)).toEqual([1, 1]);
    expect(connection.historyFrom(0)).toBe('ShA');
    expect(connection.historyFrom(1)).toBe('^sHa');
  });

  test('a SYN-ACK first in the file names the other side as opener', async () => {
    const { connection, first, second } = await observeOne(
      conversation().drop().handshake().clientSends('GET /').serverSends('ok').frames,
    );
    expect(connection.opener).toBe(1);
    expect([first.text, second.text]).toEqual(['ok', 'GET /']);
  });

  test('a SYN that is repeated opens nothing new', async () => {
    const talk = conversation()
      .syn()
      .wait(1000)
      .syn()
      .wait(2000)
      .syn()
      .synAck()
      .ack('client')
      .clientSends('hi');
    const { connection, sides, first } = await observeOne(talk.frames);
    expect(sides[0].synCount).toBe(3);
    expect(sides[0].syn?.at.frame).toBe(1);
    expect(sides[0].lastSyn?.frame).toBe(3);
    expect(sides[0].previousSynTime).toBe(talk.frames[1]!.timeNs);
    expect(connection.portReused).toBe(false);
    expect(first.text).toBe('hi');
  });

  test('a simultaneous open is one connection', async () => {
    const talk = conversation();
    talk.segment('client', { flags: 'S', seq: 1000 });
    talk.segment('server', { flags: 'S', seq: 5000 });
    talk.segment('client', { flags: 'SA', seq: 1000, ack: 5001 });
    talk.segment('server', { flags: 'SA', seq: 5000, ack: 1001 });
    const { connection, first, second } = await observeOne(
      talk.ack('client').clientSends('one').serverSends('two').frames,
    );
    expect(connection.opener).toBe(0);
    expect(connection.established).not.toBeNull();
    expect([first.text, second.text]).toEqual(['one', 'two']);
  });

  test('any two of its packets may be captured in the wrong order', async () => {
    const { frames } = conversation({ rtt: 1 })
      .handshake()
      .clientSends('ask')
      .serverSends('answer')
      .close('client');
    for (let at = 0; at < 4; at++) {
      const { connection, first, second, table } = await observeOne(swapped(frames, at, at + 1));
      const [opener, other] = connection.opener === 0 ? [first, second] : [second, first];
      expect([at, opener.text, other.text]).toEqual([at, 'ask', 'answer']);
      expect(connection.established, `swap at ${at}`).not.toBeNull();
      expect(table.counts.ackedUnseen).toBe(0);
      expect([first.end, second.end]).toEqual(['fin', 'fin']);
    }
  });

  test('a second SYN-ACK with another ISN counts until the handshake is complete', async () => {
    const talk = conversation().syn().synAck().segment('server', { flags: 'SA', seq: 900_000, ack: 1001 });
    talk.segment('client', { flags: 'A', seq: 1001, ack: 900_001 });
    talk.segment('server', { flags: 'PA', seq: 900_001, payload: 'data' });
    const { second, sides, table } = await observeOne(talk.frames);
    expect(second.text).toBe('data');
    expect(sides[1].bytes).toBe(4);
    expect(table.counts.ackedUnseen).toBe(0);
  });

  test('a second SYN-ACK with another ISN after the handshake changes nothing', async () => {
    const talk = conversation()
      .handshake()
      .lose()
      .segment('server', { flags: 'SA', seq: 900_000, ack: 1001 });
    const { second, sides } = await observeOne(
      talk.segment('server', { flags: 'PA', seq: 5001, payload: 'data' }).ack('client').frames,
    );
    expect(second.text).toBe('data');
    expect(sides[1].bytes).toBe(4);
  });

  for (const distance of [-5_000, 5_000, 2 ** 31 - 7]) {
    test(`a stray acknowledgement (${distance} off) answers a SYN: the repeated SYN connects`, async () => {
      const stray = 1001 + distance;
      const talk = conversation().syn();
      talk.raw(tcpFrame(talk.fields('server', { flags: 'A', seq: 77_000, ack: stray })));
      talk.raw(tcpFrame(talk.fields('client', { flags: 'R', seq: stray, ack: 0 })));
      talk.wait(1000).syn().synAck().ack('client').wait(100);
      talk.clientSends('ask').wait(2000).serverSends('answer').close('client');
      const { first, second, sides, table } = await observeOne(talk.frames);
      expect([first.text, second.text]).toEqual(['ask', 'answer']);
      expect([first.end, second.end]).toEqual(['fin', 'fin']);
      expect(sides[1].strayAck?.at.frame).toBe(2);
      expect(sides[0].rst).toBeNull();
      expect(sides[0].rstCount).toBe(1);
      expect(table.counts.ackedUnseen).toBe(0);
    });
  }

  test('a stray SYN-ACK of an earlier life is not this one’s', async () => {
    const talk = conversation().syn();
    talk.raw(tcpFrame(talk.fields('server', { flags: 'SA', seq: 77_000, ack: 400_000 })));
    talk.raw(tcpFrame(talk.fields('client', { flags: 'R', seq: 400_000, ack: 0 })));
    const { first, second, sides, table } = await observeOne(
      talk.wait(1000).syn().synAck().ack('client').clientSends('ask').serverSends('answer').frames,
    );
    expect([first.text, second.text]).toEqual(['ask', 'answer']);
    expect(sides[1].syn?.at.frame).toBe(5);
    expect(table.counts.ackedUnseen).toBe(0);
  });

  test('nor after the right one came', async () => {
    const talk = conversation().syn().synAck();
    talk.raw(tcpFrame(talk.fields('server', { flags: 'SA', seq: 77_000, ack: 400_000 })));
    const { second, table } = await observeOne(
      talk.ack('client').clientSends('ask').serverSends('answer').frames,
    );
    expect(second.text).toBe('answer');
    expect(table.counts.ackedUnseen).toBe(0);
  });

  test('an acknowledgement of what was not captured is not stray once the handshake was seen to go on', async () => {
    const talk = conversation().syn().drop().synAck().ack('client').drop().clientSends('ask').ack('server');
    const { first, sides } = await observeOne(talk.frames);
    expect(first.text).toBe('<3>');
    expect(sides[1].strayAck).toBeNull();
  });

  test('a refusal captured before its SYN is of the same connection', async () => {
    const { frames } = conversation({ rtt: 1 }).syn().rst('server');
    const { connection, sides } = await observeOne(swapped(frames, 0, 1));
    expect(connection.opener).toBe(1);
    expect(sides[0].rst?.ackOffset).toBe(0);
  });

  test('data on the SYN (RFC 7413) are the first of the stream', async () => {
    const talk = conversation().syn({ payload: 'early' }).synAck().ack('client').clientSends(' late');
    const { first, sides } = await observeOne(talk.frames);
    expect(first.text).toBe('early late');
    expect(sides[0].retransmissions).toBe(0);
    const again = conversation().syn({ payload: 'early' }).synAck({ ack: 1001 });
    again.segment('client', { flags: 'PA', seq: 1001, payload: 'early' });
    const repeated = await observeOne(again.frames);
    expect(repeated.first.text).toBe('early');
    expect(repeated.sides[0].retransmissions).toBe(1);
    expect(repeated.sides[1].strayAck).toBeNull();
  });
});

describe('closing', () => {
  test('a FIN with data ends the stream after them', async () => {
    const talk = conversation()
      .handshake()
      .clientSends('ask')
      .fin('server', { payload: 'answer' })
      .fin('client');
    const { second, sides, connection } = await observeOne(talk.ack('server').frames);
    expect([second.text, second.end]).toEqual(['answer', 'fin']);
    expect(sides[1].fin?.flags).toBe(0x11);
    expect(sides[1].finAckedAt?.frame).toBe(6);
    expect(sides[1].acked).toBe(6);
    expect(connection.historyFrom(0)).toBe('ShADdfFa');
  });

  test('a FIN captured before the last data waits for them', async () => {
    const { frames } = conversation({ mss: 3 }).handshake().clientSends('abcdef').fin('client').ack('server');
    for (const [a, b] of [
      [4, 5],
      [3, 5],
    ] as const) {
      const { first } = await observeOne(swapped(frames, a, b));
      expect([first.text, first.end, first.ends, first.afterEnd]).toEqual(['abcdef', 'fin', 1, false]);
    }
  });

  test('both may close at once', async () => {
    const talk = conversation().handshake().clientSends('ask');
    const seq = { client: talk.client.next, server: talk.server.next };
    talk.segment('client', { flags: 'FA' }).segment('server', { flags: 'FA', ack: seq.client });
    talk
      .segment('client', { flags: 'A', ack: seq.server + 1 })
      .segment('server', { flags: 'A', ack: seq.client + 1 });
    const { first, second, sides } = await observeOne(talk.frames);
    expect([first.end, second.end]).toEqual(['fin', 'fin']);
    expect(sides.map(({ finAckedAt }) => finAckedAt?.frame)).toEqual([8, 7]);
  });

  test('a half-closed side goes on being answered', async () => {
    const talk = conversation().handshake().clientSends('ask').fin('client').ack('server').wait(20_000);
    const { first, second } = await observeOne(talk.serverSends('answer').ack('client').fin('server').frames);
    expect([first.end, second.text, second.end]).toEqual(['fin', 'answer', 'fin']);
  });

  test('after a reset its own side is over, the other may still answer late', async () => {
    const talk = conversation()
      .handshake()
      .clientSends('ask')
      .ack('server')
      .wait(5000)
      .rst('client')
      .wait(20_000);
    const { first, second, sides } = await observeOne(talk.serverSends('late').frames);
    expect([first.end, second.text, second.end]).toEqual(['reset', 'late', 'captureEnd']);
    expect(sides[0].rst?.at.frame).toBe(6);
  });

  test('data captured within the grace after a reset still count', async () => {
    const talk = conversation({ rtt: 5 }).handshake().clientSends('ask').serverSends('answer').rst('server');
    const { second } = await observeOne(swapped(talk.frames, 4, 5));
    expect([second.text, second.end]).toEqual(['answer', 'reset']);
  });

  test('the grace after a reset is whole, whatever else was looked at meanwhile', async () => {
    const talk = conversation({ rtt: 0 }).established().clientSends('ask').wait(990).rst('server').wait(20);
    const { streams } = await observeOne(talk.ack('client').wait(5).serverSends('answer').frames);
    expect(streams[1]).toMatchObject({ text: 'answer', end: 'reset' });
  });

  test('a side that goes on after its reset never sent it: what it brings is not lost', async () => {
    const talk = conversation().handshake().clientSends('ask').ack('server');
    talk
      .segment('server', { flags: 'R', ttl: 200 })
      .wait(5000)
      .serverSends('answer')
      .ack('client')
      .clientSends('more');
    const { connections } = await observe(talk.frames);
    expect(connections.map(({ streams }) => streams.map(({ text }) => text))).toEqual([
      ['ask', ''],
      ['answer', 'more'],
    ]);
    expect(connections[1]!.connection.portReused).toBe(true);
  });

  test('an RST acknowledges by its own word only', async () => {
    const talk = conversation().handshake().clientSends('ask').rst('server');
    const { sides } = await observeOne(talk.frames);
    expect(sides[0].acked).toBe(0);
    expect(sides[0].ackedByRst).toBe(3);
    expect(sides[1].rst).toMatchObject({ ackOffset: 3, offset: 0, flags: 0x14, ttl: 64 });
  });
});

describe('windows', () => {
  test('are scaled only where both SYNs said so', async () => {
    const scaled = conversation().handshake().ack('server', { window: 100 }).ack('client', { window: 3 });
    const { sides } = await observeOne(scaled.frames);
    expect(sides.map(({ window }) => window)).toEqual([3 << 7, 100 << 7]);
    const half = conversation()
      .syn()
      .synAck({ options: { mss: 1460 } })
      .ack('client', { window: 3 });
    const unscaled = await observeOne(half.frames);
    expect(unscaled.sides[0].window).toBe(3);
    const middle = await observeOne(conversation().established().ack('client', { window: 3 }).frames);
    expect(middle.sides[0].window).toBe(3);
  });

  test('a SYN’s own is never scaled, and a shift above 14 is taken as 14', async () => {
    const { sides } = await observeOne(conversation().syn({ window: 500 }).synAck({ window: 400 }).frames);
    expect(sides.map(({ window }) => window)).toEqual([500, 400]);
    const wide = conversation()
      .syn({ options: { wscale: 200 } })
      .synAck()
      .ack('client', { window: 1 });
    expect((await observeOne(wide.frames)).sides[0].window).toBe(2 ** 14);
  });

  test('the present run of zero windows is remembered by its first packet', async () => {
    const talk = conversation().handshake().clientSends('ask').ack('server', { window: 0 }).wait(100);
    talk.ack('server', { window: 0 });
    const closed = await observeOne(talk.frames);
    expect(closed.sides[1].zeroWindow?.frame).toBe(5);
    expect(closed.connection.historyFrom(0)).toBe('ShADaw');
    talk.ack('server', { window: 10 });
    expect((await observeOne(talk.frames)).sides[1].zeroWindow).toBeNull();
  });
});

describe('acknowledgements that are watched', () => {
  test('tell the packet that first covered an offset, whether asked before or after', async () => {
    const talk = conversation()
      .handshake()
      .clientSends('ask')
      .ack('server')
      .clientSends('more')
      .ack('server');
    const { connections } = await observe(talk.frames);
    const [client] = connections[0]!.connection.sides;
    expect(client.watch(7).at?.frame).toBe(7);
    const before: ReturnType<typeof client.watch>[] = [];
    await observe(talk.frames, {
      atFrame: (frame, [seen]) => {
        if (frame === 3) before.push(...[3, 7, 8].map((offset) => seen!.connection.sides[0].watch(offset)));
      },
    });
    expect(before.map(({ at }) => at?.frame)).toEqual([5, 7, undefined]);
  });
});

test('time between packets may be zero or below', async () => {
  const { frames } = conversation().handshake().clientSends('ask').serverSends('answer').close('client');
  for (const time of [() => 0, (index: number) => -index * MILLISECOND]) {
    const { first, second } = await observeOne(
      frames.map((frame, index) => ({ ...frame, timeNs: time(index) })),
    );
    expect([first.text, second.text, first.end, second.end]).toEqual(['ask', 'answer', 'fin', 'fin']);
  }
});
