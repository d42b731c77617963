/**
 * What may be a wanted delivery although no request carries its key. In: the sightings, the list with what was found of
 * each delivery on it. Out: the sightings that may be a given one, and those among them that must be it.
 */
import type { Time } from '../../capture/packet.ts';
import type { Seen } from '../delivery.ts';
import type { Coverage } from './coverage.ts';
import type { Wanted } from './expected.ts';
import type { Sighting, Sightings } from './sightings.ts';

/** Two clocks, and the way from the line of a log to the first packet. */
const AT_ONCE: Time = 2e9;
/** A queue between the table that was exported and the sender. */
const LATER: Time = 60e9;
/** Suspects of one delivery that are looked at. */
const LOOKED_AT = 1_000;

/** A wanted delivery, when it should have been sent, and what was seen of it. */
export interface Sought {
  readonly wanted: Wanted;
  readonly times: readonly Time[];
  readonly found: Seen | null;
}

interface Line {
  readonly at: Time;
  readonly sought: Sought;
}

interface Assignment {
  readonly assigned: ReadonlyMap<Wanted, readonly Sighting[]>;
  readonly left: readonly Line[];
}

export class Suspects {
  readonly #sightings: Sightings;
  readonly #coverage: Coverage;
  /** Every line that has a time, in order of times. */
  readonly #lines: readonly Line[];
  /** Hosts at which a key of the list was seen: there the list speaks of the keys that the requests carry. */
  readonly #understood = new Set<string>();
  /** Of places without a time, where every line is alike. */
  readonly #timeless = new Map<string, readonly Sighting[]>();
  /** Made when it is first asked for. */
  #assigned: Assignment | null = null;

  constructor(sightings: Sightings, coverage: Coverage, all: readonly Sought[]) {
    this.#sightings = sightings;
    this.#coverage = coverage;
    this.#lines = all
      .flatMap((sought) => sought.times.map((at) => ({ at, sought })))
      .sort((a, b) => a.at - b.at);
    for (const { found } of all) if (found?.record.host != null) this.#understood.add(found.record.host);
  }

  /** Each once, in order of their begin, bounded. */
  of(sought: Sought): readonly Sighting[] {
    const { wanted, times } = sought;
    if (times.length > 0) return this.#search(sought);
    const place = `${wanted.host} ${wanted.port}`;
    let known = this.#timeless.get(place);
    if (known === undefined) {
      known = this.#search(sought);
      this.#timeless.set(place, known);
    }
    return known;
  }

  #search({ wanted, times }: Sought): Sighting[] {
    const found = new Map<string, Sighting>();
    const windows =
      times.length === 0
        ? [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }]
        : times.map((time) => ({ from: time - AT_ONCE, to: time + LATER }));
    for (const { ip, port } of this.#sightings.places) {
      if (!this.#mayBeAt(wanted, ip, port)) continue;
      for (const { from, to } of windows) {
        for (const sighting of this.#sightings.at(ip, port, from, to)) {
          if (found.size >= LOOKED_AT) break;
          if (this.#mayBe(wanted, sighting)) found.set(sighting.id, sighting);
        }
      }
    }
    return [...found.values()].sort((a, b) => a.at - b.at);
  }

  /**
   * The failed connections that must be it, one for each time at which it should have been sent; null where they may be
   * another delivery's. Where as many lines of the list lack an attempt as connections failed, all of them failed.
   */
  mustBe({ wanted, times }: Sought, suspects: readonly Sighting[]): Sighting[] | null {
    if (times.length === 0 || suspects.some(({ kind }) => kind !== 'connection')) return null;
    const { assigned, left } = this.#assignment();
    const own = assigned.get(wanted) ?? [];
    if (own.length < times.length || own.some((one) => left.some((line) => this.#maySuit(line, one))))
      return null;
    return [...own].sort((a, b) => a.at - b.at);
  }

  /** Failed connections by the lines that lack an attempt, and the lines for which none was left. */
  #assignment(): Assignment {
    if (this.#assigned !== null) return this.#assigned;
    const open = this.#lines.filter(
      ({ at, sought }) => !sought.found?.starts.some((start) => Math.abs(start - at) <= AT_ONCE),
    );
    const isKnown = ({ sought: { wanted } }: Line) => this.#addressesOf(wanted.host) !== undefined;
    const assigned = new Map<Wanted, Sighting[]>();
    const left: Line[] = [];
    const taken = new Set<Sighting>();
    // What is known to go to one address only has the first choice.
    for (const line of [...open.filter(isKnown), ...open.filter((one) => !isKnown(one))]) {
      const { wanted } = line.sought;
      let nearest: Sighting | null = null;
      for (const { ip, port } of this.#sightings.places) {
        if (!this.#mayBeAt(wanted, ip, port)) continue;
        for (const one of this.#sightings.at(ip, port, line.at - AT_ONCE, line.at + AT_ONCE)) {
          if (taken.has(one) || !this.#maySuit(line, one)) continue;
          if (nearest === null || Math.abs(one.at - line.at) < Math.abs(nearest.at - line.at)) nearest = one;
        }
      }
      if (nearest === null) {
        left.push(line);
        continue;
      }
      taken.add(nearest);
      const others = assigned.get(wanted);
      if (others === undefined) assigned.set(wanted, [nearest]);
      else others.push(nearest);
    }
    this.#assigned = { assigned, left };
    return this.#assigned;
  }

  /** A connection that failed at the line's moment, where the line's delivery may go. */
  #maySuit({ at, sought: { wanted } }: Line, { kind, ip, port, at: time }: Sighting): boolean {
    if (kind !== 'connection' || Math.abs(time - at) > AT_ONCE || !this.#mayBeAt(wanted, ip, port))
      return false;
    // A place that the capture knows by other names may have this one too, and more likely has not.
    return this.#addressesOf(wanted.host) !== undefined || !this.#coverage.isNamed(ip, port);
  }

  /** Undefined where it may be at any. */
  #addressesOf(host: string | null): ReadonlySet<string> | undefined {
    if (host === null) return undefined;
    return isAddress(host) ? new Set([host]) : this.#coverage.addressesOf(host);
  }

  /** A name of which no address is known may be at any. */
  #mayBeAt({ host, port }: Wanted, ip: string, at: number): boolean {
    if (port !== null && port !== at) return false;
    return this.#addressesOf(host)?.has(ip) ?? true;
  }

  #mayBe(wanted: Wanted, { kind, host, ip, at, port }: Sighting): boolean {
    const named = wanted.host !== null && !isAddress(wanted.host);
    if (named && host !== null && host !== wanted.host) return false;
    if (kind === 'other_key') {
      return wanted.host === null ? this.#understood.size === 0 : !this.#understood.has(host ?? ip);
    }
    if (kind === 'connection' && named && this.#addressesOf(wanted.host) === undefined) {
      return !this.#isExplained(ip, port, at);
    }
    return true;
  }

  /** A line of the list says that another delivery was to go to just there, and it had not been delivered by then. */
  #isExplained(ip: string, port: number, at: Time): boolean {
    return this.#linesWithin(at - LATER, at + AT_ONCE).some(({ sought: { wanted, found } }) => {
      if (wanted.port !== null && wanted.port !== port) return false;
      if (!this.#addressesOf(wanted.host)?.has(ip)) return false;
      return (found?.record.deliveredAt ?? Number.POSITIVE_INFINITY) > at;
    });
  }

  #linesWithin(from: Time, to: Time): readonly Line[] {
    const first = firstFrom(this.#lines, from);
    const lines: Line[] = [];
    for (let i = first; i < this.#lines.length && this.#lines[i]!.at <= to; i++) lines.push(this.#lines[i]!);
    return lines;
  }
}

/** As in a list: IPv6 has its colons, IPv4 nothing but digits and dots. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

function firstFrom(lines: readonly Line[], time: Time): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle]!.at < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
