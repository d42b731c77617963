/**
 * The border between TCP and what runs on top of it: ordered bytes of one direction, each byte once.
 */
import type { Moment } from '../capture/packet.ts';

/** Side of a connection: 0 sent the first packet that was captured (or the SYN, as far as one is known). */
export type Side = 0 | 1;

/**
 * Why a direction ended. `fin`: in order, by its own FIN. `reset`: RST of either side. `replaced`: the same
 * addresses and ports were used for a new connection. `idle`: silent too long. `captureEnd`: the capture ended.
 * `limit`: a bound fired.
 */
export type EndCause = 'fin' | 'reset' | 'replaced' | 'idle' | 'captureEnd' | 'limit';

/** One direction of a connection, in order. `onEnd` comes exactly once and last. `at` is lent. */
export interface StreamSink {
  /** `bytes[start, end)` is lent; `at` is the packet that carried them first. */
  onBytes(bytes: Buffer, start: number, end: number, at: Moment): void;
  /** `length` bytes that were not captured and never will be; `at` is the packet that proved it. */
  onGap(length: number, at: Moment): void;
  onEnd(cause: EndCause, at: Moment): void;
}
