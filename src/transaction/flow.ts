/**
 * Flow control of what one side of an HTTP/2 connection sends (RFC 9113 §6.9): how much more DATA the other side takes, on
 * each stream and on all of them together, and when it was used up.
 */
import { keep, type Moment } from '../capture/packet.ts';
import { INITIAL_WINDOW } from '../http2/http2.ts';
import type { Blocked } from './transaction.ts';

/** Of one direction, for all its streams. */
export class Flow {
  /** All that moved the windows was captured. */
  accounted: boolean;
  /** Of each stream (SETTINGS_INITIAL_WINDOW_SIZE); what changes it changes streams that are open too (§6.9.2). */
  initial = INITIAL_WINDOW;
  available = INITIAL_WINDOW;
  spentAt: Moment | null = null;

  constructor(accounted: boolean) {
    this.accounted = accounted;
  }
}

/** Of one stream. */
export class StreamFlow {
  readonly #flow: Flow;
  /** What it was granted beyond the initial window, less what it spent. */
  #granted = 0;
  #spentAt: Moment | null = null;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  get accounted(): boolean {
    return this.#flow.accounted;
  }

  /** @param length of a DATA frame with its padding. */
  spend(length: number, at: Moment): void {
    if (length === 0) return;
    this.#granted -= length;
    this.#flow.available -= length;
    this.#spentAt = keep(at);
    this.#flow.spentAt = this.#spentAt;
  }

  grant(increment: number): void {
    this.#granted += increment;
  }

  /** Null while a byte more may be sent, and where that is not known. */
  get blocked(): Blocked | null {
    const { accounted, available, initial, spentAt } = this.#flow;
    if (!accounted) return null;
    if (initial + this.#granted <= 0 && this.#spentAt !== null) return { by: 'stream', since: this.#spentAt };
    return available <= 0 && spentAt !== null ? { by: 'connection', since: spentAt } : null;
  }
}
