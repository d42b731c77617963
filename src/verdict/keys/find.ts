/**
 * In: a request as it was captured. Out: its business key, the id that all attempts of one notification share, and
 * where it stands. Only what is wholly there counts: a value that the capture cut is no key. Without one, a request
 * that was captured whole is its own key: method, host, target and body (their SHA-256).
 */
import { type Fields, fieldOf, type RequestHead } from '../../http/message.ts';
import { LIMITS, type OnLimit } from '../../limits.ts';
import type { Message } from '../../transaction/transaction.ts';
import type { KeySpec } from '../verdict.ts';
import { type Field, formFields, multipartFields, xmlFields } from './form.ts';
import { scanJson, walkJson } from './json.ts';
import { isWrapper, rankOf, USUAL_HEADERS } from './usual.ts';

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

/** Every key that `request` may have, the one that counts first. */
export function keysIn(request: Searched, specs: readonly KeySpec[]): Key[] {
  return specs.length === 0 ? usualKeys(request) : specs.flatMap((spec) => asked(request, spec));
}

function asked(request: Searched, spec: KeySpec): Key[] {
  const value = valueAt(request, spec);
  return value === undefined || value === '' ? [] : [{ value, from: spec.text }];
}

function valueAt(request: Searched, spec: KeySpec): string | undefined {
  const { body, whole } = request;
  switch (spec.kind) {
    case 'header':
      return fieldOf(request.head, spec.name.toLowerCase());
    case 'query':
      return fieldNamed(formFields(request.query, true), spec.name);
    case 'form':
      return body === null
        ? undefined
        : fieldNamed(multipartFields(body, whole) ?? formFields(body, whole), spec.name);
    case 'json': {
      let found: string | undefined;
      scanJson(body ?? '', (pointer, value) => {
        if (pointer === spec.pointer) found = value;
        return found !== undefined;
      });
      return found;
    }
    case 'body': {
      const match = spec.pattern.exec(body ?? '');
      // What reaches the end of a cut text may go on behind it.
      if (match === null || (!whole && match.index + match[0].length === body!.length)) return undefined;
      return match.slice(1).find((group) => group !== undefined) ?? match[0];
    }
  }
}

function fieldNamed(fields: Iterable<Field>, name: string): string | undefined {
  for (const [field, value] of fields) if (field === name) return value;
  return undefined;
}

/** By rank of their names; of one name the query's before the body's. */
function usualKeys(request: Searched): Key[] {
  const found: Key[] = [];
  for (const name of USUAL_HEADERS) {
    const value = fieldOf(request.head, name);
    if (value) found.push({ value, from: `header:${name}` });
  }
  const ranked: { readonly rank: number; readonly key: Key }[] = [];
  const note = (name: string, value: string, from: string) => {
    if (value !== '') ranked.push({ rank: rankOf(name), key: { value, from } });
  };
  if (request.query !== '') {
    for (const [name, value] of formFields(request.query, true)) {
      if (isUsual(name)) note(name, value, `query:${name}`);
    }
  }
  if (request.body !== null) noteBody(request.body, request.whole, note);
  ranked.sort((a, b) => a.rank - b.rank);
  for (const { key } of ranked) found.push(key);
  return found;
}

/** Told only of names that are usual. */
type Note = (name: string, value: string, from: string) => void;

/** What a body is, is told by how it begins: Content-Type is often absent or wrong. */
function noteBody(body: string, whole: boolean, note: Note): void {
  const first = /^[\ufeff\s]*(.)/.exec(body)?.[1];
  if (first === '{' || first === '[') {
    noteJson(body, 'json:', note);
  } else if (first === '<') {
    for (const [name, value] of xmlFields(body)) if (isUsual(name)) note(name, value, `xml:${name}`);
  } else {
    for (const [name, value] of multipartFields(body, whole) ?? formFields(body, whole)) {
      if (isWrapper(name) && value.trimStart().startsWith('{')) noteJson(value, `form:${name} json:`, note);
      else if (isUsual(name)) note(name, value, `form:${name}`);
    }
  }
}

/** Members of the document, and of what wraps them: an object, or JSON in a string. */
function noteJson(text: string, from: string, note: Note, inner = false): void {
  walkJson(text, (found) => {
    const { depth } = found;
    if (depth < 1 || depth > 2 || (depth === 2 && !isWrapper(found.nameAt(1)))) return false;
    const name = found.nameAt(depth);
    if (depth === 1 && !inner && isWrapper(name) && found.value.trimStart().startsWith('{')) {
      noteJson(found.value, `${from}${found.pointer} json:`, note, true);
    } else if (isUsual(name)) note(name, found.value, `${from}${found.pointer}`);
    return false;
  });
}

function isUsual(name: string): boolean {
  return rankOf(name) < Number.POSITIVE_INFINITY;
}
