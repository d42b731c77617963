/** Each limit, made small, fires where it should: its stream ends well, the record names it, and nobody is accused. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import type { LimitName } from '../../src/limits.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { data, frame, headers, PREFACE, section, settings } from '../support/http2.ts';
import { type Frame, merged, packetsSource } from '../support/packets-source.ts';

const bounds = vi.hoisted(() => ({}) as Partial<Record<LimitName, number>>);

vi.mock(import('../../src/limits.ts'), async (original) => {
  const actual = await original();
  const get = (limits: typeof actual.LIMITS, name: LimitName) => bounds[name] ?? limits[name];
  return { ...actual, LIMITS: new Proxy(actual.LIMITS, { get }) as typeof actual.LIMITS };
});

afterEach(() => {
  for (const name of Object.keys(bounds) as LimitName[]) delete bounds[name];
});

const MS = 1e6;
const SECOND = 1e9;
const POST = 'POST /notify HTTP/1.1\r\nHost: pay.example\r\nContent-Length: 4\r\n\r\nbody';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const REQUEST = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'pay.example' };
const FIELDS = section(REQUEST);

async function analyzed(frames: readonly Frame[]): Promise<[TransactionRecord[], Findings]> {
  const records: TransactionRecord[] = [];
  const sink = { transaction: (record: TransactionRecord) => void records.push(record), end() {} };
  const findings = await analyze(packetsSource(frames), DEFAULT_OPTIONS, sink);
  return [records, findings];
}

/** The n-th of several connections, all begun within milliseconds. */
function talk(n: number, start = n * MS) {
  return conversation({ client: `10.0.0.1:${40_000 + n}`, clientIsn: 1000 * n + 7, start });
}

const delivered = (one: ReturnType<typeof talk>) =>
  one.clientSends(POST).ack().serverSends(OK).ack().fin('client').frames;

const unfinishedHead = (one: ReturnType<typeof talk>) =>
  one
    .handshake()
    .clientSends(`POST /x HTTP/1.1\r\nX: ${'y'.repeat(900)}`)
    .ack();

describe('what is held for all connections together', () => {
  test.each<[string, (one: ReturnType<typeof talk>) => unknown]>([
    ['unfinished heads', unfinishedHead],
    [
      'bodies of requests that are still undecided',
      (one) =>
        one
          .handshake()
          .clientSends(POST.replace('4', '904') + 'z'.repeat(890))
          .ack(),
    ],
    ['bytes behind a hole', (one) => one.handshake().drop(1).clientSends('q').clientSends('q'.repeat(900))],
  ])('%s: those silent longest are ended, and accuse nobody', async (_, hold) => {
    bounds.storedBytes = 8_000;
    const talks = Array.from({ length: 30 }, (_, n) => talk(n));
    for (const one of talks) hold(one);
    const after = delivered(talk(50, SECOND).handshake());
    const [records, { capture }] = await analyzed(merged(...talks.map((one) => one.frames), after));
    expect(Object.keys(capture.limitsHit)).toEqual(['storedBytes']);
    expect(capture.limitsHit.storedBytes).toBeGreaterThan(1);
    expect(records.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(1);
    expect(records.filter(({ outcome }) => outcome === 'unanswered' || outcome === 'unsent')).toEqual([]);
    const limited = records.filter(({ because }) => because.some(({ reason }) => reason === 'limit_hit'));
    expect(limited.map(({ verdict }) => verdict)).toContain('capture_insufficient');
  });

  test('a connection that holds nothing is left alone', async () => {
    bounds.storedBytes = 4_000;
    const quiet = talk(500, 0).handshake();
    const talks = Array.from({ length: 10 }, (_, n) => talk(n, (n + 1) * MS));
    for (const one of talks) unfinishedHead(one);
    quiet.now = 5 * SECOND;
    const [records] = await analyzed(merged(...talks.map((one) => one.frames), delivered(quiet)));
    expect(records.filter(({ verdict }) => verdict === 'delivered')).toHaveLength(1);
  });
});

describe('connections', () => {
  test('a flood of SYNs pushes out its own, not what is answered', async () => {
    bounds.connections = 20;
    const quiet = talk(500, 0).handshake();
    const flood = Array.from({ length: 200 }, (_, n) => talk(n, (n + 100) * MS).syn().frames);
    quiet.now = 5 * SECOND;
    const [records, { capture }] = await analyzed(merged(...flood, delivered(quiet)));
    expect(capture.limitsHit).toEqual({ connections: 181 });
    expect(records).toHaveLength(201);
    expect(records.filter(({ verdict }) => verdict === 'delivered')).toHaveLength(1);
    const early = records.slice(0, 150);
    expect(new Set(early.map(({ verdict }) => verdict))).toEqual(new Set(['capture_insufficient']));
    expect(early.every(({ missing }) => missing.includes('what_followed'))).toBe(true);
  });

  test('a SYN that nobody answers is let go of after three minutes, and repeated within them is the same attempt', async () => {
    bounds.connections = 3;
    const lost = talk(0, 0).syn();
    for (const second of [1, 3, 7, 15, 31, 63, 127]) {
      lost.now = second * SECOND;
      lost.syn();
    }
    const others = [1, 2, 3, 4, 5].map((n) => talk(n, n * 400 * SECOND).syn().frames);
    const [records, { capture }] = await analyzed(merged(lost.frames, ...others));
    expect(capture.limitsHit).toEqual({});
    expect(records.map(({ connection }) => connection.id)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('single limits', () => {
  test.each<[LimitName, number, number, () => readonly Frame[]]>([
    ['closedConnections', 2, 4, () => merged(...[0, 1, 2, 3, 4, 5].map((n) => refused(n)))],
    ['heldBytes', 1000, 1, () => behindHole(3, 600)],
    ['heldSegments', 2, 1, () => behindHole(3, 1)],
    ['pendingRequests', 3, 2, () => talk(0).handshake().clientSends(POST.repeat(5)).ack().frames],
    ['headBytes', 200, 1, () => unfinishedHead(talk(0)).frames],
    ['headFields', 1, 1, () => delivered(talk(0).handshake())],
    ['http2Continuations', 2, 1, () => streams(frame(1, 1, 1, FIELDS), ...Array(3).fill(frame(9, 0, 1)))],
    ['http2TableBytes', 100, 1, () => streams(headers(1, REQUEST, { coding: 'indexed' }))],
    ['http2SearchBytes', 1_000, 1, () => streamsBehindHole()],
    ['hosts', 1, 1, () => merged(delivered(talk(0).handshake()), delivered(elsewhere().handshake()))],
  ])('%s', async (name, bound, times, frames) => {
    bounds[name] = bound;
    const [records, { capture, summary }] = await analyzed(frames());
    expect(capture.limitsHit).toEqual({ [name]: times });
    expect(records.length).toBeGreaterThan(0);
    expect(summary.transactions).toBe(records.length);
  });

  const refused = (n: number) => talk(n).syn().rst('server').frames;
  const behindHole = (segments: number, length: number) => {
    const one = talk(0).handshake().drop(1).clientSends('q');
    for (let i = 0; i < segments; i++) one.clientSends('x'.repeat(length));
    return one.frames;
  };
  const streams = (...frames: readonly Buffer[]) =>
    talk(0)
      .handshake()
      .clientSends(Buffer.concat([PREFACE, settings(), ...frames]))
      .ack().frames;
  const streamsBehindHole = () =>
    talk(0)
      .handshake()
      .clientSends(Buffer.concat([PREFACE, settings(), headers(1, REQUEST, { end: false })]))
      .drop(1)
      .clientSends(data(1, 'hidden'))
      .clientSends(data(1, 'x'.repeat(2_000)).subarray(0, 700))
      .clientSends('x'.repeat(700))
      .ack().frames;
  const elsewhere = () => conversation({ client: '10.0.0.1:5', server: '203.0.113.45:8080' });
});
