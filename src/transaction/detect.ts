/**
 * Who is the sender of a connection whose handshake was not captured: the side that sends requests; failing that,
 * the side with the higher port (RFC 6335 §6: services listen on registered ports, clients use dynamic ones).
 */
import type { Connection, Side } from '../tcp/stream.ts';
import type { HttpStage } from './transaction.ts';

export interface Roles {
  readonly sender: Side;
  /** False when only the ports spoke for it. */
  readonly sure: boolean;
}

const other = (side: Side): Side => (side === 0 ? 1 : 0);

/** Roles before any payload. */
export function rolesByHandshake(connection: Connection): Roles {
  if (connection.opener !== null) return { sender: connection.opener, sure: true };
  return { sender: connection.ports[0] >= connection.ports[1] ? 0 : 1, sure: false };
}

/** Roles when `side` has sent `bytes[start, end)`, its first or the first after a gap. */
export function rolesByContent(
  http: HttpStage,
  connection: Connection,
  side: Side,
  bytes: Buffer,
  start: number,
  end: number,
): Roles {
  if (connection.opener === null) {
    if (http.looksLikeRequest(bytes, start, end) === 'yes') return { sender: side, sure: true };
    const answers =
      http.looksLikeResponse(bytes, start, end) === 'yes' && isFollowedBySpace(bytes, start, end);
    if (answers) return { sender: other(side), sure: true };
  }
  return rolesByHandshake(connection);
}

/** `HTTP/1.1` and a space begin a response; with a line end it is the rest of a request line in a segment of its own. */
function isFollowedBySpace(bytes: Buffer, start: number, end: number): boolean {
  const after = start + 'HTTP/1.1'.length;
  return after < end && bytes[after] === 0x20;
}
