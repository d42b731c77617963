/**
 * Where a message lies in its stream: a parser counts from the first byte it is given, streams from their SYN.
 */
import type { Connection, Side } from '../tcp/stream.ts';

export class Positions {
  #connection: Connection;
  /** Stream offset of the first byte that each side's parser was given. */
  #bases: [number, number] = [Number.NaN, Number.NaN];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** New parsers take over. */
  reset(): void {
    this.#bases = [Number.NaN, Number.NaN];
  }

  /** Before `length` bytes, which the stream has counted, are handed to the parser of `side`. */
  measure(side: Side, length: number): void {
    if (Number.isNaN(this.#bases[side])) this.#bases[side] = this.#connection.sides[side].next - length;
  }

  /** Stream offset of a parser's position. */
  offset(side: Side, position: number): number {
    return this.#bases[side] + position;
  }
}
