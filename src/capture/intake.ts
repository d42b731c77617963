/**
 * Bytes of one file after the other come in, in pieces of any size; packets go out through a Delivery. Owns the
 * one buffer that is refilled for the whole run, and tells what is wrong with a file: cut, damaged, empty.
 * Does no I/O itself: who reads fills `room()` and says how much with `took()`.
 */
import { createHash, type Hash } from 'node:crypto';
import { count, type Delivery } from './delivery.ts';
import { formatOf, openParser } from './format.ts';
import { CUT, type Stored } from './input.ts';
import type { FileFacts } from './packet.ts';
import type { CaptureParser, Times } from './parser.ts';

/** Large enough that a refill costs nothing beside its bytes, small enough to stay in the processor's cache. */
const BUFFER_BYTES = 1024 * 1024;

/** Room in front of a piece that was read elsewhere, for what is left over of the one before: more than most records. */
export const HEADROOM = 64 * 1024;

export class Intake {
  private readonly delivery: Delivery;
  private buffer: Buffer;
  private file: FileFacts | null;
  private stored: Stored | null;
  private hash: Hash | null;
  private times: Times | null;
  private parser: CaptureParser | null;
  /** Set when a damaged record was met; from there on bytes are only hashed. */
  private damaged: boolean;
  /** Bytes not consumed yet are `buffer[start, end)`; `offset` is where in the file `start` is. */
  private start: number;
  private end: number;
  private offset: number;

  constructor(delivery: Delivery, bufferBytes: number = BUFFER_BYTES) {
    this.delivery = delivery;
    this.buffer = Buffer.allocUnsafeSlow(bufferBytes);
    this.file = null;
    this.stored = null;
    this.hash = null;
    this.times = null;
    this.parser = null;
    this.damaged = false;
    this.start = 0;
    this.end = 0;
    this.offset = 0;
  }

  /** Where a format has a shorter way to tell when its packets were, they are told only so, and not delivered. */
  skim(times: Times): void {
    this.times = times;
  }

  /** Of the parser: changes whenever packets are described anew. */
  get generation(): number {
    return this.parser === null ? 0 : this.parser.generation;
  }

  /** Where in the file the record is whose packet is being delivered. */
  get position(): number {
    return this.offset + (this.parser === null ? 0 : this.parser.record - this.start);
  }

  /** A parser for packets that follow without being described anew. */
  fork(): CaptureParser {
    if (this.parser === null) throw new Error('nothing was parsed yet');
    return this.parser.fork(this.delivery);
  }

  /**
   * @param hash false where the digest is not asked for.
   * @param foretold drops of this file that the facts know already.
   */
  open(path: string, hash = true, foretold = 0): FileFacts {
    const file = this.delivery.openFile(path, foretold);
    this.begin(file, hash);
    return file;
  }

  /** Before anything was taken: somebody else computes this file's digest. */
  leaveDigest(): void {
    this.hash = null;
  }

  /** @param file what the delivery has opened. */
  begin(file: FileFacts, hash = true): void {
    this.file = file;
    this.stored = null;
    this.hash = hash ? createHash('sha256') : null;
    this.parser = null;
    this.damaged = false;
    this.start = 0;
    this.end = 0;
    this.offset = 0;
  }

  /** Where the file's next bytes go: never empty. Valid until the next call of `took`. */
  room(): Buffer {
    // What is left over is less than one record, so each byte moves at most once for every time `parse` got on.
    if (this.start > 0) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    // Doubled instead of grown to the length the record claims: memory follows the bytes that really came.
    if (this.end === this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.buffer.length);
      this.buffer.copy(larger);
      this.buffer = larger;
    }
    return this.buffer.subarray(this.end);
  }

  /**
   * The file's next `length` bytes are in the room.
   * @param stored given where they were decompressed: the file's own size and digest are then known there.
   * @returns how many more bytes of the file as stored were read.
   * @throws UserError('file') when they show that the file is no capture.
   */
  took(length: number, stored: Stored | null = null): number {
    const file = opened(this.file);
    const before = file.bytes;
    this.stored = stored;
    if (stored === null) this.hash?.update(this.buffer.subarray(this.end, this.end + length));
    this.end += length;
    file.bytes = stored === null ? before + length : stored.bytes;
    if (!this.damaged) this.parse(file);
    if (this.damaged) this.start = this.end;
    this.delivery.settle();
    return file.bytes - before;
  }

  /**
   * As `took`, of bytes that are in `piece` from `HEADROOM` on. The piece becomes the intake's buffer.
   * @returns the buffer that it had until now, to be filled next.
   */
  exchange(piece: Buffer, length: number): Buffer {
    const left = this.end - this.start;
    if (left > HEADROOM) {
      this.pour(piece.subarray(HEADROOM, HEADROOM + length));
      return piece;
    }
    const before = this.buffer;
    before.copy(piece, HEADROOM - left, this.start, this.end);
    this.buffer = piece;
    this.start = HEADROOM - left;
    this.end = HEADROOM;
    this.took(length);
    return before;
  }

  /** Takes all of `bytes`, as much at a time as there is room for. */
  pour(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.room();
      const length = Math.min(room.length, bytes.length - at);
      room.set(bytes.subarray(at, at + length));
      this.took(length);
      at += length;
    }
  }

  /** @param whole false when the run was ended before the file was. */
  close(whole: boolean, stored: Stored | null = this.stored): void {
    const file = opened(this.file);
    if (stored !== null) file.bytes = stored.bytes;
    if (!whole) {
      this.delivery.warn('reading_stopped', `was read up to byte ${file.bytes} only: the run was ended`);
    } else {
      if (this.hash !== null) file.sha256 = stored === null ? this.hash.digest('hex') : stored.digest();
      if (stored?.damage != null) this.badlyCompressed(file, stored, stored.damage);
      else if (this.parser === null || this.end > this.start) this.cut(file);
    }
    this.delivery.closeFile();
    this.file = null;
  }

  private parse(file: FileFacts): void {
    if (this.parser === null) {
      file.format = formatOf(this.buffer, this.start, this.end);
      this.parser = openParser(file.path, this.buffer, this.start, this.end, this.delivery);
      if (this.parser === null) return;
      this.consume(this.parser.header);
    }
    if (this.end - this.start < this.parser.needed) return;
    if (this.times !== null && this.parser.skim !== undefined) {
      this.consume(this.parser.skim(this.buffer, this.start, this.end, this.offset, this.times) - this.start);
    }
    this.consume(this.parser.parse(this.buffer, this.start, this.end) - this.start);
    const damage = this.parser.damage;
    if (damage === null) return;
    this.damaged = true;
    file.truncated = true;
    if (damage.limit !== null) this.delivery.onLimit(damage.limit);
    this.delivery.warn(
      'file_damaged',
      `is damaged at byte ${this.offset}${this.inside}: ${damage.found}; ${before(file)} and reading stopped there`,
    );
  }

  private badlyCompressed(file: FileFacts, stored: Stored, damage: string): void {
    file.truncated = true;
    if (stored.limit !== null) this.delivery.onLimit(stored.limit);
    this.delivery.warn(
      damage === CUT ? 'file_truncated' : 'file_damaged',
      `cannot be decompressed to its end (${stored.compression}: ${damage}); ${before(file)}`,
    );
  }

  private cut(file: FileFacts): void {
    file.truncated = true;
    const end = this.offset + this.end - this.start;
    if (end === 0) {
      this.delivery.warn('file_empty', 'is empty: not even a file header is there');
    } else if (this.parser === null) {
      this.delivery.warn(
        'file_truncated',
        `ends at byte ${end}${this.inside}, inside its file header: no packet can be read`,
      );
    } else {
      this.delivery.warn(
        'file_truncated',
        `ends at byte ${end}${this.inside}, inside a record that starts at byte ${this.offset} (cut, or still being written); ${before(file)}`,
      );
    }
  }

  /** Says what the offsets in messages count. */
  private get inside(): string {
    return this.stored === null ? '' : ' of the decompressed data';
  }

  private consume(length: number): void {
    this.start += length;
    this.offset += length;
  }
}

function before(file: FileFacts): string {
  if (file.packets === 0) return 'no packet comes before it';
  return `the ${count(file.packets, 'whole packet')} before it ${file.packets === 1 ? 'was' : 'were'} read`;
}

function opened(file: FileFacts | null): FileFacts {
  if (file === null) throw new Error('no file is open');
  return file;
}
