/**
 * Where the secrets of a stream lie that carries HTTP/2 in clear (RFC 9113 §4, §6): its bytes from the first frame on and
 * its messages come in, the parts to be overwritten go out. Field blocks are written anew (`blocks.ts`), bodies are looked
 * at as those of HTTP/1.1 are; what nobody can read, also all that follows a hole, is covered.
 */
import { u32 } from '../../bytes.ts';
import type { HeaderField } from '../../http/message.ts';
import type { SecretNames } from '../redaction/names.ts';
import { blockOf } from './blocks.ts';
import { type Body, bodySecrets, type Part } from './messages.ts';
import type { Hidden } from './overwrite.ts';

/** What one direction of a stream of HTTP/2 said. */
export interface FramedMessage {
  readonly content: Body;
  /** Offset of its first frame; null where it has none. */
  readonly start: number | null;
  /** What its field blocks say, in order; of those after them nothing is shown. */
  readonly heads: readonly (readonly HeaderField[])[];
}

const HEADER = 9;
const DATA = 0;
const HEADERS = 1;
const PUSH_PROMISE = 5;
const GOAWAY = 7;
const CONTINUATION = 9;
/** Frames of numbers: PRIORITY, RST_STREAM, SETTINGS, PING (what it echoes is no one's), WINDOW_UPDATE. */
const PLAIN: ReadonlySet<number> = new Set([2, 3, 4, 6, 8]);
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;
/** Last stream and error code; what follows in a GOAWAY is text. */
const GOAWAY_FIELDS = 8;

interface Block {
  readonly stream: number;
  readonly promise: boolean;
  readonly fragments: { readonly from: number; readonly to: number }[];
}

/** @param parts what was captured of the frames, in order; the first begins with one. */
export function frameSecrets(
  parts: readonly Part[],
  messages: ReadonlyMap<number, FramedMessage>,
  names: SecretNames,
): Hidden[] {
  const found: Hidden[] = [];
  const bodies = new Map<number, Part[]>();
  const blocks = new Map<number, number>();
  for (const [i, part] of parts.entries()) {
    const from = i === 0 ? 0 : firstFrame(part, messages);
    if (from > 0) found.push(whole(part.offset, part.offset + from));
    walk(part, from);
  }
  for (const [stream, body] of bodies) {
    const message = messages.get(stream);
    if (message !== undefined) found.push(...bodySecrets(body, message.content, names));
    else found.push(...body.map((part) => whole(part.offset, part.offset + part.bytes.length)));
  }
  return found;

  function walk({ bytes, offset }: Part, begin: number): void {
    let block: Block | null = null;
    let at = begin;
    while (at + HEADER <= bytes.length) {
      const length = bytes.readUIntBE(at, 3);
      const type = bytes[at + 3]!;
      const flags = bytes[at + 4]!;
      const stream = u32(bytes, at + 5) & 0x7fffffff;
      const start = at + HEADER;
      const end = start + length;
      // A frame that is not there whole shows its header.
      if (end > bytes.length) {
        at = start;
        break;
      }
      at = end;
      if (PLAIN.has(type)) continue;
      const fields = type === HEADERS || type === PUSH_PROMISE;
      const [from, to] = type === DATA || fields ? contentOf(bytes, start, end, type, flags) : [start, end];
      if (to < end) found.push(whole(offset + to, offset + end));
      if (type === DATA) {
        const body = bodies.get(stream) ?? [];
        body.push({ offset: offset + from, bytes: bytes.subarray(from, to) });
        bodies.set(stream, body);
      } else if (fields || (type === CONTINUATION && block !== null)) {
        if (fields || block === null) block = { stream, promise: type === PUSH_PROMISE, fragments: [] };
        block.fragments.push({ from: offset + from, to: offset + to });
        if ((flags & END_HEADERS) === 0) continue;
        found.push(...rewritten(block, messages, blocks, names));
        block = null;
      } else {
        const shown = type === GOAWAY ? Math.min(GOAWAY_FIELDS, length) : 0;
        found.push(whole(offset + start + shown, offset + end));
      }
    }
    if (at < bytes.length) found.push(whole(offset + at, offset + bytes.length));
    for (const { from, to } of block?.fragments ?? []) found.push(whole(from, to));
  }
}

/** Behind a hole the first frame that is known to be one begins a message. */
function firstFrame({ offset, bytes }: Part, messages: ReadonlyMap<number, FramedMessage>): number {
  let first = bytes.length;
  for (const { start } of messages.values()) {
    if (start !== null && start >= offset) first = Math.min(first, start - offset);
  }
  return first;
}

/** Without padding, priority and the promised stream: `[from, to)`. */
function contentOf(bytes: Buffer, start: number, end: number, type: number, flags: number) {
  const padding = (flags & PADDED) !== 0 && end > start ? bytes[start]! : 0;
  let from = start + ((flags & PADDED) !== 0 ? 1 : 0);
  if (type === HEADERS && (flags & PRIORITY) !== 0) from += 5;
  if (type === PUSH_PROMISE) from += 4;
  from = Math.min(from, end);
  return [from, Math.max(from, end - padding)] as const;
}

function rewritten(
  { stream, promise, fragments }: Block,
  messages: ReadonlyMap<number, FramedMessage>,
  blocks: Map<number, number>,
  names: SecretNames,
): Hidden[] {
  const nth = promise ? Number.POSITIVE_INFINITY : (blocks.get(stream) ?? 0);
  if (!promise) blocks.set(stream, nth + 1);
  const length = fragments.reduce((sum, { from, to }) => sum + to - from, 0);
  const bytes = blockOf(messages.get(stream)?.heads[nth] ?? [], length, names);
  let used = 0;
  return fragments.map(({ from, to }) => {
    const as = bytes.subarray(used, used + to - from);
    used += to - from;
    return { from, to, bare: false, as };
  });
}

function whole(from: number, to: number): Hidden {
  return { from, to, bare: false };
}
