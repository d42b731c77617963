/**
 * In: a message's body as captured, and its head. Out: its text: content codings undone (RFC 9110 §8.4), bytes read
 * in the charset that Content-Type names, else as UTF-8. Text that is no text is told by its NUL bytes.
 */
import { decodeContent } from './content-coding.ts';
import type { Fields } from './message.ts';

export interface BodyText {
  /** Null when the body is empty, binary, or in a coding that cannot be undone. */
  readonly text: string | null;
  /** `text` is the whole body. */
  readonly whole: boolean;
}

const NOTHING: BodyText = { text: null, whole: false };

/** Charsets in which ASCII is ASCII; `` where none is named. */
const OVER_ASCII: ReadonlySet<string | null> = new Set([null, 'utf-8', 'utf8', 'us-ascii', 'iso-8859-1']);

/**
 * @param body a character a byte.
 * @param head null where it was not captured.
 * @param whole `body` is all of the message's body.
 */
export function decodeBody(body: string, head: Fields | null, whole: boolean): BodyText {
  if (body.length === 0) return { text: null, whole };
  const coding = listOf(head, 'content-encoding');
  // Most bodies are ASCII, and then their own text: into a buffer and out of it again took 1 µs for 600 bytes.
  if (coding === '' && Buffer.byteLength(body) === body.length && OVER_ASCII.has(charsetOf(head))) {
    return body.includes('\0') ? NOTHING : { text: body, whole };
  }
  const content = decodeContent(Buffer.from(body, 'latin1'), coding);
  if (content.error === 'unknown_coding' || content.error === 'too_many_codings') return NOTHING;
  if (content.bytes.includes(0)) return NOTHING;
  return { text: textOf(content.bytes, head), whole: whole && content.complete };
}

function textOf(bytes: Buffer, head: Fields | null): string {
  const charset = charsetOf(head);
  if (charset === null || charset === 'utf-8' || charset === 'utf8') return bytes.toString('utf8');
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // A label that the Encoding Standard does not know.
    return bytes.toString('utf8');
  }
}

function charsetOf(head: Fields | null): string | null {
  const type = listOf(head, 'content-type');
  // The pattern is tried on those that may fit: most name no charset.
  if (!type.includes(';')) return null;
  return /;\s*charset="?([^\s;"]+)/i.exec(type)?.[1]?.toLowerCase() ?? null;
}

/** Repeated fields make one list (RFC 9110 §5.3). */
function listOf(head: Fields | null, name: string): string {
  if (head === null) return '';
  // Where fields are cut out when they are asked for, there is one at most.
  if (head.first !== undefined) return head.first(name) ?? '';
  let list: string | null = null;
  for (const field of head.headers) {
    if (field.name.length !== name.length || field.name.toLowerCase() !== name) continue;
    list = list === null ? field.value : `${list},${field.value}`;
  }
  return list ?? '';
}
