/**
 * In: a body, or a query, as text, and whether it is whole. Out: its fields, of `application/x-www-form-urlencoded`
 * (WHATWG URL §5), `multipart/form-data` (RFC 7578), or XML as payment notifications use it: elements with text only.
 * Of a text that was cut the last field is left out: its value may go on.
 */

const AMPERSAND = 0x26;
const EQUALS = 0x3d;

export type Field = readonly [name: string, value: string];

/** What is not what it stands for: escapes, and halves of characters, which are no text. */
const TO_DECODE = /[%+\ud800-\udfff]/;

/** The fields of a form, one after the other, cut out when they are asked for. */
export class FormCursor {
  text = '';
  nameStart = 0;
  nameEnd = 0;
  #valueStart = 0;
  #at = 0;
  #end = 0;

  /** Held until another is opened. */
  open(text: string, whole: boolean): void {
    this.text = text;
    this.#at = text.startsWith('?') ? 1 : 0;
    this.#end = whole ? text.length : Math.max(0, text.lastIndexOf('&'));
  }

  /** Goes to the next field. @returns false behind the last. */
  next(): boolean {
    const { text } = this;
    while (this.#at < this.#end && text.charCodeAt(this.#at) === AMPERSAND) this.#at++;
    if (this.#at >= this.#end) return false;
    const found = text.indexOf('&', this.#at);
    const end = found < 0 || found > this.#end ? this.#end : found;
    let nameEnd = this.#at;
    while (nameEnd < end && text.charCodeAt(nameEnd) !== EQUALS) nameEnd++;
    this.nameStart = this.#at;
    this.nameEnd = nameEnd;
    this.#valueStart = Math.min(nameEnd + 1, end);
    this.#at = end;
    return true;
  }

  get name(): string {
    return decoded(this.text.slice(this.nameStart, this.nameEnd));
  }

  get value(): string {
    return decoded(this.text.slice(this.#valueStart, this.#at));
  }
}

function decoded(text: string): string {
  return TO_DECODE.test(text) ? (new URLSearchParams(`=${text}`).get('') ?? '') : text;
}

/** What stands in front of the first boundary is the boundary itself; null where this is no multipart body. */
export function multipartFields(text: string, whole: boolean): Field[] | null {
  const boundary = /^--[^\r\n]{1,70}(?=\r\n)/.exec(text)?.[0];
  if (boundary === undefined) return null;
  const parts = text.split(`\r\n${boundary}`);
  // Behind the last boundary stands nothing, or what was cut.
  if (!whole || parts.length > 1) parts.pop();
  return parts.flatMap((part) => {
    const end = part.indexOf('\r\n\r\n');
    const name = /[; ]name="([^"]*)"/i.exec(part.slice(0, Math.max(0, end)))?.[1];
    return name === undefined ? [] : [[name, part.slice(end + 4)] as const];
  });
}

/** No alternative of it can match what another does, so that it takes time in proportion to the text. */
const ELEMENT = /<([A-Za-z_][\w.-]{0,63})>(?:\s*<!\[CDATA\[([^\]<]*)\]\]>\s*|([^<]*))<\/\1>/g;

export function xmlFields(text: string): Field[] {
  return [...text.matchAll(ELEMENT)].map(([, name = '', data, plain = '']) => [
    name,
    data ?? unescaped(plain.trim()),
  ]);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name]!);
}
