/**
 * Where requests go to, as deliveries tell it: method, host, port and path. In: the head of a request and the receiver's
 * address. Out: one object for all requests of one place, as long as a delivery is of it.
 */
import { hash as digestOf } from 'node:crypto';
import type { RequestHead } from '../http/message.ts';
import { LIMITS, type OnLimit } from '../limits.ts';
import type { DeliveryPlace } from './delivery-rows.ts';
import { hostNamed, nameIn } from './record.ts';

/** Texts that places share. */
const TEXTS = 4_096;

/** Power of two: what requests name, and the places that were found for it. */
const REMEMBERED = 4_096;
/** Characters of a target that tell where it is remembered. */
const HASHED = 64;

interface Remembered {
  readonly method: string;
  readonly target: string;
  readonly name: string;
  readonly port: number;
  readonly place: DeliveryPlace;
}

export class DeliveryPlaces {
  #places = new Map<string, DeliveryPlace>();
  #begun = 0;
  /**
   * Most requests go to a place to which others went: by a hash of what they name. Putting the place's name together, to
   * look for it, took a fifth of all that a delivery costs.
   */
  #last: (Remembered | null)[] = new Array(REMEMBERED).fill(null);
  #texts = new Map<string, string>();
  #onLimit: OnLimit;

  constructor(onLimit: OnLimit) {
    this.#onLimit = onLimit;
  }

  /** @param ip of the receiver, as is `port`. */
  at(head: RequestHead, ip: string, port: number): DeliveryPlace {
    const { method, target } = head;
    const name = nameIn(head);
    // Where the address stands for the name, it would have to be looked at too.
    const slot = name === null || name === '' ? -1 : slotOf(name, target);
    const last = slot < 0 ? null : this.#last[slot]!;
    if (
      last !== null &&
      last.target === target &&
      last.name === name &&
      last.port === port &&
      last.method === method &&
      // One that no delivery is of any more may have been made anew.
      last.place.rows > 0
    ) {
      return last.place;
    }
    const path = pathOf(target);
    const short = shortened(path, this.#onLimit);
    const place = this.#named(method, hostNamed(name, { ip, port }), short);
    // A path that is cut is counted each time; a query is another each time. No piece of a head is kept: it keeps all of it.
    if (slot >= 0 && name !== null && target === short) {
      this.#last[slot] = { method: place.method, target: place.path, name: this.shared(name), port, place };
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

function slotOf(name: string, target: string): number {
  let hash = target.length;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x9e3779b1);
  const end = Math.min(target.length, HASHED);
  for (let i = 0; i < end; i++) hash = Math.imul(hash ^ target.charCodeAt(i), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & (REMEMBERED - 1);
}

/** As deliveries carry it. */
export function shortened(text: string, onLimit: OnLimit): string {
  if (text.length <= LIMITS.keyLength) return text;
  onLimit('keyLength');
  return `sha256:${digestOf('sha256', text)}`;
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
