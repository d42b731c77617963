/**
 * In: the first bytes of a direction. Out: whether they begin HTTP/1.x (RFC 9112 §3, §4), so that it is recognised on
 * any port. The same scan as the parser's own, so the two never disagree.
 */
import { MORE, newScan, requestStart, responseStart, type Verdict, YES } from './start-line.ts';

export type Likeness = 'yes' | 'no' | 'maybe';

/** Whether `bytes[start, end)` begins a request; 'maybe' when it is too short to tell. */
export function looksLikeRequest(bytes: Uint8Array, start: number, end: number): Likeness {
  return likeness(requestStart(newScan(), bytes, start, end));
}

/** Whether `bytes[start, end)` begins a response; 'maybe' when it is too short to tell. */
export function looksLikeResponse(bytes: Uint8Array, start: number, end: number): Likeness {
  return likeness(responseStart(newScan(), bytes, start, end));
}

function likeness(verdict: Verdict): Likeness {
  return verdict === YES ? 'yes' : verdict === MORE ? 'maybe' : 'no';
}
