/**
 * Captures on disk, in pipes and on standard input: paths come in, one stream of packets goes out. Opens, reads
 * and reports errors of the system; the order of files is for series.ts, what the bytes mean for intake.ts.
 * Pipes are read through the event loop, not through file reads in the thread pool: such a read cannot be
 * cancelled, and a process waits for it when it exits.
 */
import { fstatSync, open as openFd } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { UserError } from '../error.ts';
import type { OnLimit } from '../limits.ts';
import { count, Delivery, nameOf, newFacts } from './delivery.ts';
import { Intake } from './intake.ts';
import type { PacketSource } from './packet.ts';
import { type Input, inTimeOrder, readThrough } from './series.ts';

const STDIN = 0;

export interface CaptureOptions {
  /**
   * Called after each refill (at most 1 MiB) with the bytes read so far, of all files together, and their sum:
   * null when a pipe is among them. A file that grows meanwhile may be read beyond its part of the sum.
   */
  readonly onProgress?: (bytesRead: number, totalBytes: number | null) => void;
  readonly onLimit?: OnLimit;
}

/**
 * Several files are one capture: read one after the other, in the order of their first packets' times (files
 * without any come last, equal ones keep their order). A file that is cut or damaged gives its whole packets and
 * a warning in `facts`; one that is still being written is read to its last whole packet.
 * @param paths files, named pipes, or '-' for standard input. Nothing is opened before `run`.
 * @returns a source that runs once. `run` throws UserError('file' | 'permission') for a path that cannot be read
 *   or is no capture, before the first packet is delivered where the file's first bytes show it.
 */
export function openCapture(paths: readonly string[], options: CaptureOptions = {}): PacketSource {
  const facts = newFacts();
  let ran = false;
  return {
    facts,
    async run(onPacket, signal) {
      if (ran) throw new Error('a packet source runs once');
      ran = true;
      const onLimit = options.onLimit ?? (() => {});
      const intake = new Intake(new Delivery(facts, onPacket, onLimit));
      const inputs: Input[] = [];
      try {
        for (const path of paths) inputs.push(await inputOf(path, inputs));
        const total = totalSize(inputs);
        let read = 0;
        const onRead = (bytes: number): void => {
          read += bytes;
          options.onProgress?.(read, total);
        };
        const ordered = inputs.length > 1 ? await inTimeOrder(inputs, facts, onLimit, signal) : inputs;
        for (const input of ordered) {
          if (signal?.aborted) break;
          await readThrough(input, intake, onRead, signal);
        }
        const unread = inputs.length - facts.files.length;
        if (unread > 0) {
          const text = `${count(unread, 'more file')} not read: the run was ended`;
          facts.warnings.push({ code: 'reading_stopped', text });
        }
      } finally {
        for (const input of inputs) await input.close();
      }
      return facts;
    },
  };
}

async function inputOf(path: string, before: readonly Input[]): Promise<Input> {
  if (path === '-') {
    if (before.some((input) => input.path === '-')) {
      throw new UserError('flag', 'standard input is given twice');
    }
    return standardInput();
  }
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw isDirectory(path);
    return info.isFIFO() ? await pipeInput(path) : fileInput(path, info.isFile() ? info.size : null);
  } catch (error) {
    throw asUserError(path, error);
  }
}

function totalSize(inputs: readonly Input[]): number | null {
  let total = 0;
  for (const { size } of inputs) {
    if (size === null) return null;
    total += size;
  }
  return total;
}

/** @param size null for a device. */
function fileInput(path: string, size: number | null): Input {
  let handle: FileHandle | null = null;
  const close = async (): Promise<void> => {
    const closing = handle;
    handle = null;
    await closing?.close();
  };
  return {
    path,
    size,
    async read(into) {
      try {
        handle ??= await open(path, 'r');
        return (await handle.read(into, 0, into.length, null)).bytesRead;
      } catch (error) {
        throw asUserError(path, error);
      }
    },
    remember() {},
    // Thousands of rotated files may be looked at before the first is read: none may stay open.
    rewind: close,
    close,
  };
}

/** Waits until somebody opens the pipe for writing. */
async function pipeInput(path: string): Promise<Input> {
  const fd = await promisify(openFd)(path, 'r');
  return streamInput(path, null, new Socket({ fd, readable: true, writable: false }));
}

function standardInput(): Input {
  if (process.stdin.isTTY) {
    throw new UserError('file', 'standard input is a terminal; name a file or pipe a capture in');
  }
  const info = fstatSync(STDIN);
  return streamInput('-', info.isFile() ? info.size : null, process.stdin);
}

function streamInput(path: string, size: number | null, stream: Readable): Input {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  /** Taken from the stream, not yet handed out. */
  let pending: Buffer[] = [];
  let remembered: Buffer[] | null = null;
  let listening = false;
  return {
    path,
    size,
    async read(into, signal) {
      if (signal !== undefined && !listening) {
        addAbortSignal(signal, stream);
        listening = true;
      }
      let chunk = pending.shift();
      if (chunk === undefined) {
        try {
          const next = await chunks.next();
          if (next.done) return 0;
          chunk = next.value;
        } catch (error) {
          throw asUserError(path, error);
        }
      }
      const length = chunk.copy(into);
      if (length < chunk.length) pending.unshift(chunk.subarray(length));
      remembered?.push(chunk.subarray(0, length));
      return length;
    },
    remember() {
      remembered = [];
    },
    async rewind() {
      pending = [...(remembered ?? []), ...pending];
      remembered = null;
    },
    async close() {
      stream.destroy();
    },
  };
}

/** Errors of the operating system are the user's to mend; anything else is passed on as it is. */
function asUserError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof UserError || typeof code !== 'string') return error;
  const name = nameOf(path);
  switch (code) {
    case 'ENOENT':
      return new UserError('file', `${name}: no such file`, { cause: error });
    case 'EISDIR':
      return isDirectory(path, error);
    case 'EACCES':
    case 'EPERM': {
      const text = `${name}: permission denied; run as a user who may read it`;
      return new UserError('permission', text, { cause: error });
    }
    default:
      return new UserError('file', `${name}: cannot be read (${code})`, { cause: error });
  }
}

function isDirectory(path: string, cause?: unknown): UserError {
  return new UserError('file', `${nameOf(path)}: is a directory; name the captures in it`, { cause });
}
