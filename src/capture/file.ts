/**
 * Captures on disk, in pipes and on standard input: paths come in, one stream of packets goes out. Opens, reads
 * and reports errors of the system; the order of files is for series.ts, what the bytes mean for intake.ts.
 * Pipes are read through the event loop, not through file reads in the thread pool: such a read cannot be
 * cancelled, and a process waits for it when it exits.
 */
import { fstatSync, open as openFd } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { UserError } from '../error.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import { decompressing } from './decompress.ts';
import { count, Delivery, nameOf, newFacts } from './delivery.ts';
import { digestOf, isWorthThread } from './digest.ts';
import { compileFilter } from './filter-compiler.ts';
import { filtered } from './filtered.ts';
import type { Input } from './input.ts';
import { Intake } from './intake.ts';
import type { PacketSource } from './packet.ts';
import { warnOfGaps } from './ring.ts';
import { grouped, readGroup } from './series.ts';
import { type Survey, survey, UNKNOWN } from './survey.ts';

const STDIN = 0;

export interface CaptureOptions {
  /**
   * Called after each refill (at most 1 MiB) with the bytes read so far, of all files together, and their sum:
   * null when a pipe is among them. A file that grows meanwhile may be read beyond its part of the sum.
   */
  readonly onProgress?: (bytesRead: number, totalBytes: number | null) => void;
  readonly onLimit?: OnLimit;
  /** False: nobody asks for the files' digests, which take as long as reading does. */
  readonly digests?: boolean;
  /** pcap-filter(7) expression; packets that it does not accept are read and left out. Needs tcpdump. */
  readonly filter?: string;
}

/**
 * Several files are one capture, in the order of their packets' times: read one after the other, and merged where
 * they overlap or where a file is not in time order itself. Compressed files (gzip, zstd) are decompressed on the way. A file that
 * is cut or damaged gives its whole packets and a warning in `facts`; one that is still being written is read to its
 * last whole packet.
 * @param paths files, directories (the captures in them), named pipes, or '-' for standard input. Nothing is opened
 *   before `run`.
 * @returns a source that runs once. `run` throws UserError('file' | 'permission') for a path that cannot be read
 *   or is no capture, UserError('flag') for a filter that does not compile, before the first packet is delivered where the file's first bytes show it.
 */
export function openCapture(paths: readonly string[], options: CaptureOptions = {}): PacketSource {
  const source = openFiles(paths, options);
  return options.filter === undefined ? source : filtered(source, options.filter, compileFilter);
}

function openFiles(paths: readonly string[], options: CaptureOptions): PacketSource {
  const facts = newFacts();
  let ran = false;
  return {
    facts,
    async run(onPacket, signal) {
      if (ran) throw new Error('a packet source runs once');
      ran = true;
      const onLimit = options.onLimit ?? (() => {});
      const delivery = new Delivery(facts, onPacket, onLimit);
      const inputs: Listed[] = [];
      try {
        for (const path of paths) await listInputs(path, inputs);
        const surveys = await surveyed(inputs, delivery, signal);
        const total = totalSize(surveys.map(({ input }) => input));
        let read = 0;
        const onRead = (bytes: number): void => {
          read += bytes;
          options.onProgress?.(read, total);
        };
        const digests = options.digests ?? true;
        const reader = { delivery, intake: new Intake(delivery), onPacket, onLimit, onRead, digests };
        const groups = grouped(surveys);
        warnOfGaps(groups.flat(), facts.warnings);
        for (const group of groups) {
          if (signal?.aborted) break;
          await readGroup(group, reader, signal);
        }
        const unread = surveys.length - facts.files.length;
        if (unread > 0) {
          const text = `${count(unread, 'more file')} not read: the run was ended`;
          facts.warnings.push({ code: 'reading_stopped', text });
        }
      } finally {
        for (const { input } of inputs) await input.close();
      }
      return facts;
    },
  };
}

interface Listed {
  readonly input: Input;
  /** The directory it was found in; files found there need not be captures. */
  readonly directory: string | null;
}

/** Looks at each input, and tells the facts early what they will need: digits of times, drops. */
async function surveyed(
  inputs: readonly Listed[],
  delivery: Delivery,
  signal: AbortSignal | undefined,
): Promise<Survey[]> {
  const surveys: Survey[] = [];
  // Nothing depends on how far a single input was looked at.
  const alone = inputs.length === 1;
  /** By directory. */
  const others = new Map<string, string[]>();
  for (const { input, directory } of inputs) {
    if (alone && input.readAt === null) return [{ ...UNKNOWN, input }];
    try {
      surveys.push(
        await survey(
          input,
          (name) => {
            if (!alone || name !== 'peekBytes') delivery.onLimit(name);
          },
          signal,
        ),
      );
    } catch (error) {
      if (directory === null || !isNoCapture(error)) throw error;
      await input.close();
      const names = others.get(directory) ?? [];
      names.push(basename(input.path));
      others.set(directory, names);
    }
  }
  for (const [directory, names] of others) {
    const found = inputs.filter((each) => each.directory === directory).length - names.length;
    if (found === 0) throw new UserError('file', `${directory}: no capture is in this directory`);
    const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
    const text = `${directory}: ${count(names.length, 'file')} left out, being no captures (${some})`;
    delivery.facts.warnings.push({ code: 'not_a_capture', text });
  }
  for (const { digits, dropped } of surveys) {
    if (digits === 9) delivery.facts.digits = 9;
    if (dropped !== null) delivery.addDropped(dropped);
  }
  return surveys;
}

/** Errors of the system have a cause. */
function isNoCapture(error: unknown): boolean {
  return error instanceof UserError && error.code === 'file' && error.cause === undefined;
}

async function listInputs(path: string, into: Listed[]): Promise<void> {
  if (path === '-') {
    if (into.some(({ input }) => input.path === '-')) {
      throw new UserError('flag', 'standard input is given twice');
    }
    into.push({ input: decompressing(standardInput()), directory: null });
    return;
  }
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      into.push(...(await directoryInputs(path)));
      return;
    }
    const input = info.isFIFO() ? await pipeInput(path) : fileInput(path, info.isFile() ? info.size : null);
    into.push({ input: decompressing(input), directory: null });
  } catch (error) {
    throw asUserError(path, error);
  }
}

/** The files in a directory, not those in directories below it. */
async function directoryInputs(directory: string): Promise<Listed[]> {
  const names = await readdir(directory);
  if (names.length > LIMITS.directoryNames) {
    const text = `${directory}: has ${names.length} names, where ${LIMITS.directoryNames} are the most; name the captures`;
    throw new UserError('file', text);
  }
  const found: Listed[] = [];
  // By name, so that files of equal times do not depend on how the file system lists them.
  for (const name of names.sort()) {
    const path = join(directory, name);
    const info = await stat(path).catch(() => null);
    if (info?.isFile()) found.push({ input: decompressing(fileInput(path, info.size)), directory });
  }
  if (found.length === 0) throw new UserError('file', `${directory}: no capture is in this directory`);
  return found;
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
  const readHandle = async (into: Buffer, position: number | null) => {
    try {
      handle ??= await open(path, 'r');
      return await handle.read(into, 0, into.length, position);
    } catch (error) {
      throw asUserError(path, error);
    }
  };
  return {
    path,
    size,
    stored: null,
    async read(into) {
      return (await readHandle(into, null)).bytesRead;
    },
    readAt: size === null ? null : async (into, position) => (await readHandle(into, position)).bytesRead,
    digest() {
      if (size === null || handle === null || !isWorthThread(size)) return null;
      const digest = digestOf(handle.fd, size);
      return {
        of: (bytes) =>
          digest.of(bytes).catch((error: unknown) => {
            throw asUserError(path, error);
          }),
        stop: () => digest.stop(),
      };
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
    stored: null,
    readAt: null,
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
    case 'EACCES':
    case 'EPERM': {
      const text = `${name}: permission denied; run as a user who may read it`;
      return new UserError('permission', text, { cause: error });
    }
    default:
      return new UserError('file', `${name}: cannot be read (${code})`, { cause: error });
  }
}
