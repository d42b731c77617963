/**
 * Node's own HTTP/2 client and server (nghttp2) talk to each other over loopback; what goes over the wire is tapped, and what
 * either side was told of the other is the truth that our reading of the wire is held against.
 */
import { once } from 'node:events';
import http2, { type ClientHttp2Stream, constants, type ServerHttp2Stream } from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import type { Side } from '../../src/tcp/stream.ts';
import { CLIENT, type Piece, SERVER } from './recorder.ts';

/** A header or trailer section as the API of the other side gives it. */
export interface Section {
  readonly side: Side;
  readonly stream: number;
  readonly fields: readonly (readonly [string, string])[];
}

export interface Exchange {
  readonly pieces: readonly Piece[];
  readonly sections: readonly Section[];
  /** By side and stream, as `0/1`. */
  readonly bodies: Readonly<Record<string, string>>;
  readonly resets: readonly { side: Side; stream: number; code: number }[];
}

export interface Scenario {
  readonly client?: http2.ClientSessionOptions;
  readonly server?: http2.ServerOptions;
  /** What the client asks for; the paths tell the server what to do. */
  run(session: http2.ClientHttp2Session, ask: Ask): Promise<void>;
}

type Ask = (
  headers: http2.OutgoingHttpHeaders,
  body?: string,
  trailers?: http2.OutgoingHttpHeaders,
) => Promise<void>;

const CUSTOM = { 'x-long': 'value.'.repeat(40), 'x-short': 'v' };

type Headers = http2.IncomingHttpHeaders;

/** Not `once`: that rejects at an error, which is among what is tried here. */
const closed = (emitter: ClientHttp2Stream | http2.ClientHttp2Session) =>
  new Promise<void>((resolve) => {
    emitter.once('close', resolve);
  });

const pairs = (raw: readonly string[]) =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []));

export async function exchange({ client, server, run }: Scenario): Promise<Exchange> {
  const pieces: Piece[] = [];
  const sections: Section[] = [];
  const bodies: Record<string, string> = {};
  const resets: { side: Side; stream: number; code: number }[] = [];
  const collect = (side: Side, stream: ClientHttp2Stream | ServerHttp2Stream) => {
    const { id } = stream;
    stream.on('data', (bytes: Buffer) => {
      const key = `${side}/${id}`;
      bodies[key] = (bodies[key] ?? '') + bytes.toString('latin1');
    });
  };
  const took = (side: Side, stream: number | undefined, raw: readonly string[]) => {
    sections.push({ side, stream: stream ?? 0, fields: pairs(raw) });
  };

  const target = http2.createServer(server ?? {});
  target.on('sessionError', () => {});
  target.on('stream', (stream: ServerHttp2Stream, headers: Headers, _flags: number, raw: unknown) => {
    took(CLIENT, stream.id, raw as string[]);
    collect(CLIENT, stream);
    stream.on('trailers', (_headers: Headers, _flags: number, rawTrailers: unknown) =>
      took(CLIENT, stream.id, rawTrailers as string[]),
    );
    stream.on('error', () => {});
    answer(stream, String(headers[':path']));
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');

  // Each byte goes on only after it was written down, so that what answers it comes after it.
  const sockets: net.Socket[] = [];
  const tap = net.createServer((near) => {
    const far = net.connect((target.address() as AddressInfo).port, '127.0.0.1');
    const forward = (side: Side, from: net.Socket, to: net.Socket) => {
      from.on('data', (bytes: Buffer) => {
        pieces.push({ side, bytes: Buffer.from(bytes) });
        to.write(bytes);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
    };
    sockets.push(near, far);
    forward(CLIENT, near, far);
    forward(SERVER, far, near);
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');

  const session = http2.connect(`http://127.0.0.1:${(tap.address() as AddressInfo).port}`, client ?? {});
  session.on('error', () => {});
  session.on('stream', (stream: ClientHttp2Stream, _headers: Headers, _flags: number, raw: unknown) => {
    // A pushed stream: the request that was promised, then its answer.
    took(SERVER, stream.id, raw as string[]);
    collect(SERVER, stream);
    stream.on('push', (_headers: Headers, _flags: number, rawResponse: unknown) =>
      took(SERVER, stream.id, rawResponse as string[]),
    );
    stream.resume();
  });
  await once(session, 'remoteSettings');
  await run(session, async (headers, body, trailers) => {
    const stream = session.request(headers, {
      waitForTrailers: trailers !== undefined,
      endStream: body === undefined,
    });
    stream.on('response', (_headers: Headers, _flags: number, raw: unknown) =>
      took(SERVER, stream.id, raw as string[]),
    );
    stream.on('headers', (_headers: Headers, _flags: number, raw: unknown) =>
      took(SERVER, stream.id, raw as string[]),
    );
    stream.on('trailers', (_headers: Headers, _flags: number, raw: unknown) =>
      took(SERVER, stream.id, raw as string[]),
    );
    stream.on('error', () => {});
    if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    collect(SERVER, stream);
    if (body !== undefined) stream.end(body);
    await closed(stream);
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
      const side = headers['x-cancel'] === undefined ? SERVER : CLIENT;
      resets.push({ side, stream: stream.id ?? 0, code: stream.rstCode });
    }
  });
  session.close();
  if (!session.destroyed) await closed(session);
  const over = [once(tap, 'close'), once(target, 'close')];
  for (const socket of sockets) socket.destroySoon();
  tap.close();
  target.close();
  await Promise.all(over);
  return { pieces, sections, bodies, resets };
}

function answer(stream: ServerHttp2Stream, path: string): void {
  switch (path) {
    case '/trailers':
      stream.respond({ ':status': 200, ...CUSTOM }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-checksum': 'abc' }));
      stream.end('with trailers');
      break;
    case '/interim':
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 204, 'x-number': String(stream.id) }, { endStream: true });
      break;
    case '/reset':
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      break;
    case '/push':
      stream.pushStream({ ':path': '/pushed', 'x-pushed': 'yes' }, (error, pushed) => {
        if (error !== null) return;
        pushed.on('error', () => {});
        pushed.respond({ ':status': 200, ...CUSTOM });
        pushed.end('pushed');
        stream.respond({ ':status': 200 });
        stream.end('pushes');
      });
      break;
    case '/large':
      stream.respond({ ':status': 200, 'x-large': 'L'.repeat(40_000), 'x-number': String(stream.id) });
      stream.end('d'.repeat(100_000));
      break;
    default:
      stream.respond({ ':status': 200, ...CUSTOM, 'x-number': String(stream.id), 'x-path': path });
      stream.resume();
      stream.on('end', () => stream.end(`answer to ${path}`));
  }
}

const some: Scenario['run'] = async (_session, ask) => {
  await ask({
    ':path': '/first',
    authorization: 'Bearer abc',
    [http2.sensitiveHeaders as never]: ['authorization'],
  } as never);
  await ask({ ':path': '/second', ':method': 'POST', ...CUSTOM }, 'a body');
  await ask({ ':path': '/third', ':method': 'POST', ...CUSTOM }, 'a body', { 'x-sum': '1' });
  await ask({ ':path': '/trailers' });
  await ask({ ':path': '/interim' });
  await ask({ ':path': '/reset' });
  await ask({ ':path': '/second', ':method': 'POST', ...CUSTOM }, 'b'.repeat(20_000));
};

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'requests one after the other': { run: some },
  'requests at once': {
    run: async (_session, ask) => {
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          ask(
            { ':path': `/at-once/${i}`, ':method': 'POST', 'x-i': String(i), ...CUSTOM },
            'x'.repeat(i * 100),
          ),
        ),
      );
    },
  },
  'tables that evict': {
    run: async (_session, ask) => {
      for (let i = 0; i < 120; i++)
        await ask({ ':path': `/evict/${i % 7}`, [`x-${i % 11}`]: 'y'.repeat((i % 5) * 97) });
    },
  },
  padding: {
    client: { paddingStrategy: constants.PADDING_STRATEGY_MAX },
    server: { paddingStrategy: constants.PADDING_STRATEGY_MAX },
    run: some,
  },
  'no tables': {
    client: { settings: { headerTableSize: 0 } },
    server: { settings: { headerTableSize: 0 } },
    run: some,
  },
  'large tables': {
    client: {
      settings: { headerTableSize: 65_536 },
      maxDeflateDynamicTableSize: 65_536,
    } as http2.ClientSessionOptions,
    server: {
      settings: { headerTableSize: 65_536 },
      maxDeflateDynamicTableSize: 65_536,
    } as http2.ServerOptions,
    run: some,
  },
  'tables that change': {
    run: async (session, ask) => {
      for (const size of [4_096, 100, 8_192, 0, 4_096]) {
        const changed = once(session, 'localSettings');
        session.settings({ headerTableSize: size });
        await ask({ ':path': `/while/${size}`, ...CUSTOM });
        await changed;
        for (let i = 0; i < 3; i++) await ask({ ':path': `/after/${size}`, 'x-i': String(i), ...CUSTOM });
      }
    },
  },
  'field sections of several frames': {
    client: { maxSendHeaderBlockLength: 100_000 },
    server: { maxSendHeaderBlockLength: 100_000, maxHeaderListPairs: 500 },
    run: async (_session, ask) => {
      await ask({ ':path': '/large', 'x-request': 'R'.repeat(30_000) });
      await ask({ ':path': '/large', 'x-request': '~'.repeat(20_000) });
      await ask({ ':path': '/after', ...CUSTOM });
    },
  },
  'pushed streams': {
    run: async (_session, ask) => {
      await ask({ ':path': '/push' });
      await ask({ ':path': '/after' });
    },
  },
  'a ping': {
    run: async (session, ask) => {
      await new Promise<void>((resolve) => {
        session.ping(() => resolve());
      });
      await ask({ ':path': '/after' });
    },
  },
};
