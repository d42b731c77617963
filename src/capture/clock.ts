/**
 * What Time 0 of a run means: nanoseconds since the Unix epoch come in, Times go out. The first packet with a
 * timestamp sets it, unless an earlier one is known from looking ahead.
 */
import type { CaptureFacts, Time } from './packet.ts';
import type { Epoch } from './ticks.ts';

export class RunClock implements Epoch {
  private readonly facts: CaptureFacts;
  /** False while Time 0 means nothing because no packet so far had a timestamp. */
  private set: boolean;

  constructor(facts: CaptureFacts) {
    this.facts = facts;
    this.set = false;
  }

  /** True once a packet with a timestamp has set `facts.epoch`. */
  get started(): boolean {
    return this.set;
  }

  /** Nanoseconds from the Unix epoch to Time 0. */
  get epoch(): bigint {
    return this.facts.epoch ?? 0n;
  }

  since(nanoseconds: bigint): Time {
    if (!this.set) {
      this.set = true;
      this.facts.epoch = nanoseconds;
    }
    return Number(nanoseconds - this.epoch);
  }

  /** A packet without a timestamp is dated 1970 for as long as nothing better is known. */
  untimed(): void {
    if (!this.set) this.facts.epoch = 0n;
  }
}
