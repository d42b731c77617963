/** Which connection a packet belongs to, when one is replaced, and when it is over. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Conversation, conversation } from '../support/conversation.ts';
import { icmpError, tcpFrame } from '../support/frames.ts';
import { type Frame, merged } from '../support/packets-source.ts';
import { observe } from './observe.ts';

const bounds = vi.hoisted(() => ({ connections: 0, closedConnections: 0 }));

vi.mock(import('../../src/limits.ts'), async (original) => {
  const actual = await original();
  const { LIMITS } = actual;
  return {
    ...actual,
    LIMITS: new Proxy(LIMITS, {
      get: (limits, name: keyof typeof LIMITS) =>
        (name in bounds && bounds[name as keyof typeof bounds]) || limits[name],
    }),
  };
});

afterEach(() => {
  bounds.connections = 0;
  bounds.closedConnections = 0;
});

/** What each connection's sides carried, in order of the connections. */
async function carried(frames: readonly Frame[]) {
  const { connections } = await observe(frames);
  return connections.map(({ streams }) => streams.map(({ text }) => text).join('|'));
}

const talked = (talk: Conversation) =>
  talk.handshake().clientSends('ask').serverSends('answer').ack('client');

describe('addresses', () => {
  test('both directions of a connection are found, others are kept apart', async () => {
    const endpoints: readonly (readonly [string, string])[] = [
      ['10.0.0.1:40000', '203.0.113.44:80'],
      ['10.0.0.1:40001', '203.0.113.44:80'],
      ['10.0.0.1:40000', '203.0.113.44:81'],
      ['10.0.0.1:40000', '203.0.113.45:80'],
      ['10.0.0.2:40000', '203.0.113.44:80'],
      ['203.0.113.44:40000', '10.0.0.1:80'],
      ['10.0.0.1:81', '203.0.113.44:40000'],
      ['[2001:db8::1]:40000', '[2001:db8::2]:80'],
      ['[2001:db8::2]:40000', '[2001:db8::1]:80'],
      ['[2001:db8:1::1]:40000', '[2001:db8::2]:80'],
      ['[2001:db8:0:1::1]:40000', '[2001:db8::2]:80'],
      ['[2001:db8::1:0:1]:40000', '[2001:db8::2]:80'],
      ['[::ffff:10.0.0.1]:40000', '[::ffff:203.0.113.44]:80'],
    ];
    const talks = endpoints.map(([client, server], index) =>
      conversation({ client, server }).handshake().clientSends(`ask ${index}`).serverSends(`answer ${index}`),
    );
    const { connections } = await observe(merged(...talks.map(({ frames }) => frames)));
    expect(connections.map(({ streams }) => streams.map(({ text }) => text))).toEqual(
      endpoints.map((_, index) => [`ask ${index}`, `answer ${index}`]),
    );
    expect(connections[0]!.connection.addresses).toEqual(['10.0.0.1', '203.0.113.44']);
    expect(connections[7]!.connection.addresses).toEqual(['2001:db8::1', '2001:db8::2']);
    expect(connections[7]!.connection.ports).toEqual([40_000, 80]);
    expect(connections.map(({ connection }) => connection.id)).toEqual(
      endpoints.map((_, index) => index + 1),
    );
  });

  test('a connection of an address with itself is one connection', async () => {
    const talk = talked(conversation({ client: '127.0.0.1:4000', server: '127.0.0.1:4001' }));
    expect(await carried(talk.frames)).toEqual(['ask|answer']);
  });
});

describe('port reuse', () => {
  const again = (start: number) => talked(conversation({ start, clientIsn: 900_000, serverIsn: 70 })).frames;
  const SECOND = 1e9;

  test('a SYN with another ISN begins a new connection: after a close, a reset, or nothing', async () => {
    const ends: readonly ((talk: Conversation) => Conversation)[] = [
      (talk) => talk.close('client'),
      (talk) => talk.fin('client'),
      (talk) => talk.rst('client'),
      (talk) => talk.rst('server'),
      (talk) => talk,
    ];
    for (const end of ends) {
      const { connections } = await observe(merged(end(talked(conversation())).frames, again(2 * SECOND)));
      expect(connections.map(({ streams }) => streams[0].text)).toEqual(['ask', 'ask']);
      expect(connections.map(({ connection }) => connection.portReused)).toEqual([false, true]);
      expect(connections[1]!.streams[1].text).toBe('answer');
    }
  });

  test('also when the other side opens it', async () => {
    const reverse = conversation({
      client: '203.0.113.44:80',
      server: '10.0.0.1:40000',
      start: SECOND,
      clientIsn: 1,
    });
    expect(
      await carried(merged(talked(conversation()).close('client').frames, talked(reverse).frames)),
    ).toEqual(['ask|answer', 'ask|answer']);
  });

  test('and when the capture shows nothing of it before its SYN-ACK, or before its data', async () => {
    const first = talked(conversation()).close('client').frames;
    for (const missed of [1, 3]) {
      const texts = await carried(merged(first, again(2 * SECOND).slice(missed)));
      expect([missed, texts]).toEqual([missed, ['ask|answer', missed === 1 ? 'answer|ask' : 'ask|answer']]);
    }
    // Below the old stream's sequence numbers as well as above.
    const below = talked(conversation({ start: 2e9, clientIsn: 3_000_000_000, serverIsn: 70 })).frames.slice(
      3,
    );
    expect(await carried(merged(first, below))).toEqual(['ask|answer', 'ask|answer']);
    const open = talked(conversation()).frames;
    expect(await carried(merged(open, again(2 * SECOND).slice(1)))).toEqual(['ask|answer', 'answer|ask']);
  });

  test('a SYN belongs to data captured before it only if it is near them, in time and in sequence', async () => {
    const middle = conversation({ clientIsn: 100_000 }).established().clientSends('ask');
    const withSyn = (seq: number, milliseconds: number) => {
      const bytes = tcpFrame(middle.fields('client', { flags: 'S', seq, ack: 0 }));
      const timeNs = milliseconds * 1e6;
      return observe([...middle.frames, { timeNs, bytes, wireLength: bytes.length }]);
    };
    expect((await withSyn(100_000, 10)).connections.length).toBe(1);
    expect((await withSyn(99_990, 10)).connections.length).toBe(1);
    expect((await withSyn(100_000, 1500)).connections.length).toBe(2);
    expect((await withSyn(20_000, 10)).connections.length).toBe(2);
    expect((await withSyn(100_500, 10)).connections.length).toBe(2);
  });

  test('a SYN of a side not heard before crosses a SYN, and else begins anew', async () => {
    const crossing = conversation().segment('server', { flags: 'S' }).segment('client', { flags: 'S' });
    expect((await observe(crossing.frames)).connections.length).toBe(1);
    const given = conversation().segment('server', { flags: 'S' }).segment('server', { flags: 'R' });
    expect((await observe(given.segment('client', { flags: 'S' }).frames)).connections.length).toBe(2);
    const mute = conversation().established().segment('server', { flags: 'P', payload: 'x' });
    expect((await observe(mute.segment('client', { flags: 'S' }).frames)).connections.length).toBe(2);
  });

  test('late retransmissions of what is closed begin nothing', async () => {
    const talk = talked(conversation()).close('client').wait(4000);
    talk.retransmit('server').wait(2000).retransmit('client').ack('server').fin('server', { seq: 5007 });
    expect(await carried(talk.frames)).toEqual(['ask|answer']);
  });
});

describe('the end of connections', () => {
  test('comes once for each direction and last, whatever ended it', async () => {
    const talks = [
      (talk: Conversation) => talk.close('client'),
      (talk: Conversation) => talk.rst('server').wait(3000).ack('client'),
      (talk: Conversation) => talk.rst('client').rst('server').clientSends('more'),
      (talk: Conversation) => talk.fin('server'),
      (talk: Conversation) => talk,
    ];
    for (const end of talks) {
      const { connections } = await observe(end(talked(conversation())).frames);
      for (const stream of connections.flatMap(({ streams }) => streams)) {
        expect([stream.ends, stream.afterEnd]).toEqual([1, false]);
      }
    }
  });

  test('is not an hour of silence, nor two; it is more than any keep-alive timer', async () => {
    const quiet = talked(conversation())
      .wait(7_200_000)
      .clientSends('again')
      .serverSends('yes')
      .close('client');
    expect(await carried(quiet.frames)).toEqual(['askagain|answeryes']);
    const gone = talked(conversation()).wait(7_600_000).clientSends('again');
    const other = conversation({ client: '10.0.0.9:999', start: 7_590e9 }).syn();
    const { connections } = await observe(merged(gone.frames, other.frames));
    expect(connections.map(({ streams }) => streams[0].text)).toEqual(['ask', '', 'again']);
    expect(connections[0]!.streams[0].end).toBe('idle');
  });

  test('a closed one is forgotten after a while, a reset one later', async () => {
    const other = conversation({ client: '10.0.0.9:999' });
    const ended = async (end: (talk: Conversation) => Conversation, seconds: number) => {
      const frames = [...end(talked(conversation())).frames];
      for (let second = 1; second <= seconds; second++) {
        frames.push({ ...other.syn().frames.at(-1)!, timeNs: second * 1e9 });
      }
      const { connections } = await observe(frames);
      return connections[0]!.streams.map((stream) => stream.end);
    };
    expect(await ended((talk) => talk.rst('client'), 40)).toEqual(['reset', 'captureEnd']);
    expect(await ended((talk) => talk.rst('client'), 70)).toEqual(['reset', 'idle']);
    expect(await ended((talk) => talk.close('client'), 70)).toEqual(['fin', 'fin']);
  });

  test('a storm of refused connections leaves no more than the bound', async () => {
    bounds.closedConnections = 50;
    const storm = Array.from(
      { length: 500 },
      (_, index) =>
        conversation({ client: `10.0.0.1:${20_000 + index}`, start: index * 1e5, rtt: 0 })
          .syn()
          .rst('server').frames,
    );
    let most = 0;
    const { connections, limits } = await observe(storm.flat(), {
      atFrame: (_, seen) => {
        most = Math.max(most, seen.filter(({ streams }) => streams.some(({ ends }) => ends === 0)).length);
      },
    });
    expect(connections.length).toBe(500);
    expect(most).toBeLessThanOrEqual(52);
    expect(limits.length).toBe(450);
    expect(new Set(limits)).toEqual(new Set(['closedConnections']));
  });

  test('of too many at once the one that was silent longest is ended', async () => {
    bounds.connections = 3;
    const talks = Array.from({ length: 4 }, (_, index) =>
      conversation({ client: `10.0.0.1:${40_000 + index}`, start: index * 1e6 }),
    );
    const [a, b, c, d] = talks as [Conversation, Conversation, Conversation, Conversation];
    const frames = [a, b, c].flatMap((talk) => talk.syn().frames);
    // The first is heard again, so the second is now the oldest.
    frames.push({ ...frames[0]!, timeNs: 4e9 }, { ...d.syn().frames[0]!, timeNs: 5e9 });
    const { connections, limits } = await observe(frames);
    expect(connections.map(({ streams }) => streams[0].end)).toEqual([
      'captureEnd',
      'limit',
      'captureEnd',
      'captureEnd',
    ]);
    expect(limits).toEqual(['connections']);
  });
});

describe('single packets', () => {
  test('of any flags are a connection and nothing more', async () => {
    for (let bits = 0; bits < 64; bits++) {
      const flags = [...'FSRPAU'].filter((_, bit) => bits & (1 << bit)).join('');
      for (const payload of ['', 'data']) {
        const frame = tcpFrame({
          src: '10.0.0.1',
          dst: '10.0.0.2',
          srcPort: 5,
          dstPort: 6,
          seq: 9,
          ack: 9,
          flags,
          payload,
        });
        const { connections, table } = await observe([{ timeNs: 0, bytes: frame, wireLength: frame.length }]);
        expect(connections.length).toBe(1);
        const { streams } = connections[0]!;
        expect(streams.map(({ ends }) => ends)).toEqual([1, 1]);
        expect([flags, streams[0].text]).toEqual([flags, flags.includes('R') ? '' : payload]);
        expect(table.counts.ackedUnseen).toBe(0);
      }
    }
  });
});

describe('ICMP errors', () => {
  test('belong to the side whose packet they quote; about no known connection they are nothing', async () => {
    const talk = talked(conversation());
    const about = (side: 'client' | 'server') =>
      icmpError({ src: '192.0.2.1', dst: '10.0.0.1', type: 3, code: 13, quote: talk.fields(side) });
    talk.raw(about('server')).raw(about('client')).raw(about('client'));
    const { connections } = await observe(talk.frames);
    const { sides } = connections[0]!.connection;
    expect(sides.map(({ icmpCount }) => icmpCount)).toEqual([2, 1]);
    expect(sides[0].icmp).toMatchObject({ type: 3, code: 13, unreachable: true, reporter: '192.0.2.1' });
    const stranger = conversation({ client: '10.9.9.9:1' });
    const error = icmpError({
      src: '192.0.2.1',
      dst: '10.9.9.9',
      type: 3,
      code: 1,
      quote: stranger.fields('client'),
    });
    expect((await observe([{ timeNs: 0, bytes: error, wireLength: error.length }])).connections).toEqual([]);
  });

  test('fragmentation needed is no unreachable, and carries the MTU', async () => {
    const talk = talked(conversation());
    talk.raw(
      icmpError({
        src: '192.0.2.1',
        dst: '10.0.0.1',
        type: 3,
        code: 4,
        mtu: 1400,
        quote: talk.fields('client'),
      }),
    );
    const { connections } = await observe(talk.frames);
    expect(connections[0]!.connection.sides[0].icmp).toMatchObject({ unreachable: false, mtu: 1400 });
  });
});
