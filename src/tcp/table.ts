/**
 * Finds the connection of a segment, begins one where there is none, and ends those that are over: closed for a
 * while, silent too long, replaced by a new SYN on the same addresses and ports, or cut off by the capture's end.
 */
import { formatAddress } from '../address.ts';
import type { Agenda } from '../agenda.ts';
import { keep, type Moment, type Time } from '../capture/packet.ts';
import { ACK, RST, type Segment, SYN } from '../decode/segment.ts';
import { LIMITS, type OnLimit, Stored } from '../limits.ts';
import { REORDER_GRACE, TcpConnection } from './connection.ts';
import { CopyFilter } from './copies.ts';
import { LogBudget } from './packet-log.ts';
import { Recency, type Recent } from './recency.ts';
import { beginsAnew, livesOn } from './reuse.ts';
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

/** A connection by its addresses and ports, which are words of its own: an array of them costs four times the memory. */
class Entry implements Recent<Entry> {
  readonly connection: TcpConnection;
  /** The capture shows the connection here a second time, behind an address translation. */
  readonly twin: boolean;
  readonly hash: number;
  /** Next entry with the same hash. */
  chained: Entry | null;
  older: Entry | null;
  newer: Entry | null;
  /** Until when it is remembered after it was closed, and what was closed next. */
  until: Time;
  closedNext: Entry | null;
  /** The one of the table's lists in which it is. */
  list: Recency<Entry>;
  lingering: boolean;
  gone: boolean;
  readonly #version: number;
  /** Addresses of side 0 and side 1, as in a segment, then their ports. */
  readonly #a0: number;
  readonly #a1: number;
  readonly #a2: number;
  readonly #a3: number;
  readonly #b0: number;
  readonly #b1: number;
  readonly #b2: number;
  readonly #b3: number;
  readonly #aPort: number;
  readonly #bPort: number;

  constructor(connection: TcpConnection, twin: boolean, hash: number, s: Segment, list: Recency<Entry>) {
    this.connection = connection;
    this.twin = twin;
    this.hash = hash;
    this.list = list;
    this.chained = this.older = this.newer = this.closedNext = null;
    this.until = Number.POSITIVE_INFINITY;
    this.lingering = this.gone = false;
    this.#version = s.ipVersion;
    this.#a0 = s.src0;
    this.#a1 = s.src1;
    this.#a2 = s.src2;
    this.#a3 = s.src3;
    this.#b0 = s.dst0;
    this.#b1 = s.dst1;
    this.#b2 = s.dst2;
    this.#b3 = s.dst3;
    this.#aPort = s.srcPort;
    this.#bPort = s.dstPort;
  }

  /** Whether side 0 sent it. */
  isFrom0(s: Segment): boolean {
    return (
      this.#aPort === s.srcPort &&
      this.#bPort === s.dstPort &&
      this.#a3 === s.src3 &&
      this.#b3 === s.dst3 &&
      this.#a2 === s.src2 &&
      this.#b2 === s.dst2 &&
      this.#a1 === s.src1 &&
      this.#b1 === s.dst1 &&
      this.#a0 === s.src0 &&
      this.#b0 === s.dst0 &&
      this.#version === s.ipVersion
    );
  }

  isFrom1(s: Segment): boolean {
    return (
      this.#bPort === s.srcPort &&
      this.#aPort === s.dstPort &&
      this.#b3 === s.src3 &&
      this.#a3 === s.dst3 &&
      this.#b2 === s.src2 &&
      this.#a2 === s.dst2 &&
      this.#b1 === s.src1 &&
      this.#a1 === s.dst1 &&
      this.#b0 === s.src0 &&
      this.#a0 === s.dst0 &&
      this.#version === s.ipVersion
    );
  }
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
  #twins = new TwinFilter<TcpConnection>();
  #entries = new Map<number, Entry>();
  #logs: LogBudget | null;
  #size = 0;
  /** SYNs that nobody has answered yet, and all other connections. */
  #unanswered = new Recency<Entry>();
  #followed = new Recency<Entry>();
  /** Closed ones in order of closing, linked, so that none is held on to once it is forgotten. */
  #closedFirst: Entry | null = null;
  #closedLast: Entry | null = null;
  #closedCount = 0;
  #stored = new Stored();
  /** Nobody who writes packets knows it, so nobody can put all connections into one chain. */
  #seed = (Math.random() * 2 ** 32) | 0;

  /** ICMP errors that quoted a packet of no connection. */
  #early: Early[] = [];

  /** @param packets keep the packets of each connection, bounded. */
  constructor(open: OpenStreams, agenda: Agenda, onLimit: OnLimit, packets = false) {
    this.#open = open;
    this.#agenda = agenda;
    this.#onLimit = onLimit;
    this.#logs = packets ? new LogBudget(onLimit) : null;
  }

  /** @param bytes the packet's buffer, in which the segment's offsets count. */
  onSegment(segment: Segment, bytes: Buffer): number {
    const hash = this.#hash(segment);
    let entry = this.#find(hash, segment);
    let side: Side = 0;
    let portReused = false;
    if (entry !== null) {
      side = entry.isFrom0(segment) ? 0 : 1;
      const { connection } = entry;
      const begins = (segment.flags & (SYN | RST)) === SYN;
      if (begins ? beginsAnew(connection, segment, side) : livesOn(connection, segment, side)) {
        this.#remove(entry, 'replaced', segment);
        entry = null;
        side = 0;
        portReused = true;
      }
    }
    entry ??= this.#begin(hash, segment, portReused);
    const { connection } = entry;
    this.taker = connection;
    this.takerSide = side;
    if (entry.twin || connection.isCopy(segment, side, this.#copies)) {
      connection.duplicates++;
    } else {
      connection.onSegment(segment, side, bytes);
    }
    if (entry !== this.#followed.newest) this.#touch(entry);
    if (connection.finished && !entry.lingering) this.#linger(entry);
    this.expire(segment);
    return connection.id;
  }

  /**
   * An ICMP error: its segment carries the addresses and ports of the packet it quotes.
   * @returns the id of the connection, 0 where it is not known (yet).
   */
  onIcmp(segment: Segment): number {
    const hash = this.#hash(segment);
    const entry = this.#find(hash, segment);
    const error = icmpError(segment);
    this.taker = entry?.connection ?? null;
    if (entry !== null) {
      this.takerSide = entry.isFrom0(segment) ? 0 : 1;
      entry.connection.onIcmp(error, this.takerSide);
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
    return this.#size;
  }

  /** The capture has ended. */
  end(at: Moment): void {
    for (;;) {
      const { oldest } = this.#followed;
      const unanswered = this.#unanswered.oldest;
      if (oldest === null && unanswered === null) return;
      const first = oldest === null || (unanswered !== null && isSilentLonger(unanswered, oldest));
      this.#remove((first ? unanswered : oldest)!, 'captureEnd', at);
    }
  }

  #begin(hash: number, segment: Segment, portReused: boolean): Entry {
    if (this.#size >= LIMITS.connections) {
      this.#onLimit('connections');
      // One that answers is worth more than one that may never: a flood of SYNs is no way to hide what else happens.
      this.#remove((this.#unanswered.oldest ?? this.#followed.oldest)!, 'limit', segment);
    }
    const original = isSyn(segment) ? this.#twins.originalOf(segment) : undefined;
    const connection = original ?? this.#connect(segment, portReused);
    if (original === undefined && isSyn(segment)) this.#twins.note(segment, connection);
    if (this.#early.length > 0 && isSyn(segment)) this.#tellEarly(hash, segment, connection);
    const entry = new Entry(connection, original !== undefined, hash, segment, this.#unanswered);
    entry.chained = this.#entries.get(hash) ?? null;
    this.#entries.set(hash, entry);
    entry.list.push(entry);
    this.#size++;
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
      formatAddress(s.ipVersion, s.src0, s.src1, s.src2, s.src3),
      formatAddress(s.ipVersion, s.dst0, s.dst1, s.dst2, s.dst3),
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
    this.#size--;
    const first = this.#entries.get(entry.hash)!;
    if (first !== entry) {
      let before = first;
      while (before.chained !== entry) before = before.chained!;
      before.chained = entry.chained;
    } else if (entry.chained === null) {
      this.#entries.delete(entry.hash);
    } else {
      this.#entries.set(entry.hash, entry.chained);
    }
    entry.list.remove(entry);
    if (entry.twin) return;
    entry.connection.end(cause, at);
    this.#count(entry.connection);
  }

  #count({ sides: [a, b], duplicates }: TcpConnection): void {
    this.counts.duplicates += duplicates;
    this.counts.ackedUnseen += a.ackedUnseen + b.ackedUnseen;
    this.counts.snaplenCut += a.snaplenCut + b.snaplenCut;
    if (a.packets > 0 && b.packets > 0) this.counts.twoSided++;
    else if (a.ackedUnseen + b.ackedUnseen + a.dataSegments + b.dataSegments > 0) this.counts.oneSided++;
  }

  #touch(entry: Entry): void {
    entry.list.remove(entry);
    entry.list = isUnanswered(entry.connection) ? this.#unanswered : this.#followed;
    entry.list.push(entry);
  }

  #linger(entry: Entry): void {
    entry.lingering = true;
    const [a, b] = entry.connection.sides;
    const reset = a.rst !== null || b.rst !== null;
    entry.until = this.#agenda.now + (reset ? RESET_LINGER : CLOSED_LINGER);
    if (this.#closedLast === null) this.#closedFirst = entry;
    else this.#closedLast.closedNext = entry;
    this.#closedLast = entry;
    this.#closedCount++;
  }

  /** Ends what was closed or silent for long enough. Every packet does; live, the clock does too. */
  expire(at: Moment): void {
    const { now } = this.#agenda;
    for (let entry = this.#closedFirst; entry !== null; entry = this.#closedFirst) {
      const crowded = this.#closedCount > LIMITS.closedConnections;
      if (!entry.gone && entry.until > now && !crowded) break;
      this.#closedFirst = entry.closedNext;
      if (entry.closedNext === null) this.#closedLast = null;
      this.#closedCount--;
      if (entry.gone) continue;
      if (entry.until > now) this.#onLimit('closedConnections');
      this.#remove(entry, 'idle', at);
    }
    this.#expireSilent(this.#followed, IDLE_LIMIT, at);
    this.#expireSilent(this.#unanswered, UNANSWERED_LIMIT, at);
    if (this.#stored.bytes > LIMITS.storedBytes) this.#relieve(at);
  }

  #expireSilent(list: Recency<Entry>, limit: Time, at: Moment): void {
    while (list.oldest !== null && list.oldest.connection.last.time + limit < this.#agenda.now) {
      this.#remove(list.oldest, 'idle', at);
    }
  }

  /** Half of it at a time, so that the walk past those that hold nothing is not begun for every packet. */
  #relieve(at: Moment): void {
    this.#onLimit('storedBytes');
    // A SYN that nobody answered holds nothing.
    for (let entry = this.#followed.oldest; entry !== null && this.#stored.bytes > LIMITS.storedBytes / 2; ) {
      const { newer } = entry;
      if (entry.connection.stored.bytes > 0 && !entry.twin) this.#remove(entry, 'limit', at);
      entry = newer;
    }
  }

  #find(hash: number, s: Segment): Entry | null {
    let entry = this.#entries.get(hash) ?? null;
    while (entry !== null && !(entry.isFrom0(s) || entry.isFrom1(s))) entry = entry.chained;
    return entry;
  }

  /** Same for both directions: only sums and differences without sign go in. */
  #hash(s: Segment): number {
    let hash = this.#seed ^ (s.src3 ^ s.dst3);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ ((s.srcPort * s.dstPort) | 0);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ ((s.src3 + s.dst3) | 0);
    hash = Math.imul(hash ^ (hash >>> 16), 0x27d4eb2f) ^ (s.srcPort + s.dstPort);
    if (s.ipVersion === 6) {
      hash = Math.imul(hash ^ (hash >>> 15), 0x165667b1) ^ (s.src0 ^ s.dst0);
      hash = Math.imul(hash ^ (hash >>> 13), 0x9e3779b1) ^ (s.src1 ^ s.dst1) ^ ((s.src2 + s.dst2) | 0);
    }
    return Math.imul(hash ^ (hash >>> 16), 0x9e3779b1) | 0;
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

function isSilentLonger({ connection: { last: a } }: Entry, { connection: { last: b } }: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.file === b.file && a.frame < b.frame);
}

/** Nothing but SYNs of one side. */
function isUnanswered({ sides: [a, b] }: TcpConnection): boolean {
  return b.packets === 0 && a.packets === a.synCount;
}

/** A SYN that opens a connection. */
function isSyn({ flags }: Segment): boolean {
  return (flags & (SYN | ACK | RST)) === SYN;
}
