/** Connections that the capture shows a second time with translated addresses, and those that only look alike. */
import { describe, expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { type Frame, merged } from '../support/packets-source.ts';
import { observe } from './observe.ts';

interface View {
  readonly client?: string;
  readonly server?: string;
  readonly start?: number;
  readonly ttl?: number;
  readonly ipId?: number;
  readonly clientIsn?: number;
}

const ORIGINAL = { client: '172.17.0.2:60115', server: '203.0.113.10:80', ttl: 64, ipId: 0x4eba };

function talk({ client, server, start, ttl, ipId, clientIsn }: View): Frame[] {
  return conversation({
    ...(client === undefined ? {} : { client }),
    ...(server === undefined ? {} : { server }),
    start: start ?? 0,
    clientIsn: clientIsn ?? 3_832_262_248,
    frame: { ttl: ttl ?? 64, ipId: ipId ?? 1 },
  })
    .handshake()
    .clientSends('ask')
    .ack('server')
    .serverSends('answer')
    .close('client').frames;
}

async function connectionsOf(...views: View[]) {
  const { connections } = await observe(merged(...views.map(talk)));
  return connections.map(({ connection, streams }) => ({
    addresses: connection.addresses.join(' '),
    duplicates: connection.duplicates,
    texts: streams.map(({ text }) => text),
  }));
}

describe('the same connection behind a translation', () => {
  const lag = 97_000;

  test('of its source is one connection, the one captured first', async () => {
    const seen = await connectionsOf(ORIGINAL, {
      ...ORIGINAL,
      client: '10.0.8.15:60115',
      ttl: 63,
      start: lag,
    });
    expect(seen).toEqual([
      {
        addresses: '172.17.0.2 203.0.113.10',
        duplicates: talk(ORIGINAL).length,
        texts: ['ask', 'answer'],
      },
    ]);
  });

  test('of its destination is one connection, too', async () => {
    const seen = await connectionsOf(ORIGINAL, {
      ...ORIGINAL,
      server: '10.1.2.3:8080',
      ttl: 63,
      start: lag,
    });
    expect(seen.map(({ addresses }) => addresses)).toEqual(['172.17.0.2 203.0.113.10']);
  });
});

describe('two connections that only look alike', () => {
  const twin: View = { ...ORIGINAL, client: '10.0.8.15:60115', ttl: 63, start: 97_000 };

  for (const [what, view] of Object.entries<View>({
    'another initial sequence number': { ...twin, clientIsn: 7 },
    'another identification': { ...twin, ipId: 2 },
    'the same place': { ...twin, ttl: 64 },
    'much later': { ...twin, start: 50_000_000 },
    'both ends different': { ...twin, server: '10.1.2.3:8080' },
  })) {
    test(what, async () => {
      const seen = await connectionsOf(ORIGINAL, view);
      expect(seen.map(({ texts }) => texts)).toEqual([
        ['ask', 'answer'],
        ['ask', 'answer'],
      ]);
    });
  }
});
