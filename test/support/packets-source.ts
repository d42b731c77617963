/**
 * Feeds frames to the pipeline without a file, as a PacketSource, or writes them as a classic pcap.
 * The source is as unkind as the contract allows: it refills one Packet and one buffer, moves the packet about in
 * it and overwrites it after each call, so that a stage which keeps what was only lent fails its tests.
 */
import type { CaptureFacts, Packet, PacketSource } from '../../src/capture/packet.ts';
import { LINKTYPES, type LinkName } from './frames.ts';

/** One captured packet. */
export interface Frame {
  /** Nanoseconds from an arbitrary zero (2017-01-04T09:23:57Z where a date is needed). */
  timeNs: number;
  bytes: Buffer;
  /** Larger than `bytes.length` where a snapshot length cut it. */
  wireLength: number;
}

/** Where `timeNs` 0 lies: 2017-01-04T09:23:57Z. */
const EPOCH_SECONDS = 1_483_521_837;

export interface SourceOptions {
  /** A name or a LINKTYPE_* number; default Ethernet. */
  readonly link?: LinkName | number;
  /** What the capture claims about drops; default null. */
  readonly dropped?: number | null;
  readonly truncated?: boolean;
}

/** A source that yields `frames` in the given order, as one file called `memory.pcap`. */
export function packetsSource(frames: readonly Frame[], options: SourceOptions = {}): PacketSource {
  const link = linkNumber(options.link);
  const zero = frames[0]?.timeNs ?? 0;
  const file = {
    path: 'memory.pcap',
    sha256: null,
    format: 'pcap' as const,
    bytes: 24 + frames.reduce((sum, frame) => sum + 16 + frame.bytes.length, 0),
    packets: 0,
    firstTime: null as number | null,
    lastTime: null as number | null,
    truncated: options.truncated ?? false,
  };
  const facts: CaptureFacts = {
    files: [file],
    interfaces: [{ name: null, link }],
    warnings: [],
    packets: 0,
    epoch: frames.length === 0 ? null : BigInt(EPOCH_SECONDS) * 1_000_000_000n + BigInt(zero),
    digits: 6,
    firstTime: null,
    lastTime: null,
    dropped: options.dropped ?? null,
  };
  const run = async (onPacket: (packet: Packet) => void, signal?: AbortSignal): Promise<CaptureFacts> => {
    const longest = frames.reduce((most, frame) => Math.max(most, frame.bytes.length), 0);
    const bytes = Buffer.alloc(longest + 64, 0xee);
    const packet: Packet = {
      time: 0,
      file: 0,
      frame: 0,
      link,
      interfaceIndex: 0,
      bytes,
      start: 0,
      end: 0,
      wireLength: 0,
    };
    for (const frame of frames) {
      if (signal?.aborted) break;
      packet.time = frame.timeNs - zero;
      packet.frame += 1;
      packet.start = 1 + (packet.frame % 31);
      packet.end = packet.start + frame.bytes.length;
      packet.wireLength = frame.wireLength;
      frame.bytes.copy(bytes, packet.start);
      facts.packets += 1;
      file.packets += 1;
      facts.firstTime = Math.min(facts.firstTime ?? packet.time, packet.time);
      facts.lastTime = Math.max(facts.lastTime ?? packet.time, packet.time);
      file.firstTime = facts.firstTime;
      file.lastTime = facts.lastTime;
      onPacket(packet);
      bytes.fill(0xee);
    }
    return facts;
  };
  return { facts, run };
}

/** A classic pcap (microseconds, little endian) of the frames. */
export function pcapBytes(frames: readonly Frame[], link?: LinkName | number): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(linkNumber(link), 20);
  const parts: Buffer[] = [header];
  for (const frame of frames) {
    const record = Buffer.alloc(16);
    const micros = Math.floor(frame.timeNs / 1000);
    record.writeUInt32LE(EPOCH_SECONDS + Math.floor(micros / 1_000_000), 0);
    record.writeUInt32LE(((micros % 1_000_000) + 1_000_000) % 1_000_000, 4);
    record.writeUInt32LE(frame.bytes.length, 8);
    record.writeUInt32LE(frame.wireLength, 12);
    parts.push(record, frame.bytes);
  }
  return Buffer.concat(parts);
}

/** Cuts every frame as `tcpdump -s length` would have. */
export function snapped(frames: readonly Frame[], length: number): Frame[] {
  return frames.map((frame) => ({ ...frame, bytes: frame.bytes.subarray(0, length) }));
}

/** Frames of several conversations in time order; equal times keep their order. */
export function merged(...lists: readonly (readonly Frame[])[]): Frame[] {
  return lists.flat().sort((a, b) => a.timeNs - b.timeNs);
}

function linkNumber(link: LinkName | number | undefined): number {
  return typeof link === 'number' ? link : LINKTYPES[link ?? 'ethernet'];
}
