/**
 * The border inside this folder between bytes and packets: what every format's parser looks like to the one
 * who refills its buffer. Parsers do no I/O and throw nothing: damage is data.
 */
import type { Delivery } from './delivery.ts';
import type { Time } from './packet.ts';

/** What stopped a parser for good. The bytes after it are not read as packets: there is no way to tell where one starts. */
export interface Damage {
  /** What was found, as the middle of a sentence: "a captured length of 4325376 bytes". */
  readonly found: string;
  /** The bound that was exceeded, where it was one of ours. */
  readonly limit: 'packetBytes' | 'blockBytes' | null;
}

/** Wants to know of each packet when it was, and where in the file its record begins. */
export interface Times {
  note(time: Time, position: number): void;
}

export interface CaptureParser {
  /** Bytes of the file's header: `parse` wants those after it. */
  readonly header: number;
  /**
   * Delivers every whole packet of `bytes[start, end)`.
   * @returns the offset of the first byte that was not consumed: the start of an incomplete or damaged record.
   */
  parse(bytes: Buffer, start: number, end: number): number;
  /**
   * Tells when its whole packets were instead of delivering them, as far as that takes no closer look: the rest is left
   * to `parse`. Absent: this format has no shorter way.
   * @param position of `bytes[start]` in the file.
   * @returns like `parse`.
   */
  skim?(bytes: Buffer, start: number, end: number, position: number, times: Times): number;
  /** Bytes from the first unconsumed one that `parse` needs to get further: at most the largest block allowed. */
  needed: number;
  /** Once set, `parse` must not be called again. */
  damage: Damage | null;
  /** While a packet is delivered: offset of its record or block in the buffer. */
  record: number;
  /** Changes whenever what was read describes the packets that follow anew: a section, an interface. */
  readonly generation: number;
  /** A parser for packets of this generation that follow anywhere in the same file; describes nothing anew. */
  fork(delivery: Delivery): CaptureParser;
}
