/**
 * Several lanes, each in time order, as one: packets go out by time, those of equal times in the order of the lanes.
 * A lane is opened when its first packet is due, so that a thousand files in a row cost no more than one.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Lane } from './lane.ts';
import type { Packet } from './packet.ts';

/**
 * @param lanes in the order of their first packets.
 * @param onLate told once if lanes had to wait for others to end, so that packets come late.
 */
export async function merge(
  lanes: readonly Lane[],
  onPacket: (packet: Packet) => void,
  onLimit: OnLimit,
  onLate: () => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const packet: Packet = {
    time: 0,
    file: 0,
    frame: 0,
    link: 0,
    interfaceIndex: 0,
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    wireLength: 0,
  };
  /** Each has a packet at hand; in the order of `lanes`. */
  const open: Lane[] = [];
  let held = 0;
  let opened = 0;
  let late = false;
  while (!signal?.aborted) {
    const waiting = lanes[opened];
    const next = earliestOf(open);
    let blocked = false;
    if (waiting !== undefined && (next === null || waiting.first < next.batch.due)) {
      if (open.length === 0 || held + waiting.cost <= LIMITS.mergeBytes) {
        opened++;
        if (await waiting.fill(signal)) {
          held += waiting.cost;
          open.push(waiting);
        } else if (!signal?.aborted) {
          await waiting.close(true);
        }
        continue;
      }
      blocked = true;
      if (!late) {
        late = true;
        onLimit('mergeBytes');
        onLate();
      }
    }
    if (next === null) return;
    const until = limitOf(open, next, blocked ? undefined : waiting);
    const { batch } = next;
    packet.file = next.file;
    do {
      batch.shift(packet);
      onPacket(packet);
    } while (batch.left > 0 && batch.due <= until);
    if (batch.left > 0 || (await next.fill(signal))) continue;
    if (signal?.aborted) return;
    held -= next.cost;
    open.splice(open.indexOf(next), 1);
    await next.close(true);
  }
}

/** The first of those that are due earliest. Few are open at a time, so looking at all is cheaper than a heap. */
function earliestOf(open: readonly Lane[]): Lane | null {
  let best: Lane | null = null;
  for (const lane of open) if (best === null || lane.batch.due < best.batch.due) best = lane;
  return best;
}

/** Up to which time `lane` may go on before another one has to be looked at. */
function limitOf(open: readonly Lane[], lane: Lane, waiting: Lane | undefined): number {
  let limit = waiting === undefined ? Number.POSITIVE_INFINITY : waiting.first;
  let after = false;
  for (const other of open) {
    if (other === lane) {
      after = true;
    } else {
      // At equal times the earlier lane comes first, so a later one must stop short of it.
      const due = after ? other.batch.due : before(other.batch.due);
      if (due < limit) limit = due;
    }
  }
  return limit;
}

/** The largest time below `time`: times are whole nanoseconds, and below 2^53 so are these. */
function before(time: number): number {
  return time - 1;
}
