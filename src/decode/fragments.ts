/**
 * Reassembly of fragmented datagrams (RFC 791 §3.2, RFC 8200 §4.5): fragments in, the payload of a datagram out when the
 * last of its pieces was seen; that packet then stands for the datagram. Holds a bounded number of them for a bounded
 * packet time. datagram.ts tells what overlaps do.
 */
import type { Time, Warning } from '../capture/packet.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import { Datagram } from './datagram.ts';
import type { Segment } from './segment.ts';

/** A datagram's fragments may be in the capture twice (`-i any`, bridges): pieces that come this late, the rest being
 *  there, are copies. Longer would meet the next datagram of the same identification (RFC 4963). */
const COPY_LAG: Time = 50e6;

interface Waiting {
  readonly datagram: Datagram;
  readonly since: Time;
  /** Its bytes contradict each other: pieces are counted and dropped. */
  spoilt: boolean;
}

export class Fragments {
  /** In order of their first fragments. */
  #waiting = new Map<string, Waiting>();
  /** When those that are done were completed, in order. */
  #done = new Map<string, Time>();
  #held = 0;
  #givenUp = 0;
  #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  /** One where datagrams stayed without their rest, or in disagreement; final when the capture has ended. */
  warnings(): Warning[] {
    const count = this.#givenUp + this.#waiting.size;
    if (count === 0) return [];
    const text =
      `${count} fragmented ${count === 1 ? 'datagram is' : 'datagrams are'} not whole in the capture, what ` +
      'they carried is not known (a capture filter on ports keeps first fragments only)';
    return [{ code: 'fragments_incomplete', text }];
  }

  /** Takes the fragment that `segment.rest` tells. True when that completes its datagram: `bytes` and `rest` are then its own. */
  add(segment: Segment): boolean {
    const { rest } = segment;
    const now = segment.time;
    this.#expire(now);
    const key = keyOf(segment);
    if (this.#done.has(key)) return false;
    const waiting = this.#waiting.get(key) ?? this.#begin(key, segment);
    if (waiting.spoilt) return false;
    const { datagram } = waiting;
    const before = datagram.bytes.length;
    const { at, end, offset, more, protocol } = rest;
    const placed = datagram.place(segment.bytes, at, end, offset, more, protocol);
    this.#held += datagram.bytes.length - before;
    if (placed === 'complete') {
      this.#forget(key, waiting);
      this.#done.set(key, now);
      segment.bytes = datagram.bytes;
      rest.protocol = datagram.protocol;
      rest.at = 0;
      rest.end = datagram.length;
      rest.wireEnd = datagram.length;
      return true;
    }
    if (placed !== 'open') {
      if (placed === 'limit') this.#onLimit('datagramFragments');
      waiting.spoilt = true;
    }
    while (this.#held > LIMITS.fragmentBytes) this.#giveUpOldest('fragmentBytes');
    return false;
  }

  #begin(key: string, segment: Segment): Waiting {
    if (this.#waiting.size >= LIMITS.fragmentedDatagrams) this.#giveUpOldest('fragmentedDatagrams');
    const datagram = new Datagram(segment.ipVersion === 6);
    const waiting: Waiting = { datagram, since: segment.time, spoilt: false };
    this.#waiting.set(key, waiting);
    this.#held += datagram.bytes.length;
    return waiting;
  }

  /** Either way from now, so that one packet with a wrong time does not hold up the rest for ever. */
  #expire(now: Time): void {
    for (const [key, waiting] of this.#waiting) {
      if (Math.abs(now - waiting.since) < LIMITS.fragmentAge) break;
      this.#forget(key, waiting);
      this.#givenUp++;
    }
    for (const [key, since] of this.#done) {
      if (Math.abs(now - since) < COPY_LAG && this.#done.size <= LIMITS.fragmentedDatagrams) break;
      this.#done.delete(key);
    }
  }

  #giveUpOldest(limit: 'fragmentedDatagrams' | 'fragmentBytes'): void {
    this.#onLimit(limit);
    for (const [key, waiting] of this.#waiting) {
      this.#forget(key, waiting);
      this.#givenUp++;
      return;
    }
  }

  #forget(key: string, { datagram }: Waiting): void {
    this.#waiting.delete(key);
    this.#held -= datagram.bytes.length;
  }
}

/** Addresses, identification and, in IPv4, the protocol (RFC 791 §3.2); a string because nothing hostile makes two of them equal. */
function keyOf(s: Segment): string {
  const { id, protocol } = s.rest;
  if (s.ipVersion === 4) return `${s.src3} ${s.dst3} ${id} ${protocol}`;
  return `${s.src0} ${s.src1} ${s.src2} ${s.src3} ${s.dst0} ${s.dst1} ${s.dst2} ${s.dst3} ${id}`;
}
