/**
 * pcapng timestamps to nanoseconds: a 64-bit count of ticks comes in as two 32-bit words, a Time goes out, exact
 * to the nanosecond (rounded down where ticks are finer). Resolution and offset are the options if_tsresol and
 * if_tsoffset of draft-ietf-opsawg-pcapng §4.2.
 *
 * A double cannot hold today's date in nanoseconds, so only the distance to a base is computed in doubles. The
 * base moves, through BigInt, when a packet is too far from it for that to be exact: for nanoseconds and
 * microseconds once in 104 days, so no packet of the usual capture pays for it but the first.
 */
import type { Time } from './packet.ts';

const SECOND = 1_000_000_000n;
const WORD = 2 ** 32;
const EXACT = 2 ** 53;

/** if_tsresol where the option is absent: microseconds. */
export const DEFAULT_RESOLUTION = 6;

/** Turns nanoseconds since the Unix epoch into a Time; the first caller of a run sets what Time 0 means. */
export interface Epoch {
  since(nanoseconds: bigint): Time;
}

export class TickClock {
  /** One tick is `multiply / divide` ns, in lowest terms. */
  private readonly multiply: number;
  private readonly divide: number;
  private readonly offset: bigint;
  /** Distance in ticks from the base up to which a double is exact. */
  private reach: number;
  private readonly exactReach: number;
  private baseHigh = 0;
  private baseLow = 0;
  private baseTime: Time = 0;

  /**
   * @param resolution if_tsresol: a negative power of 10, or of 2 when the highest bit is set.
   * @param offset if_tsoffset: seconds to add.
   */
  constructor(resolution: number, offset: bigint) {
    const power = resolution & 0x7f;
    if ((resolution & 0x80) !== 0) {
      // 10^9 / 2^n with the common factor 2^9 taken out
      this.multiply = power < 9 ? 5 ** 9 * 2 ** (9 - power) : 5 ** 9;
      this.divide = power < 9 ? 1 : 2 ** (power - 9);
    } else {
      this.multiply = power < 9 ? 10 ** (9 - power) : 1;
      this.divide = power < 9 ? 1 : 10 ** (power - 9);
    }
    this.offset = offset;
    this.exactReach = Math.floor(EXACT / this.multiply);
    this.reach = -1;
  }

  /** Ticks that are no whole number of microseconds need more than six digits to print. */
  get finerThanMicroseconds(): boolean {
    return this.divide > 1 || this.multiply % 1000 !== 0;
  }

  time(high: number, low: number, epoch: Epoch): Time {
    let ticks = (high - this.baseHigh) * WORD + (low - this.baseLow);
    if (ticks > this.reach || ticks < -this.reach) {
      this.rebase(high, low, epoch);
      ticks = (high - this.baseHigh) * WORD + (low - this.baseLow);
    }
    // The product is an integer below 2^53, so the quotient's rounding error is below 1/divide and floor is exact.
    const product = ticks * this.multiply;
    return this.baseTime + (this.divide === 1 ? product : Math.floor(product / this.divide));
  }

  private rebase(high: number, low: number, epoch: Epoch): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    // Aligned so that the base itself is a whole number of nanoseconds; not for ticks so fine that the distance to
    // such a base would not be exact, which then all come here.
    const tooFine = this.divide > this.exactReach;
    const base = tooFine ? ticks : ticks - (ticks % BigInt(this.divide));
    const now = this.nanoseconds(ticks);
    this.baseHigh = Number(base >> 32n);
    this.baseLow = Number(base & 0xffffffffn);
    // The packet's own time is asked for: if it is the first of the run, that is what Time 0 means.
    this.baseTime = epoch.since(now) - Number(now - this.nanoseconds(base));
    // A base that is itself too far to be exact must not be used for a packet that is near enough.
    const beyond = ((Math.abs(this.baseTime) - EXACT) * this.divide) / this.multiply;
    const reach = beyond > 0 ? Math.min(this.exactReach, Math.floor(beyond)) : this.exactReach;
    this.reach = tooFine ? 0 : reach;
  }

  private nanoseconds(ticks: bigint): bigint {
    return (ticks * BigInt(this.multiply)) / BigInt(this.divide) + this.offset * SECOND;
  }
}
