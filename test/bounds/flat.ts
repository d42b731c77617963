/**
 * Run as a process of its own, with --expose-gc: feeds a flood of N and of 8 N packets to the analyzer and prints, as
 * JSON, how many bytes are alive at the end of each, before anything is let go of. Limits are small, so that they fire;
 * but for what a delivery takes, where there is room for all.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import type { Packet, PacketSource } from '../../src/capture/packet.ts';
import { LIMITS } from '../../src/limits.ts';
import { FLOOD_NAMES, FLOODS, type FloodName } from '../bench/floods.ts';

Object.assign(LIMITS, {
  connections: 300,
  closedConnections: 100,
  storedBytes: 1 << 18,
  heldBytes: 1 << 16,
  deliveries: 200,
});

/** Bytes that come and go between two looks. */
const FEW = 64 * 1024;
const PACKETS = 1_500;
const TIMES = 8;

/** Written beforehand, so that the capture itself is none of the memory that grows. */
function captureOf(name: FloodName, packets: number): Buffer[] {
  const chunks: Buffer[] = [];
  FLOODS[name](packets, (chunk) => chunks.push(Buffer.from(chunk)));
  return chunks;
}

async function aliveAfter(capture: readonly Buffer[]): Promise<{ bytes: number; deliveries: number }> {
  const before = await settled();
  let bytes = 0;
  const source = bufferSource(capture);
  const measured: PacketSource = {
    facts: source.facts,
    async run(onPacket: (packet: Packet) => void, signal) {
      const facts = await source.run(onPacket, signal);
      bytes = alive() - before;
      return facts;
    },
  };
  const { summary } = await analyze(measured, DEFAULT_OPTIONS, { transaction() {}, end() {} });
  return { bytes, deliveries: summary.deliveries };
}

/** What is alive when all is gone that the run before still held, until its promise was settled and its buffers were freed. */
async function settled(): Promise<number> {
  let last = Number.POSITIVE_INFINITY;
  for (;;) {
    await setTimeout(20);
    const now = alive();
    if (now > last - FEW) return now;
    last = now;
  }
}

function alive(): number {
  if (globalThis.gc === undefined) throw new Error('needs --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const found: Record<string, [few: number, many: number]> = {};
for (const name of FLOOD_NAMES) {
  const few = captureOf(name, PACKETS);
  const many = captureOf(name, TIMES * PACKETS);
  // Once to compile what will run, and to fill what is filled once.
  await aliveAfter(many);
  found[name] = [(await aliveAfter(few)).bytes, (await aliveAfter(many)).bytes];
}

Object.assign(LIMITS, { deliveries: 20_000 });
/** As many as `requests` has of them, and twice that. */
const deliveries = 8 * 1_024;
const capture = captureOf('requests', deliveries * 3.5);
await aliveAfter(capture);
const once = await aliveAfter(capture);
const twice = await aliveAfter(captureOf('requests', 2 * deliveries * 3.5));
const more = twice.deliveries - once.deliveries;
writeSync(1, JSON.stringify({ found, more, bytesOfDelivery: (twice.bytes - once.bytes) / more }));
