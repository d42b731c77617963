/**
 * What other connections of the capture say about one: whether its receiver failed others in the same way while
 * somebody else was answered at the same time, and whether new connections to it worked. What was seen before an
 * attempt is judged counts, in packet time; nothing waits for it.
 */
import type { Time } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import type { Facts } from './facts.ts';
import type { Code } from './verdict.ts';

const MINUTE: Time = 60e9;
/** So many connections with the same signature are no accident of one. */
const ALIKE = 3;

interface Answered {
  readonly receiver: string;
  at: Time;
}

export class Neighbours {
  /** The receivers that were answered last, two different ones: one of them is another than any given. */
  #answered: Answered[] = [];
  /** When a request on a new connection was last sent that was answered, by receiver. */
  #newAnswered = new Map<string, Time>();
  /** Last failures, by receiver and verdict: connections and when they were judged. */
  #failures = new Map<string, { readonly connection: number; readonly at: Time }[]>();

  note(code: Code, facts: Facts): void {
    const { transaction: t } = facts;
    const receiver = receiverOf(facts);
    if (facts.responded === 'full' && !facts.late) {
      const [last] = this.#answered;
      if (last?.receiver === receiver) last.at = t.decidedAt;
      else this.#noteAnswered(receiver, t.decidedAt);
      if (t.index === 1 && t.request !== null)
        remember(this.#newAnswered, receiver, t.request.firstByte.time);
      return;
    }
    const key = `${receiver} ${code}`;
    const alike = (this.#failures.get(key) ?? []).filter(
      ({ connection, at }) => connection !== t.connection.id && t.decidedAt - at <= MINUTE,
    );
    alike.push({ connection: t.connection.id, at: t.decidedAt });
    remember(this.#failures, key, alike.slice(-ALIKE));
  }

  #noteAnswered(receiver: string, at: Time): void {
    const other = this.#answered.find((answered) => answered.receiver !== receiver);
    this.#answered = other === undefined ? [{ receiver, at }] : [{ receiver, at }, other];
  }

  /** Enough other connections failed like this one while another receiver was answered. Ask after `note`. */
  confirm(code: Code, facts: Facts): boolean {
    const receiver = receiverOf(facts);
    const now = facts.transaction.decidedAt;
    const alike = this.#failures.get(`${receiver} ${code}`) ?? [];
    const healthy = this.#answered.some((other) => other.receiver !== receiver && now - other.at <= MINUTE);
    return healthy && alike.length >= ALIKE;
  }

  /** A request sent later than `since`, on a new connection to the same receiver, was answered. */
  answeredAnew(facts: Facts, since: Time): boolean {
    return (this.#newAnswered.get(receiverOf(facts)) ?? Number.NEGATIVE_INFINITY) > since;
  }
}

/** A map that forgets what was set longest ago. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > LIMITS.neighbours) map.delete(map.keys().next().value!);
}

function receiverOf({ transaction: { connection, sender } }: Facts): string {
  const side = sender === 0 ? 1 : 0;
  return `${connection.addresses[side]} ${connection.ports[side]}`;
}
