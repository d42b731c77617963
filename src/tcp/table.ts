/**
 * Finds the connection of a segment, begins one where there is none, and ends those that are over: closed for a
 * while, silent too long, replaced by a new SYN on the same addresses and ports, or cut off by the capture's end.
 */
import { AddressTexts, formatAddress } from '../address.ts';
import type { Agenda } from '../agenda.ts';
import { keep, type Moment, type Time } from '../capture/packet.ts';
import { ACK, RST, type Segment, SYN } from '../decode/segment.ts';
import { LIMITS, type OnLimit, Stored } from '../limits.ts';
import { TcpConnection } from './connection.ts';
import { CopyFilter } from './copies.ts';
import { Entry, Flows } from './flows.ts';
import { LogBudget } from './packet-log.ts';
import { Recency } from './recency.ts';
import { Remains } from './remains.ts';
import { beginsAnew, livesOn, REORDER_GRACE } from './reuse.ts';
import type { EndCause, IcmpError, OpenStreams, Side } from './stream.ts';
import { TwinFilter } from './twins.ts';

/** After both FINs: long enough for their retransmissions, short of any reuse that matters. */
const CLOSED_LINGER: Time = 10e9;
/** After a reset: a late answer of the other side still belongs to the old connection. */
const RESET_LINGER: Time = 60e9;
/** After a SYN without any answer: Linux waits no longer than 120 s between two of them (RFC 6298 §5.5, tcp(7)). */
const UNANSWERED_LIMIT: Time = 180e9;
/** Silence after which an open connection is taken as gone: Linux keeps an idle one alive for 2 h (tcp(7)). */
const IDLE_LIMIT: Time = 7_500e9;

interface Early {
  readonly error: IcmpError;
  readonly hash: number;
  readonly from: number;
  readonly port: number;
}

export class ConnectionTable {
  /** Connections begun so far. */
  begun = 0;
  /** Who took the last segment or ICMP error, and from which side it was. */
  taker: TcpConnection | null = null;
  takerSide: Side = 0;
  /** Sums over all connections that are over. */
  readonly counts = { duplicates: 0, ackedUnseen: 0, snaplenCut: 0, oneSided: 0, twoSided: 0 };
  #open: OpenStreams;
  #agenda: Agenda;
  #onLimit: OnLimit;
  #copies = new CopyFilter();
  #twins = new TwinFilter<Entry>();
  #flows = new Flows();
  #texts = new AddressTexts();
  #logs: LogBudget | null;
  #forgets: boolean;
  /** SYNs that nobody has answered yet, and all other connections. */
  #unanswered = new Recency<Entry>();
  #followed = new Recency<Entry>();
  /** Closed ones in order of closing, linked, so that none is held on to once it is forgotten. */
  #closedFirst: Entry | null = null;
  #closedLast: Entry | null = null;
  #closedCount = 0;
  #stored = new Stored();
  /** Until then none is over by its silence or its age, unless another comes to be the first. */
  #quietUntil: Time = Number.NEGATIVE_INFINITY;
  /** Of those that are followed, the one silent longest where that is known, and since when. */
  #silent: Entry | null = null;
  #silentSince: Time = Number.NEGATIVE_INFINITY;
  /** Packets that belonged to a connection. */
  #touches = 0;

  /** ICMP errors that quoted a packet of no connection. */
  #early: Early[] = [];

  /**
   * @param packets keep the packets of each connection, bounded.
   * @param forgets let go of connections that were closed in order, so that nobody can ask for their facts any more, and
   *   late packets have no `taker`.
   */
  constructor(open: OpenStreams, agenda: Agenda, onLimit: OnLimit, packets = false, forgets = false) {
    this.#forgets = forgets;
    this.#open = open;
    this.#agenda = agenda;
    this.#onLimit = onLimit;
    this.#logs = packets ? new LogBudget(onLimit) : null;
  }

  /** @param bytes the packet's buffer, in which the segment's offsets count. */
  onSegment(segment: Segment, bytes: Buffer): number {
    const hash = this.#flows.hashOf(segment);
    let entry = this.#flows.find(hash, segment);
    let side: Side = 0;
    let portReused = false;
    if (entry !== null) {
      side = entry.sideOf(segment) ?? 0;
      if (isOfNext(entry.connection, segment, side)) {
        this.#remove(entry, 'replaced', segment);
        entry = null;
        side = 0;
        portReused = true;
      }
    }
    entry ??= this.#begin(hash, segment, portReused);
    const { connection } = entry;
    if (connection instanceof Remains) {
      this.#onLate(segment, side, entry, connection);
      return connection.id;
    }
    this.taker = connection;
    this.takerSide = side;
    if (entry.twin || connection.isCopy(segment, side, this.#copies)) {
      connection.duplicates++;
    } else {
      connection.onSegment(segment, side, bytes);
    }
    this.#touch(entry);
    if (connection.finished) {
      if (!entry.lingering) this.#linger(entry, connection);
      if (this.#forgets && connection.over && !entry.twin && !entry.hasTwin)
        this.#forget(entry, connection, segment);
    }
    this.expire(segment);
    return connection.id;
  }

  /** Of a connection of which only remains are left: it counts, and tells nothing new. */
  #onLate(segment: Segment, side: Side, entry: Entry, remains: Remains): void {
    this.taker = null;
    if (remains.isCopy(segment, side, this.#copies)) this.counts.duplicates++;
    else {
      entry.last.set(segment);
      if (isCut(segment)) this.counts.snaplenCut++;
    }
    this.#touch(entry);
    this.expire(segment);
  }

  /**
   * An ICMP error: its segment carries the addresses and ports of the packet it quotes.
   * @returns the id of the connection, 0 where it is not known (yet).
   */
  onIcmp(segment: Segment): number {
    const hash = this.#flows.hashOf(segment);
    const entry = this.#flows.find(hash, segment);
    const error = icmpError(segment);
    this.taker = null;
    if (entry !== null) {
      if (entry.connection instanceof TcpConnection) {
        this.taker = entry.connection;
        this.takerSide = entry.sideOf(segment) ?? 0;
        entry.connection.onIcmp(error, this.takerSide);
      }
    } else {
      // Captured before the SYN that it is about, it may be; most are about connections that nobody will see.
      this.#early.push({ error, hash, from: segment.src3, port: segment.srcPort });
      if (this.#early.length > LIMITS.earlyErrors) this.#early.shift();
    }
    this.expire(segment);
    return entry?.connection.id ?? 0;
  }

  /** Connections that are followed now. */
  get open(): number {
    return this.#flows.size;
  }

  /** The capture has ended. */
  end(at: Moment): void {
    const unanswered = this.#unanswered.all();
    let next = 0;
    for (const entry of this.#followed.all()) {
      for (; next < unanswered.length && isSilentLonger(unanswered[next]!, entry); next++) {
        this.#remove(unanswered[next]!, 'captureEnd', at);
      }
      this.#remove(entry, 'captureEnd', at);
    }
    for (; next < unanswered.length; next++) this.#remove(unanswered[next]!, 'captureEnd', at);
  }

  #begin(hash: number, segment: Segment, portReused: boolean): Entry {
    if (this.#flows.size >= LIMITS.connections) {
      this.#onLimit('connections');
      // One that answers is worth more than one that may never: a flood of SYNs is no way to hide what else happens.
      this.#remove((this.#unanswered.first() ?? this.#followed.first())!, 'limit', segment);
    }
    const original = isSyn(segment) ? this.#twins.originalOf(segment) : undefined;
    const known = original?.connection instanceof TcpConnection ? original.connection : null;
    if (known !== null && original !== undefined) original.hasTwin = true;
    const connection = known ?? this.#connect(segment, portReused);
    if (this.#early.length > 0 && isSyn(segment)) this.#tellEarly(hash, segment, connection);
    const entry = new Entry(connection, known !== null, hash, segment, this.#unanswered);
    if (known === null && isSyn(segment)) this.#twins.note(segment, entry);
    this.#flows.add(entry);
    entry.touched = ++this.#touches;
    entry.list.push(entry);
    this.#quietUntil = Number.NEGATIVE_INFINITY;
    return entry;
  }

  #tellEarly(hash: number, { time, src3, srcPort }: Segment, connection: TcpConnection): void {
    this.#early = this.#early.filter((early) => {
      const about = early.hash === hash && early.from === src3 && early.port === srcPort;
      if (about && Math.abs(time - early.error.at.time) <= REORDER_GRACE) connection.onIcmp(early.error, 0);
      return !about;
    });
  }

  #connect(segment: Segment, portReused: boolean): TcpConnection {
    const s = segment;
    const addresses = [
      this.#texts.of(s.ipVersion, s.src0, s.src1, s.src2, s.src3),
      this.#texts.of(s.ipVersion, s.dst0, s.dst1, s.dst2, s.dst3),
    ] as const;
    this.begun++;
    const origin = { addresses, portReused, logs: this.#logs };
    return new TcpConnection(
      this.begun,
      segment,
      origin,
      this.#open,
      this.#agenda,
      this.#onLimit,
      this.#stored,
    );
  }

  #remove(entry: Entry, cause: EndCause, at: Moment): void {
    entry.gone = true;
    this.#flows.remove(entry);
    entry.list.remove(entry);
    if (entry === this.#silent) this.#silent = null;
    this.#quietUntil = Number.NEGATIVE_INFINITY;
    const { connection } = entry;
    if (entry.twin || connection instanceof Remains) return;
    connection.end(cause, at);
    this.#count(connection);
  }

  /** It is over, and what there is to tell of it was told. */
  #forget(entry: Entry, connection: TcpConnection, at: Moment): void {
    connection.end('idle', at);
    this.#count(connection);
    entry.connection = new Remains(connection);
    // To its place now: closed ones come to be the first, and whoever stands there out of place is looked past.
    entry.list.remove(entry);
    entry.list.push(entry);
  }

  #count({ sides: [a, b], duplicates }: TcpConnection): void {
    this.counts.duplicates += duplicates;
    this.counts.ackedUnseen += a.ackedUnseen + b.ackedUnseen;
    this.counts.snaplenCut += a.snaplenCut + b.snaplenCut;
    if (a.packets > 0 && b.packets > 0) this.counts.twoSided++;
    else if (a.ackedUnseen + b.ackedUnseen + a.dataSegments + b.dataSegments > 0) this.counts.oneSided++;
  }

  #touch(entry: Entry): void {
    entry.touched = ++this.#touches;
    if (entry.list === this.#unanswered) {
      entry.list.remove(entry);
      entry.list = isUnanswered(entry.connection) ? this.#unanswered : this.#followed;
      entry.list.push(entry);
      this.#quietUntil = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#followed.keep(entry);
    if (entry !== this.#silent) return;
    // Another is silent for longer now; if there is none, a clock that was set back ends this one's silence earlier.
    if (this.#followed.isAlone(entry) && entry.last.time >= this.#silentSince) return;
    this.#silent = null;
    this.#quietUntil = Number.NEGATIVE_INFINITY;
  }

  #linger(entry: Entry, { sides: [a, b] }: TcpConnection): void {
    entry.lingering = true;
    const reset = a.rst !== null || b.rst !== null;
    entry.until = this.#agenda.now + (reset ? RESET_LINGER : CLOSED_LINGER);
    if (this.#closedLast === null) this.#closedFirst = entry;
    else this.#closedLast.closedNext = entry;
    this.#closedLast = entry;
    this.#closedCount++;
    this.#quietUntil = Number.NEGATIVE_INFINITY;
  }

  /** Ends what was closed or silent for long enough. Every packet does; live, the clock does too. */
  expire(at: Moment): void {
    // Most packets have nothing to end, and need not look at what stands first to know it.
    if (this.#agenda.now >= this.#quietUntil) this.#expireFirst(at);
    if (this.#stored.bytes > LIMITS.storedBytes) this.#relieve(at);
  }

  #expireFirst(at: Moment): void {
    const { now } = this.#agenda;
    for (let entry = this.#closedFirst; entry !== null; entry = this.#closedFirst) {
      const crowded = this.#closedCount > LIMITS.closedConnections;
      if (!entry.gone && entry.until > now && !crowded) break;
      this.#closedFirst = entry.closedNext;
      if (entry.closedNext === null) this.#closedLast = null;
      entry.closedNext = null;
      this.#closedCount--;
      if (entry.gone) continue;
      if (entry.until > now) this.#onLimit('closedConnections');
      this.#remove(entry, 'idle', at);
    }
    const silent = this.#expireSilent(this.#followed, this.#silent, IDLE_LIMIT, at);
    const unanswered = this.#expireSilent(this.#unanswered, null, UNANSWERED_LIMIT, at);
    let until = this.#closedFirst === null ? Number.POSITIVE_INFINITY : this.#closedFirst.until;
    if (silent !== null) until = Math.min(until, silent.last.time + IDLE_LIMIT);
    if (unanswered !== null) until = Math.min(until, unanswered.last.time + UNANSWERED_LIMIT);
    this.#quietUntil = until;
    this.#silent = silent;
    if (silent !== null) this.#silentSince = silent.last.time;
  }

  /**
   * @param known the first of the list, where that is known.
   * @returns the first one that stays.
   */
  #expireSilent(list: Recency<Entry>, known: Entry | null, limit: Time, at: Moment): Entry | null {
    let first = known ?? list.first();
    while (first !== null && first.last.time + limit < this.#agenda.now) {
      this.#remove(first, 'idle', at);
      first = list.first();
    }
    return first;
  }

  /** Half of it at a time, so that the walk past those that hold nothing is not begun for every packet. */
  #relieve(at: Moment): void {
    this.#onLimit('storedBytes');
    // A SYN that nobody answered holds nothing.
    for (const entry of this.#followed.all()) {
      if (this.#stored.bytes <= LIMITS.storedBytes / 2) return;
      const { connection } = entry;
      const holds = connection instanceof TcpConnection && connection.stored.bytes > 0;
      if (holds && !entry.twin) this.#remove(entry, 'limit', at);
    }
  }
}

/** RFC 792: type 3 is unreachable, and 3/4 "fragmentation needed"; RFC 4443: type 1 is unreachable. */
function icmpError(s: Segment): IcmpError {
  const { ipVersion: version, icmpType: type, icmpCode: code } = s;
  return {
    at: keep(s),
    version,
    type,
    code,
    unreachable: version === 4 ? type === 3 && code !== 4 : type === 1,
    mtu: s.icmpMtu,
    reporter: formatAddress(version, s.reporter0, s.reporter1, s.reporter2, s.reporter3),
  };
}

function isSilentLonger({ last: a }: Entry, { last: b }: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.file === b.file && a.frame < b.frame);
}

/** Whether it begins the next connection on the addresses and ports of this one. */
function isOfNext(connection: TcpConnection | Remains, segment: Segment, side: Side): boolean {
  if ((segment.flags & (SYN | RST)) === SYN) return beginsAnew(connection, segment, side);
  if (connection instanceof TcpConnection && connection.isOpen) return false;
  return livesOn(connection, segment, side);
}

/** The snapshot length cut its payload. */
function isCut({ flags, payload, payloadEnd, payloadLength }: Segment): boolean {
  return (flags & RST) === 0 && payloadEnd - payload < payloadLength;
}

/** Nothing but SYNs of one side. */
function isUnanswered(connection: TcpConnection | Remains): boolean {
  if (connection instanceof Remains) return false;
  const [a, b] = connection.sides;
  return b.packets === 0 && a.onlySyns;
}

/** A SYN that opens a connection. */
function isSyn({ flags }: Segment): boolean {
  return (flags & (SYN | ACK | RST)) === SYN;
}
