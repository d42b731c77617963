/**
 * Keeps text until it can be written, in order, without holding it all in memory: what goes beyond a bound
 * waits in a nameless temporary file. A report whose first part is known last needs it.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import type { Output } from './reporter.ts';

const CHUNK = 1024 * 1024;

export class Spool {
  readonly #most: number;
  #texts: string[];
  /** In bytes, of all that was pushed. */
  #lengths: number[];
  #length: number;
  #fd: number | null;
  #directory: string | null;

  /** @param most UTF-16 code units held in memory. */
  constructor(most: number = LIMITS.spoolLength) {
    this.#most = most;
    this.#texts = [];
    this.#lengths = [];
    this.#length = 0;
    this.#fd = null;
    this.#directory = null;
  }

  /** @throws UserError when the temporary file cannot be written. */
  push(text: string): void {
    this.#texts.push(text);
    this.#lengths.push(Buffer.byteLength(text));
    this.#length += text.length;
    if (this.#length > this.#most) this.#spill();
  }

  /**
   * Gives each text that was pushed, in the order of these indices, and forgets them.
   * @param order indices of pushes, from 0.
   */
  drainSorted(order: readonly number[], take: (text: string) => void): void {
    const starts = [0];
    for (const length of this.#lengths) starts.push(starts[starts.length - 1]! + length);
    const spilled = this.#lengths.length - this.#texts.length;
    for (const index of order) {
      const kept = this.#texts[index - spilled];
      take(kept ?? this.#read(starts[index]!, this.#lengths[index]!));
    }
    this.close();
  }

  #read(position: number, length: number): string {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const read = readSync(this.#fd!, bytes, at, length - at, position + at);
      if (read === 0) break;
      at += read;
    }
    return bytes.toString();
  }

  /** Writes all that was pushed, in order, and forgets it. */
  drain(output: Output): void {
    if (this.#fd !== null) copy(this.#fd, output);
    for (const text of this.#texts) output.write(text);
    this.close();
  }

  close(): void {
    this.#texts = [];
    this.#lengths = [];
    this.#length = 0;
    if (this.#fd !== null) closeSync(this.#fd);
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
    this.#fd = null;
    this.#directory = null;
  }

  #spill(): void {
    try {
      this.#fd ??= this.#open();
      const bytes = Buffer.from(this.#texts.join(''));
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw new UserError('output', `cannot write a temporary file in ${tmpdir()}: ${String(error)}`, {
        cause: error,
      });
    }
    this.#texts = [];
    this.#length = 0;
  }

  #open(): number {
    const directory = mkdtempSync(join(tmpdir(), 'wirewitness-'));
    // Records hold what was on the wire: nobody else may read them, and no crash may leave them behind.
    const fd = openSync(join(directory, 'spool'), 'wx+', 0o600);
    try {
      rmSync(directory, { recursive: true });
    } catch {
      // An open file cannot be removed on every system; then it goes when the spool is closed.
      this.#directory = directory;
    }
    return fd;
  }
}

function copy(fd: number, output: Output): void {
  const buffer = Buffer.allocUnsafe(CHUNK);
  // A character may lie across two reads.
  const decoder = new StringDecoder('utf8');
  for (let position = 0; ; ) {
    const read = readSync(fd, buffer, 0, CHUNK, position);
    if (read === 0) return;
    output.write(decoder.write(buffer.subarray(0, read)));
    position += read;
  }
}
