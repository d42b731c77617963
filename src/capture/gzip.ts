/**
 * gzip, also several members one after the other: pieces of a file come in, what they decompress to goes out.
 * Node's zlib does the work. Source: RFC 1952 §2.2 (members), RFC 1951.
 */
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Decoder } from './decompress.ts';
import { CUT } from './input.ts';

/** Bytes of a file that are kept in case they have to be decompressed again. */
const REPLAYED = 1024 * 1024;

/** Bytes of the parts in which damage is looked for first. */
const PART = 256;

export class GzipDecoder implements Decoder {
  damage: string | null;
  readonly limit = null;
  readonly hungry = true;
  private stream: Unzipping;
  private produced: number;
  /** All pieces so far, or null once they are too many. */
  private pieces: Buffer[] | null;
  private kept: number;

  constructor() {
    this.damage = null;
    this.stream = new Unzipping();
    this.produced = 0;
    this.pieces = [];
    this.kept = 0;
  }

  async push(piece: Buffer): Promise<readonly Uint8Array[]> {
    const out = await this.stream.write(piece);
    if (this.stream.error !== null) {
      this.damage = this.stream.error;
      return this.pieces === null ? out : this.again([...this.pieces], piece);
    }
    for (const { length } of out) this.produced += length;
    this.kept += piece.length;
    if (this.kept > REPLAYED) this.pieces = null;
    this.pieces?.push(piece);
    return out;
  }

  async end(): Promise<void> {
    await this.stream.end();
    if (this.stream.error !== null) this.damage = CUT;
  }

  /**
   * zlib keeps what it had decompressed when it met damage to itself. In a small file that may be every packet,
   * so the damaged piece is given to it again in ever smaller parts, at last byte by byte.
   */
  private async again(before: readonly Buffer[], damaged: Buffer): Promise<readonly Uint8Array[]> {
    const good = [...before];
    let piece = damaged;
    for (const size of [PART, 1]) {
      const stream = new Unzipping();
      for (const part of good) await stream.write(part);
      while (stream.error === null && piece.length > 0) {
        const part = piece.subarray(0, size);
        await stream.write(part);
        if (stream.error === null) {
          good.push(part);
          piece = piece.subarray(size);
        }
      }
    }
    const stream = new Unzipping();
    const out: Uint8Array[] = [];
    let skip = this.produced;
    for (const part of good) {
      for (const data of await stream.write(part)) {
        const rest = data.subarray(Math.min(skip, data.length));
        skip -= data.length - rest.length;
        out.push(rest);
      }
    }
    return out;
  }
}

/** A Gunzip whose every step can be waited for. */
class Unzipping {
  error: string | null;
  private readonly gunzip: Gunzip;
  private out: Buffer[];
  private done: boolean;
  private wake: () => void;

  constructor() {
    this.error = null;
    this.out = [];
    this.done = false;
    this.wake = () => {};
    this.gunzip = createGunzip({ chunkSize: 64 * 1024 });
    this.gunzip.on('data', (data: Buffer) => this.out.push(data));
    this.gunzip.on('error', (error) => {
      this.error = error.message;
      this.done = true;
      this.wake();
    });
    // Comes early where something that is not gzip follows; the callback of that write never comes.
    this.gunzip.on('end', () => {
      this.done = true;
      this.wake();
    });
  }

  async write(piece: Buffer): Promise<readonly Buffer[]> {
    if (!this.done) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.gunzip.write(piece, () => resolve());
      });
    }
    const out = this.out;
    this.out = [];
    return out;
  }

  async end(): Promise<void> {
    if (this.done) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.gunzip.end();
    });
  }
}
