/**
 * In: a request as it was captured. Out: its business key, the id that all attempts of one notification share, and
 * where it stands. Only what is wholly there counts: a value that the capture cut is no key. Without one, a request
 * that was captured whole is its own key: method, host, target and body (their SHA-256).
 */
import { type Fields, fieldOf, type RequestHead } from '../../http/message.ts';
import { LIMITS, type OnLimit } from '../../limits.ts';
import type { Message } from '../../transaction/transaction.ts';
import type { KeySpec } from '../verdict.ts';
import { FormCursor, multipartFields, xmlFields } from './form.ts';
import { JsonCursor } from './json.ts';
import { LONGEST, type Meaning, meaningIn, meaningOf, USUAL_HEADERS } from './usual.ts';

export interface Key {
  readonly value: string;
  /** As `--key` says it; `identical`. */
  readonly from: string;
}

/** What is searched. */
export interface Searched {
  readonly head: Fields;
  /** Of the target, without its question mark. */
  readonly query: string;
  /** Null where the body is empty, binary or unreadable. */
  readonly body: string | null;
  /** `body` is all of it. */
  readonly whole: boolean;
}

export function searchedOf(request: Message<RequestHead>, onLimit: OnLimit): Searched {
  const head = request.head!;
  const { target } = head;
  const mark = target.indexOf('?');
  const { text, whole } = request.decoded();
  const cut = text !== null && text.length > LIMITS.keyTextLength;
  if (cut) onLimit('keyTextLength');
  return {
    head,
    query: mark < 0 ? '' : target.slice(mark + 1).replace(/#.*$/s, ''),
    body: cut ? text.slice(0, LIMITS.keyTextLength) : text,
    whole: whole && !cut,
  };
}

/** Nothing beats the first name of the list: what comes behind it needs no look. */
const BEST = 0;

/**
 * Looks for keys. Only what may count is cut out of the text: the arrays, pointers and strings of all candidates were
 * 1.8 kB of garbage a request, and took three quarters of the time.
 */
export class KeySearch {
  readonly #json = new JsonCursor();
  /** For JSON in a string of it. */
  readonly #inner = new JsonCursor();
  readonly #form = new FormCursor();
  /** The one that counts so far, and how early its name comes in the list. */
  #first: Key | null = null;
  #rank = Number.POSITIVE_INFINITY;
  /** Where all are asked for. */
  #all: { readonly rank: number; readonly key: Key }[] | null = null;

  /** The key that counts; null without one. */
  first(request: Searched, specs: readonly KeySpec[]): Key | null {
    if (specs.length === 0) {
      this.#first = null;
      this.#rank = Number.POSITIVE_INFINITY;
      this.#all = null;
      this.#lookForUsual(request);
      return this.#first;
    }
    for (const spec of specs) {
      const key = this.#asked(request, spec);
      if (key !== null) return key;
    }
    return null;
  }

  /** Every key that `request` may have, the one that counts first. */
  all(request: Searched, specs: readonly KeySpec[]): Key[] {
    if (specs.length > 0) return specs.flatMap((spec) => this.#asked(request, spec) ?? []);
    const all: { readonly rank: number; readonly key: Key }[] = [];
    this.#rank = Number.POSITIVE_INFINITY;
    this.#all = all;
    this.#lookForUsual(request);
    return all.sort((a, b) => a.rank - b.rank).map(({ key }) => key);
  }

  #asked(request: Searched, spec: KeySpec): Key | null {
    const value = this.#valueAt(request, spec);
    return value === undefined || value === '' ? null : { value, from: spec.text };
  }

  #valueAt(request: Searched, spec: KeySpec): string | undefined {
    const { body, whole } = request;
    switch (spec.kind) {
      case 'header':
        return fieldOf(request.head, spec.name.toLowerCase());
      case 'query':
        return this.#fieldNamed(request.query, true, spec.name);
      case 'form': {
        if (body === null) return undefined;
        const parts = multipartFields(body, whole);
        if (parts === null) return this.#fieldNamed(body, whole, spec.name);
        return parts.find(([name]) => name === spec.name)?.[1];
      }
      case 'json':
        return this.#valueOf(body ?? '', spec.pointer);
      case 'body': {
        const match = spec.pattern.exec(body ?? '');
        // What reaches the end of a cut text may go on behind it.
        if (match === null || (!whole && match.index + match[0].length === body!.length)) return undefined;
        return match.slice(1).find((group) => group !== undefined) ?? match[0];
      }
    }
  }

  #fieldNamed(text: string, whole: boolean, name: string): string | undefined {
    const form = this.#form;
    form.open(text, whole);
    while (form.next()) if (form.name === name) return form.value;
    return undefined;
  }

  #valueOf(text: string, pointer: string): string | undefined {
    const json = this.#json;
    const depth = pointer.split('/').length - 1;
    json.open(text);
    while (json.next()) if (json.depth === depth && json.pointer === pointer) return json.value;
    return undefined;
  }

  /** By rank of their names; of one name the query's before the body's. */
  #lookForUsual(request: Searched): void {
    const { head, query, body, whole } = request;
    for (let i = 0; i < USUAL_HEADERS.length; i++) {
      const name = USUAL_HEADERS[i]!;
      const value = fieldOf(head, name);
      if (value !== undefined) this.#note(i - USUAL_HEADERS.length, value, `header:${name}`);
    }
    if (query !== '') this.#lookInQuery(query);
    if (body !== null && this.#rank > BEST) this.#lookInBody(body, whole);
  }

  #lookInQuery(query: string): void {
    const form = this.#form;
    form.open(query, true);
    while (form.next()) {
      const meaning = meaningOfField(form);
      if (this.#mayCount(meaning)) this.#note(meaning.rank, form.value, meaning.query);
    }
  }

  /** What a body is, is told by how it begins: Content-Type is often absent or wrong. */
  #lookInBody(body: string, whole: boolean): void {
    const first = body.startsWith('{') ? '{' : /\S/.exec(body)?.[0];
    if (first === '{' || first === '[') this.#lookInJson(this.#json, body, null);
    else if (first === '<') {
      for (const [name, value] of xmlFields(body)) {
        const meaning = meaningOf(name);
        if (this.#mayCount(meaning)) this.#note(meaning.rank, value, `xml:${name}`);
      }
    } else {
      const parts = multipartFields(body, whole);
      if (parts !== null) for (const [name, value] of parts) this.#lookInField(meaningOf(name), value);
      else this.#lookInForm(body, whole);
    }
  }

  #lookInForm(body: string, whole: boolean): void {
    const form = this.#form;
    form.open(body, whole);
    while (form.next()) {
      const meaning = meaningOfField(form);
      if (meaning.wraps || this.#mayCount(meaning)) this.#lookInField(meaning, form.value);
    }
  }

  #lookInField(meaning: Meaning, value: string): void {
    if (meaning.wraps && isObject(value)) this.#lookInJson(this.#json, value, `${meaning.form} `);
    else if (this.#mayCount(meaning)) this.#note(meaning.rank, value, meaning.form);
  }

  /**
   * Members of the document, and of what wraps them: an object, or JSON in a string.
   * @param within where `text` stands; null where it is the body.
   */
  #lookInJson(json: JsonCursor, text: string, within: string | null): void {
    json.open(text);
    while (this.#rank > BEST && json.next()) {
      const { depth } = json;
      if (depth < 1 || depth > 2) continue;
      const outer = meaningAt(json, 1);
      if (depth === 1) {
        if (outer.wraps && json !== this.#inner && isObject(json.value)) {
          this.#lookInJson(this.#inner, json.value, `${within ?? ''}${outer.json} `);
        } else if (this.#mayCount(outer)) this.#note(outer.rank, json.value, `${within ?? ''}${outer.json}`);
        continue;
      }
      if (!outer.wraps) continue;
      const meaning = meaningAt(json, 2);
      if (this.#mayCount(meaning)) {
        this.#note(meaning.rank, json.value, `${within ?? ''}${outer.json}${meaning.pointer}`);
      }
    }
  }

  #mayCount({ rank }: Meaning): boolean {
    return this.#all === null ? rank < this.#rank : rank < Number.POSITIVE_INFINITY;
  }

  #note(rank: number, value: string, from: string): void {
    if (value === '') return;
    if (this.#all !== null) this.#all.push({ rank, key: { value, from } });
    else if (rank < this.#rank) {
      this.#first = { value, from };
      this.#rank = rank;
    }
  }
}

/** A name with escapes may be longer than without. */
function isSimple({ escaped }: Meaning, start: number, end: number): boolean {
  return !escaped && end - start <= LONGEST;
}

function meaningAt(json: JsonCursor, level: number): Meaning {
  const start = json.nameStart(level);
  const end = json.nameEnd(level);
  const meaning = meaningIn(json.text, start, end);
  return isSimple(meaning, start, end) ? meaning : meaningOf(json.nameAt(level));
}

function meaningOfField(form: FormCursor): Meaning {
  const { text, nameStart, nameEnd } = form;
  const meaning = meaningIn(text, nameStart, nameEnd);
  return isSimple(meaning, nameStart, nameEnd) ? meaning : meaningOf(form.name);
}

/** Text that may be JSON with members. */
function isObject(text: string): boolean {
  return text.trimStart().startsWith('{');
}
