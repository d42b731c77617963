/**
 * In: bytes at a place where a message is expected. Out: its head, where they hold all of it and nothing in it is odd; null
 * sends them to the careful parser of `grammar.ts`, which gives the same head and tells what is odd (RFC 9112 §3, §4, §5).
 * Each byte is looked at once. A head is kept as one text, and its fields are cut out when somebody asks for them, which for
 * most heads nobody does: at once it took half of a head's time, and 1.3 kB of garbage a request.
 */
import { latin1Of } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { METHODS, TOKEN, trimBlanks } from './grammar.ts';
import { type HeaderField, NO_LENGTH, type RequestHead, type ResponseHead, SEE_FIELDS } from './message.ts';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const ZERO = 0x30;
const COLON = 0x3a;
const DEL = 0x7f;
/** Makes a letter lower-case. */
const LOWER = 0x20;

const POST = latin1('POST');
const GET = latin1('GET');
const HTTP_1 = latin1('HTTP/1.');
const HOST = latin1('host');
const CONTENT_LENGTH = latin1('content-length');
const TRANSFER_ENCODING = latin1('transfer-encoding');

/** `HTTP/1.1`, and the index of a reason phrase behind `HTTP/1.1 200 `. */
const VERSION_BYTES = 8;
const REASON = 13;
const CONTENT_TYPE_LENGTH = 'content-type'.length;
const CONTENT_ENCODING_LENGTH = 'content-encoding'.length;
/** So many digits are a safe integer, whatever they are. */
const LENGTH_DIGITS = 15;

/** What is known of the fields once they are scanned. One for all: none is begun before the one before it is a head. */
const found = { names: 0, declaredLength: NO_LENGTH, hostStart: 0, hostEnd: 0 };

/** Of a request or of a response: what is the other's is empty. */
class CleanHead implements RequestHead, ResponseHead {
  readonly version: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly declaredLength: number;
  /** The whole head, latin1. */
  private readonly text: string;
  /** Index of the first field line. */
  private readonly fieldsAt: number;
  /** One bit for the length and outer letters of each name: it tells of most names that they are not there. */
  private readonly names: number;
  /** Where the value of Host is, for which every request is asked; 0 without one. */
  private readonly hostStart: number;
  private readonly hostEnd: number;
  private fields: readonly HeaderField[] | null;

  /** Its fields are those `found`. */
  constructor(
    text: string,
    fieldsAt: number,
    version: string,
    method: string,
    target: string,
    status: number,
  ) {
    this.version = version;
    this.method = method;
    this.target = target;
    this.status = status;
    this.declaredLength = found.declaredLength;
    this.text = text;
    this.fieldsAt = fieldsAt;
    this.names = found.names;
    this.hostStart = found.hostStart;
    this.hostEnd = found.hostEnd;
    this.fields = null;
  }

  get complete(): true {
    return true;
  }

  get headerBytes(): number {
    return this.text.length;
  }

  get reason(): string {
    return this.status === 0 ? '' : this.text.slice(REASON, this.fieldsAt - 2);
  }

  get headers(): readonly HeaderField[] {
    this.fields ??= cutFields(this.text, this.fieldsAt);
    return this.fields;
  }

  first(name: string): string | undefined {
    const { text } = this;
    if (name === 'host') {
      return this.hostStart === 0 ? undefined : trimBlanks(text, this.hostStart, this.hostEnd);
    }
    const { length } = name;
    if ((this.names & bitOf(length, name.charCodeAt(0), name.charCodeAt(length - 1))) === 0) return undefined;
    for (let at = this.fieldsAt; text.charCodeAt(at) !== CR; at = text.indexOf('\n', at) + 1) {
      // A name has no colon: this one ends here, or it is another.
      if (text.charCodeAt(at + length) === COLON && isNamed(text, at, name)) {
        return trimBlanks(text, at + length + 1, text.indexOf('\r', at + length));
      }
    }
    return undefined;
  }
}

/** The request head at `bytes[start]`, or null. */
export function cleanRequestHead(bytes: Buffer, start: number, end: number): CleanHead | null {
  let i = start;
  while (i < end && TOKEN[bytes[i]!] === 1) i++;
  const target = i + 1;
  if (target >= end || bytes[i] !== SP) return null;
  const method = methodAt(bytes, start, i);
  if (method === null) return null;
  i = target;
  while (i < end && bytes[i]! > SP && bytes[i]! < DEL) i++;
  const version = i + 1;
  const fields = version + VERSION_BYTES + 2;
  if (i === target || fields > end || bytes[i] !== SP || !isVersion(bytes, version)) return null;
  if (bytes[fields - 2] !== CR || bytes[fields - 1] !== LF) return null;
  const headEnd = scanFields(bytes, fields, end, start);
  if (headEnd < 0) return null;
  const text = latin1Of(bytes, start, headEnd);
  const path = text.slice(target - start, version - 1 - start);
  return new CleanHead(text, fields - start, versionAt(bytes, version), method, path, 0);
}

/** The response head at `bytes[start]`, or null. */
export function cleanResponseHead(bytes: Buffer, start: number, end: number): CleanHead | null {
  if (start + REASON >= end || !isVersion(bytes, start)) return null;
  if (bytes[start + VERSION_BYTES] !== SP || bytes[start + REASON - 1] !== SP) return null;
  let status = 0;
  for (let i = start + VERSION_BYTES + 1; i < start + REASON - 1; i++) {
    const digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return null;
    status = status * 10 + digit;
  }
  const line = lineEnd(bytes, start + REASON, end);
  if (line < 0 || status === 0) return null;
  const headEnd = scanFields(bytes, line + 2, end, start);
  if (headEnd < 0) return null;
  const text = latin1Of(bytes, start, headEnd);
  return new CleanHead(text, line + 2 - start, versionAt(bytes, start), '', '', status);
}

/** Looks at the field lines from `pos` on; index after the empty line behind them, or -1. `start` is that of the head. */
function scanFields(bytes: Buffer, pos: number, end: number, start: number): number {
  const stop = Math.min(end, start + LIMITS.headBytes);
  found.names = 0;
  found.declaredLength = NO_LENGTH;
  found.hostStart = 0;
  found.hostEnd = 0;
  let i = pos;
  for (let count = 0; count <= LIMITS.headFields; count++) {
    if (i + 1 >= stop) return -1;
    if (bytes[i] === CR) return bytes[i + 1] === LF ? i + 2 : -1;
    const name = i;
    while (i < stop && TOKEN[bytes[i]!] === 1) i++;
    if (i === stop || i === name || bytes[i] !== COLON) return -1;
    const line = lineEnd(bytes, i + 1, stop);
    if (line < 0 || !note(bytes, name, i, line, start)) return -1;
    i = line + 2;
  }
  return -1;
}

/** Index of the CRLF that ends the line, or -1 where there is none, or another control character before it. */
function lineEnd(bytes: Buffer, pos: number, end: number): number {
  let i = pos;
  while (i < end) {
    const c = bytes[i]!;
    if ((c < SP && c !== HTAB) || c === DEL) break;
    i++;
  }
  return i + 1 < end && bytes[i] === CR && bytes[i + 1] === LF ? i : -1;
}

/** Takes in a field; false where it may be one that stands in a head once, and stood there before. */
function note(bytes: Buffer, name: number, colon: number, line: number, start: number): boolean {
  const length = colon - name;
  const bit = bitOf(length, bytes[name]!, bytes[colon - 1]!);
  const isAgain = (found.names & bit) !== 0;
  found.names |= bit;
  switch (length) {
    case HOST.length:
      if (!isName(bytes, name, HOST)) return true;
      found.hostStart = colon + 1 - start;
      found.hostEnd = line - start;
      return !isAgain;
    case CONTENT_TYPE_LENGTH:
    case CONTENT_ENCODING_LENGTH:
      // It may be another than that before: to compare the names costs more than to give such a head away.
      return !isAgain;
    case CONTENT_LENGTH.length:
      if (!isName(bytes, name, CONTENT_LENGTH)) return true;
      found.declaredLength =
        found.declaredLength === NO_LENGTH ? lengthAt(bytes, colon + 1, line) : SEE_FIELDS;
      return true;
    case TRANSFER_ENCODING.length:
      if (isName(bytes, name, TRANSFER_ENCODING)) found.declaredLength = SEE_FIELDS;
      return true;
    default:
      return true;
  }
}

/** The value of a Content-Length, where it is nothing but digits and white space around them. */
function lengthAt(bytes: Buffer, pos: number, end: number): number {
  let i = pos;
  let last = end;
  while (i < last && (bytes[i] === SP || bytes[i] === HTAB)) i++;
  while (last > i && (bytes[last - 1] === SP || bytes[last - 1] === HTAB)) last--;
  if (i === last || last - i > LENGTH_DIGITS) return SEE_FIELDS;
  let length = 0;
  for (; i < last; i++) {
    const digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return SEE_FIELDS;
    length = length * 10 + digit;
  }
  return length;
}

/** A registered method, or null. */
function methodAt(bytes: Buffer, start: number, end: number): string | null {
  // Nearly all are, and a text of their own for each took 30 bytes.
  if (isText(bytes, start, end, POST)) return 'POST';
  if (isText(bytes, start, end, GET)) return 'GET';
  const method = bytes.toString('latin1', start, end);
  return METHODS.has(method) ? method : null;
}

function isVersion(bytes: Buffer, at: number): boolean {
  for (let k = 0; k < HTTP_1.length; k++) if (bytes[at + k] !== HTTP_1[k]) return false;
  const minor = bytes[at + HTTP_1.length]! - ZERO;
  return minor === 0 || minor === 1;
}

function versionAt(bytes: Buffer, at: number): string {
  return bytes[at + HTTP_1.length] === ZERO ? 'HTTP/1.0' : 'HTTP/1.1';
}

function isText(bytes: Buffer, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let k = 0; k < word.length; k++) if (bytes[start + k] !== word[k]) return false;
  return true;
}

/** Whether the name at `at`, as long as `word`, is it in any case. No other character of a name becomes a letter or hyphen. */
function isName(bytes: Buffer, at: number, word: Uint8Array): boolean {
  for (let k = 0; k < word.length; k++) if ((bytes[at + k]! | LOWER) !== word[k]) return false;
  return true;
}

/** Whether `text` has `name` at `at`, in any case. */
function isNamed(text: string, at: number, name: string): boolean {
  for (let k = 0; k < name.length; k++) {
    const c = text.charCodeAt(at + k);
    if ((c >= 0x41 && c <= 0x5a ? c | LOWER : c) !== name.charCodeAt(k)) return false;
  }
  return true;
}

/**
 * Chosen so that of the usual fields none is taken for Host, Content-Type or Content-Encoding, and few for one of those in which
 * the id of a delivery is looked for.
 */
function bitOf(length: number, first: number, last: number): number {
  return 1 << ((length + 11 * (first | LOWER) + 29 * (last | LOWER)) & 31);
}

/** The fields of a text in which nothing is odd. */
function cutFields(text: string, start: number): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let at = start; text.charCodeAt(at) !== CR; ) {
    const colon = text.indexOf(':', at);
    const line = text.indexOf('\r', colon);
    fields.push({ name: text.slice(at, colon), value: trimBlanks(text, colon + 1, line) });
    at = line + 2;
  }
  return fields;
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}
