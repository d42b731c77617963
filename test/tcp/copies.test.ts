/** Packets that the capture holds twice, and those that were really sent twice. */
import { describe, expect, test } from 'vitest';
import { ACK, createSegment } from '../../src/decode/segment.ts';
import { CopyFilter } from '../../src/tcp/copies.ts';
import { conversation } from '../support/conversation.ts';
import { tcpFrame } from '../support/frames.ts';
import type { Frame } from '../support/packets-source.ts';
import { observeOne } from './observe.ts';

const MICROSECOND = 1e3;

/** Every frame twice, the second one later. */
function doubled(frames: readonly Frame[], lag: number): Frame[] {
  return frames
    .flatMap((frame, index) => [
      { ...frame, index },
      { ...frame, timeNs: frame.timeNs + lag, index: index + 0.5 },
    ])
    .sort((a, b) => a.timeNs - b.timeNs || a.index - b.index);
}

const talk = (ipId?: number) =>
  conversation(ipId === undefined ? {} : { frame: { ipId } })
    .handshake()
    .clientSends('ask')
    .wait(1)
    .ack('server')
    .wait(1)
    .serverSends('answer')
    .close('client');

describe('copies', () => {
  for (const lag of [0, 1, 9, 500]) {
    test(`${lag} µs apart are counted and are no retransmissions`, async () => {
      const { first, second, sides, connection } = await observeOne(
        doubled(talk().frames, lag * MICROSECOND),
      );
      expect([first.text, second.text]).toEqual(['ask', 'answer']);
      expect(sides.map(({ retransmissions }) => retransmissions)).toEqual([0, 0]);
      expect(sides.map(({ synCount }) => synCount)).toEqual([1, 1]);
      // Bare acknowledgements without an identification cannot be told from new ones.
      expect(connection.duplicates).toBe(6);
      expect(connection.historyFrom(0)).not.toContain('T');
    });
  }

  test('with an identification bare acknowledgements are told too, and a slower tap', async () => {
    const { frames } = talk(77);
    const { connection, sides } = await observeOne(doubled(frames, 5e6));
    expect(connection.duplicates).toBe(frames.length);
    expect(sides.map(({ retransmissions }) => retransmissions)).toEqual([0, 0]);
  });

  test('the TTL of a copy may be lower', async () => {
    const one = talk(5).frames;
    const two = conversation({ frame: { ipId: 5, ttl: 63 } });
    two.handshake().clientSends('ask').wait(1).ack('server').wait(1).serverSends('answer').close('client');
    const both = [...one, ...two.frames.map((frame) => ({ ...frame, timeNs: frame.timeNs + 1000 }))];
    const { connection } = await observeOne(both.sort((a, b) => a.timeNs - b.timeNs));
    expect(connection.duplicates).toBe(one.length);
  });
});

describe('no copies', () => {
  test('what a timer sends again', async () => {
    const again = conversation().handshake().clientSends('ask').wait(200).retransmit('client');
    const { connection, sides } = await observeOne(again.frames);
    expect([connection.duplicates, sides[0].retransmissions]).toEqual([0, 1]);
  });

  test('what is sent again at once with an identification of its own', async () => {
    const again = conversation()
      .handshake()
      .clientSends('ask', { ipId: 1 })
      .retransmit('client', { ipId: 2 });
    const { connection, sides } = await observeOne(again.frames);
    expect([connection.duplicates, sides[0].retransmissions]).toEqual([0, 1]);
  });

  test('the same bytes with another acknowledgement, window, or from the other side', async () => {
    const base = conversation().handshake().clientSends('ask');
    base.retransmit('client', { window: 5 }).retransmit('client', { ack: 5000 });
    const { connection, sides } = await observeOne(base.frames);
    expect([connection.duplicates, sides[0].retransmissions]).toEqual([0, 2]);
  });

  test('duplicate acknowledgements, which ask for a retransmission', async () => {
    const base = conversation().handshake().ack('server').ack('server').ack('server');
    expect((await observeOne(base.frames)).connection.duplicates).toBe(0);
  });

  test('the same packet on another connection', async () => {
    const same = { seq: 9, ack: 9, flags: 'PA', payload: 'same', dstPort: 80, ipId: 3 } as const;
    const frames = [1, 2].map((last) => {
      const bytes = tcpFrame({ ...same, src: `10.0.0.${last}`, dst: '10.0.1.1', srcPort: 5000 });
      return { timeNs: 0, bytes, wireLength: bytes.length };
    });
    await expect(observeOne(frames)).rejects.toThrow('2 connections');
  });
});

/** Many packets between two copies must not decide by chance: the same capture would tell other things on the next run. */
test('what was found is found again, and nothing that is merely like it', () => {
  const packets = Array.from({ length: 20_000 }, (_, i) => ({
    ...createSegment(),
    time: i * 1e3,
    flags: ACK,
    seq: Math.imul(i, 1460),
    ack: Math.imul(i, 200),
    window: i % 500,
    payloadLength: 1460,
    ipId: i & 0xffff,
  }));
  const told = () => {
    const filter = new CopyFilter();
    const flows = [0, 0, 0];
    return packets.map((_, i) => {
      const flow = i % 4 === 0 ? 0 : i % 4 === 1 ? 1 : 2;
      const again = i % 3 === 2 ? packets[i - 100] : undefined;
      const packet = again === undefined ? packets[i]! : { ...again, time: i * 1e3 };
      if (filter.isCopy(packet, flows[flow]!)) return true;
      flows[flow] = filter.note(packet, flows[flow]!);
      return false;
    });
  };
  const first = told();
  expect(told()).toEqual(first);
  const copies = first.filter((_, i) => i % 3 === 2 && i >= 100).length;
  expect(first.filter(Boolean).length).toBe(copies);
  for (const [i, isCopy] of first.entries()) if (isCopy) expect(i % 3).toBe(2);
});
