/**
 * The border between records and bytes: a reporter is given every record in order and writes to an output. One
 * interface for all formats; they are listed in `create.ts`.
 */
import type { RecordSink } from '../verdict/verdict.ts';

/** Where a reporter's output goes: a file, standard output, or memory in tests. */
export interface Output {
  /** Text is written as UTF-8. Bytes are lent. */
  write(data: string | Uint8Array): void;
}

/** A record sink that writes. Made by a format's factory, which gets an Output and what it needs to know. */
export interface Reporter extends RecordSink {
  /**
   * For a format that has more to read when the analysis is over. Called once, after `end`.
   * @throws UserError
   */
  finish?(): Promise<void>;
}
