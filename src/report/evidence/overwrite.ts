/**
 * Overwrites secrets in a packet: lengths stay, the checksum follows (RFC 1624), so that one that was right is right
 * and one that was wrong stays wrong. Letters become `x`, numbers of JSON `1`.
 */
import { u16 } from '../../bytes.ts';
import type { Packet } from '../../capture/packet.ts';
import type { Traced } from '../../tcp/stream.ts';

/** A part of a stream, `[from, to)`. */
export interface Hidden {
  readonly from: number;
  readonly to: number;
  /** Within JSON, where only a number keeps it JSON. */
  readonly bare: boolean;
  /** What stands there instead, of the same length; absent: letters, or digits. */
  readonly as?: Buffer;
}

const LETTER = 'x'.charCodeAt(0);
const DIGIT = '1'.charCodeAt(0);

/**
 * Changes the packet's bytes in place.
 * @param hidden parts of the stream that the packet's payload is of; they may reach beyond it.
 * @returns how many bytes were overwritten.
 */
export function overwrite(packet: Packet, traced: Traced, hidden: readonly Hidden[]): number {
  const { bytes } = packet;
  const { payload, payloadEnd, offset, checksum } = traced;
  let count = 0;
  let sum = 0;
  for (const { from, to, bare, as } of hidden) {
    const start = Math.max(payload, payload + from - offset);
    const end = Math.min(payloadEnd, payload + to - offset);
    for (let at = start; at < end; at++) {
      const mark = as?.[offset + at - payload - from] ?? (bare ? DIGIT : LETTER);
      // The checksum counts words of 16 bits; it lies at an even place itself.
      sum += (mark - bytes[at]!) * (((at - checksum) & 1) === 0 ? 256 : 1);
      bytes[at] = mark;
      count++;
    }
  }
  if (count > 0 && checksum >= 0 && checksum + 2 <= packet.end) {
    bytes.writeUInt16BE(corrected(u16(bytes, checksum), sum), checksum);
  }
  return count;
}

/** One's complement arithmetic: modulo 65535. */
function corrected(checksum: number, change: number): number {
  const total = ((~checksum & 0xffff) + (change % 0xffff) + 0xffff) % 0xffff;
  return ~total & 0xffff;
}
