/**
 * In: a message head (for a response also the method it answers). Out: how its body is delimited, by the steps of
 * RFC 9112 §6.3 in their order. Where the RFC tells a recipient to refuse the message, a witness still has to go on;
 * each such place is told as an anomaly and its choice is made so that no following message is swallowed:
 *   - Transfer-Encoding without a final chunked in a request: by Content-Length if there is a valid one, else no body;
 *   - Content-Length values that differ: the last (what Wireshark does too); invalid ones are passed over;
 *   - no valid Content-Length: as if there were none.
 */
import { trimBlanks } from './grammar.ts';
import {
  type Framing,
  type HeaderField,
  NO_LENGTH,
  type OnAnomaly,
  type RequestHead,
  type ResponseHead,
  SEE_FIELDS,
} from './message.ts';

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE: Framing = { kind: 'close' };
const TUNNEL: Framing = { kind: 'tunnel' };

const CONTENT_LENGTH = 'content-length';
const TRANSFER_ENCODING = 'transfer-encoding';

/** The body of a request. A CONNECT request has none, whatever it declares (RFC 9110 §9.3.6). */
export function frameRequest(head: RequestHead, onAnomaly: OnAnomaly): Framing {
  if (head.method === 'CONNECT') return withoutBody(head, NONE, onAnomaly);
  const { declaredLength = SEE_FIELDS } = head;
  if (declaredLength !== SEE_FIELDS)
    return declaredLength === NO_LENGTH ? NONE : { kind: 'length', length: declaredLength };
  const coding = transferCoding(head, onAnomaly);
  if (coding === 'chunked') return CHUNKED; // step 4, and step 3: it overrides Content-Length
  const length = contentLength(head.headers, onAnomaly);
  return length === undefined ? NONE : { kind: 'length', length }; // steps 4, 6 and 7
}

/**
 * The body of a response.
 * @param requestMethod the method of the request that it answers; undefined when that is not known or there is none:
 * the response is then framed by its own head alone.
 */
export function frameResponse(
  head: ResponseHead,
  requestMethod: string | undefined,
  onAnomaly: OnAnomaly,
): Framing {
  const { status, declaredLength = SEE_FIELDS } = head;
  // 101 changes the protocol (RFC 9110 §15.2.2); like step 2 this leaves HTTP.
  if (status === 101) return withoutBody(head, TUNNEL, onAnomaly);
  // Step 1. A response to HEAD and a 304 declare the body that GET would have had: no anomaly.
  if (requestMethod === 'HEAD' || status === 304) return NONE;
  if ((status >= 100 && status < 200) || status === 204) return withoutBody(head, NONE, onAnomaly);
  // Step 2.
  if (requestMethod === 'CONNECT' && status >= 200 && status < 300) {
    return withoutBody(head, TUNNEL, onAnomaly);
  }
  if (declaredLength !== SEE_FIELDS)
    return declaredLength === NO_LENGTH ? CLOSE : { kind: 'length', length: declaredLength };
  const coding = transferCoding(head, onAnomaly);
  if (coding === 'chunked') return CHUNKED; // steps 3 and 4
  if (coding === 'other') return CLOSE; // step 4
  const length = contentLength(head.headers, onAnomaly);
  return length === undefined ? CLOSE : { kind: 'length', length }; // steps 5, 6 and 8
}

function withoutBody(head: RequestHead | ResponseHead, framing: Framing, onAnomaly: OnAnomaly): Framing {
  if (head.declaredLength === NO_LENGTH || head.declaredLength === 0) return framing;
  for (const { name, value } of head.headers) {
    // A zero is harmless and common: nothing is what follows.
    if (isName(name, TRANSFER_ENCODING) || (isName(name, CONTENT_LENGTH) && Number(value) !== 0)) {
      onAnomaly('framing_without_body');
    }
  }
  return framing;
}

/** Whether the last transfer coding is chunked; undefined when there is none (RFC 9112 §6.1). */
function transferCoding(
  head: RequestHead | ResponseHead,
  onAnomaly: OnAnomaly,
): 'chunked' | 'other' | undefined {
  let last: string | undefined;
  let chunked = 0;
  let present = false;
  for (const { name, value } of head.headers) {
    if (!isName(name, TRANSFER_ENCODING)) continue;
    present = true;
    for (const element of value.split(',')) {
      const coding = trimBlanks(element.split(';', 1)[0]!).toLowerCase();
      if (coding === '') continue;
      if (coding === 'identity') {
        onAnomaly('transfer_encoding_identity');
        continue;
      }
      last = coding;
      if (coding === 'chunked') chunked++;
    }
  }
  if (!present) return undefined;
  if (head.headers.some(({ name }) => isName(name, CONTENT_LENGTH))) {
    onAnomaly('transfer_encoding_with_content_length');
  }
  if (last === undefined) return undefined;
  if (head.version === 'HTTP/1.0') onAnomaly('transfer_encoding_http10');
  if (chunked > 1) onAnomaly('chunked_repeated');
  if (last === 'chunked') return 'chunked';
  onAnomaly('transfer_encoding_not_chunked');
  return 'other';
}

/** The declared length in bytes (RFC 9110 §8.6); undefined when there is none that can be used. */
function contentLength(headers: readonly HeaderField[], onAnomaly: OnAnomaly): number | undefined {
  let length: number | undefined;
  for (const { name, value } of headers) {
    if (!isName(name, CONTENT_LENGTH)) continue;
    for (const element of value.includes(',') ? value.split(',') : [value]) {
      const digits = trimBlanks(element);
      if (!/^[0-9]+$/.test(digits)) {
        onAnomaly('content_length_invalid');
        continue;
      }
      const next = Number(digits);
      if (next > Number.MAX_SAFE_INTEGER) {
        onAnomaly('content_length_overflow');
        continue;
      }
      if (length !== undefined) {
        onAnomaly(next === length ? 'content_length_repeated' : 'content_length_conflict');
      }
      length = next;
    }
  }
  return length;
}

/** Field names are case-insensitive (RFC 9110 §5.1); the length spares most of them the copy. */
function isName(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}
