/**
 * What takes part in a merge: a whole input that is in time order, or one run of a file that is not. Each parses a
 * buffer of its own at a time and keeps the packets until they are due.
 */
import { LIMITS } from '../limits.ts';
import { Batch } from './batch.ts';
import type { RunClock } from './clock.ts';
import { Delivery, newFacts } from './delivery.ts';
import { type Input, readSome } from './input.ts';
import { Intake } from './intake.ts';
import type { FileFacts, Packet, Time } from './packet.ts';
import type { CaptureParser } from './parser.ts';
import type { Run } from './runs.ts';

export interface Lane {
  /** No packet is due before. */
  readonly first: Time;
  /** Index of its file. */
  readonly file: number;
  readonly batch: Batch;
  /** Bytes of buffer that it takes while it is open. */
  readonly cost: number;
  /** @returns false when no packet was left. */
  fill(signal: AbortSignal | undefined): Promise<boolean>;
  /** @returns packets that were counted and not handed out. */
  close(whole: boolean): Promise<number>;
}

/** Buffer of a run: small, because many of them may be read in turns. */
const RUN_BUFFER = 64 * 1024;

/** About what a run's parser and batch take. */
const OBJECTS = 12 * 1024;

/** What an input's buffer takes when it is not known how long its records are. */
const UNKNOWN_SPAN = 8 * 1024 * 1024;
const INPUT_BUFFER = 1024 * 1024;

/** @param delivery has `file` open and pushes its packets into `batch`. */
export function inputLane(
  input: Input,
  delivery: Delivery,
  file: FileFacts,
  batch: Batch,
  index: number,
  first: Time,
  span: number,
  onRead: (bytes: number) => void,
): Lane {
  let intake: Intake | null = null;
  let done = false;
  const end = async (whole: boolean): Promise<void> => {
    if (done) return;
    done = true;
    if (intake === null) delivery.warn('reading_stopped', 'was not read: the run was ended');
    else intake.close(whole, input.stored);
    await input.close();
  };
  const begin = (): Intake => {
    const begun = new Intake(delivery);
    begun.begin(file);
    return begun;
  };
  return {
    first,
    file: index,
    batch,
    cost: span === 0 ? UNKNOWN_SPAN : Math.max(INPUT_BUFFER, 2 * span),
    async fill(signal) {
      while (!done && batch.left === 0) {
        intake ??= begin();
        const length = await readSome(input, intake.room(), signal);
        if (length < 0 || signal?.aborted) return false;
        if (length === 0) await end(true);
        else onRead(intake.took(length, input.stored));
      }
      return batch.left > 0;
    },
    async close(whole) {
      await end(whole);
      intake = null;
      return batch.close();
    },
  };
}

/** A file whose runs are read in any order; open as long as one of them is. */
export interface RunFile {
  readonly index: number;
  readonly span: number;
  readAt(into: Buffer, position: number): Promise<number>;
  close(): Promise<void>;
  /** Runs that are being read. */
  open: number;
}

export function runLane(run: Run, file: RunFile, clock: RunClock): Lane {
  const batch = new Batch();
  const bytes = Math.min(run.end - run.position, Math.max(RUN_BUFFER, 2 * file.span));
  let left = run.packets;
  let reading: { parser: CaptureParser; buffer: Buffer } | null = null;
  let position = run.position;
  /** In the buffer, and how much of that was parsed. */
  let held = 0;
  let consumed = 0;
  const begin = () => {
    // Its packets have been counted when the runs were looked for, so this account is nobody's.
    const delivery = new Delivery(
      newFacts(),
      (packet: Packet) => batch.push(packet),
      () => {},
      clock,
    );
    delivery.sorted = true;
    delivery.resume(file.index, run.frame - 1, run.first);
    file.open++;
    return { parser: run.parser.fork(delivery), buffer: Buffer.allocUnsafe(bytes) };
  };
  return {
    first: run.first,
    file: file.index,
    batch,
    cost: bytes + OBJECTS,
    async fill(signal) {
      reading ??= begin();
      const { parser } = reading;
      while (batch.left === 0 && left > 0 && parser.damage === null) {
        if (signal?.aborted) return false;
        // Nothing of it waits any more, so what is left over may move.
        reading.buffer.copyWithin(0, consumed, held);
        held -= consumed;
        consumed = 0;
        if (held === reading.buffer.length) {
          if (held > LIMITS.blockBytes) return false;
          reading.buffer = Buffer.concat([reading.buffer, Buffer.allocUnsafeSlow(held)]);
        }
        const room = Math.min(reading.buffer.length - held, run.end - position);
        if (room <= 0) return false;
        const length = await file.readAt(reading.buffer.subarray(held, held + room), position);
        if (length === 0) return false;
        position += length;
        held += length;
        if (held < parser.needed) continue;
        consumed = parser.parse(reading.buffer, 0, held);
        batch.limit(left);
        left -= batch.left;
      }
      return batch.left > 0;
    },
    async close() {
      if (reading !== null) {
        reading = null;
        file.open--;
        if (file.open === 0) await file.close();
      }
      return left + batch.close();
    },
  };
}
