/** What is left of a closed connection must tell its late packets from the next connection's as all of it would. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Conversation, conversation, type SegmentFields } from '../support/conversation.ts';
import type { Frame } from '../support/packets-source.ts';
import { observe } from './observe.ts';

type Step = (talk: Conversation) => Conversation;

/** The last data of a side that has sent some. */
function again(talk: Conversation, side: 'client' | 'server', fields: SegmentFields = {}): Conversation {
  return talk[side].lastData === undefined ? talk : talk.retransmit(side, fields);
}

const LATE: readonly Step[] = [
  (talk) => again(talk, 'client'),
  (talk) => again(talk, 'server'),
  (talk) => again(talk, 'client', { seq: talk.client.next - 2 }),
  (talk) => talk.ack('client'),
  (talk) => talk.ack('server'),
  (talk) => talk.fin('client', { seq: talk.client.next - 1 }),
  (talk) => talk.fin('server', { seq: talk.server.next - 1 }),
  (talk) => talk.rst('client'),
  (talk) => talk.rst('server', { ack: talk.client.next + 9 }),
  (talk) => talk.keepAlive('client'),
  (talk) => talk.clientSends('more'),
  (talk) => talk.serverSends('more', { ack: talk.client.next + 5000 }),
  (talk) => talk.segment('client', { flags: 'PA', seq: 700_000, payload: 'of another life' }),
  (talk) => talk.segment('server', { flags: 'SA', seq: talk.server.isn }),
  (talk) => talk.segment('server', { flags: 'SA', seq: 77 }),
  (talk) => talk.segment('client', { flags: 'S', seq: talk.client.isn }),
  (talk) => talk.segment('client', { flags: 'S', seq: 900_000 }),
  (talk) => talk.clientSends('ask').close('client'),
  (talk) => talk.wait(300),
  (talk) => talk.wait(12_000),
];

const BEGINNINGS: readonly Step[] = [
  (talk) => talk.handshake().clientSends('ask').serverSends('answer').close('client'),
  (talk) => talk.handshake().clientSends('ask').serverSends('answer').ack('client').close('server'),
  (talk) => talk.handshake().close('client'),
  (talk) => talk.established().clientSends('ask').serverSends('answer').close('server'),
  (talk) =>
    talk.handshake().clientSends('ask').drop().serverSends('lost').serverSends('answer').close('client'),
];

/** Some of them captured twice, some cut by the snapshot length. */
function marred(frames: readonly Frame[], which: number): Frame[] {
  return frames.flatMap((frame, i) => {
    const cut = (which >> (i % 31)) % 4 === 3;
    const bytes = cut ? frame.bytes.subarray(0, Math.max(56, frame.bytes.length - 2)) : frame.bytes;
    const one = { ...frame, bytes };
    return (which >> (i % 30)) % 4 === 1 ? [one, { ...one, timeNs: one.timeNs + 900 }] : [one];
  });
}

test('late packets are told as by the whole connection', async () => {
  const steps = fc.array(fc.constantFrom(...LATE), { maxLength: 12 });
  const of = fc.record({ begin: fc.constantFrom(...BEGINNINGS), steps, which: fc.nat(), ipId: fc.nat(9) });
  await fc.assert(
    fc.asyncProperty(of, async ({ begin, steps, which, ipId }) => {
      const talk = begin(conversation({ frame: { ipId } }));
      for (const step of steps) step(talk);
      const frames = marred(talk.frames, which);
      const told = async (forgets: boolean) => {
        const { connections, table, ids } = await observe(frames, { forgets });
        const streams = connections.map(({ streams }) =>
          streams.map(({ text, end, gaps }) => [text, end, gaps]),
        );
        return { counts: table.counts, begun: table.begun, ids, streams };
      };
      expect(await told(true)).toEqual(await told(false));
    }),
    { numRuns: 400 },
  );
});

test('nobody is told of late packets', async () => {
  const talk = conversation().handshake().clientSends('ask').serverSends('answer').close('client');
  const { frames } = talk.retransmit('server').rst('client');
  const packets = async (forgets: boolean) => {
    const { connections, ids } = await observe(frames, { forgets });
    expect(ids).toEqual(frames.map(() => 1));
    return connections[0]!.connection.sides.reduce((sum, side) => sum + side.packets, 0);
  };
  expect(await packets(false)).toBe(frames.length);
  expect(await packets(true)).toBe(frames.length - 2);
});
