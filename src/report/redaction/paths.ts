/**
 * Secrets in the paths of URLs (RFC 3986 §3.3): who knows the address of a webhook may call it. Text in (a target, a URL, or
 * anything that holds one), spans of path segments out. Numbers of orders have to stay, because people look for
 * them: what is masked was made by chance or stands where a secret is announced, or was named by `--redact`.
 */
import type { Span } from './values.ts';

/** Where a path begins: after an authority, or with the text, a word or a quoted value. JSON may write `\/`. */
const PATH =
  /(?:[a-z\d]:\\{0,3}\/\\{0,3}\/[^\s/?#"'<>\\]{1,300}|(?<![^\s"'=(,>]))(?<path>(?:\\{0,3}\/[^\s/?#"'<>&\\]*)+)/dgi;
const SEGMENT = /[^/\\]+/g;

/** As Slack and its kin have them; group `s` is the secret. */
const WORKSPACE = /\/T[A-Z\d]{2,20}\\{0,3}\/B[A-Z\d]{2,20}\\{0,3}\/(?<s>[A-Za-z\d]{8,100})/dg;

/** `/hooks/…`, `/webhookb2/…`, `/incoming-webhook/…`: what comes behind lets in. */
const HOOK = /hook/i;
/** `/key/…`, `/access_token/…`: the next segment is one. */
const ANNOUNCES = /(?:^|[-_])(?:key|token|secret|sig|sign|signature|hmac|password)$|^apikey$/i;
/** `/orders/…`: the next segment is what it says. */
const TELLS =
  /^(?:order|payment|trade|transaction|refund|invoice|event|user|customer|merchant|shop|account|id)s?$/i;
/** Identifiers that begin with what they are of (`evt_1NG8Du2eZvKYlo2C`): no secrets, or known by their shape. */
const PREFIXED = /^[a-z]{2,8}_[A-Za-z\d]+$/;
/** Of a file, as in `photo.jpg`. */
const EXTENSION = /\.[A-Za-z\d]{1,5}$/;

/** Characters of the shortest secrets: of any mixture of letters and digits, behind a hook, behind its name. */
const SHORTEST = 20;
const SHORTEST_OF_HOOK = 16;
const SHORTEST_NAMED = 8;
/** A random text changes between digits, capitals and small letters at half of its places, a hexadecimal one at 0.47. */
const RANDOM = 0.3;
const RANDOM_OF_HOOK = 0.2;

/** @param patterns as `pathPattern` makes them. */
export function pathSpans(text: string, patterns: readonly RegExp[], found: Span[]): void {
  for (const pattern of [WORKSPACE, ...patterns]) {
    for (const { indices } of text.matchAll(pattern)) {
      for (const at of Object.values(indices?.groups ?? {})) push(found, at[0], at[1]);
    }
  }
  for (const { indices } of text.matchAll(PATH)) {
    const [start, end] = indices!.groups!['path']!;
    let before = '';
    let hooked = false;
    for (const { 0: segment, index } of text.slice(start, end).matchAll(SEGMENT)) {
      if (isSecret(segment, before, hooked)) push(found, start + index, start + index + segment.length);
      before = segment;
      hooked ||= HOOK.test(segment);
    }
  }
}

/** @param hooked a segment before it speaks of hooks. */
function isSecret(segment: string, before: string, hooked: boolean): boolean {
  const { length } = segment;
  if (length < SHORTEST_NAMED || !/\d/.test(segment) || TELLS.test(before)) return false;
  if (ANNOUNCES.test(before)) return true;
  if (hooked && length >= SHORTEST_OF_HOOK && /[a-z]/i.test(segment)) {
    return changes(segment) >= RANDOM_OF_HOOK;
  }
  const name = segment.replace(EXTENSION, '');
  if (name.length < SHORTEST || PREFIXED.test(name)) return false;
  return /[a-z]/.test(name) && /[A-Z]/.test(name) && changes(name) >= RANDOM;
}

/** At how many of its places, from 0 to 1, a text changes its kind of characters; a word with a capital is one kind. */
function changes(segment: string): number {
  const text = segment.replace(/[^A-Za-z\d]/g, '');
  const found = text.match(/(?<=\d)[A-Za-z]|(?<=[A-Za-z])\d|(?<=[a-z])[A-Z]/g);
  return (found?.length ?? 0) / Math.max(1, text.length);
}

/** `/pay/*` as it is given to `--redact`: what a `*` stands for is masked, wherever in a path the rest fits. */
export function pathPattern(given: string): RegExp {
  const source = given
    .split('/')
    .map((segment) => segment.replace(/[.+?^${}()|[\]\\]/g, '\\$&').split(/\*+/))
    .map((parts, i) => parts.reduce((all, part, k) => `${all}(?<s${i}_${k}>[^\\s/?#"'<>&\\\\]+)${part}`))
    .join('\\\\{0,3}/');
  return new RegExp(`${source}(?![^\\s/?#"'<>&\\\\])`, 'dg');
}

function push(found: Span[], start: number, end: number): void {
  found.push({ start, end, bare: false });
}
