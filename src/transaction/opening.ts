/**
 * Whether what a connection carries begins as HTTP/2 does with prior knowledge (RFC 9113 §3.4): the client with its preface,
 * the server with SETTINGS, which may come first. What may be the beginning of either waits until the client has told.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { Http2Stage } from '../http2/http2.ts';
import type { Side } from '../tcp/stream.ts';

/** A server's settings are shorter than this. */
const PATIENCE = 1_024;

interface Piece {
  readonly side: Side;
  readonly bytes: Buffer;
  readonly at: Moment;
}

export class Opening {
  /** What waits, in order. */
  readonly held: Piece[] = [];
  #length = 0;

  /** @returns 'maybe' where the bytes wait in `held` with those before. */
  take(
    http2: Http2Stage,
    side: Side,
    fromSender: boolean,
    bytes: Buffer,
    start: number,
    end: number,
    at: Moment,
  ): 'yes' | 'no' | 'maybe' {
    const before = this.held.filter((piece) => piece.side === side).map((piece) => piece.bytes);
    const all = Buffer.concat([...before, bytes.subarray(start, end)]);
    // No text begins with a zero, and all lengths of settings do.
    const verdict = fromSender
      ? http2.looksLikeHttp2(all, 0, all.length, false)
      : all[0] === 0 && this.#length < PATIENCE
        ? 'maybe'
        : 'no';
    this.held.push({ side, bytes: Buffer.from(bytes.subarray(start, end)), at: keep(at) });
    this.#length += end - start;
    return verdict;
  }
}
