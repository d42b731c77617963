/**
 * What is left of a connection that was closed in order: enough to tell its late packets from those of the next one on the
 * same addresses and ports, and to count them. All else of it goes at once: of ten seconds of closed connections a sixth
 * of the memory is left, and the collector need not carry them about.
 */
import type { Time } from '../capture/packet.ts';
import type { Segment } from '../decode/segment.ts';
import type { TcpConnection } from './connection.ts';
import { type CopyFilter, canBeCopy } from './copies.ts';
import type { DirectionState } from './direction.ts';
import type { Life, LifeSide } from './reuse.ts';
import type { Side } from './stream.ts';

/** Where a SYN lies in nearly all connections: one for them all. */
const BEFORE_FIRST = { offset: -1 };

class RemainsSide implements LifeSide {
  readonly syn: { readonly offset: number } | null;
  readonly synSeq: number;
  readonly highest: number;
  readonly finOffset: number;
  readonly next: number;
  readonly #nextSeq: number;
  noted: number;

  constructor(direction: DirectionState) {
    const { syn, stream } = direction;
    this.syn = syn === null ? null : syn.offset === -1 ? BEFORE_FIRST : { offset: syn.offset };
    this.synSeq = direction.synSeq;
    this.highest = direction.highest;
    this.finOffset = stream.finOffset;
    this.next = stream.next;
    this.#nextSeq = stream.seqOf(stream.next);
    this.noted = direction.noted;
  }

  get onlySyns(): boolean {
    return false;
  }

  get started(): boolean {
    return true;
  }

  get ended(): boolean {
    return true;
  }

  get stream(): this {
    return this;
  }

  offsetOf(seq: number): number {
    return this.next + ((seq - this.#nextSeq) | 0);
  }
}

export class Remains implements Life {
  readonly id: number;
  readonly began: Time;
  readonly sides: readonly [RemainsSide, RemainsSide];

  /** @param connection that is `over`. */
  constructor({ id, began, sides: [a, b] }: TcpConnection) {
    this.id = id;
    this.began = began;
    this.sides = [new RemainsSide(a), new RemainsSide(b)];
  }

  get finished(): boolean {
    return true;
  }

  /** To be asked once of each packet. */
  isCopy(segment: Segment, side: Side, copies: CopyFilter): boolean {
    if (!canBeCopy(segment)) return false;
    const me = this.sides[side];
    if (copies.isCopy(segment, me.noted)) return true;
    me.noted = copies.note(segment, me.noted);
    return false;
  }
}
