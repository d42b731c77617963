/**
 * What one side of a connection did: the facts that verdicts need, and its reassembler. No log of packets is kept,
 * only first, last and extreme ones.
 */
import { keep, type Mark, type Moment, moveTo, type Time } from '../capture/packet.ts';
import { ACK, FIN, type Segment, SYN } from '../decode/segment.ts';
import type { OnLimit, Stored } from '../limits.ts';
import { Reassembler } from './reassembler.ts';
import type { AckWatch, Direction, Fingerprint, IcmpError } from './stream.ts';

/** RFC 7323 §2.2: a shift of more than 14 is taken as 14. */
const MAX_SHIFT = 14;

/** Its own moment: one object for two, of which each connection keeps four. */
class Print implements Fingerprint, Moment {
  readonly time: Time;
  readonly file: number;
  readonly frame: number;
  readonly ttl: number;
  readonly ipId: number;
  readonly dontFragment: boolean;
  readonly window: number;
  readonly flags: number;
  readonly ackOffset: number | null;
  readonly offset: number;

  constructor(segment: Segment, ackOffset: number | null, offset: number) {
    this.time = segment.time;
    this.file = segment.file;
    this.frame = segment.frame;
    this.ttl = segment.ttl;
    this.ipId = segment.ipId;
    this.dontFragment = segment.dontFragment;
    this.window = segment.window;
    this.flags = segment.flags;
    this.ackOffset = ackOffset;
    this.offset = offset;
  }

  get at(): Moment {
    return this;
  }
}

export class DirectionState implements Direction {
  readonly stream: Reassembler;
  packets = 0;
  dataSegments = 0;
  firstData: Moment | null = null;
  lastData: Mark | null = null;
  retransmissions = 0;
  lastRetransmission: Mark | null = null;
  stuckRepeats = 0;
  stuckLength = 0;
  stuckFrom = Number.POSITIVE_INFINITY;
  largestAcked = 0;
  syn: Print | null = null;
  synCount = 0;
  /** The same object as `syn` while there is only one. */
  lastSyn: Moment | null = null;
  previousSynTime: Time = 0;
  /** Sequence number of the SYN in force. */
  synSeq = 0;
  fin: Fingerprint | null = null;
  finAckedAt: Moment | null = null;
  rst: Fingerprint | null = null;
  rstCount = 0;
  rstStepped = false;
  lastIpId = 0;
  ipIdStep = 0;
  usual: Fingerprint | null = null;
  strayAck: Fingerprint | null = null;
  acked = 0;
  ackedAt: Mark | null = null;
  ackedByRst = -1;
  ackedUnseen = 0;
  ackedUnseenAt: Moment | null = null;
  finUnseen = false;
  snaplenCut = 0;
  window = -1;
  zeroWindow: Moment | null = null;
  icmp: IcmpError | null = null;
  icmpCount = 0;
  /** Window shift from this side's SYN; -1 when the SYN was not captured or had none. */
  shift = -1;
  /** Number of its last packet in the filter of copies. */
  noted = 0;
  /** Acknowledged when the grace for reordering began. */
  ackedAtCheck = 0;
  /** Null where nothing is watched: closed connections are remembered by the thousands. */
  #watches: AckWatch[] | null = null;
  /** The largest segment that is not acknowledged yet. */
  #largest = 0;
  #largestEnd = 0;
  constructor(onLimit: OnLimit, stored: Stored) {
    this.stream = new Reassembler(onLimit, stored);
  }

  get onlySyns(): boolean {
    return this.packets === this.synCount;
  }

  get bytes(): number {
    return this.stream.bytes;
  }
  get next(): number {
    return this.stream.next;
  }
  get highest(): number {
    return this.stream.highest;
  }
  get holding(): boolean {
    const { highest, finOffset, next } = this.stream;
    return highest > next || (finOffset > next && finOffset < Number.POSITIVE_INFINITY);
  }

  watch(offset: number): AckWatch {
    const covered = this.acked >= offset && this.ackedAt !== null;
    const watch: AckWatch = { offset, at: covered ? keep(this.ackedAt!) : null };
    if (!covered) {
      // Nearly always the only one: the first push to an empty list makes room for 17.
      if (this.#watches === null) this.#watches = [watch];
      else this.#watches.push(watch);
    }
    return watch;
  }

  /** What is acknowledged of a stream that was met in the middle is open until an acknowledgement comes. */
  float(seq: number): void {
    this.stream.float(seq);
    this.acked = Number.NEGATIVE_INFINITY;
  }

  /** The stream has its FIN, which may have been captured after its acknowledgement. */
  capAcked(): void {
    if (this.acked <= this.stream.finOffset) return;
    this.finAckedAt ??= keep(this.ackedAt!);
    this.acked = this.stream.finOffset;
  }

  /** Bytes that were acknowledged and are neither delivered nor explained by a FIN that was not captured. */
  get missing(): number {
    return this.stream.ended ? 0 : this.acked - this.next - (this.finUnseen ? 1 : 0);
  }

  /** The other side acknowledged up to `offset`. */
  acknowledge(offset: number, at: Moment): void {
    if (offset > this.stream.finOffset) {
      this.finAckedAt ??= keep(at);
      offset = this.stream.finOffset;
    }
    if (offset <= this.acked) return;
    this.acked = offset;
    this.stuckRepeats = 0;
    this.stuckLength = 0;
    this.stuckFrom = Number.POSITIVE_INFINITY;
    this.ackedAt = moveTo(this.ackedAt, at);
    if (this.#largest > 0 && offset >= this.#largestEnd) {
      this.largestAcked = Math.max(this.largestAcked, this.#largest);
      this.#largest = 0;
    }
    const watches = this.#watches;
    if (watches === null) return;
    while (watches.length > 0 && watches[0]!.offset <= offset) watches.shift()!.at = keep(at);
    if (watches.length === 0) this.#watches = null;
  }

  /** An answer to the SYN of `peer` that acknowledges what was never sent on this connection is about an earlier one. */
  answersStray(peer: DirectionState, { ack, flags }: Segment): boolean {
    if (peer.syn === null) return false;
    if ((flags & SYN) === 0) {
      // A challenge is a bare acknowledgement (RFC 5961 §4.2): this belongs to a connection.
      if ((flags & FIN) !== 0) return false;
      if (this.syn !== null || this.dataSegments > 0) return false;
      if (peer.packets > peer.synCount + peer.rstCount) return false;
    }
    const offset = peer.stream.offsetOf(ack);
    return offset < 0 || offset > peer.highest;
  }

  /** A segment of `length` new bytes that ends at offset `end`. */
  send(length: number, end: number): void {
    if (length <= this.#largest || end <= this.acked) return;
    this.#largest = length;
    this.#largestEnd = end;
  }

  /** @param offset of its first byte. */
  retransmit(segment: Segment, offset: number): void {
    this.retransmissions++;
    this.lastRetransmission = moveTo(this.lastRetransmission, segment);
    // What lies behind the earliest is sent again with it, and says nothing of how often that was.
    if (offset > this.stuckFrom) return;
    this.stuckRepeats = offset < this.stuckFrom ? 1 : this.stuckRepeats + 1;
    this.stuckLength = Math.max(this.stuckLength, segment.payloadLength);
    this.stuckFrom = offset;
  }

  /** @param peer the other direction, in which the acknowledgement number counts. */
  fingerprint(segment: Segment, peer: DirectionState): Print {
    return new Print(
      segment,
      (segment.flags & ACK) !== 0 && peer.stream.started ? peer.stream.offsetOf(segment.ack) : null,
      this.stream.started ? this.stream.offsetOf(segment.seq) : 0,
    );
  }

  /** IPv6 has no identification (-1), and a packet that must not be fragmented needs none (0, RFC 6864 §4.1). */
  number(ipId: number): void {
    if (ipId <= 0) return;
    if (this.lastIpId > 0) {
      const step = (ipId - this.lastIpId) & 0xffff;
      // Captured out of order it steps back.
      this.ipIdStep = Math.max(this.ipIdStep, Math.min(step, 0x10000 - step));
    }
    this.lastIpId = ipId;
  }

  /** Window scaling counts only when both SYNs carried it (RFC 7323 §2.2), and never in a SYN itself. */
  scaledWindow({ flags, window }: Segment, peer: DirectionState): number {
    const scaled = (flags & SYN) === 0 && this.shift >= 0 && peer.shift >= 0;
    return scaled ? window << Math.min(this.shift, MAX_SHIFT) : window;
  }

  advertise(segment: Segment, peer: DirectionState): void {
    this.window = this.scaledWindow(segment, peer);
    if (segment.window !== 0) this.zeroWindow = null;
    else this.zeroWindow ??= keep(segment);
  }
}
