/**
 * Addresses and ports are used again and again: whether a segment still belongs to the connection that is known by
 * them, or begins another one (RFC 9293 §3.4.1, §3.5). A witness may have missed the SYN, the close, or both.
 */
import type { Time } from '../capture/packet.ts';
import { ACK, RST, type Segment } from '../decode/segment.ts';
import type { Side } from './stream.ts';

/** How long a packet may come after one that was sent later: reordering on the way and in the capture. */
export const REORDER_GRACE: Time = 1e9;

/** A connection, or what is left of one that is over. */
export interface Life {
  /** Time of its first packet. */
  readonly began: Time;
  readonly finished: boolean;
  readonly sides: readonly [LifeSide, LifeSide];
}

export interface LifeSide {
  /** Nothing else was seen of it. */
  readonly onlySyns: boolean;
  readonly highest: number;
  readonly syn: { readonly offset: number } | null;
  readonly synSeq: number;
  readonly stream: {
    readonly started: boolean;
    readonly ended: boolean;
    readonly finOffset: number;
    readonly next: number;
    offsetOf(seq: number): number;
  };
}

/** How far before the beginning of a stream its own packets may lie: probes, and a beginning met in the middle. */
const BEFORE_START = 65_536;

/**
 * Whether a SYN begins a new connection on addresses and ports that are known: another ISN does (RFC 9293 §3.4.1),
 * unless it answers a SYN, crosses one (simultaneous open, §3.5), or was merely captured after its own data or its refusal.
 */
export function beginsAnew(connection: Life, segment: Segment, side: Side): boolean {
  const me = connection.sides[side];
  const peer = connection.sides[side === 0 ? 1 : 0];
  if (me.syn !== null && me.synSeq === segment.seq) return false;
  if ((segment.flags & ACK) !== 0) {
    const foreign = isForeign(me, (segment.seq + 1) | 0) && isForeign(peer, segment.ack);
    return connection.finished || foreign;
  }
  if (me.syn !== null) return true;
  if (!me.stream.started) return connection.finished || peer.syn === null;
  const late = segment.time - connection.began < REORDER_GRACE;
  const before = me.stream.offsetOf((segment.seq + 1) | 0);
  return !(late && before <= 0 && before > -BEFORE_START);
}

/** Whether a handshake that names this first byte cannot be that of a stream of which more was seen than its SYN. */
function isForeign(direction: LifeSide, first: number): boolean {
  const { stream, highest } = direction;
  if (!stream.started || direction.onlySyns) return false;
  const offset = stream.offsetOf(first);
  return offset < beginning(direction) || offset > highest;
}

/**
 * Whether a segment brings new bytes of a side that had ended, or cannot be of this connection: either the SYN of the next
 * one on these addresses and ports was not captured, or the reset was forged, or lost on its way to both.
 */
export function livesOn(connection: Life, segment: Segment, side: Side): boolean {
  const me = connection.sides[side];
  const { stream } = me;
  if (isBeyond(me, connection.sides[side === 0 ? 1 : 0], segment)) return true;
  if (!stream.ended || !connection.finished || segment.payloadLength === 0) return false;
  if ((segment.flags & RST) !== 0) return false;
  const offset = stream.offsetOf(segment.seq);
  return offset + segment.payloadLength > stream.next || offset < beginning(me);
}

/** It goes on from what was never seen, and acknowledges more than a side that had sent its FIN can have sent. */
function isBeyond(me: LifeSide, { stream: peer }: LifeSide, segment: Segment): boolean {
  if (peer.finOffset === Number.POSITIVE_INFINITY || (segment.flags & (ACK | RST)) !== ACK) return false;
  return peer.offsetOf(segment.ack) > peer.finOffset + 1 && me.stream.offsetOf(segment.seq) > me.highest + 1;
}

/** Offset before which nothing of this stream lies. */
function beginning({ syn }: LifeSide): number {
  return syn === null ? -BEFORE_START : syn.offset;
}
