/**
 * Real TLS between Node's own client and server over a pair of in-memory sockets: what either side wrote, in order, and
 * the key log. `framed` makes the packets of it, so that a capture of any suite and version is a few words.
 */
import { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls';
import { type Conversation, type ConversationOptions, conversation, type Peer } from './conversation.ts';
import { EC_CERTIFICATE, EC_KEY, RSA_CERTIFICATE, RSA_KEY } from './tls-keys.ts';

export interface Written {
  readonly side: Peer;
  readonly bytes: Buffer;
}

export interface Exchanged {
  readonly wire: readonly Written[];
  /** NSS key log format. */
  readonly keylog: string;
  /** To be resumed by the next one. */
  readonly session: Buffer | undefined;
  /** What either side's program was told of, as `client: ERR_…`. */
  readonly errors: readonly string[];
}

export interface Options {
  readonly both?: SecureContextOptions;
  readonly server?: SecureContextOptions & {
    readonly alpn?: readonly string[];
    readonly requestCert?: boolean;
  };
  readonly client?: ConnectionOptions;
  /** Each text of the client, and what the server answers when it has it whole; null: nothing. */
  readonly talk?: readonly (readonly [request: string, reply: string | null])[];
  /** Who ends it; default the client. */
  readonly closes?: Peer | null;
}

export const SERVER_NAME = 'pay.shop-a.example';

/** What the server keeps of its sessions is the same for all, so that one exchange resumes another's. */
const TICKET_KEYS = Buffer.alloc(48, 7);

export async function exchange(options: Options = {}): Promise<Exchanged> {
  const wire: Written[] = [];
  const errors: string[] = [];
  const [near, far] = pipe(wire);
  const context = createSecureContext({
    key: [RSA_KEY, EC_KEY],
    cert: [RSA_CERTIFICATE, EC_CERTIFICATE],
    ticketKeys: TICKET_KEYS,
    ...options.both,
    ...options.server,
  });
  const server = new TLSSocket(far, {
    isServer: true,
    secureContext: context,
    rejectUnauthorized: false,
    requestCert: options.server?.requestCert ?? false,
    ...(options.server?.alpn ? { ALPNProtocols: [...options.server.alpn] } : {}),
  });
  const client = connect({
    socket: near,
    servername: SERVER_NAME,
    rejectUnauthorized: false,
    ...options.both,
    ...options.client,
  });
  const lines: string[] = [];
  let session: Buffer | undefined;
  client.on('keylog', (line) => lines.push(line.toString()));
  client.on('session', (state) => {
    session = state;
  });
  const failed = new Promise<void>((resolve) => {
    for (const [name, socket] of [
      ['client', client],
      ['server', server],
    ] as const) {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        errors.push(`${name}: ${error.code}`);
        resolve();
      });
    }
  });
  const done = converse(
    client,
    server,
    options.talk ?? [],
    options.closes === undefined ? 'client' : options.closes,
  );
  await Promise.race([done, failed]);
  await settle();
  client.destroy();
  server.destroy();
  return { wire, keylog: lines.join(''), session, errors };
}

async function converse(
  client: TLSSocket,
  server: TLSSocket,
  talk: NonNullable<Options['talk']>,
  closes: Peer | null,
) {
  const atServer = collect(server);
  const atClient = collect(client);
  await new Promise<void>((resolve) => client.once('secureConnect', resolve));
  let asked = 0;
  let answered = 0;
  for (const [request, reply] of talk) {
    client.write(request, 'latin1');
    asked += request.length;
    await atServer(asked);
    if (reply === null) continue;
    server.write(reply, 'latin1');
    answered += reply.length;
    await atClient(answered);
  }
  await settle();
  if (closes === 'client') client.end();
  else if (closes === 'server') server.end();
}

/** Resolves when so many bytes have come. */
function collect(socket: TLSSocket): (length: number) => Promise<void> {
  let had = 0;
  let waiting: (() => void) | null = null;
  socket.on('data', (chunk: Buffer) => {
    had += chunk.length;
    waiting?.();
  });
  return (length) =>
    new Promise((resolve) => {
      waiting = () => {
        if (had >= length) resolve();
      };
      waiting();
    });
}

/** Everything that was written has been read, whatever it made the other side write. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

function pipe(wire: Written[]): [Duplex, Duplex] {
  const ends = (['client', 'server'] as const).map((side, i): Duplex => {
    const duplex: Duplex = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        wire.push({ side, bytes: Buffer.from(bytes) });
        ends[1 - i]!.push(bytes);
        done();
      },
      final(done) {
        ends[1 - i]!.push(null);
        done();
      },
    });
    return duplex;
  });
  return [ends[0]!, ends[1]!];
}

/** The packets of it, without an end: each write is acknowledged when the other side next sends. */
export function framed(wire: readonly Written[], options: ConversationOptions = {}): Conversation {
  const c = conversation({ server: '203.0.113.44:443', ...options }).handshake();
  for (const { side, bytes } of wire) {
    if (side === 'client') c.clientSends(bytes);
    else c.serverSends(bytes);
  }
  return c.ack();
}
