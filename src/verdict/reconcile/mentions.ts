/**
 * Guards against a wrong idea of where the keys are: notes where a key of the list stands in a request that is not
 * known by it. In: requests. Out: for a key, the requests in which it stands as a word.
 */
import type { RequestHead } from '../../http/message.ts';
import { LIMITS } from '../../limits.ts';
import type { Message } from '../../transaction/transaction.ts';
import type { Reason } from '../verdict.ts';
import type { ExpectedList } from './expected.ts';

/** Ids of one key that are named. */
const NAMED = 5;
/** Shorter words are anything. */
const WORD = /[\w-]{6,}/g;

export class Mentions {
  readonly #list: ExpectedList;
  readonly #found = new Map<string, { readonly ids: string[]; count: number }>();

  constructor(list: ExpectedList) {
    this.#list = list;
  }

  look(request: Message<RequestHead>, id: string): void {
    const { head } = request;
    const texts = [
      request.decoded().text ?? '',
      head?.target ?? '',
      ...(head?.headers ?? []).map(({ value }) => value),
    ];
    for (const word of new Set(
      texts.flatMap((text) => text.slice(0, LIMITS.keyTextLength).match(WORD) ?? []),
    )) {
      if (!this.#list.has(word)) continue;
      let found = this.#found.get(word);
      if (found === undefined) {
        found = { ids: [], count: 0 };
        this.#found.set(word, found);
      }
      found.count++;
      if (found.ids.length < NAMED) found.ids.push(id);
    }
  }

  of(key: string): Reason[] {
    const found = this.#found.get(key);
    return found === undefined ? [] : [{ reason: 'may_be', what: 'mention', ...found }];
  }
}
