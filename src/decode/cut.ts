/**
 * Why a header is not all there: the one answer of all layers. Its own file because link, IP, TCP and ICMP need it.
 */
import type { Decoded } from './segment.ts';

/** A header that would end at `needed`, past what was captured: cut by the snapshot length, or never whole. */
export function cut(needed: number, wireEnd: number): Decoded {
  return needed > wireEnd ? 'malformed' : 'truncated';
}
