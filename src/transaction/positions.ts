/**
 * Where a message lies on the wire: a parser counts from the first byte it is given, streams from their SYN. What TLS
 * carries lies where its records do: a message begins with the record of its first byte and ends with that of its last.
 */
import type { Moment } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import type { Connection, Side } from '../tcp/stream.ts';
import type { Place } from '../tls/tls.ts';

/** Offsets are those of the stream, positions those of the parser of a side. */
export interface Positions {
  /** New parsers take over. */
  reset(): void;
  /** Before `length` bytes, which the stream has counted, are handed to the parser of `side`. */
  measure(side: Side, length: number): void;
  /** Offset where what carries the byte at `position` begins. */
  startOf(side: Side, position: number): number;
  /** Offset after what carries the byte before `position`. */
  endOf(side: Side, position: number): number;
  /** Packet of the first byte of what carries the byte at `position`. @param at that in which it was delivered. */
  firstOf(side: Side, position: number, at: Moment): Moment;
  /** Offset up to which all was handed to the parser. */
  reached(side: Side): number;
}

export class StreamPositions implements Positions {
  #connection: Connection;
  /** Stream offset of the first byte that each side's parser was given. */
  #bases: [number, number] = [Number.NaN, Number.NaN];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  reset(): void {
    this.#bases = [Number.NaN, Number.NaN];
  }

  measure(side: Side, length: number): void {
    if (Number.isNaN(this.#bases[side])) this.#bases[side] = this.#connection.sides[side].next - length;
  }

  startOf(side: Side, position: number): number {
    return this.#bases[side] + position;
  }

  endOf(side: Side, position: number): number {
    return this.#bases[side] + position;
  }

  firstOf(_side: Side, _position: number, at: Moment): Moment {
    return at;
  }

  reached(side: Side): number {
    return this.#connection.sides[side].next;
  }
}

interface Carrier {
  /** Position of its first byte of plaintext. */
  readonly position: number;
  readonly place: Place;
}

const NO_CARRIER: Carrier = {
  position: 0,
  place: {
    start: 0,
    end: 0,
    first: { time: 0, file: 0, frame: 0 },
    last: { time: 0, file: 0, frame: 0 },
  },
};

/** What is asked for is nearly always in the last record, so the search goes backwards. */
export class RecordPositions implements Positions {
  #carriers: [Carrier[], Carrier[]] = [[], []];
  #positions: [number, number] = [0, 0];
  #place: Place | null = null;

  reset(): void {
    this.#carriers = [[], []];
    this.#positions = [0, 0];
  }

  /** The record that carries what is measured next. */
  set place(place: Place) {
    this.#place = place;
  }

  measure(side: Side, length: number): void {
    const carriers = this.#carriers[side];
    if (this.#place !== null) carriers.push({ position: this.#positions[side], place: this.#place });
    if (carriers.length > 2 * LIMITS.tlsRecords) carriers.splice(0, LIMITS.tlsRecords);
    this.#positions[side] += length;
  }

  startOf(side: Side, position: number): number {
    return this.#carrierOf(side, position).place.start;
  }

  endOf(side: Side, position: number): number {
    return this.#carrierOf(side, position - 1).place.end;
  }

  firstOf(side: Side, position: number): Moment {
    return this.#carrierOf(side, position).place.first;
  }

  reached(side: Side): number {
    return this.#carriers[side].at(-1)?.place.end ?? 0;
  }

  /** One further back than are remembered: the first that is. */
  #carrierOf(side: Side, position: number): Carrier {
    const carriers = this.#carriers[side];
    return carriers.findLast((carrier) => carrier.position <= position) ?? carriers[0] ?? NO_CARRIER;
  }
}
