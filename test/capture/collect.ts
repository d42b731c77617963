/**
 * Runs a packet source and keeps a copy of every packet, for tests that compare what two readings gave.
 */
import type { CaptureFacts, Packet, PacketSource } from '../../src/capture/packet.ts';

export interface Kept {
  readonly time: number;
  readonly file: number;
  readonly frame: number;
  readonly link: number;
  readonly interfaceIndex: number;
  readonly wireLength: number;
  /** Hexadecimal, so that a failed comparison shows it. */
  readonly bytes: string;
}

export interface Reading {
  readonly packets: Kept[];
  readonly facts: CaptureFacts;
}

export function copyOf(packet: Packet): Kept {
  const { time, file, frame, link, interfaceIndex, wireLength } = packet;
  const bytes = packet.bytes.toString('hex', packet.start, packet.end);
  return { time, file, frame, link, interfaceIndex, wireLength, bytes };
}

export async function collect(source: PacketSource, signal?: AbortSignal): Promise<Reading> {
  const packets: Kept[] = [];
  const facts = await source.run((packet) => packets.push(copyOf(packet)), signal);
  return { packets, facts };
}

export function codes(facts: CaptureFacts): string[] {
  return facts.warnings.map(({ code }) => code);
}

/** Nanoseconds since the Unix epoch. */
export function absolute(facts: CaptureFacts, time: number): bigint {
  return (facts.epoch ?? 0n) + BigInt(time);
}
