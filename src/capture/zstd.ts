/**
 * Zstandard: pieces of a file come in, what they decompress to goes out. The frames are followed here, so that
 * the decompressor (fzstd) sees whole blocks of one frame whose window is known to be bearable.
 * Source: RFC 8878 §3.1.1 (frame, frame header, block header), §3.1.2 (skippable frames). Checksums (§3.1.1) are not
 * compared; dictionaries are not known.
 */
import { Decompress } from 'fzstd';
import { u32le } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import type { Decoder } from './decompress.ts';
import { CUT } from './input.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const SMALLEST_HEADER = 5;
const SKIPPABLE_HEADER = 8;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
const RLE = 1;
const LONGEST_BLOCK = 128 * 1024;

/** Bytes that are decompressed at a time: three bytes of a file can stand for 128 KiB. */
const OUTPUT = 1024 * 1024;

/**
 * fzstd moves its whole window for every block. Honest encoders fill a block before they begin another one, so
 * that this costs at most 1024 window bytes a byte; blocks of a few bytes with a huge window are a trap.
 */
const WORK_PER_BYTE = 4096;
const FREE_WORK = 4 * 1024 ** 3;

export class ZstdDecoder implements Decoder {
  damage: string | null;
  limit: 'zstdWindowBytes' | null;
  hungry: boolean;
  private held: Buffer;
  private skip: number;
  private frame: Frame | null;
  private out: Uint8Array[];
  private produced: number;
  private work: number;

  constructor() {
    this.damage = null;
    this.limit = null;
    this.hungry = true;
    this.held = Buffer.alloc(0);
    this.skip = 0;
    this.frame = null;
    this.out = [];
    this.produced = 0;
    this.work = 0;
  }

  async push(piece: Buffer): Promise<readonly Uint8Array[]> {
    this.held = this.held.length === 0 ? piece : Buffer.concat([this.held, piece]);
    this.out = [];
    try {
      const enough = this.produced + OUTPUT;
      this.hungry = false;
      while (this.produced < enough) {
        if (this.damage !== null || !this.step()) {
          this.hungry = true;
          break;
        }
      }
    } catch (error) {
      // Whatever else fzstd throws on wrong data (it reads past the ends of its tables) is damage too.
      this.hungry = true;
      this.damage = error instanceof Error ? error.message : 'the compressed data are wrong';
    }
    return this.out;
  }

  async end(): Promise<void> {
    if (this.held.length > 0 || this.skip > 0 || this.frame !== null) {
      this.damage = CUT;
    }
  }

  /** @returns false when more bytes are needed. */
  private step(): boolean {
    if (this.skip > 0) {
      const length = Math.min(this.skip, this.held.length);
      this.skip -= length;
      this.held = this.held.subarray(length);
      return this.held.length > 0;
    }
    return this.frame === null ? this.header() : this.block(this.frame);
  }

  private header(): boolean {
    const bytes = this.held;
    if (bytes.length < SMALLEST_HEADER) return false;
    const magic = u32le(bytes, 0);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      if (bytes.length < SKIPPABLE_HEADER) return false;
      this.skip = SKIPPABLE_HEADER + u32le(bytes, 4);
      return true;
    }
    if (magic !== MAGIC) return this.stop('what follows is no zstd frame');
    const descriptor = bytes[4]!;
    const single = (descriptor & 0x20) !== 0;
    const dictionary = [0, 1, 2, 4][descriptor & 3]!;
    const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const length = SMALLEST_HEADER + (single ? 0 : 1) + dictionary + content;
    if (bytes.length < length) return false;
    if (
      dictionary > 0 &&
      bytes.subarray(length - content - dictionary, length - content).some((x) => x !== 0)
    ) {
      return this.stop('a dictionary is needed');
    }
    const window = single ? contentSize(bytes, length - content, content) : windowSize(bytes[5]!);
    if (window > LIMITS.zstdWindowBytes) {
      this.limit = 'zstdWindowBytes';
      return this.stop(`a window of ${window} bytes, where ${LIMITS.zstdWindowBytes} are the most`);
    }
    const decompress = new Decompress((data) => {
      this.produced += data.length;
      if (data.length > 0) this.out.push(data);
    });
    const checksum = (descriptor & 4) !== 0 ? CHECKSUM : 0;
    this.frame = { decompress, window, checksum, before: bytes.subarray(0, length) };
    this.held = bytes.subarray(length);
    return true;
  }

  private block(frame: Frame): boolean {
    const bytes = this.held;
    if (bytes.length < BLOCK_HEADER) return false;
    const header = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16);
    const size = header >> 3;
    if (size > LONGEST_BLOCK) return this.stop(`a block of ${size} bytes`);
    const last = (header & 1) !== 0;
    const content = ((header >> 1) & 3) === RLE ? 1 : size;
    const length = BLOCK_HEADER + content + (last ? frame.checksum : 0);
    if (bytes.length < length) return false;
    this.work += frame.window;
    if (this.work > FREE_WORK + this.produced * WORK_PER_BYTE) {
      return this.stop('blocks much smaller than their window');
    }
    const block = bytes.subarray(0, length);
    frame.decompress.push(frame.before === null ? block : Buffer.concat([frame.before, block]), last);
    frame.before = null;
    this.held = bytes.subarray(length);
    if (last) this.frame = null;
    return true;
  }

  private stop(found: string): false {
    this.damage = found;
    return false;
  }
}

interface Frame {
  readonly decompress: Decompress;
  readonly window: number;
  readonly checksum: number;
  /** The frame header, until the first block goes with it. */
  before: Buffer | null;
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(bytes: Buffer, at: number, length: number): number {
  switch (length) {
    case 1:
      return bytes[at]!;
    case 2:
      return bytes.readUInt16LE(at) + 256;
    case 4:
      return u32le(bytes, at);
    default:
      return Number(bytes.readBigUInt64LE(at));
  }
}
