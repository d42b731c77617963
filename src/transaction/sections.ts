/**
 * A field section of HTTP/2 as the head of a message (RFC 9113 §8.3): pseudo-header fields become what the start line of
 * HTTP/1.1 says, `:authority` the Host field that stands for it there (§8.3.1). Fields that refer to what was not
 * captured are left out.
 */
import type { HeaderField, RequestHead, ResponseHead } from '../http/message.ts';
import type { FieldSection } from '../http2/http2.ts';

const VERSION = 'HTTP/2';

/** Null where the section is no request: trailers of one whose beginning was not captured. */
export function requestHead(section: FieldSection): RequestHead | null {
  const pseudo = pseudoFields(section);
  if (!pseudo.has(':method') && !pseudo.has(':path') && section.complete) return null;
  const method = pseudo.get(':method') ?? '';
  const authority = pseudo.get(':authority') ?? null;
  // Without :protocol (RFC 8441 §4) it names only where to connect to (§8.5).
  const target = pseudo.get(':path') ?? (method === 'CONNECT' ? authority : null) ?? '';
  return { method, target, ...rest(section, authority) };
}

export function responseHead(section: FieldSection): ResponseHead {
  const status = Number(pseudoFields(section).get(':status') ?? 0);
  return {
    status: Number.isInteger(status) && status >= 100 && status <= 999 ? status : 0,
    reason: '',
    ...rest(section, null),
  };
}

/** Value of the first field of that name, in lower case as HTTP/2 has it. */
export function fieldValue({ fields }: FieldSection, name: string): string | null {
  return fields.find((field) => field.name === name)?.value ?? null;
}

function pseudoFields({ fields }: FieldSection): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, value } of fields) {
    if (name?.startsWith(':') && value !== null && !found.has(name)) found.set(name, value);
  }
  return found;
}

function rest(
  { fields, bytes, complete }: FieldSection,
  authority: string | null,
): Omit<RequestHead, 'method' | 'target'> {
  const headers: HeaderField[] = [];
  const named = fields.some(({ name }) => name === 'host');
  for (const { name, value } of fields) {
    if (name === null || value === null) continue;
    if (!name.startsWith(':')) headers.push({ name, value });
    else if (name === ':authority' && authority !== null && !named) headers.push({ name: 'host', value });
  }
  return { headerBytes: bytes, headers, version: VERSION, complete };
}
