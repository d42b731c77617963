/**
 * What the reader has chosen, and who wants to know when it changes.
 */
import { EVERYTHING, type Filter } from './filter.ts';

export class State {
  #filter: Filter = EVERYTHING;
  #listeners: ((filter: Filter) => void)[] = [];

  get filter(): Filter {
    return this.#filter;
  }

  set(change: Partial<Filter>): void {
    this.#filter = { ...this.#filter, ...change };
    for (const listener of this.#listeners) listener(this.#filter);
  }

  onChange(listener: (filter: Filter) => void): void {
    this.#listeners.push(listener);
  }
}
