/**
 * A field block of HTTP/2 without its secrets, in as many bytes as the one that it takes the place of: Huffman-coded and
 * indexed values hide what a search of the bytes would find, so no block is shown as it was. All fields of the new one are
 * literals, and no later block refers to one (RFC 7541 §6); those that find no room are left out.
 */
import type { HeaderField } from '../../http/message.ts';
import type { SecretNames } from '../redaction/names.ts';
import { headerSpans, secretSpans } from '../redaction/spans.ts';

/** Of the static table (RFC 7541 Appendix A): whole fields, and names. */
const INDEXED: Readonly<Record<string, number>> = {
  ':method GET': 2,
  ':method POST': 3,
  ':path /': 4,
  ':scheme http': 6,
  ':scheme https': 7,
  ':status 200': 8,
};
const NAMES: Readonly<Record<string, number>> = {
  ':authority': 1,
  ':method': 2,
  ':path': 4,
  ':scheme': 6,
  ':status': 8,
};
/** A table of no bytes: says nothing here, and may be said at the beginning (§6.3). */
const NO_TABLE = 0x20;
const LETTER = 'x';

/** @param fields in the order in which they are worth their room. */
export function blockOf(fields: readonly HeaderField[], length: number, names: SecretNames): Buffer {
  const parts: Buffer[] = [];
  let room = length;
  for (const field of fields) {
    const part = encoded(field.name.toLowerCase(), covered(field, names));
    if (part.length > room) continue;
    parts.push(part);
    room -= part.length;
  }
  let padding = 0;
  let filler = fillerOf(room);
  while (filler === null) filler = fillerOf(room - ++padding);
  return Buffer.concat([Buffer.alloc(padding, NO_TABLE), ...parts, filler]);
}

/** A field of so many bytes that says nothing; null where there is none. */
function fillerOf(room: number): Buffer | null {
  if (room === 0) return Buffer.alloc(0);
  for (const overhead of [4, 5, 6, 7]) {
    if (room < overhead) return null;
    const filler = encoded(LETTER, LETTER.repeat(room - overhead));
    if (filler.length === room) return filler;
  }
  return null;
}

function encoded(name: string, value: string): Buffer {
  const whole = INDEXED[`${name} ${value}`];
  if (whole !== undefined) return Buffer.from([0x80 | whole]);
  const index = NAMES[name];
  const named = index === undefined ? Buffer.concat([Buffer.from([0]), text(name)]) : Buffer.from([index]);
  return Buffer.concat([named, text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** RFC 7541 §5.1, of a 7-bit prefix. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** The value with letters in the place of what is secret. */
function covered({ name, value }: HeaderField, names: SecretNames): string {
  const spans = name.startsWith(':') ? secretSpans(value, names) : headerSpans(name, value, names);
  let shown = value;
  for (const { start, end } of spans) {
    shown = shown.slice(0, start) + LETTER.repeat(end - start) + shown.slice(end);
  }
  const user = /^(?:host|:authority)$/i.test(name) ? shown.lastIndexOf('@') : -1;
  return user > 0 ? LETTER.repeat(user) + shown.slice(user) : shown;
}
