/**
 * A nameless file for what is too much for memory: bytes are put at its end and read from any place. Nobody else may read
 * it, and no crash leaves it behind, because it holds what was on the wire.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../error.ts';

export class TemporaryFile {
  #fd: number | null = null;
  #directory: string | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @throws UserError when it cannot be written. */
  append(bytes: Uint8Array): void {
    try {
      this.#fd ??= this.#open();
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw new UserError('output', `cannot write a temporary file in ${tmpdir()}: ${String(error)}`, {
        cause: error,
      });
    }
    this.#length += bytes.length;
  }

  /** Fills `into` from `position` on. @returns how many bytes there were. */
  read(position: number, into: Uint8Array): number {
    if (this.#fd === null) return 0;
    let at = 0;
    while (at < into.length) {
      const read = readSync(this.#fd, into, at, into.length - at, position + at);
      if (read === 0) break;
      at += read;
    }
    return at;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
    this.#fd = null;
    this.#directory = null;
    this.#length = 0;
  }

  #open(): number {
    const directory = mkdtempSync(join(tmpdir(), 'wirewitness-'));
    const fd = openSync(join(directory, 'spool'), 'wx+', 0o600);
    try {
      rmSync(directory, { recursive: true });
    } catch {
      // An open file cannot be removed on every system; then it goes when it is closed.
      this.#directory = directory;
    }
    return fd;
  }
}
