/**
 * Several inputs as one capture: put in the order of their first packets, then each read to its end. Knows
 * neither files nor pipes; file.ts makes the inputs.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import { Delivery, newFacts } from './delivery.ts';
import { Intake } from './intake.ts';
import type { CaptureFacts } from './packet.ts';

/** Enough for the first packet of nearly every file; grows for the others. */
const PEEK_BUFFER = 64 * 1024;

export interface Input {
  readonly path: string;
  /** In bytes; null when only reading tells. */
  readonly size: number | null;
  /**
   * @returns bytes read, 0 at the end. Rejects when `signal` ends a wait.
   * @throws UserError('file' | 'permission') when the system refuses.
   */
  read(into: Buffer, signal: AbortSignal | undefined): Promise<number>;
  /** From here on what is read can be read again after `rewind`. */
  remember(): void;
  /** The next read starts where `remember` was called. Lets go of what can be opened again. */
  rewind(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads each input up to its first packet and sorts by that packet's time: inputs without any come last, equal
 * ones keep their order. Also tells `facts` early how many digits times will need.
 */
export async function inTimeOrder(
  inputs: readonly Input[],
  facts: CaptureFacts,
  onLimit: OnLimit,
  signal: AbortSignal | undefined,
): Promise<Input[]> {
  const found: { input: Input; first: bigint | null }[] = [];
  for (const input of inputs) {
    const scratch = newFacts();
    input.remember();
    const first = await firstTime(input, scratch, onLimit, signal);
    await input.rewind();
    if (scratch.digits === 9) facts.digits = 9;
    found.push({ input, first });
  }
  return found.sort((a, b) => compare(a.first, b.first)).map(({ input }) => input);
}

/** Nanoseconds since the Unix epoch; null when no packet with a time is near the input's start. */
async function firstTime(
  input: Input,
  scratch: CaptureFacts,
  onLimit: OnLimit,
  signal: AbortSignal | undefined,
): Promise<bigint | null> {
  const delivery = new Delivery(
    scratch,
    () => {},
    () => {},
  );
  const intake = new Intake(delivery, PEEK_BUFFER);
  intake.open(input.path);
  for (let read = 0; !delivery.started; ) {
    if (read > LIMITS.peekBytes) {
      onLimit('peekBytes');
      break;
    }
    const length = await readSome(input, intake.room(), signal);
    if (length <= 0) break;
    intake.took(length);
    read += length;
  }
  return delivery.started ? scratch.epoch : null;
}

/** Reads one input to its end, or until `signal` says so. */
export async function readThrough(
  input: Input,
  intake: Intake,
  onRead: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  intake.open(input.path);
  let whole = false;
  while (!whole && !signal?.aborted) {
    const length = await readSome(input, intake.room(), signal);
    if (length < 0) break;
    if (length === 0) {
      whole = true;
    } else {
      intake.took(length);
      onRead(length);
    }
  }
  intake.close(whole);
  await input.close();
}

/** Bytes read, 0 at the end, -1 when the signal ended a read that was waiting. */
async function readSome(input: Input, into: Buffer, signal: AbortSignal | undefined): Promise<number> {
  try {
    return await input.read(into, signal);
  } catch (error) {
    if (signal?.aborted) return -1;
    throw error;
  }
}

function compare(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  return b === null || a < b ? -1 : 1;
}
