/** With keys a capture of TLS says what a capture of the same exchange in plain says, whatever version and suite. */
import { getCiphers } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { KeyLog } from '../../src/tls/keylog.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { run } from '../pipeline/run.ts';
import { type Conversation, conversation, type Peer } from '../support/conversation.ts';
import { data, headers, PREFACE, settings } from '../support/http2.ts';
import type { Frame } from '../support/packets-source.ts';
import { exchange, framed, type Options } from '../support/tls-exchange.ts';
import { post, reply } from '../transaction/attempts.ts';

const V12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const V13 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** Several on a connection, one larger than a record, one with an interim answer, one refused. */
const TALK = [
  [post('1'), reply('r1')],
  [post('2', 'x'.repeat(40_000)), `HTTP/1.1 102 Processing\r\n\r\n${reply('r2', 500)}`],
  [post('3'), reply('r3', 200, 'y'.repeat(20_000))],
] as const;

function keysOf(...keylogs: readonly string[]): KeyLog {
  const log = new KeyLog();
  for (const keylog of keylogs) log.add(keylog);
  log.end();
  return log;
}

async function recordsOf(frames: readonly Frame[], keylog: string): Promise<readonly TransactionRecord[]> {
  return (await run(frames, { secrets: keysOf(keylog) })).records;
}

/** What does not depend on what carries it. */
function meaning({
  verdict,
  outcome,
  fault,
  confidence,
  facts,
  request,
  response,
  signals,
  missing,
  likely,
}: TransactionRecord) {
  const url = request?.url?.replace(/^https?:/, '');
  return {
    verdict,
    outcome,
    fault,
    confidence,
    facts,
    request: { ...request, url },
    response,
    signals,
    missing,
    likely,
  };
}

/** The same talk, each text a packet run of its own. */
function plain(talk: NonNullable<Options['talk']>): Conversation {
  const c = conversation({ server: '203.0.113.44:443' }).handshake();
  for (const [request, answer] of talk) {
    c.clientSends(request).ack();
    if (answer !== null) c.serverSends(answer).ack();
  }
  return c;
}

async function expectAlike(options: Options): Promise<readonly TransactionRecord[]> {
  const { wire, keylog, errors } = await exchange({ talk: TALK, ...options });
  expect(errors).toEqual([]);
  const records = await recordsOf(framed(wire).close('client').frames, keylog);
  const same = (await run(plain(options.talk ?? TALK).close('client').frames)).records;
  expect(records.map(meaning)).toEqual(same.map(meaning));
  for (const { connection } of records) expect(connection.tls?.decrypted).toBe(true);
  return records;
}

/** Suites that need no secret of both sides' own (PSK, SRP); older ones by lowering OpenSSL's security level. */
const SUITES = getCiphers()
  .filter((name) => !/psk|srp/.test(name))
  .map((name) => name.toUpperCase());
const MODERN = SUITES.filter((name) => name.startsWith('TLS_'));
const LEGACY = [
  ...SUITES.filter((name) => !name.startsWith('TLS_')),
  'ECDHE-ECDSA-AES128-CCM',
  'ECDHE-ECDSA-AES256-CCM8',
  'DHE-RSA-AES128-CCM8',
  'ECDHE-RSA-CAMELLIA128-SHA256',
  'ARIA128-GCM-SHA256',
];
const DHPARAM = 'auto' as const;

describe('the same records as in plain', () => {
  test.each(MODERN)('TLS 1.3 with %s', async (ciphers) => {
    const [first] = await expectAlike({ both: { ...V13, ciphers } });
    expect(first!.connection.tls).toMatchObject({ version: 'TLS 1.3', cipher: ciphers });
    expect(first!.connection.tls!.certificate?.subject).toMatch(/CN=pay\.shop-a\.example/);
  });

  test.each(LEGACY)('TLS 1.2 with %s', async (ciphers) => {
    const both = { ...V12, ciphers: `${ciphers}:@SECLEVEL=0`, dhparam: DHPARAM };
    await expectAlike({ both });
  });

  test.each([
    ['TLSv1', 'ECDHE-RSA-AES128-SHA'],
    ['TLSv1.1', 'ECDHE-RSA-AES256-SHA'],
  ] as const)('%s with %s', async (version, ciphers) => {
    const both = { minVersion: version, maxVersion: version, ciphers: `${ciphers}:@SECLEVEL=0` };
    await expectAlike({ both });
  });

  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ] as const)('%s, resumed', async (_, both) => {
    const { session } = await exchange({ both, talk: TALK });
    const [first] = await expectAlike({ both, client: { session: session! } });
    expect(first!.connection.tls!.resumed).toBe(true);
  });

  test('TLS 1.3 with a HelloRetryRequest', async () => {
    await expectAlike({ both: V13, server: { ecdhCurve: 'P-384' } });
  });

  test('a request that nobody answers', async () => {
    const talk = [[post('1'), null]] as const;
    const { wire, keylog } = await exchange({ both: V13, talk, closes: null });
    const end = (c: Conversation) => c.wait(4_000).fin('client').fin('server').ack('client').frames;
    const [record] = await recordsOf(end(framed(wire)), keylog);
    expect(record).toMatchObject({ verdict: 'no_response_sender_closed', confidence: 'strong' });
    const [same] = (await run(end(plain(talk)))).records;
    expect(meaning(record!)).toEqual(meaning(same!));
  });
});

describe('a close_notify', () => {
  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ] as const)('%s: of the receiver, instead of an answer, ends it whoever closes first', async (_, both) => {
    const { wire, keylog } = await exchange({ both, talk: [[post('1'), null]], closes: 'server' });
    const frames = framed(wire).fin('client').fin('server').ack('client').frames;
    const [record] = await recordsOf(frames, keylog);
    expect(record).toMatchObject({
      verdict: 'no_response_receiver_closed',
      facts: { closedBy: 'sender_fin' },
    });
    expect(record!.evidence.map(({ role }) => role)).toContain('tls_alert');
  });
});

describe('where it lies on the wire', () => {
  const large = post('1', 'x'.repeat(40_000));
  /** The exchange up to the client's Finished, and the records of its request. */
  const halfway = async () => {
    const done = await exchange({ both: V13, talk: [[large, null]], closes: null });
    const sent = Buffer.concat(
      done.wire
        .slice(1)
        .filter(({ side }) => side === 'client')
        .map(({ bytes }) => bytes),
    );
    // ChangeCipherSpec and Finished come first.
    let finished = 0;
    for (let i = 0; i < 2; i++) finished += 5 + sent.readUInt16BE(finished + 3);
    const end = { side: 'client', bytes: sent.subarray(0, finished) } as const;
    return { keylog: done.keylog, before: [...done.wire.slice(0, 2), end], request: sent.subarray(finished) };
  };

  test('acknowledged is what covers its last record', async () => {
    const { before, request, keylog } = await halfway();
    const c = framed(before).clientSends(request.subarray(0, -1)).ack();
    const records = await recordsOf(c.wait(4_000).fin('client').fin('server').ack('client').frames, keylog);
    expect(records).toMatchObject([
      { verdict: 'request_incomplete', facts: { sent: 'partial', acked: 'partial' } },
    ]);
    const whole = framed(before)
      .clientSends(request.subarray(0, -1))
      .ack()
      .lose()
      .clientSends(request.subarray(-1));
    for (const pause of [300, 600, 1_200]) whole.wait(pause).lose().retransmit('client');
    const [record] = await recordsOf(whole.wait(4_000).rst('client').frames, keylog);
    expect(record).toMatchObject({
      verdict: 'request_partly_acked',
      facts: { sent: 'full', acked: 'partial' },
    });
    expect(record!.times.requestAcked).toBeNull();
  });

  test('it begins with the first packet of its first record', async () => {
    const { before, request, keylog } = await halfway();
    const c = framed(before);
    const begun = c.now;
    c.clientSends(request.subarray(0, 100)).wait(70).clientSends(request.subarray(100));
    const sent = c.now;
    const [record] = await recordsOf(c.ack().wait(4_000).fin('client').frames, keylog);
    expect(record!.times.requestFirstByte).toBe(begun);
    expect(record!.times.requestLastByte).toBeGreaterThan(begun + 70e6);
    expect(record!.times.requestLastByte).toBeLessThan(sent);
  });

  test('a record that is never whole is a request all the same', async () => {
    const { before, request, keylog } = await halfway();
    const c = framed(before).clientSends(request.subarray(0, 1_000)).ack();
    const records = await recordsOf(c.wait(4_000).fin('client').fin('server').ack('client').frames, keylog);
    expect(records).toMatchObject([
      { verdict: 'request_incomplete', facts: { sent: 'partial', acked: 'partial' } },
    ]);
    expect(records[0]!.request!.method).toBeNull();
  });

  test('an answer that stops within its first record is no silence', async () => {
    const { wire, keylog } = await exchange({ both: V13, talk: [[post('1'), reply('r')]], closes: null });
    const answer = wire.at(-1)!;
    expect(answer.side).toBe('server');
    const cut = [...wire.slice(0, -1), { side: 'server', bytes: answer.bytes.subarray(0, 40) }] as const;
    const records = await recordsOf(framed(cut).fin('server').fin('client').frames, keylog);
    expect(records).toMatchObject([{ verdict: 'response_incomplete', facts: { responded: 'partial' } }]);
    const stalled = framed(cut).wait(31_000).keepAlive('client');
    expect(await recordsOf(stalled.frames, keylog)).toMatchObject([{ verdict: 'response_incomplete' }]);
  });
});

describe('what was not captured', () => {
  /** Three exchanges; of the second one the packet of `side` is missing. */
  async function without(both: typeof V12 | typeof V13, side: Peer): Promise<string[]> {
    const talk = ['1', '2', '3'].map((name) => [post(name), reply(name)] as const);
    const { wire, keylog } = await exchange({ both, talk });
    const hidden = wire
      .filter((one) => one.side === side && one.bytes[0] === 23 && one.bytes.length > 60)
      .at(-2);
    const c = conversation({ server: '203.0.113.44:443' }).handshake();
    for (const one of wire) {
      if (one === hidden) c.drop();
      if (one.side === 'client') c.clientSends(one.bytes);
      else c.serverSends(one.bytes);
    }
    const records = await recordsOf(c.ack().close('client').frames, keylog);
    return records.map(
      ({ verdict, request, response }) => `${verdict} ${request?.target} ${response?.status}`,
    );
  }

  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ] as const)('%s: a lost answer costs itself, and the next record is read', async (_, both) => {
    expect(await without(both, 'server')).toEqual([
      'delivered /1 200',
      'response_not_captured /2 undefined',
      'delivered /3 200',
    ]);
  });

  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ] as const)('%s: a lost request leaves its answer', async (_, both) => {
    expect(await without(both, 'client')).toEqual([
      'delivered /1 200',
      'capture_insufficient undefined 200',
      'delivered /3 200',
    ]);
  });

  test('a hole within a record costs as many bytes of the body as it holds', async () => {
    const talk = [
      [post('1', 'x'.repeat(40_000)), reply('r1')],
      [post('2'), reply('r2')],
    ] as const;
    const { wire, keylog } = await exchange({ both: V13, talk });
    const c = conversation({ server: '203.0.113.44:443' }).handshake();
    for (const { side, bytes } of wire) {
      if (side === 'server') c.serverSends(bytes);
      else if (bytes.length < 10_000) c.clientSends(bytes);
      else
        c.clientSends(bytes.subarray(0, 17_000))
          .drop()
          .clientSends(bytes.subarray(17_000, 18_000))
          .clientSends(bytes.subarray(18_000));
    }
    const records = await recordsOf(c.ack().close('client').frames, keylog);
    expect(records.map(({ verdict }) => verdict)).toEqual(['delivered', 'delivered']);
    expect(records[0]!.request).toMatchObject({ bodyBytes: 40_000, complete: true });
    expect(records[0]!.request!.bodyCaptured).toBeLessThan(24_000);
  });
});

describe('keys', () => {
  const talked = () => exchange({ both: V13, talk: TALK });
  const shown = (records: readonly TransactionRecord[]) =>
    records.map(({ verdict, signals }) => [verdict, ...signals].join(' '));

  test('of another connection open nothing, and say nothing', async () => {
    const { wire } = await talked();
    const { keylog } = await talked();
    expect(shown(await recordsOf(framed(wire).close('client').frames, keylog))).toEqual(
      Array(3).fill('opaque'),
    );
  });

  test.each([V12, V13])('that are wrong are told, and each turn is as without keys', async (both) => {
    const { wire, keylog } = await exchange({ both, talk: TALK });
    const wrong = keylog.replace(/[0-9a-f]{8}$/gm, 'deadbeef');
    const records = await recordsOf(framed(wire).close('client').frames, wrong);
    expect(shown(records)).toEqual(Array(3).fill('opaque tls_anomaly:key_does_not_fit'));
    expect(records.map(({ likely }) => likely)).toEqual(Array(3).fill('delivered_unconfirmed'));
  });

  test('that lack the handshake open what follows it', async () => {
    const { wire, keylog } = await talked();
    const records = await recordsOf(
      framed(wire).close('client').frames,
      keylog.replace(/^.*HANDSHAKE.*\n/gm, ''),
    );
    expect(records.map(({ request, response }) => `${request?.target} ${response?.status}`)).toEqual([
      '/1 200',
      '/2 500',
      '/3 200',
    ]);
  });

  test('that lack the application are told', async () => {
    const { wire, keylog } = await talked();
    const records = await recordsOf(
      framed(wire).close('client').frames,
      keylog.replace(/^.*_TRAFFIC_SECRET_0.*\n/gm, ''),
    );
    expect(shown(records)).toEqual(Array(3).fill('opaque tls_anomaly:key_incomplete'));
  });

  test('that come late open what comes after them', async () => {
    const { wire, keylog } = await talked();
    const c = framed(wire).close('client');
    const keys = new KeyLog();
    const late = c.frames.findLastIndex(({ bytes }) => bytes.length > 1_400);
    let passed = 0;
    const growing = {
      get size() {
        if (++passed === 12) keys.add(keylog);
        return keys.size;
      },
      find: (label: string, random: string) => keys.find(label, random),
    };
    expect(late).toBeGreaterThan(0);
    const { records } = await run(c.frames, { secrets: growing });
    const read = records.filter(({ connection, request }) => connection.tls?.decrypted && request !== null);
    expect(read.at(-1)).toMatchObject({ verdict: 'delivered', request: { target: '/3' } });
  });

  test('a record that was changed on the way is told, and costs itself', async () => {
    const { wire, keylog } = await exchange({
      both: V13,
      talk: [1, 2, 3].map((n) => [post(`${n}`), reply(`${n}`)] as const),
    });
    const asked = wire.filter(({ side, bytes }) => side === 'client' && bytes.length > 80);
    asked[2]!.bytes[40]! ^= 1;
    const records = await recordsOf(framed(wire).close('client').frames, keylog);
    expect(records.at(-1)!.signals).toContain('tls_anomaly:record_damaged');
    expect(records.map(({ verdict }) => verdict)).not.toContain('no_response_sender_closed');
  });

  test('a log in pieces, with comments and junk', async () => {
    const { wire, keylog } = await talked();
    const log = new KeyLog();
    const text = `# made by hand\r\nEXPORTER_SECRET 00 00\n${keylog.replaceAll('\n', '\r\n')}CLIENT_RANDOM zz\n`;
    for (let at = 0; at < text.length; at += 7) log.add(text.slice(at, at + 7));
    const { records } = await run(framed(wire).close('client').frames, { secrets: log });
    expect(records.map(({ verdict }) => verdict)).toEqual(['delivered', 'server_error', 'delivered']);
  });
});

describe('HTTP/2', () => {
  const H2 = { server: { alpn: ['h2'] }, client: { ALPNProtocols: ['h2'] } };
  const AUTHORITY = { ':scheme': 'https', ':authority': 'm.example' };

  test.each([
    ['TLS 1.2', V12],
    ['TLS 1.3', V13],
  ])('inside %s is read by its streams, sealed without keys', async (_, both) => {
    const request = (stream: number) =>
      Buffer.concat([
        headers(stream, { ':method': 'POST', ':path': `/${stream}`, ...AUTHORITY }, { end: false }),
        data(stream, `id=${stream}`),
      ]).toString('latin1');
    const reply = (...streams: readonly number[]) =>
      Buffer.concat(
        streams.map((stream) => headers(stream, { ':status': stream === 3 ? '500' : '200' })),
      ).toString('latin1');
    const talk = await exchange({
      both,
      ...H2,
      talk: [
        [`${PREFACE.toString('latin1')}${settings().toString('latin1')}`, settings().toString('latin1')],
        [`${request(1)}${request(3)}${request(5)}`, reply(5, 1)],
        [request(7), reply(3, 7)],
      ],
    });
    const { frames } = framed(talk.wire).close('client');
    const told = (records: readonly TransactionRecord[]) =>
      records
        .toSorted((a, b) => a.connection.index - b.connection.index)
        .map(({ verdict, request, connection }) =>
          [verdict, request?.url, request?.body, connection.stream, connection.tls?.alpn].join(' '),
        );
    expect(told(await recordsOf(frames, talk.keylog))).toEqual([
      'delivered https://m.example/1 id=1 1 h2',
      'server_error https://m.example/3 id=3 3 h2',
      'delivered https://m.example/5 id=5 5 h2',
      'delivered https://m.example/7 id=7 7 h2',
    ]);
    const sealed = await recordsOf(frames, '');
    expect(sealed.length).toBeGreaterThan(0);
    expect(new Set(sealed.map(({ verdict }) => verdict))).toEqual(new Set(['opaque']));
  });

  test('agreed and not spoken: the text is read as what it is', async () => {
    const talk = await exchange({ both: V13, ...H2, talk: TALK });
    const records = await recordsOf(framed(talk.wire).close('client').frames, talk.keylog);
    expect(records.map(({ verdict }) => verdict)).toEqual(['delivered', 'server_error', 'delivered']);
  });
});
