/** The fields of records: one simple exchange field by field, URLs, selection, tallies, quantiles, exit status. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sample } from '../../src/verdict/quantiles.ts';
import { hostOf } from '../../src/verdict/record.ts';
import type { AnalysisOptions } from '../../src/verdict/verdict.ts';
import { type ConversationOptions, conversation } from '../support/conversation.ts';
import { merged } from '../support/packets-source.ts';
import { analyzed, judged, OK, POST } from './judged.ts';

const exchange = (options: ConversationOptions = {}, request = POST, response = OK) =>
  conversation(options).handshake().clientSends(request).serverSends(response).ack('client').close('client');

test('a simple exchange, field by field', async () => {
  const record = await judged(exchange());
  expect(record).toMatchObject({
    type: 'transaction',
    id: '1.1',
    outcome: 'delivered',
    verdict: 'delivered',
    fault: [],
    confidence: 'proven',
    facts: { sent: 'full', acked: 'full', responded: 'full', accepted: 'yes' },
    request: {
      method: 'POST',
      target: '/n',
      url: 'http://shop.example/n',
      host: 'shop.example',
      bodyBytes: 2,
      bodyCaptured: 2,
      complete: true,
      body: 'ok',
    },
    response: { status: 200, reason: 'OK', bodyBytes: 7, complete: true, body: 'success', interim: [] },
    times: { syn: 0, tlsDone: null },
    timings: { tls: null },
    connection: {
      id: 1,
      sender: { ip: '10.0.0.1', port: 40000 },
      receiver: { ip: '203.0.113.44', port: 80 },
      index: 1,
      reused: false,
      idleBefore: null,
      retransmissions: 0,
      link: 'EN10MB',
      vlan: null,
      interface: null,
      tls: null,
    },
    delivery: { key: expect.stringMatching(/^sha256:/), attempt: 1, of: null },
    likely: null,
    missing: [],
    signals: [],
  });
  const { times, timings } = record;
  expect(timings.wait).toBeCloseTo((times.responseFirstByte! - times.requestLastByte!) / 1e6);
  expect(record.connection.rtt).toBeCloseTo((times.synAck! - times.syn!) / 1e6);
  expect(record.evidence.map(({ role, frame }) => [role, frame])).toEqual([
    ['request_first_byte', 4],
    ['request_last_byte', 4],
    ['response_first_byte', 5],
    ['response_last_byte', 5],
  ]);
});

describe('urls', () => {
  test.each([
    ['origin form', '/a?b', 'Host: x.example:8080\r\n', 'http://x.example:8080/a?b', 'x.example', 8080],
    ['no Host', '/a', '', 'http://203.0.113.44/a', '203.0.113.44', 80],
    ['empty Host', '/a', 'Host: \r\n', 'http://203.0.113.44/a', '203.0.113.44', 80],
    [
      'absolute form overrides Host',
      'http://Real.example/a',
      'Host: other\r\n',
      'http://Real.example/a',
      'real.example',
      80,
    ],
    [
      'user information is no host',
      'http://u:secret@real.example/a',
      '',
      'http://u:secret@real.example/a',
      'real.example',
      80,
    ],
    ['IPv6 literal', '/a', 'Host: [2001:db8::1]:81\r\n', 'http://[2001:db8::1]:81/a', '[2001:db8::1]', 81],
    ['a port that is none', '/a', 'Host: x:99999\r\n', 'http://x:99999/a', 'x:99999', 80],
    ['asterisk', '*', 'Host: x\r\n', 'http://x', 'x', 80],
  ])('%s', async (_, target, field, url, host, port) => {
    const record = await judged(exchange({}, `POST ${target} HTTP/1.1\r\n${field}Content-Length: 0\r\n\r\n`));
    expect(record.request?.url).toBe(url);
    expect(hostOf(record)).toEqual({ host, port });
  });

  test('an IPv6 receiver without a Host field stands in brackets', async () => {
    const c = exchange(
      { client: '[2001:db8::9]:40000', server: '[2001:db8::1]:8080' },
      'GET / HTTP/1.0\r\n\r\n',
    );
    expect((await judged(c)).request?.url).toBe('http://[2001:db8::1]:8080/');
  });
});

describe('selection', () => {
  const frames = merged(
    exchange().frames,
    exchange(
      { client: '10.0.0.1:40001', server: '198.51.100.7:8080', start: 5e9 },
      'GET / HTTP/1.1\r\nHost: Other.example\r\n\r\n',
    ).frames,
    exchange(
      { client: '[2001:db8::9]:40002', server: '[2001:db8::1]:80', start: 9e9 },
      'PUT / HTTP/1.1\r\nHost: six\r\nContent-Length: 0\r\n\r\n',
    ).frames,
  );
  test.each<[string, Partial<AnalysisOptions>, string[]]>([
    ['all', {}, ['1.1', '2.1', '3.1']],
    ['an address', { hosts: ['203.0.113.44'] }, ['1.1']],
    ['a network', { hosts: ['198.51.100.0/24'] }, ['2.1']],
    ['an IPv6 network', { hosts: ['2001:db8::/32'] }, ['3.1']],
    ['a name in any case', { hosts: ['OTHER.example'] }, ['2.1']],
    ['several', { hosts: ['six', '203.0.113.44'] }, ['1.1', '3.1']],
    ['the sender is no receiver', { hosts: ['10.0.0.1'] }, []],
    ['a port', { ports: [8080] }, ['2.1']],
    ['a method', { methods: ['post', 'PUT'] }, ['1.1', '3.1']],
    ['all of them', { ports: [80], methods: ['PUT'] }, ['3.1']],
  ])('%s', async (_, options, ids) => {
    const { records, findings } = await analyzed(frames, options);
    expect(records.map(({ id }) => id)).toEqual(ids);
    expect(findings.summary.transactions).toBe(ids.length);
  });

  test('a connection that failed has no method, and is not left out for it', async () => {
    const c = conversation().syn().rst('server', { seq: 0 });
    expect((await analyzed(c.frames, { methods: ['POST'] })).records).toHaveLength(1);
  });
});

describe('exit status', () => {
  const status = async (c: { frames: Parameters<typeof analyzed>[0] }) =>
    (await analyzed(c.frames)).findings.summary.exitStatus;
  test('0 delivered, also with a connection never used', async () => {
    expect(await status(exchange())).toBe(0);
    expect(await status(conversation().handshake().close('client'))).toBe(0);
  });
  test('1 refused, unanswered or unsent', async () => {
    expect(await status(exchange({}, POST, 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'))).toBe(1);
    expect(await status(conversation().syn().rst('server', { seq: 0 }))).toBe(1);
    expect(await status(conversation().handshake().close('server'))).toBe(1);
  });
  test('3 undecided, and 1 goes before 3', async () => {
    const open = conversation({ client: '10.0.0.1:41000' }).handshake().clientSends(POST).ack('server');
    expect(await status(open)).toBe(3);
    const refused = conversation().syn().rst('server', { seq: 0 });
    expect(await status({ frames: merged(open.frames, refused.frames) })).toBe(1);
  });
});

test('hosts add up', async () => {
  const give = (port: number, ms: number) =>
    conversation({ client: `10.0.0.1:${port}`, start: (port - 40000) * 60e9 })
      .handshake()
      .clientSends(POST)
      .ack('server')
      .wait(ms)
      .close('client').frames;
  const refused = conversation({ server: '203.0.113.44:81', start: 600e9 })
    .syn()
    .rst('server', { seq: 0 }).frames;
  const { findings } = await analyzed(
    merged(
      give(40001, 5000),
      give(40002, 5010),
      give(40003, 5020),
      exchange({ client: '10.0.0.1:40004', start: 500e9 }).frames,
      refused,
    ),
  );
  expect(findings.hosts).toMatchObject([
    {
      type: 'host',
      host: '203.0.113.44',
      port: 81,
      attempts: 1,
      synUnanswered: 1,
      resets: { bySender: 0, byReceiver: 1 },
      wait: { p50: null, max: null },
    },
    {
      host: 'shop.example',
      port: 80,
      addresses: ['203.0.113.44'],
      attempts: 4,
      outcomes: { unanswered: 3, delivered: 1 },
      connections: 4,
      synUnanswered: 0,
      unansweredRequests: 3,
      retransmissionRate: 0,
    },
  ]);
  const timeout = findings.hosts[1]!.inferredSenderTimeout!;
  expect(timeout).toBeGreaterThan(4900);
  expect(timeout).toBeLessThan(5100);
  expect(findings.summary).toMatchObject({
    transactions: 5,
    hosts: 2,
    outcomes: { unanswered: 3, delivered: 1, unsent: 1 },
  });
});

describe('quantiles', () => {
  test('are those of a plain sort while all values are kept', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
        const sample = new Sample();
        for (const value of list) sample.add(value);
        const sorted = [...list].sort((a, b) => a - b);
        // Nearest rank by its definition, counted and not computed.
        const wanted = sorted.find((v) => sorted.filter((w) => w <= v).length >= share * sorted.length);
        expect(sample.quantiles(share)).toEqual([wanted]);
        expect(sample.max).toBe(sorted.at(-1));
      }),
      { numRuns: 200 },
    );
  });

  test('stay close, and the maximum exact, when not all are kept', () => {
    const sample = new Sample();
    for (let i = 1; i <= 100_000; i++) sample.add((i * 7919) % 100_003);
    const [p50, p95] = sample.quantiles(0.5, 0.95);
    expect(Math.abs(p50! / 100_003 - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(p95! / 100_003 - 0.95)).toBeLessThan(0.03);
    expect(sample.max).toBe(
      Math.max(...Array.from({ length: 100_000 }, (_, i) => ((i + 1) * 7919) % 100_003)),
    );
    expect(sample.count).toBe(100_000);
  });

  test('none without values', () => {
    expect(new Sample().quantiles(0.5)).toEqual([null]);
  });
});
