/**
 * In: the field blocks of one direction, in order, and which of them were lost. Out: their fields (RFC 7541). A decoder of
 * a server would end the connection where this one goes on: after lost blocks what is said in full, or refers to what was
 * said since, is still read, and what refers further back is unknown. It never guesses, and it never throws.
 */
import { LIMITS, type OnLimit, type Stored } from '../limits.ts';
import type { Http2Anomaly, Http2Field } from './http2.ts';
import { fromHuffman } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';
import { DynamicTable, INITIAL_SIZE } from './table.ts';

export interface DecodedBlock {
  readonly fields: readonly Http2Field[];
  /** All fields of the block are there. */
  readonly complete: boolean;
  /** What was wrong with it, or too much. */
  readonly anomaly: Http2Anomaly | null;
}

/** First octets of the representations (RFC 7541 §6). */
const INDEXED = 0x80;
const INCREMENTAL = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;
const HUFFMAN = 0x80;

/** Octets of an integer after its prefix: enough for 32 bits, and for one that is padded with zeros. */
const INTEGER_OCTETS = 6;
const LARGEST = 0xffff_ffff;

const CUT = 'cut';
const INVALID = 'invalid';
type Failure = typeof CUT | typeof INVALID;

export class HpackDecoder {
  #table: DynamicTable;
  #onLimit: OnLimit;
  /** Largest table that the decoder at the other end has allowed (RFC 7541 §4.2). */
  #allowed = INITIAL_SIZE;
  #broken = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #pos = 0;
  #end = 0;
  #failure: Failure | null = null;

  constructor(onLimit: OnLimit, stored: Stored) {
    this.#table = new DynamicTable(onLimit, stored);
    this.#onLimit = onLimit;
  }

  /** No block is decoded any more. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Size updates may go up to `size` from here on: SETTINGS_HEADER_TABLE_SIZE of who decodes. */
  allow(size: number): void {
    this.#allowed = size;
  }

  /** Blocks before the next one were not captured. */
  lose(): void {
    this.#table.lose(this.#allowed);
  }

  /** Nothing more comes. */
  letGo(): void {
    this.#table.letGo();
    this.#broken = true;
  }

  /** @param whole false: the block goes on behind `end` with what is lost. */
  decode(bytes: Uint8Array, start: number, end: number, whole: boolean): DecodedBlock {
    if (this.#broken) return { fields: [], complete: false, anomaly: null };
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
    this.#failure = null;
    const fields: Http2Field[] = [];
    const within = this.#read(fields);
    if (this.#failure === CUT && whole) this.#failure = INVALID;
    if (this.#failure === INVALID) {
      // Behind lost bytes the block itself may have been no block.
      if (this.#table.partial) this.lose();
      else this.letGo();
      return { fields, complete: false, anomaly: 'compression_error' };
    }
    if (!whole) this.lose();
    if (!within) this.#onLimit('headFields');
    return { fields, complete: whole && within, anomaly: within ? null : 'field_list_too_large' };
  }

  /** @returns false where there were more fields than are taken; the table has them. */
  #read(fields: Http2Field[]): boolean {
    let size = 0;
    let count = 0;
    let within = true;
    while (this.#pos < this.#end) {
      const first = this.#bytes[this.#pos]!;
      if ((first & 0xe0) === SIZE_UPDATE) {
        if (count > 0) this.#failure = INVALID;
        else this.#resize();
        if (this.#failure !== null) break;
        continue;
      }
      const field = first >= INDEXED ? this.#indexed() : this.#literal(first);
      if (field === null) break;
      count++;
      size += (field.name?.length ?? 0) + (field.value?.length ?? 0);
      within &&= count <= LIMITS.headFields && size <= LIMITS.headBytes;
      if (within) fields.push(field);
    }
    return within;
  }

  #indexed(): Http2Field | null {
    const index = this.#integer(7);
    return index === null ? null : this.#fieldAt(index);
  }

  #literal(first: number): Http2Field | null {
    const incremental = first >= INCREMENTAL;
    const index = this.#integer(incremental ? 6 : 4);
    if (index === null) return null;
    const named = index === 0 ? null : this.#fieldAt(index);
    if (index > 0 && named === null) return null;
    const name = named === null ? this.#string() : named.name;
    if (this.#failure !== null) return null;
    const value = this.#string();
    if (value === null) return null;
    const field = { name, value, neverIndexed: !incremental && (first & NEVER_INDEXED) !== 0 };
    if (incremental) this.#table.add(field);
    return field;
  }

  #fieldAt(index: number): Http2Field | null {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#table.at(index - STATIC_TABLE.length - 1);
    if (field !== undefined && field !== null) return field;
    this.#failure = INVALID;
    return null;
  }

  #resize(): void {
    const size = this.#integer(5);
    if (size === null) return;
    if (size > this.#allowed) this.#failure = INVALID;
    else this.#table.resize(size);
  }

  /** RFC 7541 §5.1. */
  #integer(prefix: number): number | null {
    const mask = (1 << prefix) - 1;
    let value = this.#bytes[this.#pos++]! & mask;
    if (value < mask) return value;
    let factor = 1;
    for (let octets = 0; octets < INTEGER_OCTETS; octets++) {
      if (this.#pos >= this.#end) return this.#fail(CUT);
      const octet = this.#bytes[this.#pos++]!;
      value += (octet & 0x7f) * factor;
      if (value > LARGEST) return this.#fail(INVALID);
      if (octet < 0x80) return value;
      factor *= 128;
    }
    return this.#fail(INVALID);
  }

  /** RFC 7541 §5.2. */
  #string(): string | null {
    if (this.#pos >= this.#end) return this.#fail(CUT);
    const coded = this.#bytes[this.#pos]! >= HUFFMAN;
    const length = this.#integer(7);
    if (length === null) return null;
    const start = this.#pos;
    if (length > this.#end - start) return this.#fail(CUT);
    this.#pos = start + length;
    const bytes = this.#bytes;
    const text = coded
      ? fromHuffman(bytes, start, this.#pos)
      : Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
    return text ?? this.#fail(INVALID);
  }

  #fail(failure: Failure): null {
    this.#failure = failure;
    return null;
  }
}
