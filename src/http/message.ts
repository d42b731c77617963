/**
 * The border between the HTTP/1.x parser and what pairs its messages (RFC 9112).
 */

export interface HeaderField {
  /** As sent. */
  readonly name: string;
  /** As sent, without surrounding white space; folded lines joined by one space (RFC 9112 §5.2). latin1. */
  readonly value: string;
}

interface Head {
  /** Bytes from the first of the start line to the end of the empty line. */
  readonly headerBytes: number;
  /** In wire order, repeats kept. */
  readonly headers: readonly HeaderField[];
  /** `HTTP/1.1` as sent; `''` for HTTP/0.9 shapes. */
  readonly version: string;
  /** False when the head was cut (gap, end of stream, limit): what is there is all that was seen. */
  readonly complete: boolean;
}

export interface RequestHead extends Head {
  readonly method: string;
  readonly target: string;
}

export interface ResponseHead extends Head {
  readonly status: number;
  readonly reason: string;
}

/**
 * How long the body is (RFC 9112 §6.3). `tunnel`: after this head the bytes are no HTTP any more
 * (CONNECT answered 2xx, 101): the parser stops and hands them to `onTunnel`.
 */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }
  | { readonly kind: 'tunnel' };

/**
 * How a message ended. `complete`: framing satisfied. `closed`: a close-delimited body ended by FIN (complete).
 * `cut`: the stream ended first (FIN, reset, end of capture). `lost`: missing bytes hid the end.
 * `invalid`: the framing broke (bad chunk size …).
 */
export type MessageEnd = 'complete' | 'closed' | 'cut' | 'lost' | 'invalid';

/** snake_case name of what the wire did against the grammar, as it appears after `http_anomaly:`. */
export type Anomaly = string;

/**
 * Receives the messages of one direction, in order: (onHead (onBody | onBodyGap)* onEnd)*, anomalies anywhere.
 * `at` of the surrounding stream callback stays valid during these calls, so a sink that needs the packet knows it.
 */
export interface MessageSink<H extends RequestHead | ResponseHead> {
  /** First byte of a start line was met; its head may follow much later, or never. */
  onStart(): void;
  /** The sink frames the body: only pairing knows which request a response answers. Called once a message. */
  onHead(head: H): Framing;
  /** Body bytes without transfer coding; lent. */
  onBody(bytes: Buffer, start: number, end: number): void;
  /** Body bytes that were not captured, where the framing still tells how many. */
  onBodyGap(length: number): void;
  onEnd(end: MessageEnd): void;
  onAnomaly(anomaly: Anomaly): void;
  /** Bytes that are no HTTP message: before the first start line, after lost synchronisation, or in a tunnel. */
  onOther(bytes: Buffer, start: number, end: number): void;
}
