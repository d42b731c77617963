/** Handshakes that somebody made to do harm, or that were cut in odd places: bounded, told, and never fatal. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS, Stored } from '../../src/limits.ts';
import { TLS } from '../../src/tls/session.ts';
import type { TlsFacts, TlsSink } from '../../src/tls/tls.ts';
import { run } from '../pipeline/run.ts';
import { conversation } from '../support/conversation.ts';
import { exchange, framed, SERVER_NAME } from '../support/tls-exchange.ts';
import { post, reply } from '../transaction/attempts.ts';

const V12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const AT = { time: 0, file: 0, frame: 1 };

const SILENT: TlsSink = {
  onClient() {},
  onPlain() {},
  onPlainGap() {},
  onSealed() {},
  onSealedEnd() {},
  onSealedGap() {},
  onForeign() {},
};

/** Feeds both sides in pieces of `size` bytes. */
function factsOf(
  client: Buffer,
  server: Buffer,
  size = Number.POSITIVE_INFINITY,
  limits: string[] = [],
): TlsFacts {
  const session = TLS.open(SILENT, {
    client: 0,
    roundTrip: null,
    secrets: null,
    stored: new Stored(),
    onLimit: (name) => limits.push(name),
  });
  for (const [side, bytes] of [
    [0, client],
    [1, server],
  ] as const) {
    for (let at = 0; at < bytes.length; at += size) {
      session.onBytes(side, bytes, at, Math.min(bytes.length, at + size), at, AT);
    }
  }
  session.onEnd(0);
  session.onEnd(1);
  return session.facts;
}

const u16 = (n: number) => Buffer.from([n >> 8, n & 255]);
const u24 = (n: number) => Buffer.from([n >> 16, (n >> 8) & 255, n & 255]);

function records(type: number, content: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += size) {
    const part = content.subarray(at, at + size);
    parts.push(Buffer.from([type, 3, 3]), u16(part.length), part);
  }
  return Buffer.concat(parts);
}

const message = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type]), u24(body.length), body]);
const extension = (type: number, body: Buffer) => Buffer.concat([u16(type), u16(body.length), body]);

function clientHello(extensions: Buffer, extensionsLength = extensions.length): Buffer {
  const start = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 1),
    Buffer.from([0]),
    u16(2),
    u16(0x1301),
    Buffer.from([1, 0]),
  ]);
  return message(1, Buffer.concat([start, u16(extensionsLength), extensions]));
}

const NAME = extension(
  0,
  Buffer.concat([
    u16(SERVER_NAME.length + 3),
    Buffer.from([0]),
    u16(SERVER_NAME.length),
    Buffer.from(SERVER_NAME),
  ]),
);

test.each([1, 2, 5, 6, 100])('a ClientHello in records of %d bytes, in segments of one', (size) => {
  const facts = factsOf(records(22, clientHello(NAME), size), Buffer.alloc(0), 1);
  expect(facts.sni).toBe(SERVER_NAME);
  expect(facts.anomalies).toEqual([]);
  expect(facts.clientHello).toMatchObject({ start: 0, end: records(22, clientHello(NAME), size).length });
});

test('a whole exchange in segments of one byte says what it says in large ones', async () => {
  const { wire } = await exchange({ both: V12, talk: [[post('1'), reply('r')]] });
  const whole = (await run(framed(wire).close('client').frames)).records;
  const cut = (await run(framed(wire, { mss: 1, rtt: 0 }).close('client').frames)).records;
  expect(cut.map(({ verdict, likely, connection }) => [verdict, likely, connection.tls])).toEqual(
    whole.map(({ verdict, likely, connection }) => [verdict, likely, connection.tls]),
  );
});

describe('lengths that lie', () => {
  test.each([
    ['of the extensions, too long', clientHello(NAME, 60_000)],
    ['of the extensions, too short', clientHello(NAME, 3)],
    ['of an extension', clientHello(Buffer.concat([NAME, u16(16), u16(500), Buffer.alloc(3)]))],
    ['of the session id', message(1, Buffer.concat([u16(0x0303), Buffer.alloc(32), Buffer.from([255])]))],
    [
      'of the suites',
      message(1, Buffer.concat([u16(0x0303), Buffer.alloc(32), Buffer.from([0]), u16(60_000)])),
    ],
  ])('%s', (_, hello) => {
    const facts = factsOf(records(22, hello), Buffer.alloc(0));
    expect(facts.anomalies).toEqual(['handshake_invalid']);
    expect(facts.clientHello).not.toBeNull();
  });

  test('a name longer than its extension is no name', () => {
    const lying = extension(0, Buffer.concat([u16(9), Buffer.from([0]), u16(400), Buffer.from('abcdef')]));
    expect(factsOf(records(22, clientHello(lying)), Buffer.alloc(0)).sni).toBeNull();
  });

  test('a handshake message of 16 MB is stepped over, and what follows is read', () => {
    const limits: string[] = [];
    const long = Buffer.concat([Buffer.from([1]), u24(0xffffff)]);
    const facts = factsOf(
      records(22, Buffer.concat([long, Buffer.alloc(100_000)])),
      Buffer.alloc(0),
      1_460,
      limits,
    );
    expect(facts.anomalies).toEqual(['handshake_too_long']);
    expect(limits).toEqual(['tlsHandshakeBytes']);
  });

  test('a record longer than any may be: the next header is looked for', () => {
    const hello = records(22, clientHello(NAME));
    const long = Buffer.concat([
      hello,
      Buffer.from([23, 3, 3, 0xff, 0xff]),
      Buffer.alloc(50, 9),
      Buffer.from([21, 3, 3, 0, 2, 2, 40]),
    ]);
    const facts = factsOf(long, Buffer.alloc(0));
    expect(facts.anomalies).toEqual(['record_too_long']);
    expect(facts.alerts).toMatchObject([{ name: 'handshake_failure', fatal: true }]);
  });
});

test('thousands of extensions and of protocols', () => {
  const limits: string[] = [];
  const many = Buffer.concat(Array.from({ length: 8_000 }, (_, i) => extension(i + 100, Buffer.alloc(0))));
  const facts = factsOf(
    records(22, clientHello(Buffer.concat([NAME, many]))),
    Buffer.alloc(0),
    1_460,
    limits,
  );
  expect(facts.sni).toBe(SERVER_NAME);
  expect(facts.anomalies).toEqual(['too_many_extensions']);
  expect(limits).toEqual(['tlsExtensions']);
  const names = Buffer.concat(Array(5_000).fill(Buffer.from([1, 97])));
  const alpn = extension(16, Buffer.concat([u16(names.length), names]));
  expect(factsOf(records(22, clientHello(alpn)), Buffer.alloc(0)).alpnOffered).toHaveLength(
    LIMITS.tlsProtocols,
  );
});

test('thousands of alerts', () => {
  const alerts = Buffer.concat(
    Array.from({ length: 5_000 }, (_, i) => Buffer.from([21, 3, 3, 0, 2, 1, i & 255])),
  );
  const facts = factsOf(Buffer.concat([records(22, clientHello(NAME)), alerts]), Buffer.alloc(0));
  expect(facts.alerts).toHaveLength(LIMITS.tlsAlerts);
});

describe('certificates', () => {
  const SERVER_HELLO = message(
    2,
    Buffer.concat([u16(0x0303), Buffer.alloc(32), Buffer.from([0]), u16(0xc02f), Buffer.from([0])]),
  );
  const certificates = (der: Buffer) =>
    message(11, Buffer.concat([u24(der.length + 3), u24(der.length), der]));
  const seen = (list: Buffer) =>
    factsOf(records(22, clientHello(NAME)), records(22, Buffer.concat([SERVER_HELLO, list])));

  test.each([
    ['empty', Buffer.alloc(0)],
    ['no DER', Buffer.from('certificate')],
    ['DER that ends early', Buffer.from('3082ffff3082', 'hex')],
    ['nested without end', Buffer.from('30'.repeat(5_000), 'hex')],
  ])('%s', (_, der) => {
    const facts = seen(certificates(der));
    expect(facts.certificate).toBeNull();
    expect(facts.anomalies).toEqual(['certificate_invalid']);
  });

  test('a list that claims more than it has', () => {
    const facts = seen(message(11, Buffer.concat([u24(5_000), u24(4_000), Buffer.alloc(10)])));
    expect(facts.anomalies).toEqual(['certificate_invalid']);
  });

  test('any change of a real one is parsed or refused', async () => {
    const { wire } = await exchange({ both: V12 });
    const [client, server] = [wire[0]!.bytes, wire[1]!.bytes];
    fc.assert(
      fc.property(fc.nat(server.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(server);
        changed[at] = value;
        factsOf(client, changed);
      }),
      { seed: 1, numRuns: 400 },
    );
  });
});

test('bytes at random after a header do no harm', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 12 }),
      fc.integer({ min: 20, max: 23 }),
      (parts, type) => {
        const bytes = Buffer.concat(parts.map((part) => records(type, Buffer.from(part))));
        factsOf(bytes, bytes, 7);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

test('two sides that both claim to be the client: the first is believed', () => {
  const hello = records(22, clientHello(NAME));
  const other = records(22, clientHello(Buffer.alloc(0)));
  expect(factsOf(hello, other)).toMatchObject({ sni: SERVER_NAME, serverHello: null });
});

test('what begins like TLS and is none is another protocol', async () => {
  const c = conversation({ server: '203.0.113.44:9999' })
    .handshake()
    .clientSends(Buffer.from([0x16, 3]))
    .ack();
  c.clientSends(Buffer.from('binary protocol')).ack().close('client');
  const { records: found } = await run(c.frames);
  expect(found).toMatchObject([{ verdict: 'opaque', likely: null, connection: { tls: null } }]);
});
