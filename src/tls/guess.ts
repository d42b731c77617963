/**
 * What sealed records are, by their size and order, where no keys are at hand. Before TLS 1.3 the record type tells
 * application data apart; in TLS 1.3 all records look alike, so the end of the client's handshake is told by the length
 * of its Finished, tickets by being the server's first, soon and alike, alerts by being too short for anything else.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { Side } from '../tcp/stream.ts';
import { HEADER, type RecordHead } from './record.ts';
import type { Protection } from './suites.ts';
import type { Place, Sealed } from './tls.ts';

/** `GET / HTTP/1.0` with its line ends; nothing shorter is a request, but a close_notify or a KeyUpdate is. */
const SHORTEST_REQUEST = 18;
/** `HTTP/1.1 200` with its line ends. */
const SHORTEST_RESPONSE = 16;
/** `HTTP/1.1 100 Continue` with its line ends. */
const INTERIM = 25;
/** An alert is two bytes. */
const ALERT_LENGTH = 2;
/** An empty Certificate message (RFC 8446 §4.4.2): the client was asked for one and has none. */
const EMPTY_CERTIFICATE = 8;
/** Certificate, CertificateVerify and Finished, where a client sends each in a record of its own. */
const FLIGHT_RECORDS = 3;
/** Session tickets (RFC 8446 §4.6.1) are no longer than this unless they hold a client's certificates. */
const LONGEST_TICKET = 2_048;
const SHORTEST_TICKET = 18;
/**
 * The tickets of one handshake are sent at once, and soon after it; they differ by a cipher block at most. An answer of
 * their length that comes within so short a time of them is rare.
 */
const TOGETHER: Time = 2e6;
/** A small second segment waits until the first is acknowledged (RFC 9293 §3.7.4), which the client may put off. */
const ACK_DELAY: Time = 50e6;
const SOON: Time = 500e6;
const BLOCK = 16;

export interface GuessSink {
  onSealed(what: Sealed, side: Side, start: number, first: Moment): void;
  onSealedEnd(side: Side, end: number, last: Moment): void;
  /** The client's handshake is over. */
  onDone(last: Moment): void;
  /** What `side` sent was an alert. */
  onAlert(side: Side, at: Moment): void;
}

export class Guess {
  #sink: GuessSink;
  client: Side;
  /** Whether alerts look like data; so they may where no hello was read. */
  #modern = true;
  /** Bytes that protection adds to a record, TLS 1.3 the least; null where it hides the exact length of the plaintext. */
  #overhead: number | null = 17;
  /** Length of a record with the client's Finished; 0 before TLS 1.3. */
  #finished = 0;
  #roundTrip: Time = 0;
  /** Records of the client that may still belong to its handshake; null when that is over. */
  #flight: Place[] | null = null;
  #flightOver: Time = 0;
  #emptyCertificate = false;
  /** Nothing of the server was sealed yet. */
  #serverFresh = true;
  /** The server's first records after the handshake, as long as they may be tickets. */
  #tickets: { readonly length: number; readonly first: Time; sure: boolean } | null = null;
  #ticketsOver = true;
  #lastOfClient: Time = Number.NEGATIVE_INFINITY;
  /** Whether the record at hand was told of. */
  #telling: [boolean, boolean] = [false, false];
  /** The record of the client's flight at hand. */
  #head: RecordHead | null = null;

  constructor(sink: GuessSink, client: Side) {
    this.#sink = sink;
    this.client = client;
  }

  /** The server has chosen. @param roundTrip how long its answers take at least. */
  begin(protection: Protection | null, modern: boolean, roundTrip: Time): void {
    this.#roundTrip = Math.max(0, roundTrip);
    this.#modern = modern;
    if (modern) {
      const tag = protection?.tagLength ?? 16;
      const hash = protection?.hash === 'sha384' ? 48 : 32;
      this.#overhead = tag + 1;
      this.#finished = 4 + hash + this.#overhead;
      this.#flight = [];
      this.#ticketsOver = false;
    } else if (protection === null || protection.kind === 'cbc' || protection.kind === 'null') {
      this.#overhead = null;
    } else {
      this.#overhead = protection.tagLength + (protection.kind === 'chacha' ? 0 : 8);
    }
  }

  onHead(side: Side, head: RecordHead): void {
    const plain = this.#overhead === null ? Number.POSITIVE_INFINITY : head.length - this.#overhead;
    this.#telling[side] = false;
    if (side === this.client) this.#onClient(side, head, plain);
    else this.#onServer(side, head, plain);
  }

  onEnd(side: Side, head: RecordHead, last: Moment): void {
    const end = head.start + HEADER + head.length;
    if (this.#telling[side]) {
      this.#telling[side] = false;
      this.#sink.onSealedEnd(side, end, last);
    }
    if (side !== this.client || this.#flight === null || this.#head !== head) return;
    this.#head = null;
    this.#flight.push({ start: head.start, end, first: head.first, last });
    if (head.length === this.#finished) this.#finishFlight(this.#flight.length);
    else if (this.#flight.length > FLIGHT_RECORDS) this.#finishFlight(1);
  }

  /** No more will come that could tell: whatever the client sent first was its handshake. */
  settle(): void {
    if (this.#flight !== null && this.#flight.length > 0) this.#finishFlight(1);
  }

  #tell(side: Side, what: Sealed, head: RecordHead): void {
    this.#telling[side] = true;
    this.#sink.onSealed(what, side, head.start, head.first);
  }

  #onClient(side: Side, head: RecordHead, plain: number): void {
    if (this.#flight !== null) {
      this.#head = head;
      if (this.#flight.length === 0 && plain === ALERT_LENGTH) this.#sink.onAlert(side, head.first);
      this.#emptyCertificate ||= this.#flight.length === 0 && plain === EMPTY_CERTIFICATE;
      return;
    }
    // It ends what was said before, and is no part of it.
    if (this.#modern && plain === ALERT_LENGTH) return;
    if (plain < SHORTEST_REQUEST) this.#tell(side, 'short', head);
    else this.#tell(side, this.#goesOn(head.first.time) ? 'more' : 'data', head);
    this.#lastOfClient = head.first.time;
  }

  /** Sent before an answer could have come, so that what came meanwhile was none. */
  #goesOn(now: Time): boolean {
    if (this.#tickets === null || this.#ticketsOver) return false;
    if (this.#tickets.sure || now - this.#lastOfClient < this.#roundTrip) return true;
    this.#ticketsOver = true;
    return false;
  }

  #onServer(side: Side, head: RecordHead, plain: number): void {
    if (this.#flight !== null) {
      if (this.#serverFresh && plain === ALERT_LENGTH) this.#sink.onAlert(side, head.first);
      this.#serverFresh = false;
      // A ticket may come with the server's Finished; an answer cannot.
      return;
    }
    if (plain < SHORTEST_RESPONSE) {
      const refused = this.#emptyCertificate && this.#tickets === null && !this.#ticketsOver;
      if (plain === ALERT_LENGTH && refused) this.#sink.onAlert(side, head.first);
      this.#tell(side, 'short', head);
    } else if (plain === INTERIM) {
      this.#tell(side, 'interim', head);
    } else {
      this.#tell(side, this.#ticketsOver ? 'data' : this.#ticketOrData(head, plain), head);
    }
  }

  #ticketOrData({ length, first }: RecordHead, plain: number): Sealed {
    const tickets = this.#tickets;
    if (tickets === null) {
      if (plain >= SHORTEST_TICKET && length <= LONGEST_TICKET && this.#isSoon(first.time)) {
        // Nothing was asked yet that it could answer.
        const sure = this.#lastOfClient === Number.NEGATIVE_INFINITY;
        this.#tickets = { length, first: first.time, sure };
        return sure ? 'ticket' : 'doubt';
      }
    } else {
      const apart = Math.abs(length - tickets.length);
      const later = first.time - tickets.first;
      if ((apart === 0 || apart === BLOCK) && later <= TOGETHER) {
        tickets.sure = true;
        return 'ticket';
      }
      if (apart === 0 && later <= this.#roundTrip + ACK_DELAY) return 'doubt';
    }
    this.#ticketsOver = true;
    return 'data';
  }

  /** A far server takes longer; its ServerHello has shown how long. */
  #isSoon(time: Time): boolean {
    return time - this.#flightOver <= Math.max(SOON, 2 * this.#roundTrip);
  }

  /** The first `count` of the client's records were its handshake; what came after them is data. */
  #finishFlight(count: number): void {
    const records = this.#flight!;
    this.#flight = null;
    const last = records[count - 1]!;
    this.#flightOver = last.last.time;
    this.#sink.onDone(last.last);
    for (const record of records.slice(count)) {
      this.#sink.onSealed('data', this.client, record.start, record.first);
      this.#sink.onSealedEnd(this.client, record.end, record.last);
      this.#lastOfClient = record.first.time;
    }
  }
}
