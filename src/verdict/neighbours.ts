/**
 * What other connections of the capture say about one: whether its receiver failed others in the same way while
 * somebody else was answered at the same time, and whether new connections to it worked. What was seen before an
 * attempt is judged counts, in packet time; nothing waits for it.
 */
import type { Time } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Code } from './verdict.ts';

const MINUTE: Time = 60e9;
/** So many connections with the same signature are no accident of one. */
const ALIKE = 3;

/** A receiver that was answered, and when it last was; changed in place. */
interface Answered {
  address: string;
  port: number;
  at: Time;
}

export class Neighbours {
  /** The receivers that were answered last, two different ones: one of them is another than any given. */
  #last: Answered = { address: '', port: 0, at: Number.NEGATIVE_INFINITY };
  #other: Answered = { address: '', port: 0, at: Number.NEGATIVE_INFINITY };
  /** When a request on a new connection was last sent that was answered, by receiver. */
  #newAnswered = new Map<string, Time>();
  /** Last failures, by receiver and verdict: connections and when they were judged. */
  #failures = new Map<string, { readonly connection: number; readonly at: Time }[]>();

  /** It was answered, and the sender took the answer. */
  noteAnswer(t: Transaction): void {
    if (!isOf(this.#last, t)) {
      const { connection, sender } = t;
      const side = sender === 0 ? 1 : 0;
      const last = this.#other;
      last.address = connection.addresses[side];
      last.port = connection.ports[side];
      this.#other = this.#last;
      this.#last = last;
    }
    this.#last.at = t.decidedAt;
    if (t.index === 1 && t.request !== null) {
      remember(this.#newAnswered, receiverOf(t), t.request.firstByte.time);
    }
  }

  noteFailure(code: Code, t: Transaction): void {
    const key = `${receiverOf(t)} ${code}`;
    const alike = (this.#failures.get(key) ?? []).filter(
      ({ connection, at }) => connection !== t.connection.id && t.decidedAt - at <= MINUTE,
    );
    alike.push({ connection: t.connection.id, at: t.decidedAt });
    remember(this.#failures, key, alike.slice(-ALIKE));
  }

  /** Enough other connections failed like this one while another receiver was answered. Ask after it was noted. */
  confirm(code: Code, t: Transaction): boolean {
    const alike = this.#failures.get(`${receiverOf(t)} ${code}`) ?? [];
    return alike.length >= ALIKE && (isAnotherAnswered(this.#last, t) || isAnotherAnswered(this.#other, t));
  }

  /** A request sent later than `since`, on a new connection to the same receiver, was answered. */
  answeredAnew(t: Transaction, since: Time): boolean {
    return (this.#newAnswered.get(receiverOf(t)) ?? Number.NEGATIVE_INFINITY) > since;
  }
}

function isOf({ address, port }: Answered, { connection, sender }: Transaction): boolean {
  const side = sender === 0 ? 1 : 0;
  return port === connection.ports[side] && address === connection.addresses[side];
}

function isAnotherAnswered(answered: Answered, t: Transaction): boolean {
  return !isOf(answered, t) && t.decidedAt - answered.at <= MINUTE;
}

/** A map that forgets what was set longest ago. While it is far from that it does not keep the order, which costs most. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size > LIMITS.neighbours / 2) map.delete(key);
  map.set(key, value);
  if (map.size > LIMITS.neighbours) map.delete(map.keys().next().value!);
}

function receiverOf({ connection, sender }: Transaction): string {
  const side = sender === 0 ? 1 : 0;
  return `${connection.addresses[side]} ${connection.ports[side]}`;
}
