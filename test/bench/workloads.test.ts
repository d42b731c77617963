/** The generator gives the same bytes each time, and what it writes is what it says: whole streams of whole requests. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { decode } from '../../src/decode/decode.ts';
import { createSegment, RST, SYN } from '../../src/decode/segment.ts';
import { line, median } from './measure.ts';
import { WORKLOAD_NAMES, type WorkloadFacts, type WorkloadName, writeWorkload } from './workloads.ts';

const BARE = fileURLToPath(new URL('bare.mjs', import.meta.url));

const SCALES: Readonly<Record<WorkloadName, number>> = {
  short: 0.005,
  bulk: 0.0005,
  lossy: 0.002,
  any: 0.01,
  faults: 0.005,
};

function generated(name: WorkloadName): [WorkloadFacts, Buffer] {
  const chunks: Buffer[] = [];
  const facts = writeWorkload(name, { scale: SCALES[name] }, (chunk) => chunks.push(Buffer.from(chunk)));
  return [facts, Buffer.concat(chunks)];
}

interface Stream {
  readonly fromClient: boolean;
  readonly isn: number;
  readonly bytes: Map<number, number>;
  highest: number;
  repeated: number;
}

/** Every byte of each direction by its offset; a byte sent again must be the same. */
async function streamsOf(capture: Buffer): Promise<{ streams: Map<string, Stream>; times: number[] }> {
  const streams = new Map<string, Stream>();
  const segment = createSegment();
  const times: number[] = [];
  await bufferSource(capture).run((packet) => {
    times.push(packet.time);
    if (decode(packet, segment) !== 'tcp') throw new Error(`packet ${times.length} is no TCP`);
    const { src0, src3, dst0, dst3, srcPort, dstPort } = segment;
    const key = `${src0} ${src3}:${srcPort}>${dst0} ${dst3}:${dstPort}`;
    let stream = streams.get(key);
    if (!stream) {
      if ((segment.flags & SYN) === 0 && (segment.flags & RST) === 0)
        throw new Error(`${key} begins without SYN`);
      stream = { fromClient: dstPort === 80, isn: segment.seq, bytes: new Map(), highest: 0, repeated: 0 };
      streams.set(key, stream);
    }
    const offset = (segment.seq - stream.isn - 1) | 0;
    for (let i = 0; i < segment.payloadLength; i++) {
      const value = packet.bytes[segment.payload + i]!;
      const before = stream.bytes.get(offset + i);
      if (before === undefined) stream.bytes.set(offset + i, value);
      else if (before === value) stream.repeated += 1;
      else throw new Error(`${key} changes byte ${offset + i}`);
    }
    // A bare acknowledgement after a FIN stands one further.
    if (segment.payloadLength > 0) stream.highest = Math.max(stream.highest, offset + segment.payloadLength);
  });
  return { streams, times };
}

describe.each(WORKLOAD_NAMES)('%s', (name) => {
  const [facts, capture] = generated(name);

  test('the same bytes twice', () => {
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(generated(name)[1])).toBe(digest(capture));
  });

  test('as many packets, bytes, connections and requests as it says, in time order', async () => {
    const { streams, times } = await streamsOf(capture);
    const sides = [...streams.values()];
    expect(facts).toMatchObject({ packets: times.length, bytes: capture.length });
    expect(sides.filter(({ fromClient }) => fromClient).length).toBe(facts.connections);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const orders: string[] = [];
    let responses = 0;
    for (const stream of sides) {
      expect(stream.bytes.size).toBe(stream.highest);
      const bytes = Buffer.from(Array.from({ length: stream.highest }, (_, i) => stream.bytes.get(i)!));
      const text = bytes.toString('latin1');
      if (!stream.fromClient) {
        responses += text.split('HTTP/1.1 200 OK\r\n').length - 1;
        continue;
      }
      for (const [, order, inBody] of text.matchAll(/X-Order: (\d+)\r\n\r\n\{"out_trade_no":"(\d+)"/g)) {
        expect(inBody).toBe(order);
        orders.push(order!);
      }
    }
    expect(new Set(orders).size).toBe(facts.requests);
    expect(orders.length).toBe(facts.requests);
    // One connection in ten has an answer that stops short.
    const cut = name === 'faults' ? facts.connections / 10 : 0;
    expect(responses).toBe((facts.outcomes['delivered'] ?? 0) + cut);
    const repeated = sides.reduce((sum, stream) => sum + stream.repeated, 0);
    expect(repeated > 0).toBe(name === 'lossy' || name === 'faults');
  });

  test('the analyzer finds every attempt, and what it says became of it', async () => {
    const { summary } = await analyze(bufferSource(capture), DEFAULT_OPTIONS, { transaction() {}, end() {} });
    const found = Object.entries(summary.outcomes).filter(([, count]) => count > 0);
    expect(Object.fromEntries(found)).toEqual(facts.outcomes);
  });
});

test('the bare pass finds all requests and answers', () => {
  const [facts, capture] = generated('short');
  const folder = mkdtempSync(join(tmpdir(), 'wirewitness-'));
  const path = join(folder, 'short.pcap');
  writeFileSync(path, capture);
  const { stdout } = spawnSync(process.execPath, [BARE, path], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  expect(stdout).toContain(`${facts.requests} requests, ${facts.requests} answers, ${facts.requests} orders`);
});

test('median', () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('line', () => {
  expect(
    line([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
  ).toEqual({ base: 1, slope: 2, explained: 1 });
  expect(
    line([
      [0, 0],
      [1, 1],
      [2, 0],
    ]).explained,
  ).toBe(0);
});
