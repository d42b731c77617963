/**
 * The border between the HTTP/1.x parser and what pairs its messages (RFC 9112): heads, framings, the calls that
 * the messages of one direction arrive in, and the names of everything the wire may do against the grammar.
 */
import type { Moment } from '../capture/packet.ts';

export interface HeaderField {
  /** As sent; `''` where the line had no colon, or nothing before it. */
  readonly name: string;
  /** As sent, without surrounding white space; folded lines joined by one space (RFC 9112 §5.2). latin1. */
  readonly value: string;
}

/** The fields of a head; one of them costs less by `fieldOf`. */
export interface Fields {
  /** In wire order, repeats kept. */
  readonly headers: readonly HeaderField[];
  /**
   * Value of the first field called `name`, in lower case, where `headers` are cut out when they are asked for. Then there is one
   * Host, Content-Type and Content-Encoding at most.
   */
  first?(name: string): string | undefined;
}

/** A head's `declaredLength` where it has neither Content-Length nor Transfer-Encoding, and where only its fields tell. */
export const NO_LENGTH = -1;
export const SEE_FIELDS = -2;

interface Head extends Fields {
  /** Bytes from the first of the start line to the end of the empty line, or as many as were seen. */
  readonly headerBytes: number;
  /** `HTTP/1.1` as sent; `''` for HTTP/0.9 shapes. */
  readonly version: string;
  /** False when the head was cut (gap, end of stream, limit): what is there is all that was seen. */
  readonly complete: boolean;
  /** The only Content-Length, where it is a plain number and there is no Transfer-Encoding. Absent: SEE_FIELDS. */
  readonly declaredLength?: number;
}

export interface RequestHead extends Head {
  readonly method: string;
  readonly target: string;
}

export interface ResponseHead extends Head {
  /** 0 where the status line has no three-digit code. */
  readonly status: number;
  readonly reason: string;
}

/** Value of the first field called `name`, in lower case; its other fields are not cut out for it. */
export function fieldOf(head: Fields, name: string): string | undefined {
  if (head.first !== undefined) return head.first(name);
  return head.headers.find((field) => field.name.length === name.length && field.name.toLowerCase() === name)
    ?.value;
}

/**
 * How long the body is (RFC 9112 §6.3). `tunnel`: after this head the bytes are no HTTP any more
 * (CONNECT answered 2xx, 101): the message is complete and what follows goes to `onOther`.
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

/** What the wire may do against the grammar: each name appears after `http_anomaly:`, its meaning in `explain`. */
export const ANOMALIES = {
  bare_cr: 'a carriage return without a line feed inside a line (RFC 9112 §2.2)',
  bare_lf: 'a line that ends with a line feed alone (RFC 9112 §2.2)',
  chunk_data_unterminated: 'chunk data not followed by a line end: its size is wrong (RFC 9112 §7.1)',
  chunk_extension_invalid: 'a chunk extension against the grammar, skipped (RFC 9112 §7.1.1)',
  chunk_line_too_long: 'a chunk-size line longer than the limit',
  chunk_size_invalid: 'a chunk-size line that does not begin with a hexadecimal number (RFC 9112 §7.1)',
  chunk_size_overflow: 'a chunk size of 2^53 or more',
  chunk_size_whitespace: 'white space after a chunk size (RFC 9112 §7.1.1)',
  chunked_repeated: 'the chunked coding applied more than once (RFC 9112 §6.1)',
  content_length_conflict: 'several Content-Length values that differ; the last one is used (RFC 9112 §6.3)',
  content_length_invalid: 'a Content-Length that is no decimal number (RFC 9110 §8.6)',
  content_length_mismatch:
    'a stream of HTTP/2 with more or fewer bytes of body than its Content-Length (RFC 9113 §8.1.1)',
  content_length_overflow: 'a Content-Length of 2^53 or more',
  content_length_repeated: 'the same Content-Length several times (RFC 9110 §8.6)',
  control_character: 'a control character in a start line or field value (RFC 9110 §5.5)',
  empty_line_before_start: 'an empty line before a start line (RFC 9112 §2.2)',
  field_name_empty: 'a field line that begins with its colon',
  field_name_invalid: 'a field name that is no token (RFC 9110 §5.1)',
  field_without_colon: 'a line of the header or trailer section without a colon (RFC 9112 §5)',
  folded_field: 'a field value folded over several lines (RFC 9112 §5.2)',
  framing_without_body: 'Content-Length or Transfer-Encoding where no body can follow (RFC 9112 §6.1)',
  head_too_large: 'a head larger than the limit; it was cut there',
  http2_preface:
    'the preface of HTTP/2 (RFC 9113 §3.4) on a connection that has spoken HTTP/1: what follows is not parsed',
  method_not_uppercase: 'a registered method in the wrong case (RFC 9110 §9.1)',
  method_unknown: 'a method that is not registered (RFC 9110 §16.1)',
  reason_space_missing: 'a status line that ends right after its code (RFC 9112 §4)',
  space_after_start_line: 'white space before the first field name; the line is ignored (RFC 9112 §2.2)',
  start_line_whitespace: 'a start line whose parts are not separated by one space each (RFC 9112 §3, §4)',
  status_invalid: 'a status line without a three-digit code (RFC 9112 §4)',
  target_invalid: 'a request target with white space, control or non-ASCII characters (RFC 9112 §3.2)',
  target_missing: 'a request line without a target (RFC 9112 §3)',
  too_many_fields: 'more field lines than the limit; the rest was dropped',
  trailer_too_large: 'a trailer section larger than the limit',
  transfer_encoding_http10: 'Transfer-Encoding in an HTTP/1.0 message; it is obeyed (RFC 9112 §6.1)',
  transfer_encoding_identity: 'the transfer coding "identity", withdrawn by RFC 7230; it is ignored',
  transfer_encoding_not_chunked: 'a Transfer-Encoding whose last coding is not chunked (RFC 9112 §6.3)',
  transfer_encoding_with_content_length:
    'both Transfer-Encoding and Content-Length; the former is obeyed (RFC 9112 §6.3)',
  unexpected_bytes: 'bytes between two messages that begin no message',
  unsolicited_response: 'a response where no request waits for one, as an idle 408 (RFC 9110 §15.5.9)',
  version_missing: 'a request line without a version, as in HTTP/0.9 (RFC 1945 §4.1)',
  version_unknown: 'a version other than HTTP/1.0 and HTTP/1.1',
  whitespace_before_colon: 'white space between a field name and its colon (RFC 9112 §5.1)',
} as const;

export type Anomaly = keyof typeof ANOMALIES;

export type OnAnomaly = (anomaly: Anomaly) => void;

/**
 * Receives the messages of one direction, in order and each call exactly as often as this says:
 * (onStart onHead (onBody | onBodyGap)* onEnd)*, with anomalies and other bytes in between.
 * `at` of the surrounding stream callback stays valid during these calls, so a sink that needs the packet knows it.
 */
export interface MessageSink<H extends RequestHead | ResponseHead> {
  /**
   * A message begins. `at` (lent) is the packet of the first byte of its start line, which may be an earlier one
   * than that of the surrounding callback: a start line is only recognised after some bytes. Its head may follow
   * much later, but follows: cut or lost, it comes with `complete: false`.
   */
  onStart(at: Moment): void;
  /**
   * The sink frames the body: only pairing knows which request a response answers. Called once a message; what it
   * returns for an incomplete head is not used, `onEnd` follows at once.
   */
  onHead(head: H): Framing;
  /** Body bytes without transfer coding; lent. */
  onBody(bytes: Buffer, start: number, end: number): void;
  /** Body bytes that were not captured, where the framing still tells how many. */
  onBodyGap(length: number): void;
  onEnd(end: MessageEnd): void;
  onAnomaly(anomaly: Anomaly): void;
  /** Bytes that are no HTTP message: before the first start line, after lost synchronisation, or in a tunnel; lent. */
  onOther(bytes: Buffer, start: number, end: number): void;
  /**
   * Whether, by what the other direction did, a message begins here. Asked where all that was captured at a place
   * that may be the middle of something is the first bytes of what may be a start line.
   */
  isDue(): boolean;
}
