/**
 * The packets of one connection, for outputs that show them: the first few and the last few, with how many were
 * left out between, each with a prefix of its payload. Kept only when asked for; `LogBudget` bounds them all.
 */
import { keep } from '../capture/packet.ts';
import { ACK, FIN, RST, type Segment, SYN } from '../decode/segment.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { DirectionState } from './direction.ts';
import type { IcmpError, LoggedPacket, PacketNote, Side } from './stream.ts';

/** What an entry weighs in memory beside the bytes of its payload: 154 bare, 290 with a Buffer, measured over a million. */
const ENTRY_BYTES = 300;
const NO_BYTES = Buffer.alloc(0);

type Entry = { -readonly [K in keyof LoggedPacket]: LoggedPacket[K] };

/** Shared by all connections of a run. */
export class LogBudget {
  #left: number = LIMITS.loggedBytes;
  #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) {
      this.#onLimit('loggedBytes');
      return false;
    }
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

export class PacketLog {
  #budget: LogBudget;
  #first: Entry[] = [];
  /** A ring, once it is full. */
  #last: Entry[] = [];
  #oldest = 0;
  /** The packet last told of; null when there was no room for it. */
  #newest: Entry | null = null;
  /** Packets not kept since the last one that was. */
  #skipped = 0;

  constructor(budget: LogBudget) {
    this.#budget = budget;
  }

  /** Before `me` and `peer` have taken the segment. */
  segment(segment: Segment, side: Side, me: DirectionState, peer: DirectionState): void {
    const { flags, payload, payloadEnd, bytes } = segment;
    const captured = Math.min(payloadEnd - payload, LIMITS.loggedPayload);
    if (!this.#room(captured)) return;
    // Where a stream is met in the middle, its first packet sets offset 0.
    const offset = (flags & SYN) !== 0 ? -1 : me.stream.started ? me.stream.offsetOf(segment.seq) : 0;
    const ackOffset = peer.stream.started ? peer.stream.offsetOf(segment.ack) : 0;
    this.#add({
      ...keep(segment),
      side,
      flags,
      offset,
      ackOffset: (flags & ACK) === 0 ? null : ackOffset,
      length: segment.payloadLength,
      window: me.scaledWindow(segment, peer),
      note: noteOf(segment, offset, me),
      payload: captured > 0 ? Buffer.from(bytes.subarray(payload, payload + captured)) : NO_BYTES,
      icmp: null,
      leftOut: 0,
    });
  }

  /** The segment last told of was one sent before: only whoever puts the stream together knows for sure. */
  markAgain(): void {
    if (this.#newest !== null) this.#newest.note = 'retransmission';
  }

  /** @param side that had sent the packet which the error quotes. */
  icmp(error: IcmpError, side: Side): void {
    if (!this.#room(0)) return;
    this.#add({
      ...error.at,
      side,
      flags: 0,
      offset: 0,
      ackOffset: null,
      length: 0,
      window: 0,
      note: null,
      payload: NO_BYTES,
      icmp: error,
      leftOut: 0,
    });
  }

  /** In the order of the capture. */
  get packets(): readonly LoggedPacket[] {
    return [...this.#first, ...this.#last.slice(this.#oldest), ...this.#last.slice(0, this.#oldest)];
  }

  /** The connection is over: what it weighed is free for others. */
  release(): void {
    for (const { payload } of this.#first) this.#budget.give(ENTRY_BYTES + payload.length);
    for (const { payload } of this.#last) this.#budget.give(ENTRY_BYTES + payload.length);
  }

  #room(payload: number): boolean {
    const there = this.#budget.take(ENTRY_BYTES + payload);
    if (!there) {
      this.#skipped++;
      this.#newest = null;
    }
    return there;
  }

  #add(entry: Entry): void {
    entry.leftOut = this.#skipped;
    this.#skipped = 0;
    this.#newest = entry;
    if (this.#first.length < LIMITS.loggedFirst) {
      this.#first.push(entry);
      return;
    }
    if (this.#last.length < LIMITS.loggedLast) {
      this.#last.push(entry);
      return;
    }
    const lost = this.#last[this.#oldest]!;
    this.#budget.give(ENTRY_BYTES + lost.payload.length);
    this.#last[this.#oldest] = entry;
    this.#oldest = (this.#oldest + 1) % LIMITS.loggedLast;
    this.#last[this.#oldest]!.leftOut += lost.leftOut + 1;
  }
}

function noteOf(segment: Segment, offset: number, me: DirectionState): PacketNote | null {
  const { flags, payloadLength: length } = segment;
  const { stream } = me;
  if ((flags & SYN) !== 0) return me.synCount > 0 ? 'retransmission' : null;
  if ((flags & RST) !== 0) return null;
  // RFC 9293 §3.8.4: one byte or none, from before what is next; its FIN keeps a retransmitted FIN out.
  if (length <= 1 && (flags & FIN) === 0 && stream.started && offset >= 0 && offset === me.acked - 1) {
    return 'keep_alive';
  }
  if ((flags & FIN) !== 0 && length === 0 && me.fin !== null) return 'retransmission';
  const end = offset + length;
  if (length > 0 && stream.started && end <= stream.next) return 'retransmission';
  if (length > 0 && stream.started && end < me.highest) return 'out_of_order';
  return segment.window === 0 ? 'zero_window' : null;
}
