/**
 * What Node's own TLS does not do: early data, key updates. Records are sealed here, from secrets of the test's own, as
 * RFC 8446 says; the code under test only opens them.
 */
import { createCipheriv, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KeyLog } from '../../src/tls/keylog.ts';
import { run } from '../pipeline/run.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { post, reply } from '../transaction/attempts.ts';

const RANDOM = Buffer.alloc(32, 0xaa);
const SECRETS = {
  CLIENT_EARLY_TRAFFIC_SECRET: Buffer.alloc(32, 1),
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: Buffer.alloc(32, 2),
  SERVER_HANDSHAKE_TRAFFIC_SECRET: Buffer.alloc(32, 3),
  CLIENT_TRAFFIC_SECRET_0: Buffer.alloc(32, 4),
  SERVER_TRAFFIC_SECRET_0: Buffer.alloc(32, 5),
};
const KEYLOG = Object.entries(SECRETS)
  .map(([label, secret]) => `${label} ${RANDOM.toString('hex')} ${secret.toString('hex')}\n`)
  .join('');

const u16 = (n: number) => Buffer.from([n >> 8, n & 255]);
const message = (type: number, ...parts: readonly Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([
    Buffer.from([type, body.length >> 16, (body.length >> 8) & 255, body.length & 255]),
    body,
  ]);
};
const record = (type: number, content: Buffer) =>
  Buffer.concat([Buffer.from([type, 3, 3]), u16(content.length), content]);
const extension = (type: number, body = Buffer.alloc(0)) =>
  Buffer.concat([u16(type), u16(body.length), body]);
const extensions = (...list: readonly Buffer[]) => {
  const all = Buffer.concat(list);
  return Buffer.concat([u16(all.length), all]);
};

/** HKDF-Expand-Label of one block. */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([u16(length), Buffer.from([name.length]), name, Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

/** TLS_AES_128_GCM_SHA256. */
class Sealer {
  #secret: Buffer;
  #sequence = 0;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  seal(type: number, content: Buffer | string, padding = 0): Buffer {
    const iv = expand(this.#secret, 'iv', 12);
    iv.writeUInt32BE((iv.readUInt32BE(8) ^ this.#sequence++) >>> 0, 8);
    const inner = Buffer.concat([Buffer.from(content), Buffer.from([type]), Buffer.alloc(padding)]);
    const header = Buffer.concat([Buffer.from([23, 3, 3]), u16(inner.length + 16)]);
    const cipher = createCipheriv('aes-128-gcm', expand(this.#secret, 'key', 16), iv).setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }

  update(): void {
    this.#secret = expand(this.#secret, 'traffic upd', 32);
    this.#sequence = 0;
  }
}

const clientHello = (...more: readonly Buffer[]) =>
  record(
    22,
    message(
      1,
      u16(0x0303),
      RANDOM,
      Buffer.from([0]),
      u16(2),
      u16(0x1301),
      Buffer.from([1, 0]),
      extensions(extension(43, Buffer.from([2, 3, 4])), ...more),
    ),
  );
const SERVER_HELLO = record(
  22,
  message(
    2,
    u16(0x0303),
    Buffer.alloc(32, 0xbb),
    Buffer.from([0]),
    u16(0x1301),
    Buffer.from([0]),
    extensions(extension(43, u16(0x0304))),
  ),
);
const EARLY = extension(42);
const FINISHED = message(20, Buffer.alloc(32));
const KEY_UPDATE = message(24, Buffer.from([0]));
const END_OF_EARLY_DATA = message(5);

function sides() {
  return {
    early: new Sealer(SECRETS.CLIENT_EARLY_TRAFFIC_SECRET),
    clientHandshake: new Sealer(SECRETS.CLIENT_HANDSHAKE_TRAFFIC_SECRET),
    serverHandshake: new Sealer(SECRETS.SERVER_HANDSHAKE_TRAFFIC_SECRET),
    client: new Sealer(SECRETS.CLIENT_TRAFFIC_SECRET_0),
    server: new Sealer(SECRETS.SERVER_TRAFFIC_SECRET_0),
  };
}

async function told(c: Conversation, keylog = KEYLOG): Promise<string[]> {
  const secrets = new KeyLog();
  secrets.add(keylog);
  const { records } = await run(c.close('client').frames, { secrets });
  return records.map(({ verdict, request, response, signals }) =>
    [verdict, request?.target, response?.status, ...signals].join(' ').trimEnd(),
  );
}

const start = () => conversation({ server: '203.0.113.44:443' }).handshake();

describe('early data', () => {
  const answered = (accepted: boolean, s = sides()) => {
    const c = start()
      .clientSends(clientHello(EARLY))
      .clientSends(s.early.seal(23, post('early')));
    const encrypted = message(8, extensions(...(accepted ? [EARLY] : [])));
    c.serverSends(
      Buffer.concat([SERVER_HELLO, s.serverHandshake.seal(22, Buffer.concat([encrypted, FINISHED]))]),
    );
    if (accepted) c.clientSends(s.early.seal(22, END_OF_EARLY_DATA));
    c.clientSends(s.clientHandshake.seal(22, FINISHED));
    if (!accepted) c.clientSends(s.client.seal(23, post('early')));
    return c.serverSends(s.server.seal(23, reply('r'))).ack();
  };

  test('that the server takes is a request', async () => {
    expect(await told(answered(true))).toEqual(['delivered /early 200']);
  });

  test('that it does not take is sent again, and is one request', async () => {
    expect(await told(answered(false))).toEqual(['delivered /early 200']);
  });

  test('without keys it is one turn either way', async () => {
    expect(await told(answered(true), '')).toEqual(['opaque']);
    expect(await told(answered(false), '')).toEqual(['opaque']);
  });

  test('of which nobody says whether it was taken was sent', async () => {
    const s = sides();
    const c = start()
      .clientSends(clientHello(EARLY))
      .clientSends(s.early.seal(23, post('early')))
      .ack();
    expect(await told(c.wait(5_000))).toEqual(['no_response_sender_closed /early']);
  });
});

describe('key updates', () => {
  test('of each side by itself, again and again', async () => {
    const s = sides();
    const c = start().clientSends(clientHello());
    c.serverSends(
      Buffer.concat([
        SERVER_HELLO,
        s.serverHandshake.seal(22, Buffer.concat([message(8, extensions()), FINISHED])),
      ]),
    );
    c.clientSends(s.clientHandshake.seal(22, FINISHED));
    for (const name of ['1', '2', '3']) {
      c.clientSends(s.client.seal(23, post(name), 100)).serverSends(s.server.seal(23, reply(name)));
      c.clientSends(s.client.seal(22, KEY_UPDATE));
      s.client.update();
      if (name !== '2') continue;
      c.serverSends(s.server.seal(22, KEY_UPDATE));
      s.server.update();
    }
    c.clientSends(s.client.seal(23, post('4')))
      .serverSends(s.server.seal(23, reply('4')))
      .ack();
    expect(await told(c)).toEqual(['1', '2', '3', '4'].map((name) => `delivered /${name} 200`));
  });
});

test('a handshake message and its record boundaries have nothing to do with each other', async () => {
  const s = sides();
  const flight = Buffer.concat([message(8, extensions()), FINISHED]);
  const c = start().clientSends(clientHello()).serverSends(SERVER_HELLO);
  for (const byte of flight) c.serverSends(s.serverHandshake.seal(22, Buffer.from([byte])));
  c.clientSends(s.clientHandshake.seal(22, FINISHED)).clientSends(s.client.seal(23, post('1')));
  expect(await told(c.serverSends(s.server.seal(23, reply('1'))).ack())).toEqual(['delivered /1 200']);
});
