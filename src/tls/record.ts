/**
 * In: the ordered bytes of one direction, cut anywhere and with gaps. Out: its TLS records (RFC 8446 §5.1) with where
 * they lie on the wire. Missing bytes inside a record damage that one alone; where the end of a record is missing, the
 * next header is looked for, first where a run of bytes begins, and elsewhere only where another header follows it.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { Stored } from '../limits.ts';
import type { Place } from './tls.ts';

/** ContentType (RFC 8446 §5.1). */
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

/** 2^14 of plaintext and 2048 of protection (RFC 5246 §6.2.3). */
const LONGEST = 16_384 + 2_048;

export const HEADER = 5;

export interface RecordHead {
  readonly type: number;
  /** Of the header, which TLS 1.3 freezes at 1.2. */
  readonly version: number;
  /** Without the header. */
  readonly length: number;
  /** Offset of the header. */
  readonly start: number;
  readonly first: Moment;
}

/** @param last packet of its last byte; lent. */
export function placeOf(head: RecordHead, last: Moment): Place {
  return { start: head.start, end: head.start + HEADER + head.length, first: head.first, last: keep(last) };
}

export interface RecordSink {
  /** A record begins. @returns whether its content is wanted. */
  onHead(head: RecordHead): boolean;
  /** It is over. `bytes[start, end)` is its content, lent; empty where it was not wanted, or `damaged`. */
  onRecord(head: RecordHead, bytes: Buffer, start: number, end: number, damaged: boolean, last: Moment): void;
  /** The direction never carried a record: all its bytes, which are something else. */
  onForeign(bytes: Buffer, start: number, end: number, at: Moment): void;
  /** Bytes that are no header where one should be. @param long but for their length they are. */
  onInvalid(long: boolean): void;
  /** How many records lie in `length` missing bytes is not known. */
  onLost(start: number, length: number, at: Moment): void;
}

const NONE = Buffer.alloc(0);

export class RecordReader {
  #sink: RecordSink;
  /** Header bytes of a record whose header was cut. */
  #header = Buffer.alloc(HEADER);
  #headerUsed = 0;
  #headerStart = 0;
  #headerFirst: Moment | null = null;
  #head: RecordHead | null = null;
  /** Content bytes of the record at hand that are still to come. */
  #remaining = 0;
  #damaged = false;
  #wanted = false;
  #content = NONE;
  #used = 0;
  /** Synchronisation was lost. */
  #lost = false;
  /** No record was seen yet. */
  #fresh = true;
  /** No record ever was: the direction carries something else. */
  #foreign = false;

  #stored: Stored;

  constructor(sink: RecordSink, stored: Stored) {
    this.#sink = sink;
    this.#stored = stored;
  }

  /** The record that is not whole yet. */
  get open(): RecordHead | null {
    return this.#head;
  }

  /** Nothing more comes of the record that is held. A connection on which nothing is half said holds nothing. */
  letGo(): void {
    this.#stored.add(-this.#content.length);
    this.#content = NONE;
  }

  /** @param offset of `bytes[start]` in its direction. */
  onBytes(bytes: Buffer, start: number, end: number, offset: number, at: Moment): void {
    const base = offset - start;
    let pos = start;
    while (pos < end) {
      if (this.#foreign) {
        this.#sink.onForeign(bytes, pos, end, at);
        return;
      }
      if (this.#lost) {
        pos = find(bytes, pos, end);
        if (pos === end) return;
        this.#lost = false;
      }
      if (this.#head !== null) pos = this.#body(bytes, pos, end, at);
      else pos = this.#heading(bytes, pos, end, base, at);
    }
  }

  /** @param offset of the first missing byte. */
  onGap(length: number, offset: number, at: Moment): void {
    if (this.#foreign) return;
    if (this.#lost) {
      this.#sink.onLost(offset, length, at);
      return;
    }
    if (this.#head !== null && length <= this.#remaining) {
      this.#damaged = true;
      this.#remaining -= length;
      if (this.#remaining === 0) this.#finish(NONE, 0, 0, at);
      return;
    }
    this.letGo();
    const from = this.#head?.start ?? (this.#headerUsed > 0 ? this.#headerStart : offset);
    this.#head = null;
    this.#headerUsed = 0;
    this.#lost = true;
    this.#sink.onLost(from, offset + length - from, at);
  }

  #heading(bytes: Buffer, start: number, end: number, base: number, at: Moment): number {
    if (this.#headerUsed === 0) {
      this.#headerStart = base + start;
      this.#headerFirst = keep(at);
    }
    const taken = Math.min(HEADER - this.#headerUsed, end - start);
    bytes.copy(this.#header, this.#headerUsed, start, start + taken);
    this.#headerUsed += taken;
    const next = start + taken;
    if (!isHeader(this.#header, 0, this.#headerUsed)) return this.#invalid(next, at);
    if (this.#headerUsed < HEADER) return next;
    this.#headerUsed = 0;
    this.#fresh = false;
    const head = {
      type: this.#header[0]!,
      version: this.#header.readUInt16BE(1),
      length: this.#header.readUInt16BE(3),
      start: this.#headerStart,
      first: this.#headerFirst ?? keep(at),
    };
    this.#head = head;
    this.#remaining = head.length;
    this.#damaged = false;
    this.#used = 0;
    this.#wanted = this.#sink.onHead(head);
    if (head.length === 0) this.#finish(NONE, 0, 0, at);
    return next;
  }

  /** What was held as a header is none; what follows it begins at `pos`. */
  #invalid(pos: number, at: Moment): number {
    const length = this.#headerUsed;
    this.#headerUsed = 0;
    if (this.#fresh) {
      this.#foreign = true;
      this.#sink.onForeign(Buffer.from(this.#header.subarray(0, length)), 0, length, at);
    } else {
      this.#lost = true;
      this.#sink.onInvalid(length === HEADER);
    }
    return pos;
  }

  #body(bytes: Buffer, start: number, end: number, at: Moment): number {
    const taken = Math.min(this.#remaining, end - start);
    const next = start + taken;
    const whole = taken === this.#head!.length;
    this.#remaining -= taken;
    if (this.#wanted && !this.#damaged && !whole) this.#hold(bytes, start, next);
    if (this.#remaining > 0) return next;
    if (whole) this.#finish(bytes, start, this.#wanted ? next : start, at);
    else this.#finish(this.#content, 0, this.#used, at);
    return next;
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const needed = this.#used + end - start;
    if (this.#content.length < needed) {
      const grown = Buffer.allocUnsafe(Math.min(LONGEST, Math.max(needed, this.#head!.length)));
      this.#content.copy(grown, 0, 0, this.#used);
      this.#stored.add(grown.length - this.#content.length);
      this.#content = grown;
    }
    bytes.copy(this.#content, this.#used, start, end);
    this.#used = needed;
  }

  #finish(bytes: Buffer, start: number, end: number, at: Moment): void {
    const head = this.#head!;
    this.#head = null;
    this.letGo();
    if (this.#damaged) this.#sink.onRecord(head, NONE, 0, 0, true, at);
    else this.#sink.onRecord(head, bytes, start, end, false, at);
  }
}

/** Whether the `length` bytes at `at`, five at most, may begin a record. */
export function isHeader(bytes: Buffer, at: number, length: number): boolean {
  if (length > 0 && (bytes[at]! < CHANGE_CIPHER_SPEC || bytes[at]! > APPLICATION_DATA)) return false;
  if (length > 1 && bytes[at + 1] !== 3) return false;
  if (length > 2 && bytes[at + 2]! > 4) return false;
  return length < HEADER || (bytes[at + 3]! << 8) + bytes[at + 4]! <= LONGEST;
}

/** Index where a record may begin again, `end` where none may. */
function find(bytes: Buffer, start: number, end: number): number {
  if (end - start >= HEADER && isHeader(bytes, start, HEADER) && fits(bytes, start, end, true)) return start;
  for (let pos = start + 1; pos + HEADER <= end; pos++) {
    if (isHeader(bytes, pos, HEADER) && fits(bytes, pos, end, false)) return pos;
  }
  return end;
}

/** Another header, or the end of the run, follows the record at `pos`; one that begins a run may go on beyond it. */
function fits(bytes: Buffer, pos: number, end: number, begins: boolean): boolean {
  const next = pos + HEADER + (bytes[pos + 3]! << 8) + bytes[pos + 4]!;
  if (next === end) return true;
  if (next > end) return begins;
  return isHeader(bytes, next, Math.min(HEADER, end - next));
}
