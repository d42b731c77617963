/**
 * Where requests go to, as deliveries tell it: method, host, port and path. In: the head of a request and the receiver's
 * address. Out: one object for all requests of one place, as long as a delivery is of it.
 */
import { createHash } from 'node:crypto';
import type { RequestHead } from '../http/message.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { DeliveryPlace } from './delivery-rows.ts';
import { hostNamed, nameIn } from './record.ts';
import type { Endpoint } from './verdict.ts';

/** Texts that places share. */
const TEXTS = 4_096;

/** Power of two: connections whose last place is remembered. */
const REMEMBERED = 1_024;

interface Remembered {
  readonly connection: number;
  readonly method: string;
  readonly target: string;
  readonly name: string | null;
  readonly place: DeliveryPlace;
}

export class DeliveryPlaces {
  #places = new Map<string, DeliveryPlace>();
  #begun = 0;
  /**
   * Requests of one connection mostly go to one place: what told where the last one went. Putting its name together,
   * to look for it, took a fifth of all that a delivery costs.
   */
  #last: (Remembered | null)[] = new Array(REMEMBERED).fill(null);
  #texts = new Map<string, string>();
  #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  /** @param connection its id: each has one receiver. */
  at(head: RequestHead, connection: number, receiver: Endpoint): DeliveryPlace {
    const { method, target } = head;
    const name = nameIn(head);
    const slot = connection & (REMEMBERED - 1);
    const last = this.#last[slot]!;
    if (
      last !== null &&
      last.connection === connection &&
      last.target === target &&
      last.name === name &&
      last.method === method &&
      // One that no delivery is of any more may have been made anew.
      last.place.rows > 0
    ) {
      return last.place;
    }
    const path = pathOf(target);
    const short = shortened(path, this.#onLimit);
    const place = this.#named(method, hostNamed(name, receiver), short);
    // A path that is cut is counted each time; a query is another each time. No piece of a head is kept: it keeps all of it.
    if (target === short) {
      const remembered = name === null ? null : this.shared(name);
      this.#last[slot] = { connection, method: place.method, target: place.path, name: remembered, place };
    }
    return place;
  }

  /** A delivery is of it. */
  keep(place: DeliveryPlace): void {
    if (place.rows === 0) this.#places.set(place.name, place);
  }

  /** One delivery less is. */
  release(place: DeliveryPlace): void {
    if (place.rows === 0) this.#places.delete(place.name);
  }

  /** One copy for all deliveries that say the same, as most do. */
  shared(text: string): string {
    let copy = this.#texts.get(text);
    if (copy === undefined) {
      copy = owned(text);
      if (this.#texts.size >= TEXTS) this.#texts.clear();
      this.#texts.set(copy, copy);
    }
    return copy;
  }

  #named(method: string, { host, port }: { host: string; port: number }, path: string): DeliveryPlace {
    const name = `${method} ${host}:${port}${path}`;
    return (
      this.#places.get(name) ?? {
        name: owned(name),
        method: this.shared(method),
        host: this.shared(host),
        port,
        path: this.shared(path),
        number: this.#begun++,
        rows: 0,
      }
    );
  }
}

/** As deliveries carry it. */
export function shortened(text: string, onLimit: OnLimit): string {
  if (text.length <= LIMITS.keyLength) return text;
  onLimit('keyLength');
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Of a target in origin form or absolute form (RFC 9112 §3.2), without its query. */
function pathOf(target: string): string {
  if (!target.startsWith('/')) return /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(target)?.[1] || '/';
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/** A copy of its own: a piece of a body keeps all of that body in memory. */
export function owned(text: string): string {
  return Buffer.from(text).toString();
}
