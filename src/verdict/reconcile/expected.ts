/**
 * The list of what should have been sent. In: its lines. Out: lines of one key and place as one wanted delivery, and
 * whether a key is on the list at all. The list is the user's own: its bounds are kept where it is read.
 */
import type { Time } from '../../capture/packet.ts';
import type { ExpectedDelivery } from '../verdict.ts';

export interface Wanted {
  readonly key: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: string | null;
  readonly lines: number[];
  /** Milliseconds since the Unix epoch, as given. */
  readonly moments: number[];
}

export class ExpectedList {
  readonly lines: number;
  readonly #byKey = new Map<string, Wanted[]>();

  constructor(expected: readonly ExpectedDelivery[]) {
    this.lines = expected.length;
    for (const { key, host, port, path, time, line } of expected) {
      let places = this.#byKey.get(key);
      if (places === undefined) {
        places = [];
        this.#byKey.set(key, places);
      }
      let wanted = places.find((one) => one.host === host && one.port === port && one.path === path);
      if (wanted === undefined) {
        wanted = { key, host, port, path, lines: [], moments: [] };
        places.push(wanted);
      }
      wanted.lines.push(line);
      if (time !== null) wanted.moments.push(time);
    }
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  all(): Wanted[] {
    return [...this.#byKey.values()].flat();
  }
}

/** Packet times of the moments at which it should have been sent, ascending. */
export function timesOf({ moments }: Wanted, epoch: bigint | null): Time[] {
  if (epoch === null) return [];
  // Whole microseconds first: milliseconds since the epoch in nanoseconds are no exact number.
  return moments.map((ms) => Number(BigInt(Math.round(ms * 1000)) * 1000n - epoch)).sort((a, b) => a - b);
}
