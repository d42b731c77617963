/**
 * Packets of one file that were parsed but wait for their turn among those of other files. Their bytes stay in the
 * buffer they were read into; here are only numbers, one row a packet, in the order of the file.
 */
import type { Packet, Time } from './packet.ts';

/** Columns of a row. The key is the latest time so far: a packet is due no earlier than those before it. */
const KEY = 0;
const TIME = 1;
const FRAME = 2;
const LINK = 3;
const INTERFACE = 4;
const START = 5;
const END = 6;
const WIRE = 7;
const COLUMNS = 8;

/** At first: a run may be a single packet. */
const ROWS = 4;

const NO_ROWS = new Float64Array(0);
const NO_BYTES = Buffer.alloc(0);

export class Batch {
  private rows: Float64Array;
  private used: number;
  private at: number;
  private key: Time;
  private bytes: Buffer;

  constructor() {
    this.rows = NO_ROWS;
    this.used = 0;
    this.at = 0;
    this.key = Number.NEGATIVE_INFINITY;
    this.bytes = NO_BYTES;
  }

  get left(): number {
    return (this.used - this.at) / COLUMNS;
  }

  /** When the next packet is due. There must be one. */
  get due(): Time {
    return this.rows[this.at + KEY]!;
  }

  push(packet: Packet): void {
    if (this.at === this.used) this.at = this.used = 0;
    if (this.used === this.rows.length) {
      const larger = new Float64Array(Math.max(2 * this.rows.length, ROWS * COLUMNS));
      larger.set(this.rows);
      this.rows = larger;
    }
    const { rows, used } = this;
    if (packet.time > this.key) this.key = packet.time;
    this.bytes = packet.bytes;
    rows[used + KEY] = this.key;
    rows[used + TIME] = packet.time;
    rows[used + FRAME] = packet.frame;
    rows[used + LINK] = packet.link;
    rows[used + INTERFACE] = packet.interfaceIndex;
    rows[used + START] = packet.start;
    rows[used + END] = packet.end;
    rows[used + WIRE] = packet.wireLength;
    this.used += COLUMNS;
  }

  /** Takes the next packet out. There must be one. */
  shift(into: Packet): void {
    const { rows, at } = this;
    into.time = rows[at + TIME]!;
    into.frame = rows[at + FRAME]!;
    into.link = rows[at + LINK]!;
    into.interfaceIndex = rows[at + INTERFACE]!;
    into.bytes = this.bytes;
    into.start = rows[at + START]!;
    into.end = rows[at + END]!;
    into.wireLength = rows[at + WIRE]!;
    this.at += COLUMNS;
  }

  /** Lets go of all memory. @returns the packets that nobody took out. */
  close(): number {
    const { left } = this;
    this.at = this.used = 0;
    this.rows = NO_ROWS;
    this.bytes = NO_BYTES;
    return left;
  }

  /** Forgets what lies beyond the next `count` packets. */
  limit(count: number): void {
    this.used = Math.min(this.used, this.at + count * COLUMNS);
  }
}
