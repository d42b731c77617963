/**
 * Holds the list of expected deliveries against what was seen. In: each judged transaction, each packet that is no TCP,
 * and at the end the deliveries. Out: their records with what the list says of them, and one for each wanted delivery
 * that no request carried: missing where the capture shows that nothing was sent, unknown where it may not have seen
 * it, unsent where connections that failed at its place and time can be no other's.
 */
import type { Time } from '../../capture/packet.ts';
import type { Segment } from '../../decode/segment.ts';
import type { OnLimit } from '../../limits.ts';
import { entryOf } from '../codes.ts';
import type { Seen } from '../delivery.ts';
import { outcomeRank } from '../delivery-attempts.ts';
import { hostNamed, idOf, type Judged } from '../record.ts';
import {
  type AnalysisOptions,
  type Confidence,
  type DeliveryRecord,
  type ExpectedDelivery,
  type ExpectedSummary,
  noOutcomes,
  type Reason,
  type UnseenRecord,
} from '../verdict.ts';
import { type CaptureHealth, Coverage } from './coverage.ts';
import { ExpectedList, timesOf, type Wanted } from './expected.ts';
import { Mentions } from './mentions.ts';
import { type Sighting, type SightingKind, Sightings } from './sightings.ts';
import { type Sought, Suspects } from './suspects.ts';

/** A stack repeats what is not acknowledged sooner (RFC 6298 §2.4 says a second, Linux 200 ms and a round trip). */
const SILENCE: Time = 0.5e9;
/** Transactions that are named as what a delivery may be. */
const NAMED = 5;

export interface Reconciled {
  /** Those that were seen in the order given, then the others in that of the list. */
  readonly deliveries: readonly DeliveryRecord[];
  readonly unseen: readonly UnseenRecord[];
  readonly summary: ExpectedSummary;
}

export class Reconciliation {
  readonly list: ExpectedList;
  readonly #coverage: Coverage;
  readonly #sightings: Sightings;
  readonly #mentions: Mentions;
  readonly #brokenOff: { readonly ids: string[]; count: number } = { ids: [], count: 0 };

  constructor(expected: readonly ExpectedDelivery[], options: AnalysisOptions, onLimit: OnLimit) {
    this.list = new ExpectedList(expected);
    this.#coverage = new Coverage(options);
    this.#sightings = new Sightings(onLimit);
    this.#mentions = new Mentions(this.list);
  }

  onOther(segment: Segment): void {
    this.#coverage.onOther(segment);
  }

  /** @param key its delivery's; null where it has none. */
  onJudged(judged: Judged, key: string | null): void {
    const { transaction, ip } = judged;
    const { request } = transaction;
    const tunnel = judged.method === 'CONNECT';
    const name = tunnel ? request!.head!.target : judged.name;
    const named = name === null || name === '' ? null : hostNamed(name, judged);
    const port = tunnel && named !== null ? named.port : judged.port;
    this.#coverage.onReceiver(ip, named?.host ?? null, port);
    const id = idOf(transaction);
    if (isBrokenOff(judged)) {
      this.#brokenOff.count++;
      if (this.#brokenOff.ids.length < NAMED) this.#brokenOff.ids.push(id);
    }
    if (key !== null && this.list.has(key)) return;
    if (request !== null) this.#mentions.look(request, id);
    const kind = tunnel ? 'unreadable' : kindOf(judged, key);
    if (kind === null) return;
    const at = transaction.connection.first.time;
    this.#sightings.add({
      id,
      kind,
      ip,
      port,
      host: named?.host ?? null,
      // A request may have been sent any time on a connection that nobody can read.
      at: kind === 'unreadable' ? at : (request?.firstByte.time ?? at),
      until: tunnel ? Number.POSITIVE_INFINITY : transaction.decidedAt,
      verdict: judged.code,
    });
  }

  result(seen: readonly Seen[], health: CaptureHealth): Reconciled {
    const byKey = new Map<string, Seen[]>();
    for (const one of seen) {
      const known = byKey.get(one.record.key);
      if (known === undefined) byKey.set(one.record.key, [one]);
      else known.push(one);
    }
    const home = homeOf(seen.filter(({ record }) => this.list.has(record.key)));
    const all = this.list.all().map((wanted): Sought & { readonly elsewhere: Seen | null } => {
      const places = byKey.get(wanted.key) ?? [];
      const sent = places.filter(({ addresses }) => home === null || !addresses.has(home));
      const found = choose(wanted, wanted.host === null ? sent : places);
      const times = timesOf(wanted, health.facts.epoch);
      return { wanted, times, found, elsewhere: found === null ? (places[0] ?? null) : null };
    });
    const suspects = new Suspects(this.#sightings, this.#coverage, all);
    const lines = new Map<Seen, Sought[]>();
    const added: DeliveryRecord[] = [];
    const unseen: UnseenRecord[] = [];
    const outcomes = noOutcomes();
    for (const sought of all) {
      if (sought.found !== null) {
        outcomes[sought.found.record.outcome]++;
        const others = lines.get(sought.found);
        if (others === undefined) lines.set(sought.found, [sought]);
        else others.push(sought);
        continue;
      }
      const record = this.#judge(sought, sought.elsewhere, suspects, health, unseen.length + 1);
      outcomes[record.outcome]++;
      if (record.type === 'delivery') added.push(record);
      else {
        unseen.push(record);
        added.push(record.delivery);
      }
    }
    const deliveries = seen.map((one) => ({ ...one.record, expected: expectation(lines.get(one) ?? []) }));
    return {
      deliveries: [...deliveries, ...added],
      unseen,
      summary: {
        lines: this.list.lines,
        deliveries: all.length,
        outcomes,
        notExpected: seen.length - lines.size,
      },
    };
  }

  /** A delivery that no request carried. */
  #judge(
    sought: Sought,
    elsewhere: Seen | null,
    suspects: Suspects,
    health: CaptureHealth,
    n: number,
  ): UnseenRecord | DeliveryRecord {
    const { wanted, times } = sought;
    const maybe = elsewhere === null ? suspects.of(sought) : [];
    const failed = suspects.mustBe(sought, maybe);
    if (failed !== null && elsewhere === null) return inferred(sought, failed);
    const doubts: Reason[] = [
      ...(elsewhere === null ? [] : [{ reason: 'sent_elsewhere', host: placeOf(elsewhere) } as const]),
      ...this.#mentions.of(wanted.key),
      ...mayBe(maybe),
      ...this.#coverage.doubts(wanted, times, health),
    ];
    if (this.#brokenOff.count > 0) doubts.push({ reason: 'broken_off', ...this.#brokenOff });
    if (this.#sightings.full) doubts.push({ reason: 'limit_hit' });
    const missing = doubts.length === 0;
    const verdict = missing ? 'not_observed' : 'capture_insufficient';
    const { fault, base } = entryOf(verdict);
    const { confidence, because } = missing
      ? this.#sure(wanted, times, health.facts.dropped, base)
      : { confidence: base, because: doubts };
    const outcome = missing ? 'missing' : 'unknown';
    return {
      type: 'transaction',
      id: `0.${n}`,
      outcome,
      verdict,
      fault,
      confidence,
      because,
      delivery: { ...unsentDelivery(sought), outcome, verdict },
    };
  }

  /** How sure an absence is from which nothing detracts. */
  #sure(
    wanted: Wanted,
    times: readonly number[],
    dropped: number | null,
    base: Confidence,
  ): { readonly confidence: Confidence; readonly because: readonly Reason[] } {
    const because: Reason[] = [];
    let confidence = base;
    // Of a connection that was lost whole no other packet could tell.
    if (dropped === null) {
      because.push({ reason: 'drops_untold' });
      confidence = 'probable';
    }
    if (!this.#coverage.saw(wanted)) {
      because.push({ reason: 'place_unseen' });
      confidence = 'probable';
    }
    if (times.length === 0) {
      because.push({ reason: 'list_without_time' });
      confidence = 'weak';
    }
    return { confidence, because };
  }
}

/** A request that stops in the middle, nothing repeated, nobody closing: what came after it was not captured. */
function isBrokenOff({ transaction, verdict }: Judged): boolean {
  const { facts } = verdict;
  if (transaction.occasion !== 'captureEnd' || facts.sent !== 'partial' || facts.closed !== null)
    return false;
  return transaction.decidedAt - transaction.connection.last.time > SILENCE;
}

/** What a transaction without an expected key may hide; null for one that cannot be a delivery of the list. */
function kindOf({ transaction, outcome }: Judged, key: string | null): SightingKind | null {
  const { request, kind } = transaction;
  if (kind === 'connect') return outcome === 'unsent' ? 'connection' : 'unreadable';
  if (request === null || request.head?.complete !== true) return 'unreadable';
  const { text, whole } = request.decoded();
  if (request.bodyBytes > 0 && (text === null || !whole)) return 'unreadable';
  if (request.ended !== 'complete' && request.ended !== 'closed') return 'unreadable';
  return key === null ? null : 'other_key';
}

/**
 * The address that sent most of the list, if one did: what others send to it (the order that a notification is about
 * has the same key) is no delivery of the list.
 */
function homeOf(seen: readonly Seen[]): string | null {
  const counts = new Map<string, number>();
  for (const { senders } of seen) for (const ip of senders) counts.set(ip, (counts.get(ip) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most !== undefined && most[1] > seen.length / 2 ? most[0] : null;
}

/**
 * What was seen of a wanted delivery: at its place, else at its host. The list may say too little to tell two places of
 * one key apart; then what went worst is told, so that one success hides no failure.
 */
function choose({ host, port, path }: Wanted, places: readonly Seen[]): Seen | null {
  const atHost = places.filter(
    ({ record, addresses }) => host === null || record.host === host || addresses.has(host),
  );
  const atPort = atHost.filter(({ record }) => port === null || record.port === port);
  const atPath = atPort.filter(({ record }) => path === null || record.path === path);
  const from = atPath.length > 0 ? atPath : atPort;
  return from.reduce<Seen | null>(
    (worst, one) =>
      worst === null || outcomeRank(one.record.outcome) > outcomeRank(worst.record.outcome) ? one : worst,
    null,
  );
}

function placeOf({ record: { host, port } }: Seen): string {
  return `${host}:${port}`;
}

function mayBe(suspects: readonly Sighting[]): Reason[] {
  return (['connection', 'unreadable', 'other_key'] as const).flatMap((what) => {
    const ids = suspects.filter(({ kind }) => kind === what).map(({ id }) => id);
    return ids.length === 0
      ? []
      : [{ reason: 'may_be', what, ids: ids.slice(0, NAMED), count: ids.length } as const];
  });
}

function inferred(sought: Sought, failed: readonly Sighting[]): DeliveryRecord {
  return {
    ...unsentDelivery(sought),
    outcome: 'unsent',
    verdict: failed.at(-1)!.verdict,
    attempts: failed.map(({ id }) => id),
    attemptCount: failed.length,
    intervals: failed.slice(1).map(({ at }, i) => (at - failed[i]!.at) / 1e6),
    inferred: true,
  };
}

/** A delivery of which no byte is known to have been sent. */
function unsentDelivery(sought: Sought): DeliveryRecord {
  const { key, host, port, path } = sought.wanted;
  return {
    type: 'delivery',
    key,
    host,
    outcome: 'missing',
    verdict: 'not_observed',
    attempts: [],
    attemptCount: 0,
    intervals: [],
    firstSent: null,
    firstAcked: null,
    deliveredAt: null,
    duplicatesAfterAck: 0,
    duplicatesAfterDelivery: 0,
    method: null,
    port,
    path,
    keyFrom: null,
    inferred: false,
    expected: expectation([sought]),
  };
}

function expectation(all: readonly Sought[]): DeliveryRecord['expected'] {
  const times = all.flatMap((sought) => sought.times).sort((a, b) => a - b);
  return {
    lines: all.flatMap(({ wanted }) => wanted.lines).sort((a, b) => a - b),
    firstTime: times[0] ?? null,
    lastTime: times.at(-1) ?? null,
  };
}
