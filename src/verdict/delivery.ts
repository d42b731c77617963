/**
 * Puts attempts that carry one business key together. In: each request when it is over on the wire, which gives it
 * its place among the attempts by first byte, and each transaction when it is judged. Out: that place, and at the end
 * one record a delivery. Bounded in deliveries and in attempts of one; a delivery holds figures, no records: nearly
 * all have one attempt, which is a row of numbers.
 *
 * One key at two places (a payment and a refund of one order, a webhook with two subscribers) is two deliveries: an
 * answer at one place says nothing about the other.
 */
import { hash as digestOf } from 'node:crypto';
import type { Time } from '../capture/packet.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Transaction } from '../transaction/transaction.ts';
import {
  type AttemptFields,
  attemptsOf,
  indexOf,
  isAfter,
  noteJudged,
  type Result,
  type Several,
} from './delivery-attempts.ts';
import { DeliveryPlaces, shortened } from './delivery-places.ts';
import { type DeliveryPlace, DeliveryRows, NO_ROW } from './delivery-rows.ts';
import { type Key, KeySearch, type Searched, searchedOf } from './keys/find.ts';
import type { Judged } from './record.ts';
import type { DeliveryRecord, DeliveryRecords, KeySpec, Place } from './verdict.ts';

/** Addresses of one delivery that are remembered. */
const ADDRESSES = 8;

/** Safe methods (RFC 9110 §9.2.1) deliver nothing but what their query says, and CONNECT opens a way. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

/** What a row's attempts are: none any more, one that is not judged, one that is, or those of `Several`. */
const NONE = 0;
const OPEN = 1;
const JUDGED = 2;
const SEVERAL = 3;

/** A delivery at the end, with what its record does not tell. */
export interface Seen {
  readonly record: DeliveryRecord;
  readonly addresses: ReadonlySet<string>;
  /** Addresses from which it was sent, bounded. */
  readonly senders: ReadonlySet<string>;
  /** First bytes of the attempts that are listed. */
  readonly starts: readonly Time[];
}

/** Addresses of a delivery, bounded. */
interface Ends {
  /** Of the receiver. */
  readonly addresses: Set<string>;
  readonly senders: Set<string>;
}

export class Deliveries {
  /** One whose key is on the list was left out: it may look as if it had not been sent. */
  lostExpected = false;
  #rows = new DeliveryRows();
  #several = new Map<number, Several>();
  /** By row; only a list asks for them. */
  #ends = new Map<number, Ends>();
  /** What can become of an attempt, numbered as it first does: few of the combinations there could be. */
  #results: Result[] = [];
  #places: DeliveryPlaces;
  #search = new KeySearch();
  #specsOf: (transaction: Transaction) => readonly KeySpec[];
  #list: { has(key: string): boolean } | null;
  #onLimit: OnLimit;

  /** @param list the keys that are expected; null where there is no list. */
  constructor(
    specsOf: (transaction: Transaction) => readonly KeySpec[],
    list: { has(key: string): boolean } | null,
    onLimit: OnLimit,
  ) {
    this.#specsOf = specsOf;
    this.#list = list;
    this.#onLimit = onLimit;
    this.#places = new DeliveryPlaces(onLimit);
  }

  /** Of each request once: when it is over, or else when it is judged. */
  onRequest(transaction: Transaction): void {
    if (transaction.delivery !== null) return;
    const row = this.#rowOf(transaction);
    transaction.delivery = row;
    if (row === NO_ROW) return;
    const rows = this.#rows;
    rows.open[row]!++;
    const at = transaction.request!.firstByte.time;
    if (rows.state[row] === NONE) {
      rows.state[row] = OPEN;
      rows.connection[row] = transaction.connection.id;
      rows.index[row] = transaction.index;
      rows.at[row] = at;
      return;
    }
    const { attempts } = this.#severalOf(row);
    if (attempts.length < LIMITS.deliveryAttempts) {
      const { connection, index } = transaction;
      const later = attempts.findLastIndex((attempt) => attempt.at <= at);
      attempts.splice(later + 1, 0, { at, connection: connection.id, index, judged: false });
    } else this.#onLimit('deliveryAttempts');
  }

  /** Before `judged`. */
  placeOf(transaction: Transaction): Place | null {
    const row = transaction.delivery ?? NO_ROW;
    if (row === NO_ROW) return null;
    const several = this.#rows.state[row] === SEVERAL ? this.#severalOf(row) : undefined;
    const index = several === undefined ? 0 : indexOf(several.attempts, transaction);
    return { key: this.#rows.keyOf(row), attempt: index < 0 ? null : index + 1, of: null };
  }

  /** Once. @param wanted false where it was not asked for: it is no attempt. */
  judged(judged: Judged, wanted: boolean): void {
    const rows = this.#rows;
    const row = judged.transaction.delivery ?? NO_ROW;
    if (row === NO_ROW) return;
    if (rows.state[row] === SEVERAL) noteJudged(this.#severalOf(row), judged, wanted);
    else if (!wanted) rows.state[row] = NONE;
    else {
      const { response, acked } = judged.transaction;
      rows.state[row] = JUDGED;
      rows.result[row] = this.#numberOf(judged);
      rows.acked[row] = acked?.at?.time ?? Number.NaN;
      const delivered = judged.outcome === 'delivered' ? response?.lastByte.time : undefined;
      rows.delivered[row] = delivered ?? Number.NaN;
    }
    rows.open[row]!--;
    this.#release(row);
  }

  /** Their records in order of their first bytes: made, and put in order, when they are read. */
  records(): DeliveryRecords {
    const isJudged = (row: number) => this.#isJudged(row);
    const recordOf = (row: number) => this.#recordOf(row);
    const inOrder = () => this.#inOrder(isJudged);
    return {
      length: this.#rows.count(isJudged),
      *[Symbol.iterator]() {
        for (const row of inOrder()) yield recordOf(row);
      },
      toJSON: () => inOrder().map(recordOf),
      several: () => this.#inOrder((row) => this.#several.has(row) && isJudged(row)).map(recordOf),
    };
  }

  /** Likewise, with what a list is held against. */
  seen(): Seen[] {
    return this.#inOrder((row) => this.#isJudged(row)).map((row) => {
      const { addresses, senders } = this.#ends.get(row)!;
      const several = this.#several.get(row);
      const starts = several?.attempts.map(({ at }) => at) ?? [this.#rows.at[row]!];
      return { record: this.#recordOf(row), addresses, senders, starts };
    });
  }

  /** The key by which the transaction is known; null without one. */
  keyOf({ delivery }: Transaction): string | null {
    return delivery === null || delivery === NO_ROW ? null : this.#rows.keyOf(delivery);
  }

  /** NO_ROW for what has no key. */
  #rowOf(transaction: Transaction): number {
    const { request, connection, sender } = transaction;
    const head = request?.head;
    // A head that was cut may have lost the field that counts.
    if (!head?.complete) return NO_ROW;
    const side = sender === 0 ? 1 : 0;
    const ip = connection.addresses[side];
    const place = this.#places.at(head, ip, connection.ports[side]);
    const searched = searchedOf(request!, this.#onLimit);
    const specs = this.#specsOf(transaction);
    const listed = this.#listedIn(searched, specs);
    const key =
      listed ?? this.#search.first(searched, specs) ?? identical(transaction, place, searched.query);
    if (key === null) return NO_ROW;
    const value = shortened(key.value, this.#onLimit);
    const hash = this.#rows.hashOf(place, value);
    const found = this.#rows.find(hash, place, value);
    const row = found === NO_ROW ? this.#begin(hash, place, value, key.from, listed !== null) : found;
    if (found !== NO_ROW) this.#rows.touch(row);
    if (this.#list !== null) this.#noteEnds(row, ip, connection.addresses[sender]);
    return row;
  }

  /** A list tells which of the ids in a request is meant. */
  #listedIn(searched: Searched, specs: readonly KeySpec[]): Key | null {
    if (this.#list === null) return null;
    return this.#search.all(searched, specs).find(({ value }) => this.#list?.has(value)) ?? null;
  }

  #begin(hash: number, place: DeliveryPlace, key: string, from: string, listed: boolean): number {
    const rows = this.#rows;
    // Not before it has a row: a place without one is forgotten.
    this.#places.keep(place);
    const row = rows.add(hash, place, key, this.#places.shared(from), listed);
    rows.state[row] = NONE;
    if (rows.size(listed) > (listed ? LIMITS.expectedLines : LIMITS.deliveries)) {
      this.#onLimit('deliveries');
      this.lostExpected ||= listed;
      const oldest = rows.oldest(listed);
      rows.forget(oldest);
      this.#release(oldest);
    }
    return row;
  }

  #release(row: number): void {
    const place = this.#rows.release(row);
    if (place === null) return;
    this.#several.delete(row);
    this.#ends.delete(row);
    this.#places.release(place);
  }

  #noteEnds(row: number, address: string, sender: string): void {
    let ends = this.#ends.get(row);
    if (ends === undefined) {
      ends = { addresses: new Set(), senders: new Set() };
      this.#ends.set(row, ends);
    }
    if (ends.addresses.size < ADDRESSES) ends.addresses.add(address);
    if (ends.senders.size < ADDRESSES) ends.senders.add(sender);
  }

  /** A row's attempts in full: from now on there may be several. */
  #severalOf(row: number): Several {
    let several = this.#several.get(row);
    if (several !== undefined) return several;
    const rows = this.#rows;
    const at = rows.at[row]!;
    const judged = rows.state[row] === JUDGED;
    several = {
      attempts: [{ at, connection: rows.connection[row]!, index: rows.index[row]!, judged }],
      judged: judged ? 1 : 0,
      best: judged ? { ...this.#results[rows.result[row]!]!, at } : null,
      firstSent: judged ? at : null,
      firstAcked: judged ? timeOf(rows.acked[row]!) : null,
      deliveredAt: judged ? timeOf(rows.delivered[row]!) : null,
      unlistedAfterAck: 0,
      unlistedAfterDelivery: 0,
    };
    rows.state[row] = SEVERAL;
    this.#several.set(row, several);
    return several;
  }

  #numberOf({ outcome, code, verdict: { acked } }: Judged): number {
    const known = this.#results.findIndex(
      (result) => result.verdict === code && result.outcome === outcome && result.acked === acked,
    );
    return known >= 0 ? known : this.#results.push({ outcome, verdict: code, acked }) - 1;
  }

  /** An attempt of it was. */
  #isJudged(row: number): boolean {
    if (this.#rows.state[row] !== SEVERAL) return this.#rows.state[row] === JUDGED;
    return this.#severalOf(row).best !== null;
  }

  #inOrder(wanted: (row: number) => boolean): number[] {
    const rows = this.#rows;
    for (const [row, { firstSent }] of this.#several) rows.at[row] = firstSent ?? 0;
    return rows.inTurn(wanted).sort((a, b) => rows.at[a]! - rows.at[b]!);
  }

  #recordOf(row: number): DeliveryRecord {
    const rows = this.#rows;
    const { host, method, port, path } = rows.place[row]!;
    const several = this.#several.get(row);
    const { outcome, verdict } = several?.best ?? this.#results[rows.result[row]!]!;
    return {
      type: 'delivery',
      key: rows.keyOf(row),
      host,
      outcome,
      verdict,
      ...(several === undefined ? this.#onlyAttempt(row) : attemptsOf(several)),
      method,
      port,
      path,
      keyFrom: rows.from[row]!,
      inferred: false,
      expected: null,
    };
  }

  #onlyAttempt(row: number): AttemptFields {
    const rows = this.#rows;
    const firstSent = rows.at[row]!;
    const firstAcked = timeOf(rows.acked[row]!);
    const deliveredAt = timeOf(rows.delivered[row]!);
    return {
      attempts: [`${rows.connection[row]}.${rows.index[row]}`],
      attemptCount: 1,
      intervals: [],
      firstSent,
      firstAcked,
      deliveredAt,
      // Its answer may have been captured before its request.
      duplicatesAfterAck: isAfter(firstSent, firstAcked) ? 1 : 0,
      duplicatesAfterDelivery: isAfter(firstSent, deliveredAt) ? 1 : 0,
    };
  }
}

/** The whole request as its own key; null where it was not captured whole, or says nothing that could be repeated. */
function identical({ request }: Transaction, { host, port }: DeliveryPlace, query: string): Key | null {
  const digest = request!.bodyDigest();
  if (digest === null) return null;
  const { method, target } = request!.head!;
  if (request!.bodyBytes === 0 && query === '' && SAFE.has(method.toUpperCase())) return null;
  const content = `${method} ${host}:${port} ${target}`;
  return { value: `sha256:${digestOf('sha256', `${content}\n${digest}`)}`, from: 'identical' };
}

function timeOf(time: number): Time | null {
  return Number.isNaN(time) ? null : time;
}
