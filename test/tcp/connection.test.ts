/** One connection: handshakes, order, gaps, closes and windows as the capture shows them. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { tcpFrame } from '../support/frames.ts';
import { type Frame, snapped } from '../support/packets-source.ts';
import { observe, observeOne } from './observe.ts';

const MILLISECOND = 1e6;

/** The frames with those at two positions in each other's place and time. */
function swapped(frames: readonly Frame[], a: number, b: number): Frame[] {
  const out = [...frames];
  out[a] = { ...frames[b]!, timeNs: frames[a]!.timeNs };
  out[b] = { ...frames[a]!, timeNs: frames[b]!.timeNs };
  return out;
}

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

describe('order and repetition', () => {
  test('data that arrive early wait for their turn and are no retransmissions', async () => {
    const { frames } = conversation({ mss: 3 }).handshake().clientSends('abcdefghijkl');
    const { first, sides } = await observeOne([...frames.slice(0, 3), ...frames.slice(3).reverse()]);
    expect(first.text).toBe('abcdefghijkl');
    expect(sides[0].retransmissions).toBe(0);
    expect(first.gaps).toEqual([]);
  });

  test('the evidence of a byte is the frame that carried it first', async () => {
    const { frames } = conversation({ mss: 3 }).handshake().clientSends('abcdef');
    const { first } = await observeOne(swapped(frames, 3, 4));
    expect(first.frames).toEqual([5, 4]);
  });

  test('where two segments overlap, the one captured first keeps the bytes', async () => {
    const talk = conversation().handshake();
    talk.segment('client', { seq: 1004, payload: 'DEF' });
    talk.segment('client', { seq: 1001, payload: 'abcdefgh' });
    const { first, sides } = await observeOne(talk.frames);
    expect(first.text).toBe('abcDEFgh');
    expect(sides[0].bytes).toBe(8);
    expect(sides[0].retransmissions).toBe(1);
  });

  test('what is sent again is counted, also when it is cut otherwise', async () => {
    const talk = conversation().handshake().clientSends('abcd').wait(300).retransmit('client').wait(600);
    talk.segment('client', { seq: 1003, payload: 'cdef' }).ack('server');
    const { first, sides, connection } = await observeOne(talk.frames);
    expect(first.text).toBe('abcdef');
    expect(sides[0].retransmissions).toBe(2);
    expect(sides[0].lastRetransmission?.frame).toBe(6);
    expect(sides[0].lastData?.frame).toBe(6);
    expect(sides[0].stuckRepeats).toBe(0);
    expect(connection.historyFrom(0)).toBe('ShADTa');
  });

  test('repetitions without a new acknowledgement are told apart, with their size', async () => {
    const talk = conversation().handshake().lose().clientSends('abcd');
    for (let times = 0; times < 3; times++) talk.wait(300).lose().retransmit('client');
    const { sides } = await observeOne(talk.frames);
    expect(sides[0].stuckRepeats).toBe(3);
    expect(sides[0].stuckLength).toBe(4);
  });

  test('a thousand segments in reverse', async () => {
    const whole = `${'x'.repeat(2999)}y`;
    const { frames } = conversation({ mss: 2 }).handshake().clientSends(whole);
    const { first } = await observeOne([...frames.slice(0, 3), ...frames.slice(3).reverse()]);
    expect(first.text).toBe(whole);
  });

  test('a keep-alive probe, with or without its byte, is neither data nor a retransmission', async () => {
    const talk = conversation().handshake().clientSends('ask').serverSends('answer').ack('client');
    talk.wait(60_000).keepAlive('client').ack('server').wait(60_000);
    talk
      .segment('client', { seq: talk.client.next - 1, payload: '\0' })
      .ack('server')
      .clientSends(' more');
    const { first, sides } = await observeOne(talk.frames);
    expect(first.text).toBe('ask more');
    expect(sides[0].retransmissions).toBe(0);
  });

  test('a response captured before its request is told after it', async () => {
    const { frames } = conversation({ rtt: 5 })
      .handshake()
      .clientSends('ask')
      .serverSends('answer')
      .ack('client');
    const { turns, first, second } = await observeOne(swapped(frames, 3, 4));
    expect([first.text, second.text, turns]).toEqual(['ask', 'answer', '01']);
  });

  test('also where the capture began in the middle', async () => {
    const { frames } = conversation({ rtt: 5 })
      .established()
      .clientSends('ask')
      .serverSends('answer')
      .ack('client');
    const { turns, first, second } = await observeOne(swapped(frames, 0, 1));
    expect([first.text, second.text, turns]).toEqual(['answer', 'ask', '10']);
  });

  test('a stream met in the middle begins with what was sent first, not with what was captured first', async () => {
    const { frames } = conversation({ mss: 2 }).established().clientSends('abcdef').ack('server');
    for (const order of [
      [1, 0, 2, 3],
      [2, 1, 0, 3],
      [1, 2, 0, 3],
      [3, 0, 1, 2],
    ]) {
      const mixed = order.map((from, to) => ({ ...frames[from]!, timeNs: frames[to]!.timeNs }));
      const { connection, streams } = await observeOne(mixed);
      const client = connection.ports[0] === 40_000 ? 0 : 1;
      expect([order, streams[client].text]).toEqual([order, 'abcdef']);
      expect(connection.sides[client].ackedUnseen).toBe(0);
    }
  });

  test('something far older does not move the beginning of a stream met in the middle', async () => {
    const talk = conversation({ clientIsn: 50_000 }).established().clientSends('abc');
    talk.segment('client', { seq: 45_000, payload: 'old' });
    const { first } = await observeOne(talk.wait(20).ack('server').clientSends('def').frames);
    expect(first.text).toBe('abcdef');
  });

  test('of data held until it is known where they begin, none are lost at a bound', async () => {
    const part = 'x'.repeat(40_000);
    const talk = conversation({ mss: 40_000 }).established();
    for (let count = 0; count < 500; count++) talk.clientSends(part);
    const { first, limits } = await observeOne(talk.frames);
    expect(first.text.length).toBe(500 * 40_000);
    expect(limits).toContain('heldBytes');
  });
});

describe('gaps', () => {
  test('bytes that were acknowledged and never captured are a gap after the grace, at their place', async () => {
    const talk = conversation({ mss: 4 })
      .handshake()
      .clientSends('abcd')
      .drop()
      .clientSends('efgh')
      .clientSends('ijkl');
    talk.ack('server').wait(900).ack('server').wait(200).ack('server');
    const told: string[] = [];
    const { connections, table } = await observe(talk.frames, {
      atFrame: (_, [seen]) => told.push(seen!.streams[0].text),
    });
    expect(told.slice(-4)).toEqual(['abcd', 'abcd', 'abcd', 'abcd<4>ijkl']);
    expect(connections[0]!.streams[0].gaps).toMatchObject([{ length: 4, offset: 4 }]);
    expect(connections[0]!.connection.sides[0].ackedUnseen).toBe(4);
    expect(table.counts.ackedUnseen).toBe(4);
    expect(connections[0]!.connection.historyFrom(0)).toBe('ShADaG');
  });

  test('an acknowledgement captured before its data is none', async () => {
    const { frames } = conversation({ rtt: 8 })
      .handshake()
      .clientSends('abcd')
      .ack('server')
      .clientSends('efgh')
      .ack();
    const { first, table, connection } = await observeOne(swapped(frames, 3, 4));
    expect(first.text).toBe('abcdefgh');
    expect(table.counts.ackedUnseen).toBe(0);
    expect(connection.sides[0].acked).toBe(8);
  });

  test('a hole that nobody acknowledged is no gap', async () => {
    const talk = conversation({ mss: 4 }).handshake().lose().drop().clientSends('abcd').clientSends('efgh');
    const { connections } = await observe(talk.ack('server').wait(5000).ack('server').frames);
    const [seen] = connections;
    expect(seen!.streams[0].text).toBe('');
    expect(seen!.connection.sides[0].ackedUnseen).toBe(0);
    expect(seen!.connection.sides[0].highest).toBe(8);
  });

  test('acknowledged one beyond the last byte: a FIN was not captured, nothing is missing', async () => {
    const talk = conversation().handshake().clientSends('ask').serverSends('answer').drop().fin('server');
    const { second, sides, table } = await observeOne(talk.ack('client').wait(3000).ack('client').frames);
    expect(second.text).toBe('answer');
    expect(second.gaps).toEqual([]);
    expect(sides[1].finUnseen).toBe(true);
    expect(table.counts.ackedUnseen).toBe(0);
  });

  test('one byte that was missed is a gap as soon as more follows: it was no FIN', async () => {
    const talk = conversation().handshake().drop().clientSends('a').ack('server').wait(3000).ack('server');
    const { first, sides } = await observeOne(
      talk.clientSends('bc').ack('server').wait(3000).ack('server').frames,
    );
    expect(first.text).toBe('<1>bc');
    expect(sides[0].finUnseen).toBe(false);
  });

  test('an acknowledgement of a FIN captured before the FIN itself is remembered', async () => {
    const { frames } = conversation({ rtt: 2 }).handshake().clientSends('ask').fin('client').ack('server');
    const { sides, first } = await observeOne(swapped(frames, 4, 5));
    expect(first.end).toBe('fin');
    expect(sides[0].finAckedAt?.frame).toBe(5);
    expect(sides[0].acked).toBe(3);
  });

  test('what the snapshot length cut off is a gap at its place', async () => {
    const { frames } = conversation({ mss: 10 })
      .handshake()
      .clientSends('0123456789abcdefghij')
      .ack('server');
    const { first, sides, table } = await observeOne(snapped(frames, 14 + 20 + 20 + 4));
    expect(first.text).toBe('0123<6>abcd<6>');
    expect(first.gaps.map(({ offset }) => offset)).toEqual([4, 14]);
    expect(sides[0].snaplenCut).toBe(2);
    expect(table.counts.snaplenCut).toBe(2);
    expect(sides[0].bytes).toBe(20);
  });

  test('also behind a hole, and where headers are all that was kept', async () => {
    const { frames } = conversation({ mss: 10 })
      .handshake()
      .clientSends('0123456789abcdefghij')
      .ack('server');
    const late = await observeOne(snapped(swapped(frames, 3, 4), 58));
    expect(late.first.text).toBe('0123<6>abcd<6>');
    const bare = await observeOne(snapped(frames, 54));
    expect(bare.first.text).toBe('<10><10>');
  });

  test('with one side unheard, what it must have acknowledged is given up', async () => {
    const talk = conversation({ mss: 4 })
      .handshake()
      .clientSends('abcd')
      .drop()
      .clientSends('efgh')
      .clientSends('ijkl');
    const client = talk
      .wait(2000)
      .ack('client')
      .frames.filter((_, index) => index !== 1);
    const { first } = await observeOne(client);
    expect(first.text).toBe('abcd<4>ijkl');
  });
});

describe('sequence numbers', () => {
  test('wrap', async () => {
    const text = 'x'.repeat(10_000);
    for (const isn of [2 ** 32 - 1, 2 ** 32 - 2, 2 ** 32 - 5000, 2 ** 31 - 1, 2 ** 31 - 5000]) {
      const talk = conversation({ clientIsn: isn, serverIsn: isn }).handshake();
      const { first, second, table } = await observeOne(
        talk.clientSends(text).ack('server').serverSends(text).ack('client').close('client').frames,
      );
      expect([isn, first.text === text, second.text === text]).toEqual([isn, true, true]);
      expect([first.end, second.end]).toEqual(['fin', 'fin']);
      expect(table.counts.ackedUnseen).toBe(0);
    }
  });

  test('a segment out of any window is of no stream, wherever it lies', async () => {
    for (const distance of [2 ** 30 + 5000, 2 ** 31 - 1, -(2 ** 31) + 1, -(2 ** 30)]) {
      const talk = conversation({ serverIsn: 7 }).handshake().clientSends('abc');
      talk.raw(tcpFrame(talk.fields('client', { seq: 1004 + distance, payload: 'forged' })));
      const { first, table } = await observeOne(talk.clientSends('def').ack('server').frames);
      expect([distance, first.text]).toEqual([distance, 'abcdef']);
      expect(table.counts.ackedUnseen).toBe(0);
    }
  });

  test('an acknowledgement out of any window acknowledges nothing', async () => {
    const talk = conversation().handshake().clientSends('abc').ack('server');
    talk.segment('server', { flags: 'A', ack: 1004 + 2 ** 30 + 1 });
    const { first, table, sides } = await observeOne(talk.wait(3000).clientSends('def').ack('server').frames);
    expect(first.text).toBe('abcdef');
    expect(sides[0].acked).toBe(6);
    expect(table.counts.ackedUnseen).toBe(0);
  });

  test('a window is no reason to leave a segment out', async () => {
    const talk = conversation().handshake().ack('server', { window: 0 }).clientSends('abc');
    const { first } = await observeOne(talk.frames);
    expect(first.text).toBe('abc');
  });

  test('wrong checksums, as before offload, hide nothing', async () => {
    const { frames } = conversation({ frame: { badChecksums: true } })
      .handshake()
      .clientSends('abc')
      .close('client');
    const { first } = await observeOne(frames);
    expect([first.text, first.end]).toEqual(['abc', 'fin']);
  });

  test('segments of 60 KB, and those without a length in their IP header, are taken whole', async () => {
    const big = 'x'.repeat(60_000);
    const talk = conversation({ mss: 65_000 }).handshake().clientSends(big).serverSends(big, { ipLength: 0 });
    const { first, second } = await observeOne(talk.frames);
    expect([first.text === big, second.text === big]).toEqual([true, true]);
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
