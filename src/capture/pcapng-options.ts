/**
 * Options of a pcapng block (draft-ietf-opsawg-pcapng §3.5): code, length, value padded to four bytes, ended by
 * code 0 or by the block. Nothing outside of the block is ever read.
 */
import { u16, u16le, u32, u32le } from '../bytes.ts';

const END_OF_OPTIONS = 0;
const OPTION_HEADER = 4;

/** Where an option's value is in the block's buffer, refilled by each `find`. */
export class Options {
  /** False once an option claimed to be longer than what is left of its block. */
  sound: boolean;
  valueStart: number;
  valueEnd: number;
  private bytes: Buffer;
  private start: number;
  private end: number;
  private littleEndian: boolean;

  constructor() {
    this.sound = true;
    this.valueStart = 0;
    this.valueEnd = 0;
    this.bytes = Buffer.alloc(0);
    this.start = 0;
    this.end = 0;
    this.littleEndian = false;
  }

  /** The options are `bytes[start, end)`. */
  of(bytes: Buffer, start: number, end: number, littleEndian: boolean): this {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.littleEndian = littleEndian;
    this.sound = true;
    return this;
  }

  /** Goes to the first option with this code. @returns false when there is none. */
  find(code: number): boolean {
    const read16 = this.littleEndian ? u16le : u16;
    let at = this.start;
    while (this.end - at >= OPTION_HEADER) {
      const found = read16(this.bytes, at);
      if (found === END_OF_OPTIONS) return false;
      const length = read16(this.bytes, at + 2);
      at += OPTION_HEADER;
      if (length > this.end - at) {
        this.sound = false;
        return false;
      }
      if (found === code) {
        this.valueStart = at;
        this.valueEnd = at + length;
        return true;
      }
      at += length + (-length & 3);
    }
    return false;
  }

  /** First byte of an option's value, or `absent`. */
  byte(code: number, absent: number): number {
    return this.find(code) && this.valueEnd > this.valueStart ? this.bytes[this.valueStart]! : absent;
  }

  /** Unsigned 64 bits, or `absent` (also for a value of another size). Counts above 2^53 lose their last digits. */
  count(code: number, absent: number): number {
    if (!this.find(code) || this.valueEnd - this.valueStart !== 8) return absent;
    const first = this.word(this.valueStart);
    const second = this.word(this.valueStart + 4);
    return this.littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second;
  }

  /** Signed 64 bits, or `absent`. */
  signed64(code: number, absent: bigint): bigint {
    if (!this.find(code) || this.valueEnd - this.valueStart !== 8) return absent;
    return this.littleEndian
      ? this.bytes.readBigInt64LE(this.valueStart)
      : this.bytes.readBigInt64BE(this.valueStart);
  }

  /** UTF-8 up to the first NUL and up to `limit` bytes, or null. */
  text(code: number, limit: number): string | null {
    if (!this.find(code)) return null;
    const value = this.bytes.subarray(this.valueStart, Math.min(this.valueEnd, this.valueStart + limit));
    const nul = value.indexOf(0);
    return value.toString('utf8', 0, nul < 0 ? value.length : nul);
  }

  private word(at: number): number {
    return this.littleEndian ? u32le(this.bytes, at) : u32(this.bytes, at);
  }
}
