/**
 * Rooms for the prefixes of long bodies, used again and again. A long body as text would be one string a segment, then one that
 * joins them, and the collector copies both until the attempt is judged: 0.4 of 2.5 s for a gigabyte of bodies of 40 kB.
 */
import { LIMITS } from '../limits.ts';

/** From this length on a body is worth a room: a few segments are joined as cheaply. */
export const ROOM_FROM = 4 * 1024;
/** So many bodies have one at a time: 16 MiB. Further ones stay text. */
const ROOMS = 256;

const free: Buffer[] = [];
let made = 0;

/** A room of `LIMITS.bodyBytes`, or null where all are taken. */
export function takeRoom(): Buffer | null {
  const room = free.pop();
  if (room !== undefined || made === ROOMS) return room ?? null;
  made++;
  return Buffer.allocUnsafeSlow(LIMITS.bodyBytes);
}

export function giveBack(room: Buffer): void {
  free.push(room);
}
