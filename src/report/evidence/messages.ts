/**
 * Where the secrets of a message lie in its stream: parts of the stream in, spans of it out. Heads are looked at field by
 * field, bodies without their transfer coding; a compressed body that holds any secret is one as a whole, because nothing
 * tells which of its bytes stand for it. RFC 9112 §7.1 (chunks).
 */
import type { HeaderField } from '../../http/message.ts';
import type { DecodedBody } from '../../transaction/transaction.ts';
import type { SecretNames } from '../redaction/names.ts';
import { isForm } from '../redaction/packets.ts';
import { headerSpans, secretSpans } from '../redaction/spans.ts';
import type { Span } from '../redaction/values.ts';
import type { Hidden } from './overwrite.ts';

/** Bytes of a stream, in which `offset` is where they begin. */
export interface Part {
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface Body {
  readonly headers: readonly HeaderField[];
  /** Without content coding. */
  decoded(): DecodedBody;
}

/** Stands for bytes that were not captured: a value is one across them. */
const GAP = 'x';

export function headSecrets({ offset, bytes }: Part, names: SecretNames): Hidden[] {
  const found: Hidden[] = [];
  let secret = false;
  for (const { 0: line, index } of bytes.toString('latin1').matchAll(/[^\r\n]+/g)) {
    const [, name, gap = '', value = ''] = /^([^\s:][^:]*)(:[ \t]*)(.*)$/.exec(line) ?? [];
    const at = offset + index;
    if (index === 0 || name === undefined) {
      // The start line, or one that goes on with the field before it (RFC 9112 §5.2).
      if (secret) found.push({ from: at, to: at + line.length, bare: false });
      else found.push(...placed(secretSpans(line, names), at));
      continue;
    }
    secret = names.has(name);
    const from = at + name.length + gap.length;
    const user = /^host$/i.test(name) ? value.lastIndexOf('@') : -1;
    if (user > 0) found.push({ from, to: from + user, bare: false });
    found.push(...placed(headerSpans(name, value, names), from));
  }
  return found;
}

export function bodySecrets(
  parts: readonly Part[],
  { headers, decoded }: Body,
  names: SecretNames,
): Hidden[] {
  if (!isChunked(headers)) return contentSecrets(parts, GAP, { headers, decoded }, names);
  const { data, trailer } = chunksOf(parts);
  return [
    ...contentSecrets(data, '', { headers, decoded }, names),
    ...trailer.flatMap((part) => headSecrets(part, names)),
  ];
}

/** @param between stands between two parts. */
function contentSecrets(
  content: readonly Part[],
  between: string,
  { headers, decoded }: Body,
  names: SecretNames,
): Hidden[] {
  if (content.length === 0) return [];
  const form = isForm(headers);
  if (isCoded(headers)) {
    const { text, whole } = decoded();
    if (text !== null && whole && secretSpans(text, names, form).length === 0) return [];
    return content.map(({ offset, bytes }) => ({ from: offset, to: offset + bytes.length, bare: false }));
  }
  const text = content.map(({ bytes }) => bytes.toString('latin1')).join(between);
  return mapped(secretSpans(text, names, form), content, between.length);
}

/** What is no message of HTTP; the records of TLS (RFC 8446 §5.1) are ciphertext, or a handshake without secrets. */
export function otherSecrets({ offset, bytes }: Part, names: SecretNames): Hidden[] {
  const [type = 0, major] = bytes;
  if (type >= 20 && type <= 23 && major === 3) return [];
  return placed(secretSpans(bytes.toString('latin1'), names), offset);
}

function placed(spans: readonly Span[], at: number): Hidden[] {
  return spans.map(({ start, end, bare }) => ({ from: at + start, to: at + end, bare }));
}

/** Spans of the parts' text, each part followed by `gap` characters that are none of the stream. */
function mapped(spans: readonly Span[], parts: readonly Part[], gap: number): Hidden[] {
  const found: Hidden[] = [];
  let at = 0;
  let next = 0;
  for (const { offset, bytes } of parts) {
    const end = at + bytes.length;
    while (next < spans.length && spans[next]!.end <= at) next++;
    for (let i = next; i < spans.length && spans[i]!.start < end; i++) {
      const { start, end: stop, bare } = spans[i]!;
      const from = Math.max(start, at);
      found.push({ from: offset + from - at, to: offset + Math.min(stop, end) - at, bare });
    }
    at = end + gap;
  }
  return found;
}

function isChunked(headers: readonly HeaderField[]): boolean {
  return headers.some(({ name, value }) => /^transfer-encoding$/i.test(name) && /\bchunked\b/i.test(value));
}

/** Compressed, or in a charset that does not write ASCII as ASCII. */
function isCoded(headers: readonly HeaderField[]): boolean {
  return headers.some(
    ({ name, value }) =>
      (/^content-encoding$/i.test(name) && !/^\s*(?:identity\s*)?$/i.test(value)) ||
      (/^content-type$/i.test(name) && /charset="?utf-?(?:16|32)/i.test(value)),
  );
}

/** The data of the chunks. Where the sizes cannot be followed any more, all that is left is taken for data. */
function chunksOf(parts: readonly Part[]): { readonly data: Part[]; readonly trailer: Part[] } {
  const data: Part[] = [];
  const trailer: Part[] = [];
  let rest: Part[] | null = null;
  let expected = parts[0]?.offset ?? 0;
  let left = 0;
  let line = '';
  for (const { offset, bytes } of parts) {
    const missing = offset - expected;
    expected = offset + bytes.length;
    if (missing > 0 && missing <= left) left -= missing;
    else if (missing > 0) rest ??= data;
    let at = 0;
    while (at < bytes.length) {
      if (rest !== null) {
        rest.push({ offset: offset + at, bytes: bytes.subarray(at) });
        break;
      }
      if (left > 0) {
        const taken = Math.min(left, bytes.length - at);
        data.push({ offset: offset + at, bytes: bytes.subarray(at, at + taken) });
        left -= taken;
        at += taken;
        continue;
      }
      const end = bytes.indexOf(0x0a, at);
      line += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
      at = end < 0 ? bytes.length : end + 1;
      if (end < 0) break;
      const text = line.trim();
      line = '';
      if (text === '') continue;
      const size = /^[\da-f]{1,13}(?=$|[\s;])/i.exec(text)?.[0];
      left = Number.parseInt(size ?? '0', 16);
      // The last chunk is followed by the trailer section (RFC 9112 §7.1.2).
      if (left === 0) rest = size === undefined ? data : trailer;
    }
  }
  return { data, trailer };
}
