/**
 * A look at each input before any of them is analyzed: when it begins and ends, whether its packets are in time
 * order, how many were dropped. Files are read through for it, without their digest; what can be read only once
 * (pipes) or slowly (compressed files) only up to its first packet.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import { Delivery, newFacts } from './delivery.ts';
import { type Input, readSome } from './input.ts';
import { Intake } from './intake.ts';
import { readAhead } from './read-ahead.ts';
import { Runs } from './runs.ts';

/** Enough for the first packet of nearly every file; grows for the others. */
const PEEK_BUFFER = 64 * 1024;

export interface Survey {
  readonly input: Input;
  /** Nanoseconds since the Unix epoch of its earliest packet (of its first where it was only peeked at); null when none was found. */
  readonly earliest: bigint | null;
  /** What Time 0 should be if its packets are the first ones: the earliest, unless that is too far from the others. */
  readonly zero: bigint | null;
  /** Of its latest packet; null when nobody knows before it was read. */
  readonly latest: bigint | null;
  /** False also where that is not known, or where it goes back too often to be mended. */
  readonly disordered: boolean;
  /** Into how many runs it falls, where it is disordered. */
  readonly runs: number;
  /** Bytes that a buffer needs to hold any of its records; 0 when not known. */
  readonly span: number;
  readonly digits: 6 | 9;
  readonly dropped: number | null;
}

/** @throws UserError('file' | 'permission') when it cannot be read or is no capture. */
export async function survey(
  input: Input,
  onLimit: OnLimit,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const facts = newFacts();
  input.remember();
  const delivery = new Delivery(
    facts,
    (packet) => runs.deliver(packet),
    () => {},
  );
  delivery.sorted = true;
  const intake = new Intake(delivery, input.readAt === null ? PEEK_BUFFER : undefined);
  const runs = new Runs(intake, false);
  intake.skim(runs);
  intake.open(input.path, false);
  let whole = false;
  for (let read = 0; ; ) {
    const peeking = input.readAt === null;
    if (peeking && delivery.clock.started) break;
    if (peeking && read > LIMITS.peekBytes) {
      onLimit('peekBytes');
      break;
    }
    const length = await readSome(input, intake.room(), signal);
    if (length <= 0 || signal?.aborted) {
      whole = length === 0 && !peeking;
      break;
    }
    intake.took(length, input.stored);
    read += length;
    if (peeking || input.readAt === null) continue;
    whole = await readAhead(input.readAt, length, intake, () => {}, signal);
    break;
  }
  await input.rewind();
  const dropped = whole ? facts.dropped : null;
  if (!delivery.clock.started) return { ...UNKNOWN, input, digits: facts.digits, dropped };
  const epoch = facts.epoch ?? 0n;
  const disordered = whole && runs.disordered && runs.count <= LIMITS.runs;
  if (whole && runs.count > LIMITS.runs && runs.disordered) onLimit('runs');
  return {
    input,
    earliest: whole ? epoch + BigInt(runs.earliest) : epoch,
    zero: whole && runs.earliest > -Number.MAX_SAFE_INTEGER ? epoch + BigInt(runs.earliest) : epoch,
    latest: whole ? epoch + BigInt(runs.last) : null,
    disordered,
    runs: disordered ? runs.count : 0,
    span: whole ? runs.span : 0,
    digits: facts.digits,
    dropped,
  };
}

/** What is known of an input that nobody has looked at. */
export const UNKNOWN: Omit<Survey, 'input'> = {
  earliest: null,
  zero: null,
  latest: null,
  disordered: false,
  runs: 0,
  span: 0,
  digits: 6,
  dropped: null,
};
