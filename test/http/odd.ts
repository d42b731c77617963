/**
 * The shape of a case of odd bytes, and what such cases are built from.
 */
import type { Anomaly } from '../../src/http/message.ts';
import { LIMITS } from '../../src/limits.ts';

export interface Odd {
  what: string;
  wire: string;
  tells: Anomaly[];
  /** Of the first message; fields as `name: value`. */
  head?: object;
  fields?: string[];
  body?: string;
  end?: string;
  other?: string;
  count?: number;
  /** Too long to be fed byte by byte in every test. */
  long?: boolean;
}

export const get = (line: string, ...fields: string[]) => `${[line, ...fields].join('\r\n')}\r\n\r\n`;
export const GET = 'GET / HTTP/1.1';
export const OK = 'HTTP/1.1 200 OK';
export const chunked = (body: string) => `${get('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}${body}`;
/** One field more than a head may have. */
export const many = Array.from({ length: LIMITS.headFields + 1 }, (_, i) => `a: ${i}`);
