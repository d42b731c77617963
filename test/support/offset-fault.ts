/** Whether the offsets that decoding gave lie within their packet, in order, and every field is a number. */
import type { Packet } from '../../src/capture/packet.ts';
import type { Segment } from '../../src/decode/segment.ts';
import { LIMITS } from '../../src/limits.ts';

/** One comparison a packet: expect() for each field would take longer than all the decoding. */
export function offsetFault(packet: Packet, segment: Segment): string | undefined {
  const { bytes, options, payload, payloadEnd, payloadLength } = segment;
  // A datagram put together from fragments lies in a buffer of its own.
  const [start, end] = bytes === packet.bytes ? [packet.start, packet.end] : [0, bytes.length];
  if (options < start || payload < options || payloadEnd < payload || end < payloadEnd) {
    return `offsets out of order: ${start} ${options} ${payload} ${payloadEnd} ${end}`;
  }
  if (payloadLength < payloadEnd - payload || payloadLength > LIMITS.packetBytes) {
    return `payload length ${payloadLength}`;
  }
  const odd = Object.entries(segment).find(
    ([, value]) => typeof value === 'number' && !Number.isInteger(value * 2),
  );
  return odd && `${odd[0]} is ${odd[1]}`;
}
