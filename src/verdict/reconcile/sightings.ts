/**
 * What was seen besides the requests that carry an expected key, and may yet be one of the deliveries that are missed:
 * connections that failed before their request, requests that cannot be read, requests whose key is not on the list.
 * In: judged transactions. Out: those at a place and time. Bounded.
 */
import type { Time } from '../../capture/packet.ts';
import { LIMITS, type OnLimit } from '../../limits.ts';
import type { Code, Reasons } from '../verdict.ts';

export type SightingKind = Reasons['may_be']['what'];

export interface Sighting {
  readonly id: string;
  readonly kind: SightingKind;
  readonly ip: string;
  readonly port: number;
  /** As its request names the host; null without one. */
  readonly host: string | null;
  readonly at: Time;
  /** When it was judged: until then its request may have been sent. */
  readonly until: Time;
  readonly verdict: Code;
}

interface Place {
  readonly sightings: Sighting[];
  /** Highest `until` of the first so many. */
  untils: Time[];
}

export class Sightings {
  /** By address and port. */
  readonly #byPlace = new Map<string, Place>();
  #count = 0;
  #sorted = false;
  /** Addresses and ports at which something was seen. */
  readonly places: { readonly ip: string; readonly port: number }[] = [];
  /** There were more than are kept. */
  full = false;
  readonly #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  add(sighting: Sighting): void {
    if (this.#count >= LIMITS.sightings) {
      if (!this.full) this.#onLimit('sightings');
      this.full = true;
      return;
    }
    this.#count++;
    const key = `${sighting.ip} ${sighting.port}`;
    const place = this.#byPlace.get(key);
    if (place !== undefined) {
      place.sightings.push(sighting);
      return;
    }
    this.#byPlace.set(key, { sightings: [sighting], untils: [] });
    this.places.push({ ip: sighting.ip, port: sighting.port });
  }

  /** What lasted into [from, to] at a place, latest first. Asked when all are added. */
  *at(ip: string, port: number, from: Time, to: Time): Generator<Sighting> {
    this.#sort();
    const place = this.#byPlace.get(`${ip} ${port}`);
    if (place === undefined) return;
    const { sightings, untils } = place;
    for (let i = firstAfter(sightings, to) - 1; i >= 0 && untils[i]! >= from; i--) {
      const sighting = sightings[i]!;
      if (sighting.until >= from) yield sighting;
    }
  }

  #sort(): void {
    if (this.#sorted) return;
    this.#sorted = true;
    for (const place of this.#byPlace.values()) {
      place.sightings.sort((a, b) => a.at - b.at);
      let latest = Number.NEGATIVE_INFINITY;
      place.untils = place.sightings.map(({ until }) => {
        latest = Math.max(latest, until);
        return latest;
      });
    }
  }
}

/** Index of the first that began after `time`. */
function firstAfter(sightings: readonly Sighting[], time: Time): number {
  let low = 0;
  let high = sightings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sightings[middle]!.at <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
