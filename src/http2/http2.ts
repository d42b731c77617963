/**
 * The border between the frames of an HTTP/2 connection (RFC 9113) and what makes transactions of its streams: field
 * sections, data, the calls that frames of both directions arrive in, and the names of all that the wire may do against
 * the protocol.
 */
import type { Moment } from '../capture/packet.ts';
import type { OnLimit, Stored } from '../limits.ts';
import type { Side } from '../tcp/stream.ts';

/** What the wire may do against the protocol: each name appears after `http2_anomaly:`. */
export const HTTP2_ANOMALIES = {
  compression_error:
    'a field section that cannot be decoded (RFC 7541): no later one of its direction is, unless it was read after lost bytes',
  continuation_missing: 'a field section cut by another frame before its END_HEADERS (RFC 9113 §6.10)',
  continuation_unexpected: 'a CONTINUATION that continues nothing (RFC 9113 §6.10)',
  field_block_too_large: 'a field section larger than the limit, or in more frames; it was cut there',
  field_list_too_large: 'a field section that is larger than the limit once decoded; the rest was dropped',
  frame_invalid: 'bytes where a frame header should be: the direction was searched for the next one',
  frame_size_invalid: 'a frame whose length its type does not allow (RFC 9113 §4.2, §6)',
  frame_too_large: 'a frame longer than SETTINGS_MAX_FRAME_SIZE of its receiver (RFC 9113 §4.2)',
  padding_invalid: 'padding that is longer than its frame (RFC 9113 §6.1)',
  setting_invalid: 'a setting whose value is not allowed (RFC 9113 §6.5.2)',
  settings_missing: 'a direction that does not begin with SETTINGS (RFC 9113 §3.4)',
  stream_invalid: 'a frame on a stream that its type does not allow (RFC 9113 §6)',
  window_increment_zero: 'a WINDOW_UPDATE of nothing (RFC 9113 §6.9)',
} as const;

export type Http2Anomaly = keyof typeof HTTP2_ANOMALIES;

/** Error codes of RST_STREAM and GOAWAY, by their number (RFC 9113 §7). */
export const ERROR_CODES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** Name of an error code; `0xff` for an unknown one. */
export function errorName(code: number): string {
  return ERROR_CODES[code] ?? `0x${code.toString(16)}`;
}

/** Identifiers of SETTINGS (RFC 9113 §6.5.2; RFC 8441). */
export const SETTINGS = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
  ENABLE_CONNECT_PROTOCOL: 8,
} as const;

/** Flow-control window of a stream, and of the connection, until something changes it (RFC 9113 §6.9.2). */
export const INITIAL_WINDOW = 65_535;

/** Name and value as sent, a character a byte; null where they refer to what was said in bytes that were not captured. */
export interface Http2Field {
  readonly name: string | null;
  readonly value: string | null;
  /** The sender forbids intermediaries to compress it: mostly a secret (RFC 7541 §7.1.3). */
  readonly neverIndexed: boolean;
}

/** A field section: HEADERS or PUSH_PROMISE with their CONTINUATIONs. Pseudo-header fields are among the fields. */
export interface FieldSection {
  /** In wire order, repeats kept. */
  readonly fields: readonly Http2Field[];
  /** All of it was seen and decoded. Else what is there came before the first that was not. */
  readonly complete: boolean;
  /** Compressed, without frame headers and padding. */
  readonly bytes: number;
}

/**
 * Where a frame, or bytes of one, lies. Positions count the bytes of its direction from the first that was handed in,
 * gaps included. `last` is the packet that the session was handed when `end` was reached. Lent, as its moments are.
 */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly first: Moment;
  readonly last: Moment;
}

/**
 * Receives the frames of both directions, each when it is whole, DATA as it comes. The stream is the frame's own. Nothing
 * is held of streams: whether one is open, or ever was, is for the receiver to know. Buffers and spans are lent.
 */
export interface Http2Sink {
  /**
   * A field section of a stream: a request, a response, interim ones and trailers alike. Of one that was cut (missing
   * bytes, end of the direction) what there is, with `complete: false`.
   */
  onHeaders(side: Side, stream: number, section: FieldSection, endStream: boolean, span: Span): void;
  /** The server announces a request that it answers on stream `promised` (RFC 9113 §6.6). */
  onPushPromise(side: Side, stream: number, promised: number, section: FieldSection, span: Span): void;
  /** Bytes of a DATA frame without padding; `span` is theirs, that of the first begins with the frame. */
  onData(side: Side, stream: number, bytes: Buffer, start: number, end: number, span: Span): void;
  /** Bytes of a DATA frame that were not captured; padding counts where it is not known to be some. */
  onDataGap(side: Side, stream: number, length: number, span: Span): void;
  /**
   * A DATA frame is over; it may have had no data. One that stops short has no such call: `onLost` or the end follows.
   * @param length what flow control counts: the payload with its padding.
   */
  onDataEnd(side: Side, stream: number, length: number, endStream: boolean, span: Span): void;
  onReset(side: Side, stream: number, code: number, span: Span): void;
  /** @param lastStream the highest one that `side` took; @param debug bounded, lent. */
  onGoaway(side: Side, lastStream: number, code: number, debug: Buffer, span: Span): void;
  /** Settings of one frame by their identifiers; null: `side` acknowledges the other's. */
  onSettings(side: Side, settings: ReadonlyMap<number, number> | null, span: Span): void;
  /** `side` lets the other send more: on the stream, or on the connection (0). */
  onWindowUpdate(side: Side, stream: number, increment: number, span: Span): void;
  onPing(side: Side, ack: boolean, span: Span): void;
  /** @param stream 0 where it is about the connection. Each name once a frame. */
  onAnomaly(side: Side, anomaly: Http2Anomaly, stream: number): void;
  /**
   * Bytes [start, end) of `side` cannot be read: frames of any stream may have been in them, also the ends of streams.
   * What was open on a frame that stops short has been told before.
   */
  onLost(side: Side, start: number, end: number, at: Moment): void;
  /** The direction never was HTTP/2 (a server that answers in HTTP/1.1): all its bytes. */
  onForeign(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void;
}

/** Both directions of one connection. */
export interface Http2Session {
  onBytes(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void;
  /** `length` bytes that were not captured. */
  onGap(side: Side, length: number, at: Moment): void;
  onEnd(side: Side, at: Moment): void;
  /** Bytes of `side` that were handed in, gaps included. */
  position(side: Side): number;
  /** The HEADERS of `side` that is not whole yet: where it begins. `end` and `last` are as far as it came. */
  unfinished(side: Side): { readonly stream: number; readonly span: Span } | null;
}

export interface Http2Options {
  /** Who sends the preface, and requests. */
  readonly client: Side;
  /** Whether each side's first bytes lie somewhere in the middle of what it sent: then a frame is looked for. */
  readonly midStream: readonly [boolean, boolean];
  /** Settings of the client in the request that asked for the upgrade, `HTTP2-Settings` decoded (RFC 7540 §3.2.1). */
  readonly upgrade?: Buffer;
  readonly onLimit: OnLimit;
  /** Told what is held of frames that are not whole, and of the tables of fields. */
  readonly stored: Stored;
}

/** What pairing needs of the HTTP/2 stage; the analyzer hands it in. */
export interface Http2Stage {
  /**
   * Whether `bytes[start, end)` begin a client's direction: with its preface (RFC 9113 §3.4), of which 'maybe' only a part
   * is there; or, `midStream`, with frames.
   */
  looksLikeHttp2(bytes: Buffer, start: number, end: number, midStream: boolean): 'yes' | 'no' | 'maybe';
  open(sink: Http2Sink, options: Http2Options): Http2Session;
}
