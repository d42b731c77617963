/**
 * Several inputs as one capture: put in the order of their times and read one after the other where they do not
 * overlap, merged packet by packet where they do or where one of them is not in time order itself. Knows neither
 * files nor pipes; file.ts makes the inputs.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import { Batch } from './batch.ts';
import type { RunClock } from './clock.ts';
import { Delivery } from './delivery.ts';
import type { Digest } from './digest.ts';
import { type Input, readSome } from './input.ts';
import { Intake } from './intake.ts';
import { inputLane, type Lane, type RunFile, runLane } from './lane.ts';
import { merge } from './merge.ts';
import type { Packet, Time } from './packet.ts';
import { readAhead } from './read-ahead.ts';
import { Runs } from './runs.ts';
import type { Survey } from './survey.ts';

/** Where packets and facts of a run go. */
export interface Reader {
  readonly delivery: Delivery;
  readonly intake: Intake;
  readonly onPacket: (packet: Packet) => void;
  readonly onLimit: OnLimit;
  /** Told after each read, in bytes as stored. */
  readonly onRead: (bytes: number) => void;
  readonly digests: boolean;
}

/** Surveys that have to be merged with each other; most often only one. */
export type Group = readonly Survey[];

/** Puts inputs in the order of their earliest packets, those without any last, equal ones as they were given. */
export function grouped(surveys: readonly Survey[]): Group[] {
  const groups: Survey[][] = [];
  const empty: Survey[] = [];
  let latest: bigint | null = null;
  for (const each of surveys.toSorted((a, b) => compare(a.earliest, b.earliest))) {
    const group = groups.at(-1);
    if (each.earliest === null) {
      empty.push(each);
    } else if (group !== undefined && (latest === null || each.earliest < latest)) {
      group.push(each);
      if (latest !== null && (each.latest === null || each.latest > latest)) latest = each.latest;
    } else {
      groups.push([each]);
      latest = each.latest;
    }
  }
  return [...groups, ...empty.map((each) => [each])];
}

/** Reads a group to its end, or until `signal` says so. */
export async function readGroup(
  group: Group,
  reader: Reader,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [only] = group;
  if (only !== undefined && group.length === 1 && !only.disordered) {
    return readThrough(only.input, reader, only.dropped ?? 0, signal);
  }
  const { facts, clock } = reader.delivery;
  const zero = only?.zero ?? null;
  if (zero !== null) clock.since(zero);
  const lanes: Lane[] = [];
  let runs: number = LIMITS.runs;
  for (const each of group) {
    if (signal?.aborted) break;
    if (each.disordered && each.runs > runs) reader.delivery.onLimit('runs');
    if (each.disordered && each.runs <= runs) {
      runs -= each.runs;
      lanes.push(...(await lanesOfRuns(each, reader, signal)));
    } else {
      lanes.push(laneOfInput(each, reader));
    }
  }
  lanes.sort((a, b) => a.first - b.first);
  const onLate = (): void => {
    facts.warnings.push({
      code: 'time_backwards',
      text: 'too many parts of the capture overlap in time to be merged all at once: some packets come after later ones',
    });
  };
  await merge(lanes, reader.onPacket, (name) => reader.delivery.onLimit(name), onLate, signal);
  for (const lane of lanes) {
    const lost = await lane.close(false);
    const file = facts.files[lane.file];
    if (lost === 0 || file === undefined) continue;
    facts.packets -= lost;
    file.packets -= lost;
  }
}

/** Its file is listed at once, for the order's sake; nothing else is held before its turn. */
function laneOfInput({ input, earliest, span, dropped }: Survey, reader: Reader): Lane {
  const { facts, clock } = reader.delivery;
  const batch = new Batch();
  const delivery = new Delivery(facts, (packet) => batch.push(packet), reader.onLimit, clock);
  const file = delivery.openFile(input.path, dropped ?? 0);
  const index = facts.files.length - 1;
  return inputLane(input, delivery, file, batch, index, timeOf(earliest, clock), span, reader.onRead);
}

/** Reads a file that is not in time order once, for all but its packets. */
async function lanesOfRuns(
  { input, span, dropped }: Survey,
  reader: Reader,
  signal: AbortSignal | undefined,
): Promise<Lane[]> {
  const { facts, clock } = reader.delivery;
  const delivery = new Delivery(facts, (packet) => runs.deliver(packet), reader.onLimit, clock);
  delivery.sorted = true;
  const intake = new Intake(delivery);
  const runs = new Runs(intake, true);
  await readThrough(input, { ...reader, intake }, dropped ?? 0, signal);
  const file: RunFile = {
    index: facts.files.length - 1,
    span,
    readAt: (into, position) => input.readAt?.(into, position) ?? Promise.resolve(0),
    close: () => input.close(),
    open: 0,
  };
  return runs.list.map((run) => runLane(run, file, clock));
}

function timeOf(earliest: bigint | null, clock: RunClock): Time {
  return earliest === null ? Number.NEGATIVE_INFINITY : Number(earliest - clock.epoch);
}

/** Reads one input to its end, or until `signal` says so. */
async function readThrough(
  input: Input,
  reader: Reader,
  foretold: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { intake } = reader;
  const file = intake.open(input.path, reader.digests, foretold);
  let whole = false;
  let digest: Digest | null = null;
  try {
    while (!whole && !signal?.aborted) {
      const length = await readSome(input, intake.room(), signal);
      if (length < 0) break;
      if (file.bytes === 0 && length > 0 && reader.digests) digest = input.digest?.() ?? null;
      if (digest !== null) intake.leaveDigest();
      if (length === 0) whole = !signal?.aborted;
      else reader.onRead(intake.took(length, input.stored));
      if (length <= 0 || input.readAt === null) continue;
      whole = await readAhead(input.readAt, length, intake, reader.onRead, signal);
      break;
    }
    intake.close(whole, input.stored);
    if (digest !== null && whole) file.sha256 = await digest.of(file.bytes);
  } finally {
    digest?.stop();
  }
  await input.close();
}

function compare(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  return b === null || a < b ? -1 : 1;
}
