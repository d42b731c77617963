/** Attempts of one key as one delivery: their order, what decides, what repeats, and what is not the same delivery. */
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { keySpec } from '../../src/cli/values.ts';
import { LIMITS } from '../../src/limits.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { merged } from '../support/packets-source.ts';
import { analyzed, OK } from './judged.ts';

const SECOND = 1e9;
const FAIL = 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n';

function post(body: string, { target = '/n', host = 'shop.example', method = 'POST' } = {}): string {
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

let port = 40_000;
const at = (seconds: number, server = '203.0.113.44:80'): Conversation =>
  conversation({ client: `10.0.0.1:${port++}`, server, start: seconds * SECOND }).handshake();

const answered = (seconds: number, request: string, response = OK) =>
  at(seconds).clientSends(request).serverSends(response).ack('client').close('client');
/** Acknowledged, not answered; the sender gives up after half a second. */
const unanswered = (seconds: number, request: string) =>
  at(seconds).clientSends(request).ack('server').wait(500).close('client');

async function deliveriesOf(...conversations: readonly Conversation[]) {
  const { records, findings } = await analyzed(merged(...conversations.map(({ frames }) => frames)));
  return { records, deliveries: findings.deliveries, summary: findings.summary };
}

const byId = (records: readonly TransactionRecord[]) =>
  [...records].sort((a, b) => a.connection.id - b.connection.id || a.connection.index - b.connection.index);

test('attempts of one key, the second of them answered', async () => {
  const { records, deliveries, summary } = await deliveriesOf(
    unanswered(0, post('order_id=7')),
    answered(10, post('order_id=7')),
    answered(14, post('order_id=7')),
    answered(3, post('order_id=8')),
  );
  const [one, two, three] = deliveries;
  expect(summary.deliveries).toBe(2);
  expect(three).toBeUndefined();
  expect(one).toMatchObject({
    type: 'delivery',
    key: '7',
    keyFrom: 'form:order_id',
    host: 'shop.example',
    port: 80,
    method: 'POST',
    path: '/n',
    outcome: 'delivered',
    verdict: 'delivered',
    attemptCount: 3,
    intervals: [10_000, 4_000],
    duplicatesAfterAck: 2,
    duplicatesAfterDelivery: 1,
  });
  const attempts = one!.attempts.map((id) => records.find((record) => record.id === id)!);
  expect(one!.firstSent).toBe(attempts[0]!.times.requestFirstByte);
  expect(one!.firstAcked).toBe(attempts[0]!.times.requestAcked);
  expect(one!.deliveredAt).toBe(attempts[1]!.times.responseLastByte);
  expect(attempts.map(({ delivery }) => delivery)).toEqual([
    { key: '7', attempt: 1, of: null },
    { key: '7', attempt: 2, of: null },
    { key: '7', attempt: 3, of: null },
  ]);
  expect(two).toMatchObject({ key: '8', attempts: [expect.any(String)], duplicatesAfterAck: 0 });
});

test('attempts count by first byte, not by when they are judged', async () => {
  const open = at(0).clientSends(post('order_id=7')).ack('server');
  const { records, deliveries } = await deliveriesOf(
    open,
    answered(5, post('order_id=7')),
    answered(60, post('x=1')),
  );
  // The answered one is judged long before the open one has met its deadline.
  expect(records[0]).toMatchObject({ verdict: 'delivered', delivery: { attempt: 2 } });
  expect(records[1]).toMatchObject({ verdict: 'no_response_timeout', delivery: { attempt: 1 } });
  expect(deliveries[0]!.attempts).toEqual([records[1]!.id, records[0]!.id]);
});

describe('the best attempt decides', () => {
  const gone = (seconds: number, request: string) => at(seconds).clientSends(request).fin('client');
  test.each([
    [
      'delivered before refused',
      [answered(0, post('order_id=1')), answered(9, post('order_id=1'), FAIL)],
      'delivered',
    ],
    [
      'refused before unanswered',
      [answered(0, post('order_id=1'), FAIL), unanswered(9, post('order_id=1'))],
      'server_error',
    ],
    [
      'what may still be answered before refused',
      [answered(0, post('order_id=1'), FAIL), at(9).clientSends(post('order_id=1')).ack('server')],
      'pending_at_capture_end',
    ],
    [
      'what the receiver took before what it did not',
      [unanswered(0, post('order_id=1')), gone(9, post('order_id=1')), unanswered(60, post('x=1'))],
      'no_response_sender_closed',
    ],
  ])('%s', async (_, conversations, verdict) => {
    const { deliveries } = await deliveriesOf(...conversations);
    expect(deliveries[0]).toMatchObject({ attemptCount: 2, verdict });
  });
});

describe('is another delivery', () => {
  test.each([
    ['another host', post('order_id=1', { host: 'other.example' })],
    ['another port', post('order_id=1', { host: 'shop.example:8080' })],
    ['another path', post('order_id=1', { target: '/refund' })],
    ['another method', post('order_id=1', { method: 'PUT' })],
    ['another key', post('order_id=2')],
  ])('%s', async (_, request) => {
    const { deliveries } = await deliveriesOf(answered(0, post('order_id=1')), answered(9, request));
    expect(deliveries.map(({ attemptCount }) => attemptCount)).toEqual([1, 1]);
  });

  test('not another query, spelling of the host, or address of it', async () => {
    const moved = at(5, '203.0.113.45:80').clientSends(post('order_id=1')).serverSends(OK).ack('client');
    const { deliveries } = await deliveriesOf(
      answered(0, post('order_id=1')),
      moved,
      answered(9, post('order_id=1', { target: '/n?attempt=2', host: 'Shop.Example:80' })),
    );
    expect(deliveries.map(({ attemptCount }) => attemptCount)).toEqual([3]);
  });
});

describe('without a key', () => {
  test('the same request is the same delivery', async () => {
    const { deliveries } = await deliveriesOf(
      unanswered(0, post('{"id":1}')),
      answered(5, post('{"id":1}')),
      answered(9, post('{"id":2}')),
    );
    expect(deliveries.map(({ keyFrom, attemptCount }) => [keyFrom, attemptCount])).toEqual([
      ['identical', 2],
      ['identical', 1],
    ]);
    expect(deliveries[0]!.key).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('a body far beyond what is kept of it is compared whole', async () => {
    const body = 'x'.repeat(LIMITS.bodyBytes + 1000);
    const { deliveries } = await deliveriesOf(
      answered(0, post(`${body}1`)),
      answered(5, post(`${body}1`)),
      answered(9, post(`${body}2`)),
    );
    expect(deliveries.map(({ attemptCount }) => attemptCount)).toEqual([2, 1]);
  });

  test('a poll delivers nothing: it has no delivery', async () => {
    const { records, deliveries } = await deliveriesOf(
      answered(0, post('', { method: 'GET', target: '/health' })),
      answered(5, post('', { method: 'GET', target: '/notify?x=1' })),
    );
    expect(deliveries).toMatchObject([{ path: '/notify', keyFrom: 'identical' }]);
    expect(byId(records).map(({ delivery }) => delivery === null)).toEqual([true, false]);
  });

  test('what was not captured whole is no key', async () => {
    const { records, deliveries } = await deliveriesOf(
      at(0).clientSends(post('{"id":1}').slice(0, -2)).ack('server').fin('client'),
      at(5).ack('client').wait(9000).fin('client'),
    );
    expect(records).toHaveLength(2);
    expect(deliveries).toEqual([]);
  });

  test('a request that never ended has the key that its begin shows', async () => {
    const half = post('order_id=1&sign=abcdef').slice(0, -6);
    const { records } = await deliveriesOf(at(0).clientSends(half).ack('server'), answered(60, post('x=1')));
    expect(records.find(({ outcome }) => outcome === 'unanswered')?.delivery).toEqual({
      key: '1',
      attempt: 1,
      of: null,
    });
  });
});

test('what was not asked for is no attempt', async () => {
  const { findings } = await analyzed(
    merged(
      answered(0, post('order_id=1')).frames,
      at(5, '203.0.113.45:80').clientSends(post('order_id=1')).serverSends(OK).ack('client').frames,
    ),
    { hosts: ['203.0.113.45'] },
  );
  expect(findings.deliveries).toMatchObject([{ attemptCount: 1, intervals: [], duplicatesAfterAck: 0 }]);
});

test('--key says where the key is, and the capture record repeats it', async () => {
  const { findings } = await analyzed(
    merged(answered(0, post('id=1&n=1')).frames, answered(5, post('id=1&n=2')).frames),
    { keys: [keySpec('--key', 'form:id')] },
  );
  expect(findings.deliveries).toMatchObject([{ key: '1', keyFrom: 'form:id', attemptCount: 2 }]);
  expect(findings.capture.options['key']).toEqual(['form:id']);
});

describe('bounds', () => {
  const saved = { ...LIMITS };
  afterEach(() => {
    Object.assign(LIMITS, saved);
  });
  const limit = (change: Partial<Record<keyof typeof LIMITS, number>>) => Object.assign(LIMITS, change);

  test('the delivery without an attempt for longest is left out, and counted', async () => {
    limit({ deliveries: 2 });
    const { findings } = await analyzed(
      merged(...[1, 2, 1, 3].map((key, i) => answered(i * 5, post(`order_id=${key}`)).frames)),
    );
    expect(findings.deliveries.map(({ key }) => key)).toEqual(['1', '3']);
    expect(findings.capture.limitsHit).toMatchObject({ deliveries: 1 });
  });

  test('attempts beyond the bound are counted, and still decide', async () => {
    limit({ deliveryAttempts: 2 });
    const request = post('order_id=1');
    const { records, findings } = await analyzed(
      merged(
        unanswered(0, request).frames,
        answered(5, request, FAIL).frames,
        answered(10, request).frames,
        answered(15, request).frames,
      ),
    );
    expect(findings.deliveries).toMatchObject([
      {
        outcome: 'delivered',
        attemptCount: 4,
        attempts: ['1.1', '2.1'],
        duplicatesAfterAck: 3,
        duplicatesAfterDelivery: 1,
      },
    ]);
    expect(byId(records).map(({ delivery }) => delivery!.attempt)).toEqual([1, 2, null, null]);
    expect(findings.capture.limitsHit).toMatchObject({ deliveryAttempts: 2 });
    expect(records.every(({ confidence }) => confidence !== 'weak')).toBe(true);
  });

  test('a key beyond all measure is known by its hash', async () => {
    const long = 'k'.repeat(LIMITS.keyLength + 1);
    const { deliveries } = await deliveriesOf(
      answered(0, post(`order_id=${long}`)),
      answered(5, post(`order_id=${long}&x=1`)),
      answered(9, post(`order_id=${long}k`)),
    );
    expect(deliveries.map(({ attemptCount }) => attemptCount)).toEqual([2, 1]);
    expect(deliveries[0]!.key).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

test('attempts partition the transactions that have a key', async () => {
  const request = fc.record({
    key: fc.constantFrom('1', '2', null),
    host: fc.constantFrom('a.example', 'b.example'),
    answer: fc.constantFrom(OK, FAIL, null),
    seconds: fc.integer({ min: 0, max: 90 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), async (requests) => {
      const frames = requests.map(({ key, host, answer, seconds }) => {
        const text = post(key === null ? '' : `order_id=${key}`, {
          host,
          method: key === null ? 'GET' : 'POST',
        });
        return (answer === null ? unanswered(seconds, text) : answered(seconds, text, answer)).frames;
      });
      const { records, findings, several } = await analyzed(merged(...frames));
      expect(several.length).toBeLessThanOrEqual(findings.deliveries.length);
      expect(several.filter(({ attemptCount }) => attemptCount > 1)).toEqual(
        findings.deliveries.filter(({ attemptCount }) => attemptCount > 1),
      );
      const listed = findings.deliveries.flatMap(({ attempts }) => attempts);
      const keyed = records.filter(({ delivery }) => delivery !== null);
      expect([...listed].sort()).toEqual(keyed.map(({ id }) => id).sort());
      for (const delivery of findings.deliveries) {
        const attempts = delivery.attempts.map((id) => records.find((record) => record.id === id)!);
        const firsts = attempts.map(({ times }) => times.requestFirstByte!);
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
        expect(attempts.every((record) => record.delivery!.key === delivery.key)).toBe(true);
        expect(attempts.map(({ verdict }) => verdict)).toContain(delivery.verdict);
        expect(delivery.attemptCount).toBe(attempts.length);
        expect(delivery.outcome === 'delivered').toBe(
          attempts.some(({ outcome }) => outcome === 'delivered'),
        );
      }
    }),
    { numRuns: 60 },
  );
});
