/**
 * The border inside this folder between who reads (file.ts knows files, pipes and the system) and what is read:
 * a source of bytes that can be looked at before its turn.
 */
import type { Digest } from './digest.ts';

export interface Input {
  readonly path: string;
  /** In bytes; null when only reading tells. */
  readonly size: number | null;
  /**
   * @returns bytes read, 0 at the end. Rejects when `signal` ends a wait.
   * @throws UserError('file' | 'permission') when the system refuses.
   */
  read(into: Buffer, signal: AbortSignal | undefined): Promise<number>;
  /**
   * Reads at a position of its own, for what can be read in any order; null for pipes and for what is decompressed.
   * @returns bytes read, 0 at the end.
   */
  readonly readAt: ((into: Buffer, position: number) => Promise<number>) | null;
  /**
   * Begins to compute the file's digest beside what is read; null where that does not pay, or cannot be. To be asked once
   * something was read, and either answered or stopped before `close`.
   */
  digest?(): Digest | null;
  /** Where the bytes read are not those of the file, the account of the latter. */
  readonly stored: Stored | null;
  /** From here on what is read can be read again after `rewind`. */
  remember(): void;
  /** The next read starts where `remember` was called. Lets go of what can be opened again. */
  rewind(): Promise<void>;
  close(): Promise<void>;
}

/** The damage of compressed data that merely stop: cut, or still being written. */
export const CUT = 'the compressed data stop before their end';

/** A file that is decompressed while it is read. */
export interface Stored {
  readonly compression: 'gzip' | 'zstd';
  /** Bytes of the file that were read so far. */
  readonly bytes: number;
  /** What is wrong with the compressed data, as the middle of a sentence. Nothing after it is decompressed. */
  readonly damage: string | null;
  /** The bound that was exceeded, where it was one of ours. */
  readonly limit: 'zstdWindowBytes' | null;
  /** SHA-256 of those bytes in hexadecimal. To be called once. */
  digest(): string;
}

/** Bytes read, 0 at the end, -1 when the signal ended a read that was waiting. */
export async function readSome(input: Input, into: Buffer, signal: AbortSignal | undefined): Promise<number> {
  try {
    return await input.read(into, signal);
  } catch (error) {
    if (signal?.aborted) return -1;
    throw error;
  }
}
