/**
 * Deliveries as rows of columns: of each its place and key, by which it is found, its turn, and the one attempt that
 * nearly all have. What a delivery of several attempts needs beside them is kept by whoever keeps the rows. An object a
 * delivery with its attempts took 900 bytes, all of them alive to the end: a row takes some 90 and its key.
 */
import { DeliveryKeys } from './delivery-keys.ts';
import { FIRST_ROOM, grown, roomAfter } from './delivery-room.ts';

/** Where deliveries go to: shared by all rows of one place. */
export interface DeliveryPlace {
  /** By which it is known. */
  readonly name: string;
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Makes the hashes of one key at two places differ. */
  readonly number: number;
  /** Rows that are of this place. */
  rows: number;
}

/** No row. */
export const NO_ROW = -1;

/** Rows from the one without an attempt for longest to the one with the last. */
class Turns {
  size = 0;
  oldest = NO_ROW;
  newest = NO_ROW;
}

export class DeliveryRows {
  place: (DeliveryPlace | null)[] = [];
  /** Where the key was found. */
  from: string[] = [];
  /** Whether its key is on the list of expected ones: those have turns of their own. */
  listed = new Uint8Array(FIRST_ROOM);
  /** How many attempts it has, as its keeper numbers that. */
  state = new Uint8Array(FIRST_ROOM);
  /** Attempts that are not judged yet. */
  open = new Uint32Array(FIRST_ROOM);
  connection = new Float64Array(FIRST_ROOM);
  index = new Uint32Array(FIRST_ROOM);
  /** Times of that attempt: its first byte, its acknowledgement and its answer; NaN where one is not known. */
  at = new Float64Array(FIRST_ROOM);
  acked = new Float64Array(FIRST_ROOM);
  delivered = new Float64Array(FIRST_ROOM);
  /** What became of it, as its keeper numbers that. */
  result = new Uint16Array(FIRST_ROOM);
  #hash = new Int32Array(FIRST_ROOM);
  /** Next row of the same bucket; of a free row, the next free one. */
  #next = new Int32Array(FIRST_ROOM);
  #older = new Int32Array(FIRST_ROOM);
  #newer = new Int32Array(FIRST_ROOM);
  /** It has no turn any more, and goes when its last attempt was judged. */
  #forgotten = new Uint8Array(FIRST_ROOM);
  /** First row of each, counted from 1: an array of zeros takes no memory before it is written to. */
  #buckets = new Int32Array(FIRST_ROOM);
  #keys = new DeliveryKeys();
  #turns = [new Turns(), new Turns()] as const;
  #used = 0;
  #free = NO_ROW;
  /** Nobody who writes requests knows it, so nobody can put all their keys into one bucket. */
  #seed = (Math.random() * 2 ** 32) | 0;

  /** By which a key at this place is found. */
  hashOf(place: DeliveryPlace, key: string): number {
    let hash = Math.imul(this.#seed ^ place.number, 0x85ebca6b);
    for (let i = 0; i < key.length; i++) {
      hash = Math.imul(hash ^ (hash >>> 15) ^ key.charCodeAt(i), 0x9e3779b1);
    }
    return hash ^ (hash >>> 16);
  }

  /** The row of the key at this place. */
  find(hash: number, place: DeliveryPlace, key: string): number {
    let row = this.#buckets[hash & (this.#buckets.length - 1)]! - 1;
    while (row !== NO_ROW) {
      if (this.#hash[row] === hash && this.place[row] === place && this.#keys.has(row, key)) return row;
      row = this.#next[row]!;
    }
    return NO_ROW;
  }

  /** Of a key that has none at this place; all else of it is for its keeper to set. */
  add(hash: number, place: DeliveryPlace, key: string, from: string, listed: boolean): number {
    let row = this.#free;
    if (row !== NO_ROW) this.#free = this.#next[row]!;
    else {
      row = this.#used++;
      if (row === this.open.length) this.#grow();
    }
    place.rows++;
    this.place[row] = place;
    this.#keys.set(row, key);
    this.from[row] = from;
    this.listed[row] = listed ? 1 : 0;
    this.open[row] = 0;
    this.#forgotten[row] = 0;
    this.#hash[row] = hash;
    this.#chain(row);
    this.#push(row);
    return row;
  }

  keyOf(row: number): string {
    return this.#keys.text(row);
  }

  /** It has an attempt: it is the last whose turn comes. */
  touch(row: number): void {
    if (this.#turnsOf(row).newest === row) return;
    this.#unlink(row);
    this.#push(row);
  }

  /** The one without an attempt for longest. */
  oldest(listed: boolean): number {
    return this.#turns[listed ? 1 : 0].oldest;
  }

  size(listed: boolean): number {
    return this.#turns[listed ? 1 : 0].size;
  }

  /** It is found no more. */
  forget(row: number): void {
    const bucket = this.#hash[row]! & (this.#buckets.length - 1);
    let at = this.#buckets[bucket]! - 1;
    if (at === row) this.#buckets[bucket] = this.#next[row]! + 1;
    else {
      while (this.#next[at] !== row) at = this.#next[at]!;
      this.#next[at] = this.#next[row]!;
    }
    this.#unlink(row);
    this.#forgotten[row] = 1;
  }

  /** Gives the room of a row that is forgotten and has no open attempt to another. @returns its place, if so. */
  release(row: number): DeliveryPlace | null {
    if (this.#forgotten[row] === 0 || this.open[row]! > 0) return null;
    const place = this.place[row]!;
    place.rows--;
    this.place[row] = null;
    this.#keys.end(row);
    this.#next[row] = this.#free;
    this.#free = row;
    return place;
  }

  /** Of all that are found those, listed ones first, each from the one without an attempt for longest. */
  inTurn(wanted: (row: number) => boolean = () => true): number[] {
    const rows: number[] = [];
    for (const { oldest } of [this.#turns[1], this.#turns[0]]) {
      for (let row = oldest; row !== NO_ROW; row = this.#newer[row]!) if (wanted(row)) rows.push(row);
    }
    return rows;
  }

  /** How many those are. */
  count(wanted: (row: number) => boolean): number {
    let count = 0;
    for (const { oldest } of this.#turns) {
      for (let row = oldest; row !== NO_ROW; row = this.#newer[row]!) if (wanted(row)) count++;
    }
    return count;
  }

  #turnsOf(row: number): Turns {
    return this.#turns[this.listed[row] === 1 ? 1 : 0];
  }

  #push(row: number): void {
    const turns = this.#turnsOf(row);
    this.#older[row] = turns.newest;
    this.#newer[row] = NO_ROW;
    if (turns.newest === NO_ROW) turns.oldest = row;
    else this.#newer[turns.newest] = row;
    turns.newest = row;
    turns.size++;
  }

  #unlink(row: number): void {
    const turns = this.#turnsOf(row);
    const older = this.#older[row]!;
    const newer = this.#newer[row]!;
    if (older === NO_ROW) turns.oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NO_ROW) turns.newest = older;
    else this.#older[newer] = older;
    turns.size--;
  }

  #chain(row: number): void {
    const bucket = this.#hash[row]! & (this.#buckets.length - 1);
    this.#next[row] = this.#buckets[bucket]! - 1;
    this.#buckets[bucket] = row + 1;
  }

  #grow(): void {
    const room = roomAfter(this.open.length);
    this.listed = grown(new Uint8Array(room), this.listed);
    this.state = grown(new Uint8Array(room), this.state);
    this.open = grown(new Uint32Array(room), this.open);
    this.connection = grown(new Float64Array(room), this.connection);
    this.index = grown(new Uint32Array(room), this.index);
    this.at = grown(new Float64Array(room), this.at);
    this.acked = grown(new Float64Array(room), this.acked);
    this.delivered = grown(new Float64Array(room), this.delivered);
    this.result = grown(new Uint16Array(room), this.result);
    this.#hash = grown(new Int32Array(room), this.#hash);
    this.#next = grown(new Int32Array(room), this.#next);
    this.#older = grown(new Int32Array(room), this.#older);
    this.#newer = grown(new Int32Array(room), this.#newer);
    this.#forgotten = grown(new Uint8Array(room), this.#forgotten);
    this.#keys.grow(room);
    this.#buckets = new Int32Array(room);
    for (const row of this.inTurn()) this.#chain(row);
  }
}
