/**
 * Quantiles of a stream of numbers in bounded memory: exact up to a fixed count, then of an even selection (every
 * second value, then every fourth …), so that the same input always gives the same figures. The maximum is exact.
 */
const FIRST = 16;
const NO_VALUES = new Float64Array(0);

export class Sample {
  readonly #kept: number;
  /** Of these the first `#length`. */
  #values = NO_VALUES;
  #length = 0;
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
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
    if (this.#length < this.#kept) return;
    this.#length /= 2;
    for (let i = 0; i < this.#length; i++) this.#values[i] = this.#values[2 * i]!;
    this.#stride *= 2;
  }

  #grow(): void {
    const values = new Float64Array(Math.min(this.#kept, Math.max(FIRST, 2 * this.#length)));
    values.set(this.#values);
    this.#values = values;
  }

  /** Nearest rank: the smallest value that at least `share` of all do not exceed; null without any. */
  quantiles(...shares: readonly number[]): (number | null)[] {
    const sorted = this.#values.slice(0, this.#length).sort();
    return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null);
  }
}
