/**
 * Puts attempts that carry one business key together. In: each request when it is over on the wire, which gives it
 * its place among the attempts by first byte, and each transaction when it is judged. Out: that place, and at the end
 * one record a delivery. Bounded in deliveries and in attempts of one; a delivery holds figures, no records.
 *
 * One key at two places (a payment and a refund of one order, a webhook with two subscribers) is two deliveries: an
 * answer at one place says nothing about the other.
 */
import { createHash } from 'node:crypto';
import type { Time } from '../capture/packet.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { type Key, keysIn, searchedOf } from './keys/find.ts';
import { hostNamed, idOf, type Judged, nameIn } from './record.ts';
import type { Code, DeliveryRecord, KeySpec, Outcome, Place, TransactionFacts } from './verdict.ts';

/** Addresses of one delivery that are remembered. */
const ADDRESSES = 8;

/** Safe methods (RFC 9110 §9.2.1) deliver nothing but what their query says, and CONNECT opens a way. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Texts that deliveries share. */
const TEXTS = 4_096;

/** What may still turn out well comes before what is known to have failed. */
const BEST_FIRST: readonly Outcome[] = [
  'delivered',
  'pending',
  'unknown',
  'refused',
  'unanswered',
  'unsent',
  'missing',
];

interface Attempt {
  readonly at: Time;
  /** Null until it is judged. */
  id: string | null;
}

interface Delivery {
  readonly key: Key;
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Of the receiver, bounded. */
  readonly addresses: Set<string>;
  /** Of the sender, bounded. */
  readonly senders: Set<string>;
  /** In order of their first bytes, bounded. */
  attempts: Attempt[];
  /** Judged, listed or not. */
  judged: number;
  best: Best | null;
  firstSent: Time | null;
  firstAcked: Time | null;
  deliveredAt: Time | null;
  /** Of attempts that are not listed. */
  unlistedAfterAck: number;
  unlistedAfterDelivery: number;
}

/** A delivery at the end, with what its record does not tell. */
export interface Seen {
  readonly record: DeliveryRecord;
  readonly addresses: ReadonlySet<string>;
  /** Addresses from which it was sent, bounded. */
  readonly senders: ReadonlySet<string>;
  /** First bytes of the attempts that are listed. */
  readonly starts: readonly Time[];
}

interface Best {
  readonly outcome: Outcome;
  readonly verdict: Code;
  readonly acked: TransactionFacts['acked'];
  readonly at: Time;
}

interface Entry {
  readonly delivery: Delivery;
  /** Null where the delivery lists no more. */
  readonly attempt: Attempt | null;
}

export class Deliveries {
  /** By identity, the one without an attempt for longest first. */
  #deliveries = new Map<string, Delivery>();
  /** Those whose key is on the list: nobody else's are kept at their cost. */
  #expected = new Map<string, Delivery>();
  /** One whose key is on the list was left out: it may look as if it had not been sent. */
  lostExpected = false;
  #entries = new WeakMap<Transaction, Entry>();
  #texts = new Map<string, string>();
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
  }

  /** Called at most once a request, before it is judged. */
  onRequest(transaction: Transaction): void {
    const delivery = this.#deliveryOf(transaction);
    if (delivery === null) return;
    const { attempts } = delivery;
    let attempt: Attempt | null = null;
    if (attempts.length < LIMITS.deliveryAttempts) {
      attempt = { at: transaction.request!.firstByte.time, id: null };
      const later = attempts.findLastIndex(({ at }) => at <= attempt!.at);
      // The first of all is put in an array of its own size: one that grows has room for seventeen.
      if (attempts.length === 0) delivery.attempts = [attempt];
      else attempts.splice(later + 1, 0, attempt);
    } else this.#onLimit('deliveryAttempts');
    this.#entries.set(transaction, { delivery, attempt });
  }

  /** Asked once, when it is judged, which may be before its request is over. */
  placeOf(transaction: Transaction): Place | null {
    if (!this.#entries.has(transaction)) this.onRequest(transaction);
    const entry = this.#entries.get(transaction);
    if (entry === undefined) return null;
    const { delivery, attempt } = entry;
    return {
      key: delivery.key.value,
      attempt: attempt === null ? null : delivery.attempts.indexOf(attempt) + 1,
      of: null,
    };
  }

  /** @param wanted false where it was not asked for: it is no attempt. */
  judged({ transaction, verdict, outcome, code }: Judged, wanted: boolean): void {
    const entry = this.#entries.get(transaction);
    if (entry === undefined) return;
    const { delivery, attempt } = entry;
    if (!wanted) {
      if (attempt !== null) delivery.attempts.splice(delivery.attempts.indexOf(attempt), 1);
      return;
    }
    const { request, response, acked } = transaction;
    const at = request!.firstByte.time;
    delivery.judged++;
    if (attempt !== null) attempt.id = idOf(transaction);
    else {
      if (isAfter(at, delivery.firstAcked)) delivery.unlistedAfterAck++;
      if (isAfter(at, delivery.deliveredAt)) delivery.unlistedAfterDelivery++;
    }
    const best: Best = { outcome, verdict: code, acked: verdict.facts.acked, at };
    if (delivery.best === null || isBetter(best, delivery.best)) delivery.best = best;
    delivery.firstSent = earliest(delivery.firstSent, at);
    delivery.firstAcked = earliest(delivery.firstAcked, acked?.at?.time ?? null);
    if (outcome === 'delivered') {
      delivery.deliveredAt = earliest(delivery.deliveredAt, response?.lastByte.time ?? null);
    }
  }

  /** In order of their first bytes. */
  seen(): Seen[] {
    return [...this.#expected.values(), ...this.#deliveries.values()]
      .flatMap((delivery) => (delivery.best === null ? [] : [seenOf(delivery, delivery.best)]))
      .sort((a, b) => (a.record.firstSent ?? 0) - (b.record.firstSent ?? 0));
  }

  /** The key by which the transaction is known; null without one. */
  keyOf(transaction: Transaction): string | null {
    return this.#entries.get(transaction)?.delivery.key.value ?? null;
  }

  /** Null for what has no key. */
  #deliveryOf(transaction: Transaction): Delivery | null {
    const { request, connection, sender } = transaction;
    const head = request?.head;
    // A head that was cut may have lost the field that counts.
    if (!head?.complete) return null;
    const side = sender === 0 ? 1 : 0;
    const ip = connection.addresses[side];
    const { host, port } = hostNamed(nameIn(head), { ip, port: connection.ports[side] });
    const path = pathOf(head.target);
    const searched = searchedOf(request!, this.#onLimit);
    const content = `${head.method} ${host}:${port} ${head.target}`;
    const keys = keysIn(searched, this.#specsOf(transaction));
    // A list tells which of the ids in a request is meant.
    const listed = keys.find(({ value }) => this.#list?.has(value));
    const key = listed ?? keys[0] ?? identical(transaction, content, searched.query);
    if (key === null) return null;
    const place = `${head.method} ${host}:${port}${this.#short(path)}`;
    const store = listed === undefined ? this.#deliveries : this.#expected;
    const delivery = this.#named(store, `${place} ${this.#short(key.value)}`, () => ({
      key: { value: this.#bounded(key.value), from: this.#shared(key.from) },
      method: this.#shared(head.method),
      host: this.#shared(host),
      port,
      path: this.#shared(this.#bounded(path)),
      addresses: new Set(),
      senders: new Set(),
      attempts: [],
      judged: 0,
      best: null,
      firstSent: null,
      firstAcked: null,
      deliveredAt: null,
      unlistedAfterAck: 0,
      unlistedAfterDelivery: 0,
    }));
    if (delivery.addresses.size < ADDRESSES) delivery.addresses.add(ip);
    if (delivery.senders.size < ADDRESSES) delivery.senders.add(connection.addresses[sender]);
    return delivery;
  }

  #named(store: Map<string, Delivery>, identity: string, create: () => Delivery): Delivery {
    let delivery = store.get(identity);
    if (delivery === undefined) {
      delivery = create();
      if (store.size >= (store === this.#expected ? LIMITS.expectedLines : LIMITS.deliveries)) {
        this.#onLimit('deliveries');
        this.lostExpected ||= store === this.#expected;
        store.delete(store.keys().next().value!);
      }
    } else store.delete(identity);
    store.set(owned(identity), delivery);
    return delivery;
  }

  /** One copy for all deliveries that say the same, as most do of methods, hosts and paths. */
  #shared(text: string): string {
    let copy = this.#texts.get(text);
    if (copy === undefined) {
      copy = owned(text);
      if (this.#texts.size >= TEXTS) this.#texts.clear();
      this.#texts.set(copy, copy);
    }
    return copy;
  }

  #bounded(text: string): string {
    return owned(this.#short(text));
  }

  #short(text: string): string {
    if (text.length <= LIMITS.keyLength) return text;
    this.#onLimit('keyLength');
    return `sha256:${createHash('sha256').update(text).digest('hex')}`;
  }
}

/** The whole request as its own key; null where it was not captured whole, or says nothing that could be repeated. */
function identical({ request }: Transaction, content: string, query: string): Key | null {
  const digest = request!.bodyDigest();
  if (digest === null) return null;
  if (request!.bodyBytes === 0 && query === '' && SAFE.has(request!.head!.method.toUpperCase())) return null;
  const hash = createHash('sha256').update(`${content}\n${digest}`).digest('hex');
  return { value: `sha256:${hash}`, from: 'identical' };
}

/** Of a target in origin form or absolute form (RFC 9112 §3.2), without its query. */
function pathOf(target: string): string {
  if (!target.startsWith('/')) return /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(target)?.[1] || '/';
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/** A copy of its own: a piece of a body keeps all of that body in memory. */
function owned(text: string): string {
  return Buffer.from(text).toString();
}

function isAfter(at: Time, moment: Time | null): boolean {
  return moment !== null && at > moment;
}

function earliest(a: Time | null, b: Time | null): Time | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** 0 is best. */
export function outcomeRank(outcome: Outcome): number {
  return BEST_FIRST.indexOf(outcome);
}

/** A delivery that the accept rule confirmed before one that it could not; then what the receiver took; then the later. */
function isBetter(a: Best, b: Best): boolean {
  const [rank, other] = [outcomeRank(a.outcome), outcomeRank(b.outcome)];
  if (rank !== other) return rank < other;
  if (a.outcome === 'delivered') return a.verdict === 'delivered' && b.verdict !== 'delivered';
  if ((a.acked === 'full') !== (b.acked === 'full')) return a.acked === 'full';
  return a.at >= b.at;
}

function seenOf(delivery: Delivery, best: Best): Seen {
  return {
    record: recordOf(delivery, best),
    addresses: delivery.addresses,
    senders: delivery.senders,
    starts: delivery.attempts.map(({ at }) => at),
  };
}

function recordOf(delivery: Delivery, best: Best): DeliveryRecord {
  const { attempts, firstAcked, deliveredAt } = delivery;
  const after = (moment: Time | null) => attempts.filter(({ at }) => isAfter(at, moment)).length;
  return {
    type: 'delivery',
    key: delivery.key.value,
    host: delivery.host,
    outcome: best.outcome,
    verdict: best.verdict,
    attempts: attempts.flatMap(({ id }) => id ?? []),
    attemptCount: delivery.judged,
    intervals: attempts.slice(1).map(({ at }, i) => (at - attempts[i]!.at) / 1e6),
    firstSent: delivery.firstSent,
    firstAcked,
    deliveredAt,
    duplicatesAfterAck: after(firstAcked) + delivery.unlistedAfterAck,
    duplicatesAfterDelivery: after(deliveredAt) + delivery.unlistedAfterDelivery,
    method: delivery.method,
    port: delivery.port,
    path: delivery.path,
    keyFrom: delivery.key.from,
    inferred: false,
    expected: null,
  };
}
