/**
 * The dynamic table of an HPACK decoder (RFC 7541 §2.3.2, §4) that may not have seen all that was put into it. An index
 * counts back from the newest entry, so what came since the last loss is found for sure, and what lies beyond it is
 * unknown. Where the size of an entry or of the table is not certain more is kept than the sender has: it cannot refer
 * to what it does not have.
 */
import { LIMITS, type OnLimit, type Stored } from '../limits.ts';
import type { Http2Field } from './http2.ts';

/** Octets that an entry counts beside its name and value (RFC 7541 §4.1). */
const ENTRY = 32;
/** What it takes in memory beside them. */
const OBJECTS = 128;
/** Of a connection's first frame (RFC 9113 §6.5.2). */
export const INITIAL_SIZE = 4_096;

const UNKNOWN: Http2Field = { name: null, value: null, neverIndexed: false };

export class DynamicTable {
  /** Oldest first; those before `#oldest` were evicted. */
  #entries: Http2Field[] = [];
  #oldest = 0;
  #size = 0;
  /** At most what the sender holds itself to. */
  #maximum = INITIAL_SIZE;
  /** Entries that are not here may be in the sender's table. */
  #partial = false;
  readonly #onLimit: OnLimit;
  readonly #stored: Stored;
  #told = false;

  constructor(onLimit: OnLimit, stored: Stored) {
    this.#onLimit = onLimit;
    this.#stored = stored;
  }

  /** An index beyond the entries may refer to something. */
  get partial(): boolean {
    return this.#partial;
  }

  /** @param index from 0, the newest. Null where there is no such entry. */
  at(index: number): Http2Field | null {
    const place = this.#entries.length - 1 - index;
    if (place >= this.#oldest) return this.#entries[place]!;
    return this.#partial && index < this.#maximum / ENTRY ? UNKNOWN : null;
  }

  add(field: Http2Field): void {
    this.#entries.push(field);
    this.#size += sizeOf(field);
    this.#stored.add(sizeOf(field) + OBJECTS);
    this.#evict();
  }

  resize(maximum: number): void {
    this.#maximum = maximum;
    this.#evict();
    if (maximum === 0) this.#partial = false;
  }

  /** Fields may have been added, evicted and the table resized, to `maximum` at most. */
  lose(maximum: number): void {
    this.#clear();
    this.#maximum = maximum;
    this.#partial = true;
  }

  /** Nothing more is asked. */
  letGo(): void {
    this.#clear();
  }

  #clear(): void {
    this.#stored.add(-this.#size - OBJECTS * (this.#entries.length - this.#oldest));
    this.#entries = [];
    this.#oldest = 0;
    this.#size = 0;
  }

  #evict(): void {
    this.#shrink(this.#maximum);
    if (this.#size <= LIMITS.http2TableBytes) return;
    this.#shrink(LIMITS.http2TableBytes);
    this.#partial = true;
    if (!this.#told) this.#onLimit('http2TableBytes');
    this.#told = true;
  }

  #shrink(maximum: number): void {
    while (this.#size > maximum) {
      const size = sizeOf(this.#entries[this.#oldest]!);
      this.#entries[this.#oldest++] = UNKNOWN;
      this.#size -= size;
      this.#stored.add(-size - OBJECTS);
    }
    if (this.#oldest > 64 && this.#oldest * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** At least: what is not known counts nothing. */
function sizeOf({ name, value }: Http2Field): number {
  return (name?.length ?? 0) + (value?.length ?? 0) + ENTRY;
}
