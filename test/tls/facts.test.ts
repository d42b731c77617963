/** What the handshakes of real TLS connections show, and what becomes of those that fail. */
import { describe, expect, test } from 'vitest';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { run } from '../pipeline/run.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { exchange, framed, type Options, SERVER_NAME } from '../support/tls-exchange.ts';
import { post, reply } from '../transaction/attempts.ts';

const V12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const V13 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** A sealed record of application data. */
function record(length: number): Buffer {
  return Buffer.concat([Buffer.from([23, 3, 3, length >> 8, length & 255]), Buffer.alloc(length)]);
}

async function recordsOf(options: Options): Promise<readonly TransactionRecord[]> {
  const { wire } = await exchange(options);
  return (await run(framed(wire).close('client').frames)).records;
}

test('TLS 1.2: everything but the content is in clear', async () => {
  const [only, ...more] = await recordsOf({
    both: { ...V12, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    server: { alpn: ['http/1.1'] },
    client: { ALPNProtocols: ['h2', 'http/1.1'] },
    talk: [[post('1'), reply('r1')]],
  });
  expect(more).toEqual([]);
  expect(only).toMatchObject({
    verdict: 'opaque',
    likely: 'delivered_unconfirmed',
    request: null,
    response: null,
  });
  expect(only!.facts).toMatchObject({ sent: 'full', acked: 'full', responded: 'unknown' });
  expect(only!.connection.tls).toEqual({
    sni: SERVER_NAME,
    version: 'TLS 1.2',
    offered: ['TLS 1.2'],
    cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    alpn: 'http/1.1',
    alpnOffered: ['h2', 'http/1.1'],
    resumed: false,
    alert: null,
    alerts: [],
    certificate: {
      subject: 'O=Shop A, CN=pay.shop-a.example',
      issuer: 'O=Shop A, CN=pay.shop-a.example',
      notBefore: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      notAfter: expect.stringMatching(/^21\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      names: ['DNS:pay.shop-a.example', 'DNS:*.shop-a.example', 'IP Address:203.0.113.44'],
    },
    decrypted: false,
  });
  expect(only!.times.tlsDone).toBeGreaterThan(only!.times.established!);
  expect(only!.timings.tls).toBeGreaterThan(0);
});

test('TLS 1.3: what was chosen, and nothing of the certificate', async () => {
  const [only] = await recordsOf({
    both: { ...V13, ciphers: 'TLS_AES_128_GCM_SHA256' },
    talk: [[post('1'), reply('r')]],
  });
  expect(only!.connection.tls).toMatchObject({
    version: 'TLS 1.3',
    offered: ['TLS 1.3'],
    cipher: 'TLS_AES_128_GCM_SHA256',
    resumed: false,
    certificate: null,
  });
});

test.each([
  ['TLS 1.2', V12],
  ['TLS 1.3', V13],
] as const)('%s: a resumed session is told', async (version, both) => {
  const first = await exchange({ both, talk: [[post('1'), reply('r')]] });
  const [only] = await recordsOf({
    both,
    client: { session: first.session! },
    talk: [[post('2'), reply('r')]],
  });
  expect(only!.connection.tls).toMatchObject({ version, resumed: true });
  expect(only).toMatchObject({ verdict: 'opaque' });
});

describe('turns', () => {
  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ] as const)('%s: each request of a kept connection has its record', async (_, both) => {
    const talk = ['1', '2', '3'].map((name) => [post(name), reply(name)] as const);
    const records = await recordsOf({ both, talk });
    expect(records.map(({ id, verdict, likely }) => `${id} ${verdict} ${likely}`)).toEqual([
      '1.1 opaque delivered_unconfirmed',
      '1.2 opaque delivered_unconfirmed',
      '1.3 opaque delivered_unconfirmed',
    ]);
    for (const { times } of records) expect(times.responseFirstByte).toBeGreaterThan(times.requestLastByte!);
    expect(records.map(({ timings }) => timings.tls !== null)).toEqual([true, false, false]);
  });

  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ] as const)('%s: session tickets are no answer', async (_, both) => {
    const { wire } = await exchange({ both, talk: [[post('1'), null]], closes: null });
    const c = framed(wire).wait(5_000).fin('client').fin('server').ack('client');
    const [only, ...more] = (await run(c.frames)).records;
    expect(more).toEqual([]);
    expect(only).toMatchObject({ verdict: 'opaque', likely: 'no_response_sender_closed' });
    expect(only!.facts).toMatchObject({
      sent: 'full',
      acked: 'full',
      responded: 'none',
      closedBy: 'sender_fin',
    });
    expect(only!.timings.gaveUpAfter).toBeGreaterThan(4_999);
  });

  test('a request in two records that the tickets come between is one', async () => {
    const [head, body] = [post('1', 'x'.repeat(300)).slice(0, 80), post('1', 'x'.repeat(300)).slice(80)];
    const records = await recordsOf({
      both: V13,
      talk: [
        [head, null],
        [body, reply('r')],
      ],
    });
    expect(records.map(({ likely }) => likely)).toEqual(['delivered_unconfirmed']);
  });

  test('one record that may be an answer or a ticket names nobody', async () => {
    const { wire } = await exchange({ both: V13, talk: [[post('2'), null]], closes: null });
    const tickets = wire.findIndex(({ side }, i) => i > 2 && side === 'server');
    const c = framed(wire.slice(0, tickets)).serverSends(record(200)).ack();
    const { records } = await run(c.wait(5_000).fin('client').fin('server').ack('client').frames);
    expect(records).toMatchObject([{ verdict: 'opaque', likely: null, facts: { responded: 'unknown' } }]);
  });

  /** A handshake of TLS 1.3 without tickets; what came with the client's Finished before it. */
  async function shaken(rtt = 20, before: Buffer = Buffer.alloc(0)) {
    const { wire } = await exchange({ both: V13, talk: [], closes: null });
    const [hello, flight, finished] = wire.map(({ bytes }) => bytes);
    const change = finished!.subarray(0, 6);
    const c = conversation({ server: '203.0.113.44:443', rtt }).handshake().clientSends(hello!);
    c.wait(50).serverSends(flight!);
    return c.clientSends(Buffer.concat([change, before, finished!.subarray(6)]));
  }
  const likelyOf = async ({ frames }: Conversation) =>
    (await run(frames)).records.map(({ verdict, likely }) => likely ?? verdict);
  const abandoned = (c: Conversation) => c.wait(5_000).fin('client').fin('server').ack('client');

  test('a server that signs slowly and gives no tickets has answered before the next request', async () => {
    const c = await shaken(1);
    c.clientSends(record(600)).serverSends(record(200)).wait(2).clientSends(record(600)).ack();
    expect(await likelyOf(c.rst('server'))).toEqual(['delivered_unconfirmed', 'no_response_reset']);
  });

  test('what comes before the request is no answer, nor is its like right after it', async () => {
    const c = await shaken(1);
    c.serverSends(record(250)).clientSends(record(108)).serverSends(record(250)).clientSends(record(272));
    expect(await likelyOf(abandoned(c.ack()))).toEqual(['no_response_sender_closed']);
  });

  test('a second ticket that had to wait for an acknowledgement names nobody', async () => {
    const c = await shaken(1);
    c.clientSends(record(600)).serverSends(record(250)).wait(41).serverSends(record(250));
    expect(await likelyOf(abandoned(c))).toEqual(['opaque']);
  });

  test('the alert that ends a connection is no part of the request', async () => {
    const c = await shaken();
    c.clientSends(record(600)).ack().wait(2_000).clientSends(record(19)).fin('client');
    expect(await likelyOf(c.wait(60_000).rst('server'))).toEqual(['no_response_sender_closed']);
  });

  test('an alert right after an empty certificate is a refusal', async () => {
    const c = await shaken(20, record(25));
    const { records } = await run(c.serverSends(record(19)).rst('server').frames);
    expect(records).toMatchObject([{ verdict: 'tls_alert_by_receiver', confidence: 'probable' }]);
  });

  test('a server that asks for another hello is followed', async () => {
    const options = { client: V13, server: { ...V13, ecdhCurve: 'P-384' } };
    const { wire } = await exchange({ ...options, talk: [[post('1'), null]], closes: null });
    expect(wire[2]!.bytes.length).toBeGreaterThan(wire[0]!.bytes.length);
    const { records } = await run(framed(wire).wait(5_000).fin('client').fin('server').ack('client').frames);
    expect(records.map(({ likely, connection }) => [likely, connection.tls?.resumed])).toEqual([
      ['no_response_sender_closed', false],
    ]);
  });

  test('what was never acknowledged is likely that, though tickets came', async () => {
    const { wire } = await exchange({ both: V13, talk: [], closes: null });
    const c = framed(wire).lose();
    c.clientSends(record(512));
    for (const pause of [300, 600, 1_200, 2_400]) c.wait(pause).lose().retransmit('client');
    const { records } = await run(c.wait(10_000).lose().rst('client').frames);
    expect(records).toMatchObject([
      { verdict: 'opaque', likely: 'request_not_acked', facts: { acked: 'none' } },
    ]);
  });

  test('an answer that stops within a record is likely incomplete', async () => {
    const { wire } = await exchange({ both: V12, talk: [[post('1'), null]], closes: null });
    const c = framed(wire).serverSends(record(512).subarray(0, 100));
    const { records } = await run(c.ack().fin('server').fin('client').frames);
    expect(records).toMatchObject([{ verdict: 'opaque', likely: 'response_incomplete' }]);
  });

  test('a connection met in its middle has its turns', async () => {
    const c = conversation({ server: '203.0.113.44:443' }).established();
    for (let i = 0; i < 3; i++) c.clientSends(record(600)).serverSends(record(200)).wait(500);
    const { records } = await run(c.close('client').frames);
    expect(records.map(({ likely, connection }) => `${likely} ${connection.tls?.version}`)).toEqual(
      Array(3).fill('delivered_unconfirmed null'),
    );
  });
});

describe('handshakes that fail', () => {
  test('no version in common: the alert of the receiver', async () => {
    const { wire, errors } = await exchange({ server: V13, client: V12 });
    expect(errors).not.toEqual([]);
    const { records } = await run(framed(wire).close('client').frames);
    expect(records).toMatchObject([
      { verdict: 'tls_alert_by_receiver', outcome: 'unsent', fault: ['receiver'], confidence: 'proven' },
    ]);
    expect(records[0]!.connection.tls).toMatchObject({
      alert: 'protocol_version',
      alerts: [{ by: 'receiver', fatal: true, name: 'protocol_version' }],
    });
  });

  test('no suite in common', async () => {
    const { wire } = await exchange({
      both: V12,
      server: { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      client: { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
    });
    const { records } = await run(framed(wire).close('server').frames);
    expect(records).toMatchObject([
      { verdict: 'tls_alert_by_receiver', connection: { tls: { alert: 'handshake_failure' } } },
    ]);
  });

  test.each([
    ['TLS 1.2', V12, 'proven', 'unknown_ca'],
    ['TLS 1.3', V13, 'probable', null],
  ] as const)('%s: the sender trusts no such certificate', async (_, both, confidence, alert) => {
    const { wire } = await exchange({ both });
    // Node checks when its handshake is over: here stands what OpenSSL sends when it checks itself.
    const clear = Buffer.from([21, 3, 3, 0, 2, 2, 48]);
    const c = framed(wire.slice(0, 2)).clientSends(alert === null ? record(19) : clear);
    const { records } = await run(c.close('client').frames);
    expect(records).toMatchObject([{ verdict: 'tls_rejected_by_sender', outcome: 'unsent', confidence }]);
    expect(records[0]!.connection.tls!.alert).toBe(alert);
    expect(records[0]!.evidence.map(({ role }) => role)).toContain('tls_alert');
  });

  const hello = async () => (await exchange({ both: V12 })).wire[0]!.bytes;

  test('the receiver never says a word', async () => {
    const c = conversation({ server: '203.0.113.44:443' })
      .handshake()
      .clientSends(await hello())
      .ack();
    expect((await run(c.wait(10_000).fin('client').ack('server').frames)).records).toMatchObject([
      { verdict: 'tls_no_server_hello', fault: ['receiver'], confidence: 'strong' },
    ]);
    const open = conversation({ server: '203.0.113.44:443' })
      .handshake()
      .clientSends(await hello())
      .ack();
    open.wait(31_000).keepAlive('client');
    expect((await run(open.frames)).records).toMatchObject([{ verdict: 'tls_no_server_hello' }]);
  });

  test.each(['fin', 'rst'] as const)('the receiver ends it by a %s', async (how) => {
    const c = conversation({ server: '203.0.113.44:443' })
      .handshake()
      .clientSends(await hello())
      .ack();
    expect((await run(c[how]('server').frames)).records).toMatchObject([
      { verdict: 'tls_aborted', fault: ['receiver'], confidence: 'proven', outcome: 'unsent' },
    ]);
  });

  test('a ClientHello that never arrives is no silence of the receiver', async () => {
    const c = conversation({ server: '203.0.113.44:443' })
      .handshake()
      .lose()
      .clientSends(await hello());
    for (const pause of [300, 600, 1_200]) c.wait(pause).lose().retransmit('client');
    const [only] = (await run(c.wait(10_000).fin('client').frames)).records;
    expect(only).toMatchObject({
      verdict: 'request_not_acked',
      outcome: 'unsent',
      fault: ['network', 'receiver'],
    });
    expect(only!.facts.sent).toBe('none');
  });

  test('a port that speaks HTTP', async () => {
    const c = conversation({ server: '203.0.113.44:443' })
      .handshake()
      .clientSends(await hello());
    c.serverSends('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n').ack();
    const [only] = (await run(c.close('server').frames)).records;
    expect(only).toMatchObject({ verdict: 'tls_aborted', fault: ['receiver', 'sender'] });
    expect(only!.signals).toContain('not_tls');
    expect(only!.because).toContainEqual({ reason: 'not_tls', line: 'HTTP/1.1 400 Bad Request' });
  });

  test('a plain request to a port that speaks TLS', async () => {
    const c = conversation({ server: '203.0.113.44:443' }).handshake().clientSends(post('1')).ack();
    c.serverSends(Buffer.from([21, 3, 1, 0, 2, 2, 70])).ack();
    const [only] = (await run(c.close('server').frames)).records;
    expect(only).toMatchObject({ verdict: 'response_invalid', request: { method: 'POST' } });
    expect(only!.because).toContainEqual({ reason: 'tls_answer' });
  });

  test('connected, agreed, and closed without a request', async () => {
    const { wire } = await exchange({ both: V13, closes: null });
    const soon = (await run(framed(wire).wait(20).fin('client').fin('server').frames)).records;
    expect(soon).toMatchObject([{ verdict: 'tls_rejected_by_sender', confidence: 'probable' }]);
    const unused = (await run(framed(wire).wait(60_000).fin('client').fin('server').frames)).records;
    expect(unused).toMatchObject([{ verdict: 'no_request_sent' }]);
  });

  test('the server hello was not captured: nobody is accused', async () => {
    const { wire } = await exchange({ both: V13, talk: [[post('1'), null]], closes: null });
    for (const hidden of [1, 2, 3]) {
      const c = conversation({ server: '203.0.113.44:443' }).handshake().clientSends(wire[0]!.bytes);
      c.drop(hidden).serverSends(wire[1]!.bytes).ack('client').wait(9_000).fin('client').fin('server');
      const { records } = await run(c.frames);
      expect(records.map(({ verdict }) => verdict)).toEqual(['capture_insufficient']);
    }
  });
});
