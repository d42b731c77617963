/**
 * What holds for any conversation, whatever the capture did to its packets. Times are left out of the comparison,
 * everything that is said about a transaction is in.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import type { Frame } from '../support/packets-source.ts';
import { observe } from '../tcp/observe.ts';
import { cuts, lay, shuffled, type Turn, turns } from './dialogue.ts';
import { meanings, run } from './run.ts';

const RUNS = { numRuns: 60 };
const delays = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 40 });

/** The same conversation in whole messages, in order, from its handshake on. */
async function plain(dialogue: readonly Turn[]) {
  const { frames } = lay(dialogue, { cuts: [100_000] });
  return meanings((await run(frames)).records);
}

describe('whatever the packets, the transactions are the same', () => {
  test('as sent: each request once, with its response', async () => {
    await fc.assert(
      fc.asyncProperty(turns, async (dialogue) => {
        const records = await plain(dialogue);
        expect(records.map(({ index }) => index)).toEqual(dialogue.map((_, index) => index + 1));
        records.forEach(({ request, response, verdict, facts }, index) => {
          const turn = dialogue[index]!;
          expect(request?.target).toBe(turn.target);
          expect(response?.status).toBe(turn.status);
          expect(response?.interim).toEqual(turn.interim);
          expect(facts).toEqual({ sent: 'full', acked: 'full', responded: 'full' });
          expect(verdict).toBe(
            {
              200: 'delivered',
              201: 'delivered',
              404: 'client_error',
              500: 'server_error',
              502: 'gateway_error',
            }[turn.status],
          );
        });
      }),
      RUNS,
    );
  });

  test('in any cut, with sequence numbers that wrap', async () => {
    const isn = fc.integer({ min: 2 ** 32 - 400, max: 2 ** 32 - 1 });
    await fc.assert(
      fc.asyncProperty(
        turns,
        cuts,
        isn,
        isn,
        fc.boolean(),
        async (dialogue, lengths, clientIsn, serverIsn, bareAcks) => {
          const { frames } = lay(dialogue, { cuts: lengths, clientIsn, serverIsn, bareAcks });
          expect(meanings((await run(frames)).records)).toEqual(await plain(dialogue));
        },
      ),
      RUNS,
    );
  });

  test('delayed by up to 10 ms each', async () => {
    await fc.assert(
      fc.asyncProperty(turns, cuts, delays, fc.boolean(), async (dialogue, lengths, late, bareAcks) => {
        const { frames } = lay(dialogue, { cuts: lengths, bareAcks });
        expect(meanings((await run(shuffled(frames, late))).records)).toEqual(await plain(dialogue));
      }),
      RUNS,
    );
  });

  test('sent again, captured twice', async () => {
    const repeats = fc.array(fc.record({ which: fc.nat(), after: fc.constantFrom(0, 0.05, 5, 250) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(turns, cuts, repeats, async (dialogue, lengths, again) => {
        const { frames } = lay(dialogue, { cuts: lengths });
        const copies = again.map(({ which, after }) => {
          const frame = frames[which % frames.length]!;
          return { ...frame, timeNs: frame.timeNs + after * 1e6 };
        });
        const all = [...frames, ...copies].sort((a, b) => a.timeNs - b.timeNs);
        expect(meanings((await run(all)).records)).toEqual(await plain(dialogue));
      }),
      RUNS,
    );
  });

  test('overlapping: the same bytes in two cuts', async () => {
    await fc.assert(
      fc.asyncProperty(turns, cuts, cuts, delays, async (dialogue, lengths, others, late) => {
        const one = lay(dialogue, { cuts: lengths }).frames;
        const two = lay(dialogue, { cuts: others }).frames;
        // One after the other in each moment of the conversation, by how far it has come.
        const all = [
          ...one.map((frame, index) => ({ frame, part: index / one.length })),
          ...two.map((frame, index) => ({ frame, part: index / two.length })),
        ].sort((a, b) => a.part - b.part);
        const frames = all.map(({ frame }, index) => ({ ...frame, timeNs: index * 3e6 }));
        const inTime = shuffled(frames, late);
        expect(meanings((await run(inTime)).records)).toEqual(await plain(dialogue));
      }),
      RUNS,
    );
  });

  test('met in the middle: all that was said is the same', async () => {
    await fc.assert(
      fc.asyncProperty(turns, cuts, delays, async (dialogue, lengths, late) => {
        const { frames } = lay(dialogue, { cuts: lengths, handshake: false });
        expect(meanings((await run(shuffled(frames, late))).records)).toEqual(await plain(dialogue));
      }),
      RUNS,
    );
  });
});

/** Frames without those whose turn in `hidden` says so. */
const without = (frames: readonly Frame[], hidden: readonly boolean[]) =>
  frames.filter((_, index) => !hidden[index % hidden.length]);

describe('whatever was not captured', () => {
  const hidden = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });

  test('each request has at most one record, and exactly one when its start line was captured', async () => {
    await fc.assert(
      fc.asyncProperty(turns, cuts, hidden, fc.boolean(), async (dialogue, lengths, lost, bareAcks) => {
        const { frames } = lay(dialogue, { cuts: lengths, bareAcks });
        const { records } = await run(without(frames, lost));
        for (const { target } of dialogue) {
          expect(records.filter(({ request }) => request?.target === target).length).toBeLessThanOrEqual(1);
        }
        expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
        const whole = await run(frames);
        expect(whole.records.length).toBe(dialogue.length);
        expect(records.length).toBeLessThanOrEqual(2 * dialogue.length + 1);
      }),
      RUNS,
    );
  });

  /** Not for pipelined requests: of several answers that a gap may have hidden, nothing tells which it did. */
  test('no request is delivered by an answer of which no byte was captured', async () => {
    await fc.assert(
      fc.asyncProperty(turns, cuts, hidden, fc.boolean(), async (drawn, lengths, lost, bareAcks) => {
        const dialogue = drawn.map((turn) => ({ ...turn, pipelined: false }));
        const { frames, responseFrames } = lay(dialogue, { cuts: lengths, bareAcks });
        const unanswered = dialogue.map((_, turn) => lost[turn % lost.length]!);
        const gone = new Set(responseFrames.filter((_, turn) => unanswered[turn]).flat());
        const { records } = await run(frames.filter((_, index) => !gone.has(index)));
        dialogue.forEach(({ target }, turn) => {
          if (!unanswered[turn]) return;
          const record = records.find(({ request }) => request?.target === target);
          expect(record, target).toBeDefined();
          expect([record!.outcome, record!.response?.status ?? null], target).not.toContain('delivered');
        });
      }),
      RUNS,
    );
  });

  test('every stream ends once, and nothing comes after it', async () => {
    await fc.assert(
      fc.asyncProperty(turns, cuts, hidden, delays, async (dialogue, lengths, lost, late) => {
        const { frames } = lay(dialogue, { cuts: lengths });
        const { connections } = await observe(shuffled(without(frames, lost), late));
        for (const stream of connections.flatMap(({ streams }) => streams)) {
          expect([stream.ends, stream.afterEnd]).toEqual([1, false]);
        }
      }),
      RUNS,
    );
  });
});

describe('whatever the clock', () => {
  test('times that jump about neither hang nor lose a request, nor tell it twice', async () => {
    const times = fc.array(
      fc.oneof(
        fc.integer({ min: -5e9, max: 5e9 }),
        fc.constantFrom(0, -1e18, 1e15, 1e18, 2 ** 63, -(2 ** 63), 1.8e28),
      ),
      { minLength: 1, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(turns, cuts, times, async (dialogue, lengths, jumps) => {
        const { frames } = lay(dialogue, { cuts: lengths });
        const jumped = frames.map((frame, index) => ({
          ...frame,
          timeNs: frame.timeNs + (index % 3 === 0 ? jumps[index % jumps.length]! : 0),
        }));
        const { records } = await run(jumped);
        for (const { target } of dialogue) {
          expect(records.filter(({ request }) => request?.target === target).length).toBeLessThanOrEqual(1);
        }
        // A deadline that passes inside a request leaves the record of what was there by then.
        expect(records.length).toBeGreaterThanOrEqual(dialogue.length);
      }),
      RUNS,
    );
  });

  test('one packet from the far future makes nothing due that begins after it', async () => {
    const { frames } = lay(
      [
        {
          target: '/a',
          request: 'GET /a HTTP/1.1\r\n\r\n',
          interim: [],
          status: 200,
          response: OK,
          pipelined: false,
        },
        {
          target: '/b',
          request: 'GET /b HTTP/1.1\r\n\r\n',
          interim: [],
          status: 200,
          response: OK,
          pipelined: false,
        },
      ],
      { cuts: [1000] },
    );
    const other = conversation({ client: '10.9.9.9:99' }).syn().frames[0]!;
    const future = { ...other, timeNs: frames[0]!.timeNs + 1e15 };
    // An agenda that stayed in the future would find the deadline of both requests passed with its first timer.
    const slow = frames.map((frame, index) => ({ ...frame, timeNs: 1e9 + index * 5e9 }));
    const { records } = await run([future, ...slow]);
    const verdicts = records.filter(({ request }) => request !== null).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(['delivered', 'delivered']);
  });
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

test('the version at the end of a request line in a segment of its own is no response', async () => {
  const start = 'POST /a ';
  const request = `${start}HTTP/1.1\r\nContent-Length: 0\r\n\r\n`;
  for (const length of ['HTTP/1.1'.length, 'HTTP/1.1\r\n'.length]) {
    const { frames } = lay(
      [{ target: '/a', request, interim: [], status: 200, response: OK, pipelined: false }],
      {
        cuts: [1, start.length - 1, length, 1000],
        handshake: false,
      },
    );
    expect((await run(frames)).records.map(({ verdict }) => verdict)).toEqual(['delivered']);
  }
});
