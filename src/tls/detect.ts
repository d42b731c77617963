/**
 * In: the first bytes of a direction. Out: whether they begin TLS (RFC 8446 §4, §5.1), so that it is known on any port.
 */
import { CLIENT_HELLO, SERVER_HELLO } from './handshake.ts';
import { HANDSHAKE, HEADER, isHeader } from './record.ts';

/** Five bytes of record header, then the type of the handshake message. */
export function looksLikeTls(bytes: Buffer, start: number, end: number, midStream: boolean): boolean {
  if (!isHeader(bytes, start, Math.min(HEADER, end - start))) return false;
  // Where less is there, only text that begins with a control character could be mistaken.
  if (bytes[start] !== HANDSHAKE) return midStream && end - start >= HEADER;
  if (end - start <= HEADER) return true;
  const type = bytes[start + HEADER];
  return midStream || type === CLIENT_HELLO || type === SERVER_HELLO;
}
