/**
 * The usual keys of a request found the plain way: every string and number of a body with its whole path, every field
 * of a form, all of them judged and then sorted. What the fast search finds is held against it.
 */
import { LIMITS } from '../../src/limits.ts';
import type { Key, Searched } from '../../src/verdict/keys/find.ts';
import { multipartFields, xmlFields } from '../../src/verdict/keys/form.ts';
import { USUAL_HEADERS } from '../../src/verdict/keys/usual.ts';

const NAMES =
  'outtradeno notifyid orderid orderno mchorderno merchantorderid merchantorderno outorderno ordernumber ' +
  'outrefundno tradeno transactionid paymentid notificationid webhookid eventid messageid';
const RANKS = new Map(NAMES.split(' ').map((name, i) => [name, i]));
const WRAPPERS = new Set('data bizcontent resource payload order object event content body'.split(' '));
const LONGEST = 32;

const plain = (name: string) =>
  name.length > LONGEST ? '' : name.toLowerCase().replaceAll('_', '').replaceAll('-', '');
const isWrapper = (name: string) => WRAPPERS.has(plain(name));
const isObject = (text: string) => text.trimStart().startsWith('{');

export function plainKeys(request: Searched): Key[] {
  const found: { rank: number; key: Key }[] = [];
  const note = (name: string, value: string, from: string) => {
    const rank = RANKS.get(plain(name));
    if (rank !== undefined && value !== '') found.push({ rank, key: { value, from } });
  };
  for (const [i, name] of USUAL_HEADERS.entries()) {
    const field = request.head.headers.find((header) => header.name.toLowerCase() === name);
    if (field?.value) found.push({ rank: i - 100, key: { value: field.value, from: `header:${name}` } });
  }
  for (const [name, value] of new URLSearchParams(request.query)) note(name, value, `query:${name}`);
  const { body, whole } = request;
  if (body === null) return sorted(found);
  const begin = body.trimStart()[0];
  if (begin === '{' || begin === '[') noteJson(body, 'json:', note);
  else if (begin === '<') for (const [name, value] of xmlFields(body)) note(name, value, `xml:${name}`);
  else {
    const form = whole ? body : body.slice(0, Math.max(0, body.lastIndexOf('&')));
    for (const [name, value] of multipartFields(body, whole) ?? new URLSearchParams(form)) {
      if (isWrapper(name) && isObject(value)) noteJson(value, `form:${name} json:`, note);
      else note(name, value, `form:${name}`);
    }
  }
  return sorted(found);
}

function sorted(found: { rank: number; key: Key }[]): Key[] {
  return found.sort((a, b) => a.rank - b.rank).map(({ key }) => key);
}

function noteJson(
  text: string,
  from: string,
  note: (name: string, value: string, from: string) => void,
  inner = false,
): void {
  for (const { path, value } of scalarsOf(text)) {
    const name = String(path.at(-1));
    if (path.length < 1 || path.length > 2 || (path.length === 2 && !isWrapper(String(path[0])))) continue;
    const pointer = path
      .map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('');
    if (path.length === 1 && !inner && isWrapper(name) && isObject(value)) {
      noteJson(value, `${from}${pointer} json:`, note, true);
    } else note(name, value, `${from}${pointer}`);
  }
}

interface Scalar {
  readonly path: readonly (string | number)[];
  readonly value: string;
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/** Strings and numbers of a JSON text that may be cut or damaged, up to where it is. */
export function scalarsOf(text: string): Scalar[] {
  const found: Scalar[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match?.[0] ?? null;
  };
  /** @returns false where nothing that follows can be read. */
  const value = (path: readonly (string | number)[]): boolean => {
    const opening = text[at];
    if (opening === '{' || opening === '[') {
      if (path.length >= LIMITS.keyDepth) return false;
      at++;
      return opening === '{' ? members(path) : elements(path);
    }
    const string = take(STRING);
    const number = string === null ? take(NUMBER) : null;
    if (number !== null && at === text.length) return false;
    if (string !== null) found.push({ path, value: unquoted(string) });
    else if (number !== null) found.push({ path, value: number });
    else if (take(WORD) === null) return false;
    return true;
  };
  /** What stands between two of them. A wrong bracket is only noticed where the next one should begin. */
  const goesOn = (): boolean => {
    take(SPACE);
    if (text[at] === ',') at++;
    else if (text[at] !== '}' && text[at] !== ']') return false;
    take(SPACE);
    return true;
  };
  const members = (path: readonly (string | number)[]): boolean => {
    take(SPACE);
    while (text[at] !== '}') {
      const name = take(STRING);
      take(SPACE);
      if (name === null || text[at++] !== ':') return false;
      take(SPACE);
      if (!value([...path, unquoted(name)]) || !goesOn()) return false;
    }
    at++;
    return true;
  };
  const elements = (path: readonly (string | number)[]): boolean => {
    take(SPACE);
    for (let i = 0; text[at] !== ']'; i++) if (!value([...path, i]) || !goesOn()) return false;
    at++;
    return true;
  };
  take(SPACE);
  value([]);
  return found;
}

function unquoted(literal: string): string {
  try {
    return JSON.parse(literal);
  } catch {
    return literal.slice(1, -1);
  }
}
