/**
 * Several lanes, each in time order, as one: packets go out by time, those of equal times in the order of the lanes.
 * A lane is opened when its first packet is due, so that a thousand files in a row cost no more than one.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Lane } from './lane.ts';
import { LaneHeap } from './lane-heap.ts';
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
  /** Each has a packet at hand. */
  const open = new LaneHeap();
  let held = 0;
  let opened = 0;
  let late = false;
  while (!signal?.aborted) {
    const waiting = lanes[opened];
    const next = open.first;
    let blocked = false;
    if (waiting !== undefined && (next === null || waiting.first < next.batch.due)) {
      if (next === null || held + waiting.cost <= LIMITS.mergeBytes) {
        if (await waiting.fill(signal)) {
          held += waiting.cost;
          open.add(waiting, opened);
        } else if (!signal?.aborted) {
          await waiting.close(true);
        }
        opened++;
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
    const until = Math.min(
      open.limit,
      waiting === undefined || blocked ? Number.POSITIVE_INFINITY : waiting.first,
    );
    const { batch } = next;
    packet.file = next.file;
    do {
      batch.shift(packet);
      onPacket(packet);
    } while (batch.left > 0 && batch.due <= until);
    if (batch.left > 0 || (await next.fill(signal))) {
      open.settle();
      continue;
    }
    if (signal?.aborted) return;
    held -= next.cost;
    open.remove();
    await next.close(true);
  }
}
