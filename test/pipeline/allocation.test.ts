/**
 * A packet in the middle of a flow costs no memory: from the bytes of the file to the body that nobody keeps, nothing is
 * allocated. Code that V8 has not optimized yet boxes its numbers, and when it is optimized is V8's business: so one
 * round of many has to be clean, which no round can be where something is allocated for each packet.
 */
import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import type { RecordSink } from '../../src/verdict/verdict.ts';
import { tcpFrame } from '../support/frames.ts';
import { pcap } from '../support/pcap-files.ts';

/** Two segments of the answer and their acknowledgement, over and over: as many packets as one round has. */
const TRIPLES = 1_000;
const PACKETS = 3 * TRIPLES;
const ROUNDS = 400;
const PAYLOAD = 1_000;
/** The smallest object takes 16 bytes: one for every eighth packet would be too much. */
const BYTES_A_PACKET = 2;

const CLIENT = { src: '10.0.0.5', dst: '203.0.113.9', srcPort: 40_000, dstPort: 80 };
const SERVER = { src: '203.0.113.9', dst: '10.0.0.5', srcPort: 80, dstPort: 40_000 };
const POST = 'POST /n HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n';
const SECOND = 1_700_000_000;

const opening = pcap(
  [
    tcpFrame({ ...CLIENT, flags: 'S', seq: 0 }),
    tcpFrame({ ...SERVER, flags: 'SA', seq: 0, ack: 1 }),
    tcpFrame({ ...CLIENT, flags: 'A', seq: 1, ack: 1 }),
    tcpFrame({ ...CLIENT, flags: 'PA', seq: 1, ack: 1, payload: POST }),
    tcpFrame({ ...SERVER, flags: 'A', seq: 1, ack: 1 + POST.length, payload: ANSWER }),
  ].map((bytes) => ({ seconds: SECOND, fraction: 0, bytes })),
);

/** One round, in which `advance` moves times, sequence and acknowledgement numbers on. */
function round(): { bytes: Buffer; advance: () => void } {
  const data = tcpFrame({ ...SERVER, flags: 'A', ack: 1 + POST.length, payload: Buffer.alloc(PAYLOAD, 'x') });
  const acknowledgement = tcpFrame({ ...CLIENT, flags: 'A', seq: 1 + POST.length });
  const frames = Array.from({ length: PACKETS }, (_, i) => (i % 3 === 2 ? acknowledgement : data));
  const records = frames.map((bytes) => ({ seconds: 0, fraction: 0, bytes }));
  const header = pcap([]).length;
  const bytes = pcap(records).subarray(header);
  let offset = 1 + ANSWER.length;
  let micros = 0;
  const advance = () => {
    let at = 0;
    for (const frame of frames) {
      micros += 10;
      bytes.writeUInt32LE(SECOND + Math.floor(micros / 1e6), at);
      bytes.writeUInt32LE(micros % 1e6, at + 4);
      const tcp = at + 16 + 34;
      if (frame === data) bytes.writeUInt32BE(offset >>> 0, tcp + 4);
      else bytes.writeUInt32BE(offset >>> 0, tcp + 8);
      if (frame === data) offset += PAYLOAD;
      at += 16 + frame.length;
    }
  };
  return { bytes, advance };
}

const NOBODY: RecordSink = { bodies: false, wants: () => false, transaction() {}, end() {} };

test('packets of a steady flow allocate nothing', async () => {
  let least = Number.POSITIVE_INFINITY;
  const { bytes, advance } = round();
  function* chunks() {
    yield opening;
    for (let i = 0; i < ROUNDS && least >= BYTES_A_PACKET; i++) {
      advance();
      const before = getHeapStatistics().used_heap_size;
      yield bytes;
      const grown = getHeapStatistics().used_heap_size - before;
      // A collection in between leaves less than there was.
      if (grown >= 0) least = Math.min(least, grown / PACKETS);
    }
  }
  const { capture } = await analyze(bufferSource(chunks()), DEFAULT_OPTIONS, NOBODY);
  expect(capture.packets).toBeGreaterThan(PACKETS);
  expect(capture.ackedUnseen).toBe(0);
  expect(least).toBeLessThan(BYTES_A_PACKET);
});
