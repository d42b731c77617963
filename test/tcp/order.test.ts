/** Bytes in the right order and place: reordering, repetition, gaps, sequence numbers. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { tcpFrame } from '../support/frames.ts';
import { snapped } from '../support/packets-source.ts';
import { observe, observeOne, swapped } from './observe.ts';

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

  test('and it is known that it was acknowledged', async () => {
    const { frames } = conversation({ rtt: 5 }).established().clientSends('ask').serverSends('answer');
    const { sides, second } = await observeOne(swapped(frames, 0, 1));
    expect(second.text).toBe('ask');
    expect(sides[1].watch(sides[1].next).at?.frame).toBe(1);
  });

  test('a stream met at its end, in reverse, is whole', async () => {
    const { frames } = conversation({ rtt: 1 }).established().clientSends('abc').fin('client').ack('server');
    const { second } = await observeOne([swapped(frames, 0, 2)].flat());
    expect([second.text, second.end, second.afterEnd]).toEqual(['abc', 'fin', false]);
    const onlyLast = swapped(frames, 0, 1);
    expect((await observeOne(onlyLast)).first).toMatchObject({ text: 'abc', end: 'fin', afterEnd: false });
  });

  test('data that acknowledge what is out of any window wait for nothing', async () => {
    const talk = conversation()
      .handshake()
      .clientSends('abc', { ack: 5001 + 2 ** 30 + 9 });
    let told = '';
    await observe(talk.frames, {
      atFrame: (_, [seen]) => {
        told = seen!.streams[0].text;
      },
    });
    expect(told).toBe('abc');
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
