/**
 * The TCP options of a SYN that later segments depend on (RFC 9293 §3.2, RFC 7323 §2.2). Everything else in the
 * options is left alone.
 */
import type { Segment } from '../decode/segment.ts';

const END = 0;
const NO_OPERATION = 1;
const WINDOW_SCALE = 3;

/** @returns the window shift of a SYN, or -1 when it has none. */
export function windowShift(bytes: Buffer, segment: Segment): number {
  let at = segment.options;
  while (at < segment.payload) {
    const kind = bytes[at]!;
    if (kind === END) break;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < segment.payload ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > segment.payload) break;
    if (kind === WINDOW_SCALE && length === 3) return bytes[at + 2]!;
    at += length;
  }
  return -1;
}
