/**
 * Recognises a connection that the capture shows a second time with translated addresses (NAT on the capturing
 * machine, as with containers): its SYN has the other's sequence number, identification and window, came at the same
 * moment, and has passed a hop or an interface that the other had not.
 */
import type { Time } from '../capture/packet.ts';
import type { Segment } from '../decode/segment.ts';

/** Between a SYN before translation and the same one after it lies only the machine's own forwarding. */
const LAG: Time = 10e6;
/** SYNs remembered; far more than a machine forwards within the lag. */
const REMEMBERED = 1_024;

interface Syn<T> {
  readonly time: Time;
  readonly seq: number;
  readonly ipId: number;
  readonly window: number;
  readonly ttl: number;
  readonly place: number;
  readonly source: number;
  readonly sourcePort: number;
  readonly destination: number;
  readonly destinationPort: number;
  readonly of: T;
}

export class TwinFilter<T> {
  /** By sequence number; the oldest is forgotten first. */
  #syns = new Map<number, Syn<T>>();

  /** What `of` was when this SYN's original was noted; undefined for an original. */
  originalOf(segment: Segment): T | undefined {
    const syn = this.#syns.get(segment.seq);
    return syn !== undefined && isTwin(syn, segment) ? syn.of : undefined;
  }

  note(segment: Segment, of: T): void {
    this.#syns.delete(segment.seq);
    this.#syns.set(segment.seq, {
      time: segment.time,
      seq: segment.seq,
      ipId: segment.ipId,
      window: segment.window,
      ttl: segment.ttl,
      place: placeOf(segment),
      source: segment.src3,
      sourcePort: segment.srcPort,
      destination: segment.dst3,
      destinationPort: segment.dstPort,
      of,
    });
    if (this.#syns.size > REMEMBERED) this.#syns.delete(this.#syns.keys().next().value!);
  }
}

function isTwin<T>(syn: Syn<T>, s: Segment): boolean {
  const sameSource = syn.source === s.src3 && syn.sourcePort === s.srcPort;
  const sameDestination = syn.destination === s.dst3 && syn.destinationPort === s.dstPort;
  // Both the same is a repetition, none the same would take two translations at once.
  if (sameSource === sameDestination) return false;
  const moved = syn.ttl !== s.ttl || syn.place !== placeOf(s);
  const alike = syn.ipId === s.ipId && syn.window === s.window;
  return alike && moved && Math.abs(s.time - syn.time) <= LAG;
}

/** Where it was captured, as far as the link tells. */
function placeOf(segment: Segment): number {
  return segment.interfaceIndex * 65_536 + segment.linkInterface;
}
