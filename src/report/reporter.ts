/**
 * The border between records and bytes: a reporter is given every record in order and writes to an output.
 */
import type { RecordSink } from '../verdict/verdict.ts';

/** Where a reporter's text goes: a file, standard output, or a string in tests. */
export interface Output {
  write(text: string): void;
}

/** A record sink that prints. Made by a format's factory, which gets an Output and what it needs to know. */
export type Reporter = RecordSink;
