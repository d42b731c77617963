/**
 * The keys of deliveries, one a row, as bytes in one buffer: as strings they were 160,000 objects of 32 bytes and more, which
 * the collector copied twice and then went through over and over. In: keys, when rows begin and end. Out: whether a row
 * has a key, and that key as text.
 */
import { FIRST_ROOM, grown } from './delivery-room.ts';

const FIRST_BYTES = 4 * 1024;
/** Flag of a length: two bytes a character, by which any key can be written. Nearly all have characters of one byte. */
const WIDE = 0x8000;
/** Fewer bytes than this of keys that ended are not thrown out. */
const FEW = 64 * 1024;

export class DeliveryKeys {
  #bytes = Buffer.alloc(FIRST_BYTES);
  #used = 0;
  /** Of them, those of keys that ended. */
  #ended = 0;
  /** By row. */
  #start = new Float64Array(FIRST_ROOM);
  #length = new Uint16Array(FIRST_ROOM);

  /** For so many rows. */
  grow(room: number): void {
    this.#start = grown(new Float64Array(room), this.#start);
    this.#length = grown(new Uint16Array(room), this.#length);
  }

  /** @param key shorter than `WIDE`. */
  set(row: number, key: string): void {
    if (this.#used + 2 * key.length > this.#bytes.length) this.#makeRoom(2 * key.length);
    this.#start[row] = this.#used;
    const wide = !this.#writeNarrow(key);
    if (wide) this.#bytes.write(key, this.#used, 'utf16le');
    this.#length[row] = wide ? key.length | WIDE : key.length;
    this.#used += sizeOf(this.#length[row]!);
  }

  end(row: number): void {
    this.#ended += sizeOf(this.#length[row]!);
    this.#length[row] = 0;
  }

  has(row: number, key: string): boolean {
    const length = this.#length[row]!;
    if (length >= WIDE) return this.text(row) === key;
    if (length !== key.length) return false;
    const start = this.#start[row]!;
    for (let i = 0; i < length; i++) if (this.#bytes[start + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  text(row: number): string {
    const start = this.#start[row]!;
    const length = this.#length[row]!;
    return this.#bytes.toString(length >= WIDE ? 'utf16le' : 'latin1', start, start + sizeOf(length));
  }

  /** @returns false where some character takes more than one byte. */
  #writeNarrow(key: string): boolean {
    const bytes = this.#bytes;
    const start = this.#used;
    for (let i = 0; i < key.length; i++) {
      const c = key.charCodeAt(i);
      if (c > 0xff) return false;
      bytes[start + i] = c;
    }
    return true;
  }

  #makeRoom(size: number): void {
    const old = this.#bytes;
    const throwsOut = this.#ended > FEW && 2 * this.#ended > this.#used;
    const needed = this.#used - (throwsOut ? this.#ended : 0) + size;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(2 * needed, FIRST_BYTES));
    if (throwsOut) this.#takeOver(old);
    else old.copy(this.#bytes, 0, 0, this.#used);
  }

  /** Those that have not ended, one after the other. */
  #takeOver(old: Buffer): void {
    this.#used = 0;
    this.#ended = 0;
    for (let row = 0; row < this.#start.length; row++) {
      const start = this.#start[row]!;
      const size = sizeOf(this.#length[row]!);
      if (size === 0) continue;
      old.copy(this.#bytes, this.#used, start, start + size);
      this.#start[row] = this.#used;
      this.#used += size;
    }
  }
}

function sizeOf(length: number): number {
  return length >= WIDE ? 2 * (length - WIDE) : length;
}
