/**
 * Where results go: standard output or a file, written in batches and in order. Writing is synchronous, so that
 * a slow reader slows the analysis down instead of filling memory, and nothing is lost when the process exits.
 * A reader that has left (EPIPE) ends the run quietly; any other failure is told when the output is closed.
 */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import type { Output } from '../report/reporter.ts';

/** UTF-16 code units gathered before a write. */
const BATCH = 64 * 1024;
/** Milliseconds between attempts on a descriptor that others made non-blocking and that is full. */
const PAUSE = 5;

export interface ClosableOutput extends Output {
  /** The reader has left (EPIPE): nobody is interested any more. */
  readonly abandoned: boolean;
  /** Writes what is left. @throws UserError when anything could not be written, but for a reader that left. */
  close(): void;
}

/** @param onStop called once when nothing more can be written: the run may as well end. */
export function openStdout(fd: number, onStop: () => void): ClosableOutput {
  return new BatchedOutput('standard output', () => fd, onStop);
}

/**
 * A file is opened at once, so that a path that cannot be written fails before a long analysis, but emptied or
 * created only by the first write, so that a run that fails on its input leaves it as it was.
 * @param inputs paths that are read: a capture must not be overwritten by its own analysis.
 * @throws UserError
 */
export function openFile(path: string, inputs: readonly string[], onStop: () => void): ClosableOutput {
  const name = escapeText(path);
  const existing = openExisting(path, name);
  if (existing !== null) {
    const target = fstatSync(existing);
    if (target.isDirectory()) throw new UserError('output', `cannot write ${name}: it is a directory`);
    if (target.isFile() && inputs.some((input) => isSame(input, target))) {
      throw new UserError('flag', `-o ${name} is a capture that is to be read: name another file`);
    }
  }
  const open = () => {
    const fd = existing ?? openSync(path, 'wx', 0o666);
    if (existing !== null && fstatSync(existing).isFile()) ftruncateSync(existing);
    return fd;
  };
  return new BatchedOutput(name, open, onStop, closeSync);
}

/** Null where the file has yet to be made. */
function openExisting(path: string, name: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unwritable(name, error);
  }
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw unwritable(name, error);
  }
  return null;
}

function isSame(input: string, target: { dev: number; ino: number }): boolean {
  try {
    const { dev, ino } = input === '-' ? fstatSync(0) : statSync(input);
    return dev === target.dev && ino === target.ino;
  } catch {
    // Opening it will tell what is wrong with it.
    return false;
  }
}

class BatchedOutput implements ClosableOutput {
  readonly #name: string;
  readonly #open: () => number;
  readonly #onStop: () => void;
  readonly #release: (fd: number) => void;
  #fd: number | null;
  #waiting: string[];
  #length: number;
  #scheduled: boolean;
  #failure: unknown;
  #stopped: boolean;

  constructor(
    name: string,
    open: () => number,
    onStop: () => void,
    release: (fd: number) => void = () => {},
  ) {
    this.#name = name;
    this.#open = open;
    this.#onStop = onStop;
    this.#release = release;
    this.#fd = null;
    this.#waiting = [];
    this.#length = 0;
    this.#scheduled = false;
    this.#failure = undefined;
    this.#stopped = false;
  }

  get abandoned(): boolean {
    return codeOf(this.#failure) === 'EPIPE';
  }

  write(text: string): void {
    if (this.#stopped) return;
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length >= BATCH) this.#flush();
    else if (!this.#scheduled) {
      // A record is on its way as soon as the analysis waits for more packets.
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
  }

  close(): void {
    this.#flush();
    this.#stopped = true;
    if (this.#fd !== null) this.#release(this.#fd);
    this.#fd = null;
    if (this.#failure !== undefined && !this.abandoned) {
      throw unwritable(this.#name, this.#failure);
    }
  }

  #flush(): void {
    if (this.#stopped || this.#length === 0) return;
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#length = 0;
    try {
      this.#fd ??= this.#open();
      writeAll(this.#fd, bytes);
    } catch (error) {
      this.#failure = error;
      this.#stopped = true;
      this.#onStop();
    }
  }
}

/** Writes all of it, waiting where the descriptor is full. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}

function unwritable(name: string, error: unknown): UserError {
  return new UserError('output', `cannot write ${name}: ${reasonOf(error)}`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOENT: 'its directory does not exist',
    ENOTDIR: 'its directory does not exist',
    EISDIR: 'it is a directory',
    ENOSPC: 'no space left',
    EDQUOT: 'the disk quota is used up',
    EROFS: 'the file system is read-only',
  };
  const code = codeOf(error);
  return (code !== undefined && known[code]) || (error instanceof Error ? error.message : String(error));
}
