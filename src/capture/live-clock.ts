/**
 * Two clocks of a live capture: packets carry the time of the capturing machine's clock, which may be set at any moment;
 * a monotonic clock tells how much time really passed. Packet time stays the clock of record. The other one only says
 * that no packet before some time will come any more, and shows a step of the first, over which analysis time goes on:
 * what is in flight is then neither timed out by a clock that was set forward nor held up by one that was set back.
 */
import type { Time } from './packet.ts';

/** Nanoseconds. Packets come this late even where nothing is held up: the kernel hands them over in blocks, each after
 *  at most a second (TPACKET_V3's retire timeout as tcpdump and dumpcap ask for it). */
export const SLACK: Time = 1.5e9;
/** Nanoseconds: a packet cannot come from the future, so one that seems to by more than this shows a clock that was set. */
const STEP: Time = 1e9;
/** The two clocks drift apart; 0.1 % is twice what NTP may slew (RFC 5905 §11.3: 500 ppm). */
const DRIFT = 1e-3;

export class LiveClock {
  /** Added to packet times since the clock was first seen to be set. */
  correction: Time = 0;
  /** Packet time minus monotonic time where nothing held the packet up: the largest seen. */
  #ahead = Number.NEGATIVE_INFINITY;
  #aheadAt = 0;
  /** Of the latest packet: its corrected time, and the monotonic time at which it came. */
  #last: Time = Number.NEGATIVE_INFINITY;
  #lastAt = 0;

  /** A packet dated `time` is of this very moment: the wall clock knows that before the first packet was on time. */
  start(time: Time, monotonic: number): void {
    this.#ahead = time - monotonic;
    this.#aheadAt = monotonic;
  }

  /**
   * @param time as the packet is dated.
   * @param monotonic nanoseconds of a clock that is never set.
   * @returns by how much the clock was set since the packet before: 0 but for a step.
   */
  onPacket(time: Time, monotonic: number): Time {
    const corrected = time + this.correction;
    const ahead = corrected - monotonic;
    const most = this.#ahead - DRIFT * (monotonic - this.#aheadAt);
    // Packets come in order: one dated before its predecessor, by more than any queue explains, shows a clock set back.
    const isStep = ahead - most > STEP || corrected < this.#last - STEP;
    let step = 0;
    if (isStep && this.#last > Number.NEGATIVE_INFINITY) {
      // All that is known of the other side of the step: the packet comes now.
      step = corrected - (this.#last + monotonic - this.#lastAt);
      this.correction -= step;
    }
    if (step !== 0 || ahead > most) {
      this.#ahead = time + this.correction - monotonic;
      this.#aheadAt = monotonic;
    }
    this.#last = Math.max(this.#last, time + this.correction);
    this.#lastAt = monotonic;
    return step;
  }

  /** The time it is now, by the latest packet and what has passed since it came: what holds packets up holds this up as
   *  well. Null before the first packet. */
  now(monotonic: number): Time | null {
    return this.#last > Number.NEGATIVE_INFINITY ? this.#last + (monotonic - this.#lastAt) : null;
  }

  /** No packet of an earlier time will come any more. */
  watermark(monotonic: number): Time | null {
    const now = this.now(monotonic);
    return now === null ? null : now - SLACK;
  }
}
