/**
 * Both directions of one TCP connection (RFC 9293): gives each segment to its direction, follows acknowledgements
 * across, and tells from them what was sent but not captured. It never drops a segment for its window, checksum
 * or order: a witness reports what was on the wire.
 */
import type { Agenda } from '../agenda.ts';
import { keep, Mark, type Moment, moveTo, type Time } from '../capture/packet.ts';
import { ACK, FIN, RST, type Segment, SYN } from '../decode/segment.ts';
import { type OnLimit, Stored } from '../limits.ts';
import { type CopyFilter, canBeCopy } from './copies.ts';
import { DirectionState } from './direction.ts';
import { History } from './history.ts';
import { windowShift } from './options.ts';
import { type LogBudget, PacketLog } from './packet-log.ts';
import { type Life, REORDER_GRACE } from './reuse.ts';
import type { Connection, EndCause, IcmpError, LoggedPacket, OpenStreams, Side } from './stream.ts';

/** An acknowledgement further ahead than any window (RFC 7323 §2.3) belongs to an earlier life of the addresses. */
const MAX_WINDOW = 2 ** 30;

export class TcpConnection implements Connection, Life {
  readonly id: number;
  readonly addresses: readonly [string, string];
  readonly ports: readonly [number, number];
  readonly link: number;
  readonly vlan: number;
  readonly interfaceIndex: number;
  readonly portReused: boolean;
  readonly first: Moment;
  readonly last: Mark;
  previousTime: Time;
  opener: Side | null = null;
  established: Moment | null = null;
  duplicates = 0;
  readonly sides: readonly [DirectionState, DirectionState];
  readonly stored: Stored;
  /** It has ended: what is planned for it is void. */
  cancelled = false;
  #history = new History();
  #log: PacketLog | null;
  #agenda: Agenda;
  /** When to look again: a hole, a wait, an open beginning or a reset is there. */
  #checkDue: Time = Number.POSITIVE_INFINITY;

  constructor(
    id: number,
    segment: Segment,
    endpoints: {
      addresses: readonly [string, string];
      portReused: boolean;
      /** Null: packets are not kept. */
      logs: LogBudget | null;
    },
    open: OpenStreams,
    agenda: Agenda,
    onLimit: OnLimit,
    allStored: Stored,
  ) {
    this.id = id;
    this.stored = new Stored(allStored);
    this.addresses = endpoints.addresses;
    this.ports = [segment.srcPort, segment.dstPort];
    this.link = segment.link;
    this.vlan = segment.vlan;
    this.interfaceIndex = segment.interfaceIndex;
    this.portReused = endpoints.portReused;
    this.#log = endpoints.logs === null ? null : new PacketLog(endpoints.logs);
    this.first = keep(segment);
    this.last = new Mark(segment);
    this.previousTime = segment.time;
    this.#agenda = agenda;
    this.sides = [new DirectionState(onLimit, this.stored), new DirectionState(onLimit, this.stored)];
    const sinks = open(this);
    this.sides[0].stream.attach(sinks[0]);
    this.sides[1].stream.attach(sinks[1]);
  }

  historyFrom(originator: Side): string {
    return this.#history.from(originator);
  }

  get packets(): readonly LoggedPacket[] | null {
    return this.#log === null ? null : this.#log.packets;
  }

  get began(): Time {
    return this.first.time;
  }

  /** Both directions have ended in order, or one by a reset. */
  get finished(): boolean {
    const [a, b] = this.sides;
    return (a.stream.ended && b.stream.ended) || a.rst !== null || b.rst !== null;
  }

  /** Whether the capture holds it twice; to be asked once, and before `onSegment`. */
  isCopy(segment: Segment, side: Side, copies: CopyFilter): boolean {
    if (!canBeCopy(segment)) return false;
    const me = this.sides[side];
    if (!this.#bringsNew(segment, side) && copies.isCopy(segment, me.noted)) return true;
    me.noted = copies.note(segment, me.noted);
    return false;
  }

  /** Its like cannot have been taken before, or what it brings would be known: nearly all packets are so, and need no search. */
  #bringsNew({ seq, ack, flags, payloadLength }: Segment, side: Side): boolean {
    const me = this.sides[side];
    if (me.packets === 0) return true;
    if ((flags & (SYN | RST)) !== 0) return false;
    if ((flags & FIN) !== 0) return me.fin === null;
    const { stream } = me;
    if (payloadLength > 0) {
      if (stream.ended || stream.finOffset < Number.POSITIVE_INFINITY) return false;
      const offset = stream.offsetOf(seq);
      return offset + payloadLength > stream.highest && offset - stream.next <= MAX_WINDOW;
    }
    const { stream: other, acked, highest } = this.sides[side === 0 ? 1 : 0];
    if ((flags & ACK) === 0 || !other.started || me.strayAck !== null) return false;
    const offset = other.offsetOf(ack);
    return offset > acked && offset <= other.finOffset && offset - highest <= MAX_WINDOW;
  }

  /** Closed in order and acknowledged so: all that was on top of it is told, and nothing but repetitions is to come. */
  get over(): boolean {
    const [a, b] = this.sides;
    return a.stream.ended && b.stream.ended && a.finAckedAt !== null && b.finAckedAt !== null;
  }

  /** Neither side has sent its FIN, nor a RST that ended it: whatever comes is of this connection, but for a SYN. */
  get isOpen(): boolean {
    const [{ stream: a }, { stream: b }] = this.sides;
    const unfinished = a.finOffset === Number.POSITIVE_INFINITY && b.finOffset === Number.POSITIVE_INFINITY;
    return unfinished && !a.ended && !b.ended;
  }

  onSegment(segment: Segment, side: Side, bytes: Buffer): void {
    if (this.#log === null) {
      this.#take(segment, side, bytes);
      return;
    }
    const me = this.sides[side];
    const before = me.retransmissions;
    // First, so that a transaction which this packet decides has it in its log.
    this.#log.segment(segment, side, me, this.sides[side === 0 ? 1 : 0]);
    this.#take(segment, side, bytes);
    if (me.retransmissions > before) this.#log.markAgain();
  }

  #take(segment: Segment, side: Side, bytes: Buffer): void {
    const me = this.sides[side];
    const peer = this.sides[side === 0 ? 1 : 0];
    this.previousTime = this.last.time;
    this.last.set(segment);
    me.packets++;
    const { flags } = segment;
    if ((flags & RST) !== 0) {
      this.#onReset(segment, side);
      return;
    }
    if ((flags & SYN) !== 0) this.#onSyn(segment, side, bytes);
    if ((flags & ACK) !== 0) this.#onAck(segment, side);
    const length = segment.payloadLength;
    if (length > 0) this.#onData(segment, side, bytes);
    if ((flags & FIN) !== 0) this.#onFin(segment, side);
    if ((flags & (SYN | FIN | ACK)) === ACK && length === 0) this.#history.note('a', side);
    if (segment.window === 0 && (flags & SYN) === 0) this.#history.note('w', side);
    me.usual ??= me.syn ?? me.fingerprint(segment, peer);
    me.number(segment.ipId);
    me.advertise(segment, peer);
    this.#release();
  }

  /** An ICMP error quotes a packet that `side` had sent. */
  onIcmp(error: IcmpError, side: Side): void {
    const me = this.sides[side];
    me.icmp ??= error;
    me.icmpCount++;
    this.#log?.icmp(error, side);
  }

  /** Ends what is still open; the connection takes no more segments. */
  end(cause: EndCause, at: Moment): void {
    this.cancelled = true;
    if (this.#checkDue < Number.POSITIVE_INFINITY) this.#agenda.onCancel();
    this.#settleBoth(at, true);
    for (const direction of this.sides) {
      direction.stream.end(direction.rst !== null && cause !== 'limit' ? 'reset' : cause, at);
    }
    this.#log?.release();
  }

  #onSyn(segment: Segment, side: Side, bytes: Buffer): void {
    const me = this.sides[side];
    const peer = this.sides[side === 0 ? 1 : 0];
    const answers = (segment.flags & ACK) !== 0;
    if ((segment.flags & FIN) !== 0) this.#history.note('q', side);
    else this.#history.note(answers ? 'h' : 's', side);
    if (answers && me.answersStray(peer, segment)) return;
    if (me.syn === null) this.opener ??= answers ? (side === 0 ? 1 : 0) : side;
    const origin = (segment.seq + 1) | 0;
    const { stream } = me;
    // A SYN-ACK that comes again with another ISN (SYN proxies) counts until the handshake is complete.
    const untouched = stream.next === 0 && stream.bytes === 0;
    if (!stream.started) stream.start(origin);
    // Captured after data of its own side: those were held until it is known where the stream begins.
    else if (stream.floating) stream.startAt(stream.offsetOf(origin));
    else if (untouched && (me.syn === null || this.established === null)) stream.start(origin);
    // Captured after the acknowledgement that completes the handshake.
    if (answers && peer.syn !== null && me.acked >= 0 && me.ackedAt !== null)
      this.established ??= keep(me.ackedAt);
    me.previousSynTime = me.lastSyn?.time ?? segment.time;
    if (me.syn === null) me.lastSyn = me.syn = me.fingerprint(segment, peer);
    else me.lastSyn = keep(segment);
    me.synSeq = segment.seq;
    me.synCount++;
    me.shift = windowShift(bytes, segment);
  }

  #onReset(segment: Segment, side: Side): void {
    const me = this.sides[side];
    const peer = this.sides[side === 0 ? 1 : 0];
    this.#history.note((segment.flags & SYN) !== 0 ? 'q' : (segment.flags & FIN) !== 0 ? 'i' : 'r', side);
    // Captured before the SYN that it refuses.
    if ((segment.flags & ACK) !== 0 && !peer.stream.started) peer.float(segment.ack);
    const print = me.fingerprint(segment, peer);
    me.rstCount++;
    // It resets the earlier connection that the stray answer was about; this one's SYN will be repeated.
    if (peer.strayAck !== null && peer.strayAck.ackOffset === print.offset) return;
    me.rstStepped ||= me.rst !== null && Math.abs(me.rst.offset - print.offset) > 1;
    me.rst ??= print;
    if (print.ackOffset !== null) peer.ackedByRst = Math.max(peer.ackedByRst, print.ackOffset);
    this.#planCheck();
  }

  #onAck(segment: Segment, side: Side): void {
    const peer = this.sides[side === 0 ? 1 : 0];
    if (!peer.stream.started) {
      peer.float(segment.ack);
      this.#planCheck();
    }
    const me = this.sides[side];
    if (this.opener !== side && me.answersStray(peer, segment)) {
      me.strayAck ??= me.fingerprint(segment, peer);
      return;
    }
    if (this.#answersOther(segment, side)) peer.stream.start(segment.ack);
    const offset = peer.stream.offsetOf(segment.ack);
    if (offset - peer.highest > MAX_WINDOW) return;
    peer.acknowledge(offset, segment);
    const handshake = this.opener === side && this.established === null && peer.syn !== null;
    if (handshake && (segment.flags & SYN) === 0 && offset >= 0) this.established = keep(segment);
    // A FIN takes up a number, but no byte that could be missing.
    const missing = Math.min(offset, peer.stream.finOffset) - peer.next - (peer.finUnseen ? 1 : 0);
    if (missing > 0) this.#planCheck();
  }

  /** Completes the handshake with an ISN that is not the SYN-ACK's: another one was in force, and not captured. */
  #answersOther(segment: Segment, side: Side): boolean {
    const { syn, stream } = this.sides[side === 0 ? 1 : 0];
    if (this.opener !== side || this.established !== null || syn === null) return false;
    if ((segment.flags & SYN) !== 0 || stream.next > 0 || stream.bytes > 0 || stream.holding) return false;
    const offset = stream.offsetOf(segment.ack);
    return offset < 0 || offset > MAX_WINDOW;
  }

  #onData(segment: Segment, side: Side, bytes: Buffer): void {
    const me = this.sides[side];
    const seq = (segment.flags & SYN) !== 0 ? (segment.seq + 1) | 0 : segment.seq;
    if (!me.stream.started) {
      me.float(seq);
      this.#planCheck();
    }
    const offset = me.stream.offsetOf(seq);
    const length = segment.payloadLength;
    if (segment.payloadEnd - segment.payload < length) me.snaplenCut++;
    me.dataSegments++;
    this.#history.note('d', side);
    me.firstData ??= keep(segment);
    const { payload, payloadEnd } = segment;
    const after = this.#acknowledgedBy(segment, side);
    const reached = this.#reachedBy(side);
    const fresh = me.stream.data(offset, length, bytes, payload, payloadEnd, segment, after, reached);
    if (fresh > 0) {
      me.send(length, offset + length);
      me.lastData = moveTo(me.lastData, segment);
      me.finUnseen = false;
    }
    // A keep-alive probe repeats one byte that was acknowledged long ago (RFC 9293 §3.8.4).
    if (fresh < 0 || fresh === length || (length === 1 && offset < me.acked)) return;
    me.retransmit(segment, offset);
    this.#history.note('t', side);
  }

  /** As an offset of the other direction; none for what cannot be of this connection. */
  #acknowledgedBy(segment: Segment, side: Side): number {
    const { stream, highest } = this.sides[side === 0 ? 1 : 0];
    if ((segment.flags & ACK) === 0 || !stream.started) return Number.NEGATIVE_INFINITY;
    const offset = stream.offsetOf(segment.ack);
    return offset - highest > MAX_WINDOW ? Number.NEGATIVE_INFINITY : offset;
  }

  #onFin(segment: Segment, side: Side): void {
    const me = this.sides[side];
    if ((segment.flags & SYN) === 0) this.#history.note('f', side);
    const print = me.fingerprint(segment, this.sides[side === 0 ? 1 : 0]);
    me.fin ??= print;
    const seq = (segment.seq + segment.payloadLength + ((segment.flags & SYN) !== 0 ? 1 : 0)) | 0;
    if (!me.stream.started) {
      me.float(seq);
      this.#planCheck();
    }
    me.finUnseen = false;
    me.stream.fin(me.stream.offsetOf(seq), print);
    me.capAcked();
  }

  /** How far `side` knows the other one to have come. */
  #reachedBy(side: Side): number {
    const { stream, finUnseen } = this.sides[side === 0 ? 1 : 0];
    return stream.ended ? Number.POSITIVE_INFINITY : stream.next + (finUnseen ? 1 : 0);
  }

  /** Delivers what waited for the other direction, back and forth until nothing moves. */
  #release(): void {
    const [a, b] = this.sides;
    for (let moved = true; moved && (a.stream.holding || b.stream.holding); ) {
      moved = a.stream.drain(this.#reachedBy(0));
      moved = b.stream.drain(this.#reachedBy(1)) || moved;
    }
  }

  #planCheck(from = this.#agenda.now): void {
    const due = from + REORDER_GRACE;
    if (this.#checkDue <= due) return;
    this.#checkDue = due;
    for (const direction of this.sides) direction.ackedAtCheck = direction.acked;
    this.#agenda.schedule(due, this);
  }

  /** The grace for reordering is over: what was missing when it began was not captured. */
  run(now: Time): void {
    // A check that was planned before the clock was set back, and that another one has replaced.
    if (this.cancelled || now < this.#checkDue) return;
    const planned = this.#checkDue;
    this.#checkDue = Number.POSITIVE_INFINITY;
    this.#settleBoth(this.last, false);
    let again = false;
    for (const { rst, stream, missing } of this.sides) {
      if (rst !== null && Math.abs(now - rst.at.time) >= REORDER_GRACE) stream.end('reset', rst.at);
      again ||= missing > 0 || (rst !== null && !stream.ended);
    }
    // What came since it was planned had its own grace before the silence after it, however long that was.
    if (again) this.#planCheck(planned < this.last.time + REORDER_GRACE ? this.last.time : now);
  }

  /** Holes first, then what waited for the other side to fill them: cause stays before effect. */
  #settleBoth(at: Moment, final: boolean): void {
    for (const { stream } of this.sides) {
      if (stream.floating) stream.settle();
    }
    for (const waited of [false, true]) {
      for (let moved = true; moved; ) {
        this.#release();
        moved = this.#settle(0, at, final, waited);
        this.#release();
        moved = this.#settle(1, at, final, waited) || moved;
      }
    }
  }

  /** Gives up what was acknowledged and not captured; with the other side unheard, whatever is missing. */
  #settle(side: Side, at: Moment, final: boolean, waited: boolean): boolean {
    const me = this.sides[side];
    const peer = this.sides[side === 0 ? 1 : 0];
    const unheard = peer.packets === 0;
    const known = unheard ? me.highest : final ? me.acked : me.ackedAtCheck;
    const before = me.next;
    const finOnly = known - me.next === 1 && !me.stream.holding;
    if (finOnly && me.stream.finOffset === Number.POSITIVE_INFINITY) {
      me.finUnseen = true;
    } else if (known > me.next) {
      const reached = waited ? Number.POSITIVE_INFINITY : this.#reachedBy(side);
      // Not past what the other side was waiting to hear of: its next request comes after this gap, and before the next.
      const limit = waited ? known : Math.min(known, peer.stream.waitsFor);
      const lost = me.stream.giveUp(limit, at, reached);
      if (lost > 0) {
        this.#history.note('g', side);
        me.ackedUnseen += lost;
        me.ackedUnseenAt ??= keep(me.ackedAt ?? at);
      }
      me.stream.finish();
    }
    return me.next > before;
  }
}
