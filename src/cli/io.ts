/**
 * The process as the commands see it, so that tests can give another one. Whether a stream is a terminal is asked
 * of the descriptor: touching `process.stdout` would make a pipe non-blocking for all who share it.
 */
import { isatty } from 'node:tty';

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: { readonly terminal: boolean };
  readonly stdout: Stream;
  readonly stderr: Stream;
}

export interface Stream {
  readonly fd: number;
  readonly terminal: boolean;
  /** Columns of the terminal now; null when it is none or does not say. */
  columns(): number | null;
}

export function processIo(): Io {
  return {
    env: process.env,
    stdin: { terminal: isatty(0) },
    stdout: stream(1, () => process.stdout.columns),
    stderr: stream(2, () => process.stderr.columns),
  };
}

function stream(fd: number, columns: () => number | undefined): Stream {
  const terminal = isatty(fd);
  // Some terminals say 0 when they do not know.
  return { fd, terminal, columns: () => (terminal && columns()) || null };
}

/** NO_COLOR (https://no-color.org) wins over everything but a flag; a dumb terminal knows no colours. */
export function wantsColour(io: Io, stream: Stream, forbidden: boolean): boolean {
  const { NO_COLOR, TERM } = io.env;
  return stream.terminal && !forbidden && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}
