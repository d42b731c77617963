/**
 * In: a body, or a query, as text, and whether it is whole. Out: its fields, of `application/x-www-form-urlencoded`
 * (WHATWG URL §5), `multipart/form-data` (RFC 7578), or XML as payment notifications use it: elements with text only.
 * Of a text that was cut the last field is left out: its value may go on.
 */

export type Field = readonly [name: string, value: string];

export function formFields(text: string, whole: boolean): Iterable<Field> {
  return new URLSearchParams(whole ? text : text.slice(0, Math.max(0, text.lastIndexOf('&'))));
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
