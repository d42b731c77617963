/**
 * How columns of deliveries grow. In: a column that is full. Out: a longer one that begins with it.
 */
/** Power of two, as all that follow. */
export const FIRST_ROOM = 256;
const SMALL = 4_096;
/** Enough for `LIMITS.deliveries`. */
const LARGE = 262_144;

/**
 * How many rows the next columns have. From `SMALL` on they are as long as they can become at once: memory that nobody has
 * written to is only promised, while columns that double leave as much behind as they hold, until it is collected.
 */
export function roomAfter(room: number): number {
  return room < SMALL ? 2 * room : Math.max(LARGE, 2 * room);
}

export function grown<T extends { set(from: T): void }>(longer: T, column: T): T {
  longer.set(column);
  return longer;
}
