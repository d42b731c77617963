/** The short way to `delivered` and the rules say the same: of all that captures hold, and of what they might. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import type { ResponseHead } from '../../src/http/message.ts';
import type { Direction } from '../../src/tcp/stream.ts';
import type { Message, Transaction } from '../../src/transaction/transaction.ts';
import { rulingOf } from '../../src/verdict/judge.ts';
import { Neighbours } from '../../src/verdict/neighbours.ts';
import { isPlainlyDelivered } from '../../src/verdict/plain.ts';
import { Answered } from '../../src/verdict/stages/reply.ts';
import type { AcceptRule } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { needs, projectRoot, sharedCaptures } from '../support/needs.ts';
import { packetsSource } from '../support/packets-source.ts';
import { observe } from '../support/transactions.ts';
import { OK, POST } from './judged.ts';

const ANY: AcceptRule = { body: null, rejectBody: null, statuses: null };

/** What the rules say of it: the code, and whatever they add to what the catalogue says. */
function ruled(transaction: Transaction, accept = ANY): string[] {
  const { code, finding, facts } = rulingOf(transaction, accept, new Neighbours());
  return [code, facts.responded, ...(finding instanceof Answered ? [] : Object.keys(finding))];
}

async function plainIn(directory: string): Promise<{ plain: number; other: number }> {
  const counts = { plain: 0, other: 0 };
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((one) => /\.pcap(?:ng)?$/.test(one))) {
    await observe(openCapture([join(directory, name)]), 30e9, null, (transaction) => {
      if (isPlainlyDelivered(transaction, ANY)) {
        counts.plain++;
        expect(ruled(transaction), name).toEqual(['delivered', 'full']);
      } else if (ruled(transaction)[0] === 'delivered') counts.other++;
    });
  }
  return counts;
}

test('in all fixtures', async () => {
  const { plain, other } = await plainIn(join(projectRoot, 'fixtures'));
  expect(plain).toBeGreaterThan(2 * other);
});

needs('shared-captures').test('in all captures of the lab', async () => {
  const { plain, other } = await plainIn(join(sharedCaptures, 'lab'));
  expect(plain).toBeGreaterThan(2 * other);
});

/** A delivered one, as it was handed on, for each of its facts to be put otherwise. */
async function delivered(): Promise<Transaction> {
  const { frames } = conversation()
    .handshake()
    .clientSends(POST)
    .ack('server')
    .serverSends(OK)
    .ack('client')
    .close('client');
  const { transactions } = await observe(packetsSource(frames));
  return transactions[0]!;
}

/** Mostly what it is; sometimes one of the others. */
const or = <T>(usual: T, ...others: T[]) =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

test('in whatever else could be said of an attempt', async () => {
  const whole = await delivered();
  const { request, response, connection } = whole;
  const moment = (time: number) => ({ time, file: 0, frame: 99 });
  const early = { ...connection.sides[0].fin!, at: moment(0) };
  const late = { ...connection.sides[0].fin!, at: moment(1e12), ackOffset: null };
  const ended = ['closed', 'cut', 'lost', 'invalid', null] as const;
  const side = ({ fin, acked, packets }: Direction, other: number) =>
    fc.record({
      fin: or(fin, null, early, late),
      rst: or<Direction['rst']>(null, early, late),
      acked: or(acked, 0, 1, acked - 1, other),
      packets: or(packets, 0),
      holding: or(false, true),
      finUnseen: or(false, true),
      ackedUnseen: or(0, 7),
      snaplenCut: or(0, 1),
      stuckRepeats: or(0, 5),
      synCount: or(1, 2),
      lastRetransmission: or<Direction['lastRetransmission']>(null, moment(0), moment(1e12)),
      zeroWindow: or<Direction['zeroWindow']>(null, moment(0)),
    });
  const message = fc.record({ ended: or<Message<ResponseHead>['ended']>('complete', ...ended) });
  const stream = { id: 1, reset: null, goAway: null, hidden: true, grpcStatus: '3' };
  const facts = fc.record({
    kind: or<Transaction['kind']>('exchange', 'sealed', 'opaque', 'connect'),
    occasion: or<Transaction['occasion']>('answered', 'captureEnd', 'limit', 'deadline', 'closed', 'idle'),
    pairingGuessed: or(false, true),
    answerUnseen: or(0, 5),
    requestUnseen: or(0, 5),
    answerDoubtful: or(false, true),
    idleBefore: or<Transaction['idleBefore']>(null, 60e9),
    index: or(1, 2),
    acked: or(whole.acked, null, { offset: 1, at: null }),
    garbage: or<Transaction['garbage']>(null, {
      first: moment(1),
      last: moment(2),
      prefix: Buffer.from('x'),
      bytes: 1,
    }),
    stream: or<Transaction['stream']>(null, stream as unknown as Transaction['stream']),
  });
  const accept = fc.record({
    body: or<AcceptRule['body']>(null, /no/),
    rejectBody: or<AcceptRule['rejectBody']>(null, /success/),
    statuses: or<AcceptRule['statuses']>(null, [200], [204], [302]),
  });
  const status = or(200, 204, 299, 101, 302, 404, 503, 0, 999);
  const nothing = fc.record({ request: or(false, true), response: or(false, true), head: or(true, false) });
  let plain = 0;
  fc.assert(
    fc.property(
      facts,
      message,
      message,
      status,
      nothing,
      accept,
      side(connection.sides[0], 5_000),
      side(connection.sides[1], 5_000),
      (given, asked, answered, code, without, rule, first, second) => {
        const headers = [{ name: 'content-type', value: 'application/grpc' }];
        const head = { ...response!.head!, status: code, headers, complete: without.head };
        const transaction: Transaction = Object.create(whole, {
          ...described(given),
          request: { value: without.request ? null : copy(request!, asked) },
          response: { value: without.response ? null : copy(response!, { ...answered, head }) },
          connection: {
            value: Object.create(connection, {
              sides: { value: [copy(connection.sides[0], first), copy(connection.sides[1], second)] },
            }),
          },
          retransmissions: { value: 0 },
        });
        if (!isPlainlyDelivered(transaction, rule)) return;
        plain++;
        expect(ruled(transaction, rule)).toEqual(['delivered', 'full']);
      },
    ),
    { numRuns: 5000 },
  );
  expect(plain).toBeGreaterThan(500);
});

function described(values: object): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** A getter of the class reads private fields, which a copy has not: all that is read is put as it was. */
function copy<T extends object>(from: T, otherwise: Partial<T>): T {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(from)).flatMap((name) => {
    const read = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(from), name)?.get;
    return read === undefined ? [] : [[name, read.call(from)]];
  });
  return Object.create(from, described({ ...Object.fromEntries(own), ...otherwise }));
}
