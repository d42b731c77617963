/**
 * Where the IP layer stops: at a fragment, which is only a piece of a datagram, or at the header of a tunnel, which
 * leads back to the link layer. It notes the place and returns; decode.ts goes on from there. So imports run one way,
 * and the plain path through Ethernet, IP and TCP pays nothing for it.
 */
import type { Decoded } from './segment.ts';

/** What a layer returns to decode.ts: an outcome, or that `Segment.rest` tells what comes next. */
export type Step = Decoded | 'tunnel';

/** Lent with its segment. Offsets count in `Segment.bytes`. */
export interface Rest {
  /** IP protocol number of what begins at `at`; of an IPv6 fragment that of the datagram's first header behind it. */
  protocol: number;
  at: number;
  /** Where it ends, captured and on the wire. */
  end: number;
  wireEnd: number;
  /** Layers passed so far. */
  depth: number;
  /** Of a fragment only: identification (signed 32 bits in IPv6), place of its first byte, and whether more follow. */
  id: number;
  offset: number;
  more: boolean;
}

export function createRest(): Rest {
  return { protocol: 0, at: 0, end: 0, wireEnd: 0, depth: 0, id: 0, offset: 0, more: false };
}
