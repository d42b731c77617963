/** A packet in the middle of a larger buffer, so that a read past either end finds bytes that are not its own. */
import type { Packet } from '../../src/capture/packet.ts';
import type { Segment } from '../../src/decode/segment.ts';

const BEFORE = 37;
const AFTER = 64;

export function packetOf(frame: Buffer, link: number, wireLength = frame.length): Packet {
  const bytes = Buffer.alloc(BEFORE + frame.length + AFTER, 0xee);
  frame.copy(bytes, BEFORE);
  return {
    time: 1.5,
    file: 1,
    frame: 12,
    link,
    interfaceIndex: 3,
    bytes,
    start: BEFORE,
    end: BEFORE + frame.length,
    wireLength,
  };
}

export function payloadOf(segment: Segment, packet: Packet): string {
  return packet.bytes.toString('latin1', segment.payload, segment.payloadEnd);
}
