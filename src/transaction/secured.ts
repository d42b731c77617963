/**
 * What a connection, or a tunnel in it, carries when it carries TLS: plaintext goes on to the parsers with the place of
 * its records, sealed records become turns, and what is no TLS after all is given back.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { Connection, Side } from '../tcp/stream.ts';
import type { Place, Sealed, TlsFacts, TlsSession, TlsSink } from '../tls/tls.ts';
import type { Attempts, Context } from './attempts.ts';
import { RecordPositions } from './positions.ts';
import { SealedTurns } from './sealed.ts';

/** What is done with what the records carry. */
export interface Carried {
  /** Which side is the client, and so the sender, is known. */
  onClient(side: Side): void;
  onPlain(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void;
  onPlainGap(side: Side, length: number, at: Moment): void;
  /** Bytes of `side` that were not captured, or cannot be read, and that belong to no turn. */
  onLost(side: Side, length: number): void;
  /** There never was any TLS. */
  onForeign(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void;
}

export class Secured {
  readonly positions = new RecordPositions();
  #connection: Connection;
  #attempts: Attempts;
  #carried: Carried;
  #session: TlsSession;
  #turns: SealedTurns;
  /** Silence before the record at hand of each side. */
  #idle: [Time, Time] = [0, 0];

  /** @param tunnelled whether somebody else than the server took the connection. */
  constructor(
    connection: Connection,
    attempts: Attempts,
    context: Context,
    carried: Carried,
    tunnelled: boolean,
  ) {
    this.#connection = connection;
    this.#carried = carried;
    this.#attempts = attempts;
    this.#turns = new SealedTurns(attempts, context.http.decodeBody);
    const { secrets, onLimit } = context;
    this.#session = context.tls.open(this.#sink, {
      client: attempts.sender,
      roundTrip: tunnelled ? null : roundTripOf(connection),
      secrets,
      onLimit,
      stored: connection.stored,
    });
  }

  get facts(): TlsFacts {
    return this.#session.facts;
  }

  /** Silence on the connection before what `side` sends now. */
  idleOf(side: Side): Time {
    return this.#idle[side];
  }

  onBytes(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    const { next } = this.#connection.sides[side];
    // A record that goes over several packets was silent before its first.
    if (!this.#session.within(side)) {
      this.#idle[side] = Math.max(0, at.time - this.#connection.previousTime);
    }
    this.#session.onBytes(side, bytes, start, end, next - (end - start), at);
    this.#turns.reach(side, next, at);
  }

  onGap(side: Side, length: number, at: Moment): void {
    this.#session.onGap(side, length, this.#connection.sides[side].next - length, at);
  }

  onEnd(side: Side): void {
    this.#session.onEnd(side);
    this.#turns.onEnd(side);
  }

  /** Where the record of `side` begins that is not whole yet and would be read if it were. */
  unfinished(side: Side): Pick<Place, 'start' | 'first'> | null {
    return this.#session.unfinished(side);
  }

  #sink: TlsSink = {
    onClient: (side) => this.#carried.onClient(side),
    onPlain: (side, bytes, start, end, place) => {
      if (side !== this.#attempts.sender) this.#turns.onAnswerRead(place.start, place.first);
      this.positions.place = place;
      this.#carried.onPlain(side, bytes, start, end, place.last);
    },
    onPlainGap: (side, length, place: Place) => {
      this.positions.place = place;
      this.#carried.onPlainGap(side, length, place.last);
    },
    onSealed: (side: Side, what: Sealed, start, first) => {
      // What cannot be read may have answered what could.
      if (!this.#turns.onSealed(side, what, start, first, this.#idle[side])) this.#carried.onLost(side, 1);
    },
    onSealedEnd: (side, end, last) => this.#turns.onSealedEnd(side, end, last),
    onSealedGap: (side, length) => {
      if (!this.#turns.onGap(side, length)) this.#carried.onLost(side, length);
    },
    onForeign: (side, bytes, start, end, at) => {
      // What answers a ClientHello without being TLS is known from the facts.
      if (this.facts.clientHello === null) this.#carried.onForeign(side, bytes, start, end, at);
    },
  };
}

function roundTripOf({ opener, established, sides }: Connection): Time | null {
  const syn = opener === null ? null : sides[opener].syn;
  return syn === null || established === null ? null : established.time - syn.at.time;
}
