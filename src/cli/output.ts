/**
 * Where results go: standard output or a file, written in batches and in order. Writing is synchronous, so that
 * a slow reader slows the analysis down instead of filling memory, and nothing is lost when the process exits.
 * A reader that has left (EPIPE) ends the run quietly; any other failure is told when the output is closed.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import type { Output } from '../report/reporter.ts';

/** Bytes gathered before a write. */
const BATCH = 64 * 1024;
/** Milliseconds between attempts on a descriptor that others made non-blocking and that is full. */
const PAUSE = 5;

export interface ClosableOutput extends Output {
  /** The reader has left (EPIPE): nobody is interested any more. */
  readonly abandoned: boolean;
  /** Writes what is left. @throws UserError when anything could not be written, but for a reader that left. */
  close(): void;
  /** Instead of `close`, when the run has failed: what was to appear as a whole does not appear. */
  discard(): void;
}

/** @param onStop called once when nothing more can be written: the run may as well end. */
export function openStdout(fd: number, onStop: () => void): ClosableOutput {
  return new BatchedOutput('standard output', { open: () => fd, close() {}, discard() {} }, onStop);
}

/**
 * A path that cannot be written fails at once, before a long analysis, but nothing is changed there before the first
 * write, so that a run that fails on its input leaves a file as it was.
 * @param inputs paths that are read: a capture must not be overwritten by its own analysis.
 * @param grows a file is written in place, to be followed while it grows; else it appears when it is complete.
 * @throws UserError
 */
export function openFile(
  path: string,
  inputs: readonly string[],
  grows: boolean,
  onStop: () => void,
): ClosableOutput {
  const name = escapeText(path);
  const existing = openExisting(path, name);
  if (existing === null) return new BatchedOutput(name, grows ? newFile(path) : aside(path, null), onStop);
  const target = fstatSync(existing);
  if (target.isDirectory()) throw new UserError('output', `cannot write ${name}: it is a directory`);
  if (!target.isFile()) return new BatchedOutput(name, inPlace(existing), onStop);
  if (inputs.some((input) => isSame(input, target))) {
    throw new UserError('flag', `-o ${name} is a capture that is to be read: name another file`);
  }
  const real = realpathSync(path);
  if (grows || !isWritable(dirname(real))) return new BatchedOutput(name, inPlace(existing), onStop);
  closeSync(existing);
  return new BatchedOutput(name, aside(real, target.mode), onStop);
}

/** How a place to write to is opened, by the first write, and left. */
interface Place {
  open(): number;
  close(fd: number): void;
  discard(fd: number): void;
}

function newFile(path: string): Place {
  return { open: () => openSync(path, 'wx', 0o666), close: closeSync, discard: closeSync };
}

/** @param fd of a file, which is emptied, or of a device or a pipe, which cannot be. */
function inPlace(fd: number): Place {
  const open = () => {
    if (fstatSync(fd).isFile()) ftruncateSync(fd);
    return fd;
  };
  return { open, close: closeSync, discard: closeSync };
}

/**
 * Under another name beside it until it is complete: nobody reads half a report, and a failure leaves the old one.
 * @param mode of the file that is replaced.
 */
function aside(path: string, mode: number | null): Place {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  return {
    open() {
      const fd = openSync(temporary, 'wx', 0o666);
      if (mode !== null) fchmodSync(fd, mode & 0o777);
      return fd;
    },
    close(fd) {
      closeSync(fd);
      renameSync(temporary, path);
    },
    discard(fd) {
      closeSync(fd);
      rmSync(temporary, { force: true });
    },
  };
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

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
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
  readonly #place: Place;
  readonly #onStop: () => void;
  #fd: number | null;
  /** What waits to be written are its first `#length` bytes. */
  #waiting: Buffer | null;
  #length: number;
  /** The first half of a surrogate pair whose second half may come with the next text. */
  #half: string;
  #scheduled: boolean;
  #failure: unknown;
  #stopped: boolean;

  constructor(name: string, place: Place, onStop: () => void) {
    this.#name = name;
    this.#place = place;
    this.#onStop = onStop;
    this.#fd = null;
    this.#waiting = null;
    this.#length = 0;
    this.#half = '';
    this.#scheduled = false;
    this.#failure = undefined;
    this.#stopped = false;
  }

  get abandoned(): boolean {
    return codeOf(this.#failure) === 'EPIPE';
  }

  write(data: string | Uint8Array): void {
    if (this.#stopped) return;
    if (typeof data === 'string') this.#addText(data);
    else {
      this.#endText();
      this.#addBytes(data);
    }
    if (this.#length > 0 && !this.#scheduled) {
      // A record is on its way as soon as the analysis waits for more packets.
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
  }

  #addText(data: string): void {
    let text = this.#half + data;
    const last = text.charCodeAt(text.length - 1);
    this.#half = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : '';
    if (this.#half !== '') text = text.slice(0, -1);
    const length = Buffer.byteLength(text);
    if (length > BATCH) this.#addBytes(Buffer.from(text));
    else {
      const buffer = this.#roomFor(length);
      // ASCII is copied: gathering strings, joining and encoding them took 1.3 µs more a record.
      if (length === text.length) buffer.write(text, this.#length, 'latin1');
      else buffer.write(text, this.#length);
      this.#length += length;
    }
  }

  #endText(): void {
    if (this.#half !== '') this.#addBytes(Buffer.from(this.#half));
    this.#half = '';
  }

  /** Bytes are lent. */
  #addBytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length <= BATCH) {
      this.#roomFor(bytes.length).set(bytes, this.#length);
      this.#length += bytes.length;
      return;
    }
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BATCH);
      this.#roomFor(part.length).set(part, this.#length);
      this.#length += part.length;
      from += part.length;
    }
  }

  /** @param length at most BATCH. */
  #roomFor(length: number): Buffer {
    if (this.#length + length > BATCH) this.#flush();
    this.#waiting ??= Buffer.allocUnsafe(BATCH);
    return this.#waiting;
  }

  close(): void {
    this.#endText();
    this.#flush();
    if (this.#failure !== undefined) {
      this.discard();
      if (this.abandoned) return;
      throw unwritable(this.#name, this.#failure);
    }
    this.#stopped = true;
    const fd = this.#fd;
    this.#fd = null;
    try {
      if (fd !== null) this.#place.close(fd);
    } catch (error) {
      throw unwritable(this.#name, error);
    }
  }

  discard(): void {
    this.#stopped = true;
    if (this.#fd !== null) this.#place.discard(this.#fd);
    this.#fd = null;
  }

  #flush(): void {
    const bytes = this.#waiting?.subarray(0, this.#length);
    this.#length = 0;
    if (this.#stopped || bytes === undefined || bytes.length === 0) return;
    try {
      this.#fd ??= this.#place.open();
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
