/**
 * Keeps text until it can be written, in order, without holding it all in memory: what goes beyond a bound
 * waits in a nameless temporary file. A report whose first part is known last needs it.
 */
import { StringDecoder } from 'node:string_decoder';
import { LIMITS } from '../limits.ts';
import type { Output } from './reporter.ts';
import { TemporaryFile } from './temporary-file.ts';

const CHUNK = 1024 * 1024;

export class Spool {
  readonly #most: number;
  #texts: string[];
  /** In bytes, of all that was pushed. */
  #lengths: number[];
  #length: number;
  readonly #file: TemporaryFile;

  /** @param most UTF-16 code units held in memory. */
  constructor(most: number = LIMITS.spoolLength) {
    this.#most = most;
    this.#texts = [];
    this.#lengths = [];
    this.#length = 0;
    this.#file = new TemporaryFile();
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
    return bytes.toString('utf8', 0, this.#file.read(position, bytes));
  }

  /** Writes all that was pushed, in order, and forgets it. */
  drain(output: Output): void {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, this.#file.length));
    // A character may lie across two reads.
    const decoder = new StringDecoder('utf8');
    for (let position = 0; position < this.#file.length; position += buffer.length) {
      output.write(decoder.write(buffer.subarray(0, this.#file.read(position, buffer))));
    }
    for (const text of this.#texts) output.write(text);
    this.close();
  }

  close(): void {
    this.#texts = [];
    this.#lengths = [];
    this.#length = 0;
    this.#file.close();
  }

  #spill(): void {
    this.#file.append(Buffer.from(this.#texts.join('')));
    this.#texts = [];
    this.#length = 0;
  }
}
