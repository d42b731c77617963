/**
 * `--host` and `--port` choose among what was judged, not among packets: what a capture filter of the same words would
 * lose (routers' ICMP errors, tags, tunnels, fragments behind the first) still decides.
 */
import { describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { icmpError, ipFrame, LINKTYPES, type LinkName } from '../support/frames.ts';
import { type Frame, packetsSource } from '../support/packets-source.ts';
import { WRAPPINGS } from '../support/wrappings.ts';

const POST = 'POST /notify HTTP/1.1\r\nHost: pay.example\r\nContent-Length: 4\r\n\r\nbody';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const WANTED = { client: '10.0.0.1:40000', server: '203.0.113.44:80' };
const WANTED6 = { client: '[2001:db8::1]:40000', server: '[2001:db8::44]:80' };
const OTHER = { client: '10.0.0.1:40001', server: '203.0.113.99:8080' };

async function selected(frames: readonly Frame[], link: LinkName | number, hosts: string[], ports: number[]) {
  const records: TransactionRecord[] = [];
  const sink = { transaction: (record: TransactionRecord) => void records.push(record), end() {} };
  const sorted = frames.toSorted((a, b) => a.timeNs - b.timeNs);
  const { capture } = await analyze(
    packetsSource(sorted, { link }),
    { ...DEFAULT_OPTIONS, hosts, ports },
    sink,
  );
  return { records, decoded: capture.decoded };
}

function answered(ends: { client: string; server: string }, link: LinkName = 'raw'): readonly Frame[] {
  const talk = conversation({ ...ends, frame: { link } })
    .handshake()
    .clientSends(POST)
    .ack()
    .serverSends(OK);
  return talk.ack().fin('client').frames;
}

const SELECTIONS: readonly (readonly [hosts: string[], ports: number[]])[] = [
  [['203.0.113.44'], []],
  [['203.0.113.0/26'], [80]],
  [['pay.example'], []],
  [[], [80]],
];

describe.each(WRAPPINGS)('within $name', ({ link, wrap }) => {
  test('the receiver is found, another is not', async () => {
    const frames = answered(WANTED).map((frame) => {
      const bytes = wrap(frame.bytes);
      return { ...frame, bytes, wireLength: bytes.length };
    });
    for (const [hosts, ports] of SELECTIONS) {
      const { records } = await selected(frames, link, hosts, ports);
      expect(records.map(({ verdict }) => verdict)).toEqual(['delivered']);
    }
    expect((await selected(frames, link, ['203.0.113.99'], [])).records).toEqual([]);
    expect((await selected(frames, link, [], [8080])).records).toEqual([]);
  });
});

describe('a router on the way', () => {
  const prohibited = (ends: typeof WANTED, router: string, link: LinkName, vlan: readonly number[]) => {
    const talk = conversation({ ...ends, frame: { link, vlan } }).syn();
    const quote = talk.fields('client', { flags: 'S', seq: 1000 });
    const v6 = router.includes(':');
    const bytes = icmpError({
      src: router,
      dst: quote.src,
      type: v6 ? 1 : 3,
      code: v6 ? 1 : 13,
      quote,
      // What a router of RFC 792 sends back at the least.
      quoteBytes: v6 ? 48 : 28,
      link,
      vlan,
    });
    return [...talk.frames, { timeNs: 5e6, bytes, wireLength: bytes.length }];
  };

  test.each<[string, typeof WANTED, string, LinkName, readonly number[]]>([
    ['of IPv4', WANTED, '198.51.100.1', 'ethernet', []],
    ['of IPv4, tagged twice', WANTED, '198.51.100.1', 'ethernet', [7, 8]],
    ['of IPv4, on any', WANTED, '198.51.100.1', 'sll2', [7]],
    ['of IPv6', WANTED6, '2001:db8:9::1', 'ethernet', []],
    ['of IPv6, tagged', WANTED6, '2001:db8:9::1', 'sll', [7]],
  ])('%s says why, and is heard', async (_, ends, router, link, vlan) => {
    const frames = [...prohibited(ends, router, link, vlan), ...answered(OTHER, link)];
    const address = ends === WANTED ? '203.0.113.44' : '2001:db8::44';
    const { records } = await selected(frames, link, [address], [80]);
    expect(records.map(({ verdict, evidence }) => [verdict, evidence.map(({ role }) => role)])).toEqual([
      ['connect_prohibited', ['syn', 'icmp_error']],
    ]);
  });
});

describe('fragments', () => {
  /** The IP packet in two pieces, of which the second has no ports. */
  const inTwo = (frame: Frame, v6: boolean): Frame[] => {
    const header = v6 ? 40 : 20;
    const payload = frame.bytes.subarray(header);
    const [src, dst] = v6 ? ['2001:db8::1', '2001:db8::44'] : ['10.0.0.1', '203.0.113.44'];
    return [0, 24].map((offset, i) => {
      const more = i === 0;
      const piece = payload.subarray(offset, more ? 24 : payload.length);
      const fragment = v6
        ? { ipv6Extensions: [{ fragment: offset, more }] }
        : { ipId: 77, fragment: { offset, more } };
      const bytes = ipFrame({ link: 'raw', src: src!, dst: dst!, ...fragment }, 6, piece);
      return { timeNs: frame.timeNs, bytes, wireLength: bytes.length };
    });
  };

  test.each([
    ['IPv4', WANTED, false, '203.0.113.44'],
    ['IPv6', WANTED6, true, '2001:db8::44'],
  ] as const)('of %s are put together', async (_, ends, v6, address) => {
    const frames = answered(ends).flatMap((frame, i) => (i === 3 ? inTwo(frame, v6) : [frame]));
    const { records, decoded } = await selected(
      [...frames, ...answered(OTHER)],
      LINKTYPES.raw,
      [address],
      [80],
    );
    expect(decoded.fragment).toBe(1);
    expect(records.map(({ verdict, request }) => [verdict, request?.body])).toEqual([['delivered', 'body']]);
  });
});
