/**
 * How many attempts came to what. In: outcome and verdict of each. Out: how many of each outcome and of each verdict, the
 * latter in the order in which they came up. Few combinations come up, and nearly always the one before: looking at
 * them one by one takes a third of adding to two objects by names that are only known then.
 */
import { type Code, noOutcomes, type Outcome } from './verdict.ts';

interface Kind {
  readonly outcome: Outcome;
  readonly code: Code;
  count: number;
}

export class VerdictCounts {
  #kinds: Kind[] = [];

  add(outcome: Outcome, code: Code): void {
    for (const kind of this.#kinds) {
      if (kind.code !== code || kind.outcome !== outcome) continue;
      kind.count++;
      return;
    }
    this.#kinds.push({ outcome, code, count: 1 });
  }

  /** Of all kinds. */
  some(matches: (outcome: Outcome, code: Code) => boolean): boolean {
    return this.#kinds.some(({ outcome, code }) => matches(outcome, code));
  }

  get outcomes(): Record<Outcome, number> {
    const outcomes = noOutcomes();
    for (const { outcome, count } of this.#kinds) outcomes[outcome] += count;
    return outcomes;
  }

  get verdicts(): Partial<Record<Code, number>> {
    const verdicts: Partial<Record<Code, number>> = {};
    for (const { code, count } of this.#kinds) verdicts[code] = (verdicts[code] ?? 0) + count;
    return verdicts;
  }
}
