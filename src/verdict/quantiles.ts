/**
 * Quantiles of a stream of numbers in bounded memory: exact up to a fixed count, then of an even selection (every
 * second value, then every fourth …), so that the same input always gives the same figures. The maximum is exact.
 */
export class Sample {
  readonly #kept: number;
  #values: number[] = [];
  #stride = 1;
  #skipped = 0;
  max: number | null = null;
  count = 0;

  /** @param kept how many values are kept: an even number. */
  constructor(kept = 4_096) {
    this.#kept = kept;
  }

  add(value: number): void {
    this.count++;
    if (this.max === null || value > this.max) this.max = value;
    this.#skipped++;
    if (this.#skipped < this.#stride) return;
    this.#skipped = 0;
    this.#values.push(value);
    if (this.#values.length < this.#kept) return;
    this.#values = this.#values.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** Nearest rank: the smallest value that at least `share` of all do not exceed; null without any. */
  quantiles(...shares: readonly number[]): (number | null)[] {
    const sorted = Float64Array.from(this.#values).sort();
    return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null);
  }
}
