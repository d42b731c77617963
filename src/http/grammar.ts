/**
 * In: the text of one message head (latin1, from its start line to its empty line, or as much as was seen).
 * Out: the head, and an anomaly for everything that is against RFC 9112 §2.2, §3, §4 and §5. Nothing throws:
 * a witness writes down what was sent, also where a server must refuse it.
 * Positions are found by `indexOf` in one string and cut out of it, which costs a third of slicing the buffer.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { HeaderField, OnAnomaly, RequestHead, ResponseHead } from './message.ts';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const ZERO = 0x30;
const COLON = 0x3a;
const DEL = 0x7f;

/** tchar of RFC 9110 §5.6.2, by byte. */
export const TOKEN: Readonly<Uint8Array> = (() => {
  const table = new Uint8Array(256);
  for (const c of "!#$%&'*+-.^_`|~0123456789") table[c.charCodeAt(0)] = 1;
  for (let c = 0x41; c <= 0x5a; c++) table[c] = table[c + 0x20] = 1;
  return table;
})();

/** The IANA registry of RFC 9110 §16.1 without PRI, and what caches, UPnP and Icecast add to it. */
export const METHODS: ReadonlySet<string> = new Set(
  (
    'GET POST PUT HEAD DELETE OPTIONS PATCH CONNECT TRACE QUERY ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY ' +
    'LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PROPFIND ' +
    'PROPPATCH REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL ' +
    'PURGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE SOURCE'
  ).split(' '),
);

const VERSIONS: ReadonlySet<string> = new Set(['HTTP/1.1', 'HTTP/1.0']);

/** A last word that was meant as a version, of whatever protocol. */
const VERSION_LIKE = /^[A-Za-z]+\/[0-9.]*$/;

/**
 * Parses a request head (RFC 9112 §3).
 * @param complete false when the head was cut: its last line is then taken as far as it goes, and not judged.
 * @param odd false when it is known to have no control characters but HTAB and CRLF (bare line feeds aside).
 */
export function parseRequestHead(
  text: string,
  complete: boolean,
  odd: boolean,
  onAnomaly: OnAnomaly,
  onLimit: OnLimit,
): RequestHead {
  const lf = text.indexOf('\n');
  const tell = lf < 0 ? ignore : onAnomaly;
  const line = startLine(text, lf, odd, tell);
  // The usual line has exactly two spaces; anything else goes the slow way.
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  let method = line.slice(0, first);
  let target = line.slice(first + 1, last);
  let version = line.slice(last + 1);
  if (first <= 0 || last <= first + 1 || !VERSIONS.has(version) || !isVisible(target)) {
    ({ method, target, version } = oddRequestLine(line, lf >= 0));
    if (/[ \t]{2}|\t|^[ \t]|[ \t]$/.test(line)) tell('start_line_whitespace');
    if (version === '') tell('version_missing');
    else if (!VERSIONS.has(version)) tell('version_unknown');
    if (target === '') tell('target_missing');
    else if (!isVisible(target)) tell('target_invalid');
  }
  if (!METHODS.has(method)) {
    tell(METHODS.has(method.toUpperCase()) ? 'method_not_uppercase' : 'method_unknown');
  }
  const headers = lf < 0 ? [] : parseFields(text, lf + 1, odd, onAnomaly, onLimit);
  return { headerBytes: text.length, headers, version, complete, method, target };
}

/** Parses a response head (RFC 9112 §4); `complete` and `odd` as for requests. */
export function parseResponseHead(
  text: string,
  complete: boolean,
  odd: boolean,
  onAnomaly: OnAnomaly,
  onLimit: OnLimit,
): ResponseHead {
  const lf = text.indexOf('\n');
  const tell = lf < 0 ? ignore : onAnomaly;
  const line = startLine(text, lf, odd, tell);
  const usual = usualStatus(line);
  if (usual > 0) {
    const headers = lf < 0 ? [] : parseFields(text, lf + 1, odd, onAnomaly, onLimit);
    const version = line.slice(0, 8);
    return { headerBytes: text.length, headers, version, complete, status: usual, reason: line.slice(13) };
  }
  const parts = /^([^ \t]*)([ \t]*)([0-9]*)([ \t]?)(.*)$/s.exec(line)!;
  const version = parts[1]!;
  const code = parts[3]!;
  const reason = parts[5]!;
  if (!VERSIONS.has(version)) tell('version_unknown');
  if (parts[2] !== ' ' || parts[4] === '\t') tell('start_line_whitespace');
  // A code that runs into its reason ("200OK") is told and still read; two or four digits are no code.
  if (code.length !== 3 || (parts[4] === '' && reason !== '')) tell('status_invalid');
  else if (parts[4] === '') tell('reason_space_missing');
  const headers = lf < 0 ? [] : parseFields(text, lf + 1, odd, onAnomaly, onLimit);
  const status = code.length === 3 ? Number(code) : 0;
  return { headerBytes: text.length, headers, version, complete, status, reason };
}

/** The code of a status line as nearly all are, `HTTP/1.x`, a space, three digits, a space; else 0. Spares the pattern's garbage. */
function usualStatus(line: string): number {
  if (line.charCodeAt(8) !== SP || line.charCodeAt(12) !== SP || !VERSIONS.has(line.slice(0, 8))) return 0;
  let code = 0;
  for (let i = 9; i < 12; i++) {
    const digit = line.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return 0;
    code = code * 10 + digit;
  }
  return code;
}

/** A start line without its line end, which is judged here. */
function startLine(text: string, lf: number, odd: boolean, tell: OnAnomaly): string {
  if (lf < 0) return text.endsWith('\r') ? text.slice(0, -1) : text;
  const crlf = lf > 0 && text.charCodeAt(lf - 1) === CR;
  if (!crlf) tell('bare_lf');
  const line = text.slice(0, crlf ? lf - 1 : lf);
  if (odd) tellControls(text, 0, line.length, tell);
  return line;
}

/** Splits what is not three words with one space each; a line that was cut has words only as far as it goes. */
function oddRequestLine(line: string, whole: boolean): { method: string; target: string; version: string } {
  const words = line.split(/[ \t]+/).filter((word) => word !== '');
  const method = words[0] ?? '';
  const last = words.at(-1) ?? '';
  const versioned = words.length > 1 && (VERSION_LIKE.test(last) || (!whole && words.length > 2));
  return {
    method,
    target: words.slice(1, versioned ? -1 : undefined).join(' '),
    version: versioned ? last : '',
  };
}

/**
 * Field lines from `at` to the empty line or the end of the text (RFC 9112 §5), at most `LIMITS.headFields`.
 * A line that the text cuts is taken when its colon was seen, and is not judged.
 */
function parseFields(
  text: string,
  at: number,
  odd: boolean,
  onAnomaly: OnAnomaly,
  onLimit: OnLimit,
): HeaderField[] {
  const fields: { name: string; value: string }[] = [];
  let pos = at;
  while (pos < text.length) {
    const lf = text.indexOf('\n', pos);
    const tell = lf < 0 ? ignore : onAnomaly;
    let lineEnd = lf < 0 ? text.length : lf;
    if (lineEnd > pos && text.charCodeAt(lineEnd - 1) === CR) lineEnd--;
    else tell('bare_lf');
    if (lineEnd === pos) return fields;
    const c = text.charCodeAt(pos);
    if (c === SP || c === HTAB) {
      const folded = fields.at(-1);
      if (folded === undefined) tell('space_after_start_line');
      else {
        tell('folded_field');
        const more = fieldValue(text, pos, lineEnd, odd, tell);
        folded.value = folded.value === '' ? more : more === '' ? folded.value : `${folded.value} ${more}`;
      }
    } else if (fields.length >= LIMITS.headFields) {
      onAnomaly('too_many_fields');
      onLimit('headFields');
      return fields;
    } else {
      const field = parseField(text, pos, lineEnd, lf >= 0, odd, tell);
      if (field !== undefined) fields.push(field);
    }
    pos = lf < 0 ? text.length : lf + 1;
  }
  return fields;
}

/** One field line `text[start, end)`; undefined for a cut one without its colon. */
function parseField(
  text: string,
  start: number,
  end: number,
  whole: boolean,
  odd: boolean,
  tell: OnAnomaly,
): { name: string; value: string } | undefined {
  let colon = start;
  while (colon < end && TOKEN[text.charCodeAt(colon)] === 1) colon++;
  if (colon < end && colon > start && text.charCodeAt(colon) === COLON) {
    return { name: text.slice(start, colon), value: fieldValue(text, colon + 1, end, odd, tell) };
  }
  while (colon < end && text.charCodeAt(colon) !== COLON) colon++;
  if (colon === end) {
    if (!whole) return undefined;
    // Kept as a value without a name: a reader sees it, and no rule mistakes it for a field.
    tell('field_without_colon');
    return { name: '', value: fieldValue(text, start, end, odd, tell) };
  }
  let nameEnd = colon;
  while (nameEnd > start && isBlank(text.charCodeAt(nameEnd - 1))) nameEnd--;
  if (nameEnd < colon) tell('whitespace_before_colon');
  const name = text.slice(start, nameEnd);
  if (name === '') tell('field_name_empty');
  else if (!isToken(name)) tell('field_name_invalid');
  return { name, value: fieldValue(text, colon + 1, end, odd, tell) };
}

/** `text[start, end)` without surrounding white space; control characters in it are told. */
function fieldValue(text: string, start: number, end: number, odd: boolean, tell: OnAnomaly): string {
  if (odd) tellControls(text, start, end, tell);
  return trimBlanks(text, start, end);
}

/**
 * `text[start, end)` without surrounding OWS (RFC 9110 §5.6.3). `String.trim` would also take vertical tabs and
 * no-break spaces, which is how `Transfer-Encoding: \vchunked` means different things to different readers.
 */
export function trimBlanks(text: string, start = 0, end: number = text.length): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Indexes into the whole head: V8 reads characters of a flat string several times faster than of a slice. */
function tellControls(text: string, start: number, end: number, tell: OnAnomaly): void {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if ((c < SP && c !== HTAB) || c === DEL) tell(c === CR ? 'bare_cr' : 'control_character');
  }
}

function isVisible(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= SP || c >= DEL) return false;
  }
  return true;
}

/** Whether `text` is a token (RFC 9110 §5.6.2). */
function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return text !== '';
}

function isBlank(c: number): boolean {
  return c === SP || c === HTAB;
}

/** Index of the first line feed in `bytes[start, end)`, or -1. `Buffer.indexOf` would run past `end`. */
export function findLineFeed(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === LF) return i;
  return -1;
}

function ignore(): void {}
