/**
 * What is mutated and what comes of it: captures as lists of packets, read from the files that are there, and written
 * into any container that the reader knows.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openCapture } from '../../src/capture/file.ts';
import { blocksIn, ORDERS, pcap } from '../support/pcap-files.ts';
import { stored } from '../support/zstd.ts';
import type { Random } from './random.ts';

export interface FuzzPacket {
  /** Nanoseconds since the capture's first packet. */
  readonly time: number;
  /** LINKTYPE_* */
  readonly link: number;
  readonly bytes: Buffer;
  readonly wireLength: number;
}

export interface Sample {
  readonly name: string;
  readonly packets: readonly FuzzPacket[];
}

/** Larger captures would be all that is worked on. */
const MOST_PACKETS = 400;
const EPOCH_SECONDS = 1_483_521_837;

/** The captures below `folder`, in order of their paths, those that are too large cut short. */
export async function samplesIn(folder: string): Promise<Sample[]> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:pcap|pcapng|cap|gz|zst)$/.test(path))
    .sort();
  const samples: Sample[] = [];
  for (const path of paths) {
    const packets = await packetsOf(join(folder, path));
    if (packets.length > 0) samples.push({ name: path, packets });
  }
  return samples;
}

async function packetsOf(path: string): Promise<FuzzPacket[]> {
  const packets: FuzzPacket[] = [];
  await openCapture([path]).run(({ time, link, bytes, start, end, wireLength }) => {
    if (packets.length >= MOST_PACKETS) return;
    packets.push({ time, link, bytes: Buffer.from(bytes.subarray(start, end)), wireLength });
  });
  return packets;
}

/** A file of them, of some format, byte order, resolution and compression. */
export function fileOf(packets: readonly FuzzPacket[], random: Random): Buffer {
  const links = new Set(packets.map(({ link }) => link));
  const bytes = links.size > 1 || random.chance(0.4) ? pcapngOf(packets, random) : pcapOf(packets, random);
  if (random.chance(0.06)) return gzipSync(bytes, { level: random.pick([0, 6]) });
  return random.chance(0.06) ? stored(bytes) : bytes;
}

/** The plainest file of them: nanoseconds, little endian. */
export function plainFileOf(packets: readonly FuzzPacket[]): Buffer {
  return pcap(
    packets.map((packet) => recordOf(packet, 1)),
    { kind: 'nanoseconds', link: linkOf(packets) },
  );
}

function pcapOf(packets: readonly FuzzPacket[], random: Random): Buffer {
  const kind = random.pick(['microseconds', 'nanoseconds', 'modified'] as const);
  const unit = kind === 'nanoseconds' ? 1 : 1000;
  return pcap(
    packets.map((packet) => recordOf(packet, unit)),
    { kind, order: random.pick(ORDERS), link: linkOf(packets), snaplen: random.pick([0x40000, 0x3ffff]) },
  );
}

const linkOf = (packets: readonly FuzzPacket[]): number => packets[0]?.link ?? 1;

function recordOf({ time, bytes, wireLength }: FuzzPacket, unit: number) {
  const seconds = Math.floor(time / 1e9);
  const fraction = Math.floor((time - seconds * 1e9) / unit) >>> 0;
  return { seconds: (EPOCH_SECONDS + seconds) >>> 0, fraction, bytes, wireLength: wireLength >>> 0 };
}

function pcapngOf(packets: readonly FuzzPacket[], random: Random): Buffer {
  const blocks = blocksIn(random.pick(ORDERS));
  const links = [...new Set(packets.map(({ link }) => link))];
  const resolution = random.pick([6, 9]);
  const options = resolution === 9 ? [blocks.option(9, Buffer.of(9)), blocks.endOfOptions] : [];
  const parts = [blocks.section(), ...links.map((link) => blocks.interface({ link }, ...options))];
  const unit = resolution === 9 ? 1n : 1000n;
  for (const { time, link, bytes, wireLength } of packets) {
    const ticks = BigInt.asUintN(
      64,
      (BigInt(EPOCH_SECONDS) * 1_000_000_000n + BigInt(Math.trunc(time))) / unit,
    );
    const packet = { interface: links.indexOf(link), ticks, bytes, wireLength: wireLength >>> 0 };
    parts.push(random.chance(0.02) ? blocks.obsolete(packet) : blocks.enhanced(packet));
    if (random.chance(0.02)) parts.push(blocks.statistics(random.below(links.length + 1)));
    if (random.chance(0.01)) parts.push(blocks.simple(bytes, wireLength >>> 0));
  }
  return Buffer.concat(parts);
}
