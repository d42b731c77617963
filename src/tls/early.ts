/**
 * In: plaintext that the client sent before the server could say whether it takes it (RFC 8446 §2.3). Out: the same, in order,
 * once the server does or nobody will say any more whether it does; nothing where it does not.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Place } from './tls.ts';

export class EarlyData {
  readonly #onData: (content: Buffer, place: Place) => void;
  readonly #onLimit: OnLimit;
  /** Null while there is nothing to be decided. */
  #held: { readonly content: Buffer; readonly place: Place }[] | null = null;
  #length = 0;

  constructor(onData: (content: Buffer, place: Place) => void, onLimit: OnLimit) {
    this.#onData = onData;
    this.#onLimit = onLimit;
  }

  /** The server has not said yet whether it takes it. */
  get undecided(): boolean {
    return this.#held !== null;
  }

  /** The client says that it sends some. */
  begin(): void {
    this.#held = [];
  }

  hold(content: Buffer, place: Place): void {
    this.#held?.push({ content, place });
    this.#length += content.length;
    if (this.#length <= LIMITS.tlsEarlyBytes) return;
    this.#onLimit('tlsEarlyBytes');
    this.release();
  }

  release(): void {
    const held = this.#held;
    this.#held = null;
    for (const { content, place } of held ?? []) this.#onData(content, place);
  }

  /** The server does not take it. */
  drop(): void {
    this.#held = null;
  }
}
