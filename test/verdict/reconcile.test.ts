/** Lists of expected deliveries: what each line comes to, and every reason not to call a delivery missing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisOptions, ExpectedDelivery } from '../../src/verdict/verdict.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { ipFrame } from '../support/frames.ts';
import { merged, type SourceOptions } from '../support/packets-source.ts';
import { analyzed, OK } from './judged.ts';

const SECOND = 1e9;
const FAIL = 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n';
const HERE = { host: 'shop.example', port: 80, path: '/n' };

function post(body: string, host = 'shop.example', target = '/n'): string {
  return `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

let port = 50_000;
const to = (seconds: number, server = '203.0.113.44:80'): Conversation =>
  conversation({ client: `10.0.0.1:${port++}`, server, start: seconds * SECOND });
const answered = (seconds: number, request: string, response = OK, server = '203.0.113.44:80') =>
  to(seconds, server).handshake().clientSends(request).serverSends(response).ack('client').close('client');
const refused = (seconds: number, server = '203.0.113.44:80') => to(seconds, server).syn().rst('server');
/** No HTTP: nothing can be read. */
const opaque = (seconds: number, server = '203.0.113.44:80') =>
  to(seconds, server)
    .handshake()
    .clientSends(Buffer.from('ff00ff00ff00ff00', 'hex'))
    .ack('server')
    .wait(5000)
    .close('client');
/** Packets that no filter on the receivers lets in, and the last of the capture. */
const dns = (seconds: number) => {
  const bytes = ipFrame({ src: '10.0.0.1', dst: '192.0.2.53' }, 17, Buffer.alloc(20));
  return { frames: [{ timeNs: seconds * SECOND, bytes, wireLength: bytes.length }] };
};

/** Where the conversations' zero lies. */
const ZERO = 1_483_521_837_000;

/** @param expected with times in milliseconds of the conversations' clock. */
async function held(
  expected: readonly Partial<ExpectedDelivery>[],
  conversations: readonly { readonly frames: Conversation['frames'] }[],
  options: Partial<AnalysisOptions> = {},
  source: SourceOptions = {},
) {
  const list = expected.map((line, i) => ({
    key: 'K-0001',
    host: null,
    port: null,
    path: null,
    line: i + 1,
    ...line,
    time: line.time == null ? null : ZERO + line.time,
  }));
  const { findings, records } = await analyzed(
    merged(...conversations.map(({ frames }) => frames)),
    { expected: list, ...options },
    { dropped: 0, ...source },
  );
  return { ...findings, records };
}

/** Reasons by name; of suspects what they are. */
const reasonsOf = ({ because }: { because: readonly { reason: string; what?: string }[] }) =>
  because.map(({ reason, what }) => (what === undefined ? reason : `${reason} ${what}`));

describe('what a line comes to', () => {
  test('what its delivery does, once a key and place', async () => {
    const { deliveries, summary, unseen } = await held(
      [
        { key: 'K-0001', ...HERE, time: 900 },
        { key: 'K-0002', host: 'shop.example' },
        { key: 'K-0001', ...HERE, time: 5000 },
        { key: 'K-0003' },
      ],
      [
        answered(1, post('order_id=K-0001')),
        answered(2, post('order_id=K-0002'), FAIL),
        answered(3, post('order_id=K-0003')),
        answered(4, post('order_id=K-0004')),
      ],
    );
    expect(unseen).toEqual([]);
    expect(deliveries.map(({ key, outcome, expected }) => [key, outcome, expected?.lines])).toEqual([
      ['K-0001', 'delivered', [1, 3]],
      ['K-0002', 'refused', [2]],
      ['K-0003', 'delivered', [4]],
      ['K-0004', 'delivered', []],
    ]);
    expect(deliveries[0]!.expected).toMatchObject({ firstTime: -0.1 * SECOND, lastTime: 4 * SECOND });
    expect(summary.expected).toMatchObject({
      lines: 4,
      deliveries: 3,
      outcomes: { delivered: 2, refused: 1, missing: 0 },
      notExpected: 1,
    });
  });

  test('without a list nothing is expected', async () => {
    const { deliveries, summary, capture } = await held([], [answered(1, post('order_id=1'))], {
      expected: null,
    });
    expect([deliveries[0]!.expected, summary.expected, capture.options['expect']]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('missing, where the capture shows the host at its time and nothing of it', async () => {
    const { unseen, summary, deliveries } = await held(
      [{ ...HERE, time: 2000 }, { key: 'K-0002' }],
      [answered(1, post('order_id=K-0002')), dns(9)],
    );
    expect(unseen).toMatchObject([
      {
        id: '0.1',
        outcome: 'missing',
        verdict: 'not_observed',
        fault: ['sender'],
        confidence: 'strong',
        because: [],
        delivery: { key: 'K-0001', attempts: [], outcome: 'missing', expected: { lines: [1] } },
      },
    ]);
    expect(deliveries).toHaveLength(2);
    expect(summary).toMatchObject({
      transactions: 2,
      outcomes: { delivered: 1, missing: 1 },
      verdicts: { not_observed: 1 },
      exitStatus: 1,
    });
  });

  test('the id of several that a request carries is the one on the list', async () => {
    const { deliveries } = await held(
      [{ key: 'T-0001' }],
      [answered(1, post('out_trade_no=1&trade_no=T-0001'))],
    );
    expect(deliveries).toMatchObject([{ key: 'T-0001', keyFrom: 'form:trade_no', expected: { lines: [1] } }]);
  });

  test('where the list does not tell two places apart, the worse', async () => {
    const both = [
      answered(1, post('order_id=K-0001')),
      answered(2, post('order_id=K-0001', 'b.example'), FAIL),
    ];
    const one = await held([{}], both);
    expect(one.deliveries.map(({ outcome, expected }) => [outcome, expected!.lines])).toEqual([
      ['delivered', []],
      ['refused', [1]],
    ]);
    const told = await held([{ host: 'shop.example' }], both);
    expect(told.deliveries[0]!.expected!.lines).toEqual([1]);
  });

  test('what others send to the sender of the list with the same key is no delivery of it', async () => {
    const order = conversation({ client: '203.0.113.44:1234', server: '10.0.0.1:8080', start: 0 })
      .handshake()
      .clientSends(post('order_id=K-0001', 'platform.internal', '/pay'))
      .serverSends(FAIL)
      .ack('client')
      .close('client');
    const { deliveries } = await held(
      [{}, { key: 'K-0002' }],
      [order, answered(1, post('order_id=K-0001')), answered(2, post('order_id=K-0002'))],
    );
    expect(deliveries.filter(({ expected }) => expected!.lines.length > 0)).toMatchObject([
      { host: 'shop.example', outcome: 'delivered' },
      { host: 'shop.example', outcome: 'delivered' },
    ]);
  });

  test('an address stands for its host, and another path for none that was seen', async () => {
    const { deliveries } = await held(
      [{ host: '203.0.113.44', path: '/other' }],
      [answered(1, post('order_id=K-0001'))],
    );
    expect(deliveries).toMatchObject([{ expected: { lines: [1] } }]);
  });
});

describe('failed connections', () => {
  const LINES = [1000, 4000].map((time) => ({ ...HERE, port: 8080, time }));

  test('at the place and time of every line, and of no other, are its attempts', async () => {
    const { deliveries, unseen, summary } = await held(LINES, [
      refused(1.25, '203.0.113.44:8080'),
      refused(4.25, '203.0.113.44:8080'),
      answered(8, post('order_id=K-0002')),
    ]);
    expect(unseen).toEqual([]);
    expect(deliveries.at(-1)).toMatchObject({
      key: 'K-0001',
      outcome: 'unsent',
      verdict: 'connect_refused',
      inferred: true,
      attempts: ['1.1', '2.1'],
      intervals: [3000],
      keyFrom: null,
    });
    expect(summary.expected?.outcomes).toMatchObject({ unsent: 1 });
  });

  test('may be it where there are fewer of them', async () => {
    const { unseen } = await held(LINES, [refused(1.1, '203.0.113.44:8080'), dns(20)]);
    expect(unseen).toMatchObject([{ outcome: 'unknown', verdict: 'capture_insufficient' }]);
    expect(reasonsOf(unseen[0]!)).toEqual(['may_be connection']);
  });

  test('are not told apart where two deliveries lack an attempt and one connection failed', async () => {
    const { unseen } = await held(
      [LINES[0]!, { ...LINES[0]!, key: 'K-0002' }],
      [dns(0), refused(1.1, '203.0.113.44:8080'), dns(20)],
    );
    expect(unseen.map(reasonsOf)).toEqual([['may_be connection'], ['may_be connection']]);
  });

  test('are another delivery, which was to go there at the time', async () => {
    const { unseen } = await held(
      [
        { key: 'K-0002', ...HERE, time: 1000 },
        { ...HERE, host: 'gone.example', time: 1500 },
      ],
      [refused(1.1), answered(5, post('order_id=K-0002')), dns(20)],
    );
    expect(unseen).toMatchObject([{ outcome: 'missing', delivery: { host: 'gone.example' } }]);
  });
});

describe('is not called missing', () => {
  const seen = () => answered(1, post('order_id=K-0002'));
  const line = { ...HERE, time: 2000 };

  test.each<[string, Partial<ExpectedDelivery>[], readonly { frames: Conversation['frames'] }[], string[]]>([
    ['where something unreadable went there', [line], [seen(), opaque(3), dns(20)], ['may_be unreadable']],
    [
      'where its key stands elsewhere in a request',
      [line],
      [
        seen(),
        answered(3, post('order_id=K-0003&memo=for-K-0001')),
        answered(4, post('x={K-0001}')),
        dns(20),
      ],
      ['may_be mention'],
    ],
    [
      'where it went to another host',
      [{ ...line, host: 'b.example' }],
      [seen(), answered(2, post('order_id=K-0001')), dns(20)],
      ['sent_elsewhere'],
    ],
    ['before the capture', [{ ...line, time: -5000 }], [seen(), dns(20)], ['not_covered']],
    ['after it', [{ ...line, time: 30_000 }], [seen(), dns(20)], ['not_covered']],
    ['in its last moment', [{ ...line, time: 19_900 }], [seen(), dns(20)], ['expected_at_end']],
    [
      'where a filter may have left its host out',
      [{ ...line, host: 'c.example' }],
      [seen(), answered(20, post('order_id=K-0003'))],
      ['filter_possible'],
    ],
  ])('%s', async (_, expected, conversations, reasons) => {
    // The second key is on the list, so that the list and the requests are known to speak of the same keys.
    const { unseen } = await held([...expected, { key: 'K-0002' }], conversations);
    expect(unseen).toHaveLength(1);
    expect(reasonsOf(unseen[0]!)).toEqual(reasons);
    expect(unseen[0]!.outcome).toBe('unknown');
  });

  test('where the list and the requests speak of different keys', async () => {
    const { unseen, summary } = await held([line], [seen(), dns(20)]);
    expect(reasonsOf(unseen[0]!)).toEqual(['may_be other_key']);
    expect(summary.exitStatus).toBe(3);
  });

  test.each<[string, Partial<AnalysisOptions>, SourceOptions, string]>([
    ['where packets were dropped', {}, { dropped: 3 }, 'packets_dropped'],
    ['where its host was not asked for', { hosts: ['other.example'] }, {}, 'not_selected'],
    ['where its port was not asked for', { ports: [8080] }, {}, 'not_selected'],
  ])('%s', async (_, options, source, reason) => {
    const { unseen } = await held([line, { key: 'K-0002' }], [seen(), dns(20)], options, source);
    expect(reasonsOf(unseen[0]!)).toContain(reason);
  });

  test('where the capture lost bytes, or has one direction only', async () => {
    const lost = to(1)
      .handshake()
      .clientSends(post('order_id=K-0002'))
      .drop()
      .serverSends(OK)
      .ack('client')
      .close('client');
    const { unseen } = await held([line, { key: 'K-0002' }], [lost, dns(20)]);
    expect(reasonsOf(unseen[0]!)).toContain('bytes_lost');
    const half = { frames: seen().frames.filter((_, i) => i % 2 === 0) };
    const one = await held([line], [{ frames: half.frames }, dns(20)]);
    expect(one.unseen[0]!.outcome).toBe('unknown');
  });

  test('with more certainty than the capture and the list allow', async () => {
    const pcap = await held([line, { key: 'K-0002' }], [seen(), dns(20)], {}, { dropped: null });
    expect(pcap.unseen).toMatchObject([{ confidence: 'probable', because: [{ reason: 'drops_untold' }] }]);
    const place = await held([{ ...line, host: 'c.example' }, { key: 'K-0002' }], [seen(), dns(20)]);
    expect(place.unseen).toMatchObject([{ confidence: 'probable', because: [{ reason: 'place_unseen' }] }]);
    const timeless = await held([HERE, { key: 'K-0002' }], [seen(), dns(20)]);
    expect(timeless.unseen).toMatchObject([
      { confidence: 'weak', because: [{ reason: 'list_without_time' }] },
    ]);
  });
});

test('every line is answered exactly once, and the counts add up', async () => {
  const lines = fc.array(
    fc.record({
      key: fc.constantFrom('K-0001', 'K-0002', 'K-0003'),
      host: fc.constantFrom('shop.example', 'b.example', null),
      port: fc.constantFrom(80, 8080, null),
      time: fc.option(fc.integer({ min: -1000, max: 30_000 }), { nil: null }),
    }),
    { maxLength: 8 },
  );
  const attempt = fc.record({
    key: fc.constantFrom('K-0001', 'K-0002', 'K-0009'),
    host: fc.constantFrom('shop.example', 'b.example'),
    kind: fc.constantFrom('answered', 'failed', 'refused', 'opaque'),
    seconds: fc.integer({ min: 0, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(lines, fc.array(attempt, { minLength: 1, maxLength: 6 }), async (expected, attempts) => {
      const conversations = attempts.map(({ key, host, kind, seconds }) => {
        if (kind === 'refused') return refused(seconds);
        if (kind === 'opaque') return opaque(seconds);
        return answered(seconds, post(`order_id=${key}`, host), kind === 'failed' ? FAIL : OK);
      });
      const { deliveries, unseen, summary, records } = await held(expected, conversations);
      const answeredLines = deliveries.flatMap((delivery) => delivery.expected!.lines);
      expect([...answeredLines].sort((a, b) => a - b)).toEqual(expected.map((_, i) => i + 1));
      const total = Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0);
      expect([total, summary.transactions]).toEqual(Array(2).fill(records.length + unseen.length));
      const wanted = Object.values(summary.expected!.outcomes).reduce((sum, count) => sum + count, 0);
      expect(wanted).toBe(summary.expected!.deliveries);
      for (const { delivery } of unseen) expect(deliveries).toContainEqual(delivery);
    }),
    { numRuns: 60 },
  );
});
