/** Any mix of present and absent facts, with hostile text, for what every language must keep to. */
import fc from 'fast-check';
import { CATALOGUE } from '../../src/verdict/codes.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { DELIVERED, SPARSE, transaction } from './records.ts';

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const time = maybe(fc.integer({ min: -1e9, max: 1e13 }));
const ms = maybe(fc.double({ min: 0, max: 1e7, noNaN: true }));
const word = fc.string({
  unit: fc.constantFrom('a', 'Z', '/', '\x1b', '\u202e', '\n', '\x9b', '支', '\ud800'),
  maxLength: 300,
});
const extent = fc.constantFrom('full', 'partial', 'none', 'unknown');
const CLOSINGS = ['sender_fin', 'sender_rst', 'receiver_fin', 'receiver_rst'] as const;

export const ANY_RECORD: fc.Arbitrary<TransactionRecord> = fc
  .record({
    verdict: fc.constantFrom(...CATALOGUE.map((entry) => entry.code)),
    facts: fc.record({
      sent: extent,
      acked: extent,
      responded: extent,
      closedBy: fc.constantFrom(...CLOSINGS, null),
      accepted: fc.constantFrom('yes', 'no', 'unknown'),
    }),
    request: maybe(
      fc.record({
        method: maybe(word),
        target: maybe(word),
        url: maybe(word),
        host: maybe(word),
        headerBytes: fc.nat(),
      }),
    ),
    response: maybe(
      fc.record({
        status: maybe(fc.integer({ min: 100, max: 999 })),
        reason: maybe(word),
        headers: fc.array(fc.record({ name: fc.constantFrom('Location', 'X'), value: word }), {
          maxLength: 2,
        }),
        interim: fc.array(fc.constantFrom(100, 103), { maxLength: 3 }),
      }),
    ),
    times: fc.record({
      syn: time,
      established: time,
      requestFirstByte: time,
      responseFirstByte: time,
      closed: time,
    }),
    timings: fc.record({ ack: ms, wait: ms, total: ms, gaveUpAfter: ms }),
    signals: fc.subarray(['half_closed', 'retransmitted']),
    missing: fc.array(word, { maxLength: 2 }),
    evidence: fc.array(
      fc.record({
        file: word,
        frame: fc.nat(),
        time: fc.integer({ min: -1e9, max: 1e13 }),
        role: fc.constantFrom(...CLOSINGS, 'icmp_error', 'syn'),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ request, response, ...rest }) => {
    const base = transaction({
      ...rest,
      times: { ...SPARSE.times, ...rest.times },
    });
    return {
      ...base,
      request: request === null ? null : { ...DELIVERED.request!, ...request },
      response: response === null ? null : { ...DELIVERED.response!, ...response },
    };
  });
