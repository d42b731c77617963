/**
 * Compressed files, told by their first bytes and never by their names: bytes of the file come in, those of the
 * capture go out, a piece at a time, so that memory does not follow what a small file expands to.
 * Source: RFC 1952 §2.3.1 (gzip magic), RFC 8878 §3.1.1 and §3.1.2 (zstd frames, skippable frames).
 */
import { createHash, type Hash } from 'node:crypto';
import { GzipDecoder } from './gzip.ts';
import { type Input, readSome, type Stored } from './input.ts';
import { ZstdDecoder } from './zstd.ts';

export interface Decoder {
  /** The file's next bytes, which now belong to the decoder; none while it is not hungry. @returns what they decompress to. */
  push(piece: Buffer): Promise<readonly Uint8Array[]>;
  /** False while more comes out of what it was given. */
  readonly hungry: boolean;
  /** There are no more bytes. */
  end(): Promise<void>;
  /** Once set, as the middle of a sentence, nothing more is decompressed. */
  readonly damage: string | null;
  /** The bound that was exceeded, where it was one of ours. */
  readonly limit: 'zstdWindowBytes' | null;
}

const LONGEST_MAGIC = 4;

/** Bytes decompressed at a time: deflate expands them to 16 MiB at the most. */
const PIECE = 16 * 1024;

/** As `input`, but what is compressed is read decompressed. The first read tells. */
export function decompressing(input: Input): Input {
  let compressed: Compressed | null = null;
  let begun = false;
  return {
    path: input.path,
    size: input.size,
    get readAt() {
      return compressed === null ? input.readAt : null;
    },
    get stored() {
      return compressed;
    },
    digest: () => (compressed === null ? (input.digest?.() ?? null) : null),
    async read(into, signal) {
      if (compressed !== null) return compressed.read(into, signal);
      let length = await input.read(into, signal);
      if (begun) return length;
      while (length > 0 && length < LONGEST_MAGIC && mayBeMagic(into, length)) {
        const more = await input.read(into.subarray(length), signal);
        if (more === 0) break;
        length += more;
      }
      begun = true;
      const compression = compressionOf(into, length);
      if (compression === null) return length;
      compressed = new Compressed(input, compression, Buffer.from(into.subarray(0, length)));
      return compressed.read(into, signal);
    },
    remember: () => input.remember(),
    async rewind() {
      compressed = null;
      begun = false;
      await input.rewind();
    },
    close: () => input.close(),
  };
}

const NOTHING = Buffer.alloc(0);

class Compressed implements Stored {
  readonly compression: 'gzip' | 'zstd';
  bytes: number;
  private readonly input: Input;
  private readonly hash: Hash;
  private readonly decoder: Decoder;
  /** Read from the file and not decompressed yet: its first bytes. */
  private head: Buffer | null;
  private ready: Uint8Array[];
  private ended: boolean;

  constructor(input: Input, compression: 'gzip' | 'zstd', head: Buffer) {
    this.compression = compression;
    this.bytes = 0;
    this.input = input;
    this.hash = createHash('sha256');
    this.decoder = compression === 'gzip' ? new GzipDecoder() : new ZstdDecoder();
    this.head = head;
    this.ready = [];
    this.ended = false;
  }

  get damage(): string | null {
    return this.decoder.damage;
  }

  get limit(): 'zstdWindowBytes' | null {
    return this.decoder.limit;
  }

  digest(): string {
    return this.hash.digest('hex');
  }

  async read(into: Buffer, signal: AbortSignal | undefined): Promise<number> {
    while (this.ready.length === 0 && !this.ended) {
      // A bomb can keep this loop going without a byte of output.
      if (signal?.aborted) return 0;
      await this.more(signal);
    }
    const first = this.ready[0];
    if (first === undefined) return 0;
    const length = Math.min(first.length, into.length);
    into.set(length === first.length ? first : first.subarray(0, length));
    if (length < first.length) this.ready[0] = first.subarray(length);
    else this.ready.shift();
    return length;
  }

  private async more(signal: AbortSignal | undefined): Promise<void> {
    const piece = this.decoder.hungry ? await this.nextPiece(signal) : NOTHING;
    if (piece === NOTHING) {
      this.ready.push(...(await this.decoder.push(NOTHING)));
      return;
    }
    if (piece.length === 0) {
      this.ended = true;
      if (this.damage === null) await this.decoder.end();
      return;
    }
    this.hash.update(piece);
    this.bytes += piece.length;
    // After damage the rest is only hashed.
    if (this.damage !== null) return;
    for (const part of await this.decoder.push(piece)) if (part.length > 0) this.ready.push(part);
  }

  private async nextPiece(signal: AbortSignal | undefined): Promise<Buffer> {
    if (this.head !== null) {
      const piece = this.head.subarray(0, PIECE);
      this.head = this.head.length > PIECE ? this.head.subarray(PIECE) : null;
      return piece;
    }
    const piece = Buffer.allocUnsafeSlow(PIECE);
    return piece.subarray(0, Math.max(0, await readSome(this.input, piece, signal)));
  }
}

function mayBeMagic(bytes: Buffer, length: number): boolean {
  const first = bytes[0];
  return (first === 0x1f && length < 2) || first === 0x28 || (first !== undefined && (first & 0xf0) === 0x50);
}

function compressionOf(bytes: Buffer, length: number): 'gzip' | 'zstd' | null {
  if (length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  if (length < LONGEST_MAGIC) return null;
  const magic = bytes.readUInt32LE(0);
  // pzstd and seekable files begin with a skippable frame.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : null;
}
