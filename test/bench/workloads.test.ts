/** The generator gives the same bytes each time, and what it writes is what it says: whole streams of whole requests. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decode } from '../../src/decode/decode.ts';
import { createSegment, SYN } from '../../src/decode/segment.ts';
import { packetOf } from '../decode/packet-of.ts';
import { median } from './measure.ts';
import { WORKLOAD_NAMES, type WorkloadFacts, type WorkloadName, writeWorkload } from './workloads.ts';

const SCALES: Readonly<Record<WorkloadName, number>> = { short: 0.02, bulk: 0.1, lossy: 0.02 };

function generated(name: WorkloadName): [WorkloadFacts, Buffer] {
  const chunks: Buffer[] = [];
  const facts = writeWorkload(name, SCALES[name], (chunk) => chunks.push(Buffer.from(chunk)));
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
function streamsOf(capture: Buffer): [streams: Map<string, Stream>, packets: number, times: number[]] {
  const streams = new Map<string, Stream>();
  const segment = createSegment();
  const times: number[] = [];
  let packets = 0;
  for (let at = 24; at < capture.length; packets++) {
    const length = capture.readUInt32LE(at + 8);
    times.push(capture.readUInt32LE(at) * 1e6 + capture.readUInt32LE(at + 4));
    const packet = packetOf(capture.subarray(at + 16, at + 16 + length), 1);
    if (decode(packet, segment) !== 'tcp') throw new Error(`packet ${packets + 1} is no TCP`);
    at += 16 + length;
    const key = `${segment.src3}:${segment.srcPort}>${segment.dst3}:${segment.dstPort}`;
    let stream = streams.get(key);
    if (!stream) {
      if ((segment.flags & SYN) === 0) throw new Error(`${key} begins without SYN`);
      stream = {
        fromClient: segment.dstPort === 80,
        isn: segment.seq,
        bytes: new Map(),
        highest: 0,
        repeated: 0,
      };
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
  }
  return [streams, packets, times];
}

describe.each(WORKLOAD_NAMES)('%s', (name) => {
  const [facts, capture] = generated(name);
  const [streams, packets, times] = streamsOf(capture);

  test('the same bytes twice', () => {
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(generated(name)[1])).toBe(digest(capture));
  });

  test('as many packets, bytes and connections as it says, in time order', () => {
    expect(facts).toMatchObject({ packets, bytes: capture.length, connections: streams.size / 2 });
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('each direction is whole and holds the messages, each order once', () => {
    const orders: string[] = [];
    let responses = 0;
    for (const stream of streams.values()) {
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
    expect(responses).toBe(facts.requests);
    expect(new Set(orders).size).toBe(facts.requests);
    expect(orders.length).toBe(facts.requests);
  });

  test('bytes are sent again only where packets are lost', () => {
    const repeated = [...streams.values()].reduce((sum, stream) => sum + stream.repeated, 0);
    expect(repeated > 0).toBe(name === 'lossy');
  });
});

test('median', () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
