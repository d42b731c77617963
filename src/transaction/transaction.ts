/**
 * The border between pairing and judging: one attempt as the packets showed it, before any verdict.
 */
import type { Moment, Packet, Time } from '../capture/packet.ts';
import type {
  Anomaly,
  Fields,
  Framing,
  MessageEnd,
  MessageSink,
  OnAnomaly,
  RequestHead,
  ResponseHead,
} from '../http/message.ts';
import type { Http2Anomaly } from '../http2/http2.ts';
import type { OnLimit, Stored } from '../limits.ts';
import type { AckWatch, Connection, Direction, Side, StreamSink, Traced } from '../tcp/stream.ts';
import type { TlsFacts } from '../tls/tls.ts';

/** A parser of one direction. */
export interface Parser extends StreamSink {
  /** Bytes of the stream up to what the present call of its sink is about, from the first it was handed. */
  readonly position: number;
  /** What follows is no HTTP any more. */
  enterTunnel(): void;
}

interface ParserOptions {
  readonly midStream: boolean;
  readonly onLimit: OnLimit;
  readonly stored: Stored;
}

/** A body without content coding, as text. */
export interface DecodedBody {
  /** Null when the body is empty, binary or in a coding that is not known. */
  readonly text: string | null;
  /** `text` is the whole body. */
  readonly whole: boolean;
}

type Likeness = 'yes' | 'no' | 'maybe';

/** What pairing needs of the HTTP stage; the analyzer hands it in. */
export interface HttpStage {
  requestParser(sink: MessageSink<RequestHead>, options: ParserOptions): Parser;
  responseParser(sink: MessageSink<ResponseHead>, options: ParserOptions): Parser;
  frameRequest(head: RequestHead, onAnomaly: OnAnomaly): Framing;
  frameResponse(head: ResponseHead, requestMethod: string | undefined, onAnomaly: OnAnomaly): Framing;
  looksLikeRequest(bytes: Buffer, start: number, end: number): Likeness;
  looksLikeResponse(bytes: Buffer, start: number, end: number): Likeness;
  /**
   * @param body a character a byte.
   * @param head null where it was not captured.
   * @param whole `body` is all of the message's body.
   */
  decodeBody(body: string, head: Fields | null, whole: boolean): DecodedBody;
}

/** Why the attempt is judged now. */
export type Occasion = 'answered' | 'closed' | 'deadline' | 'replaced' | 'idle' | 'captureEnd' | 'limit';

/** A message as far as it was seen. Offsets are those of its direction. */
export interface Message<H extends RequestHead | ResponseHead> {
  /** Null when nothing but the first bytes of a start line was seen. */
  head: H | null;
  readonly start: number;
  readonly firstByte: Moment;
  /** Offset after the last byte seen so far. */
  end: number;
  lastByte: Moment;
  /** Null while the message is not over. */
  ended: MessageEnd | null;
  /** Without transfer coding. */
  bodyBytes: number;
  bodyCaptured: number;
  /**
   * The text of the body's prefix, bounded, contiguous from its start; decoded when it is asked for. Where bodies do not last
   * (`Context`), this and `bodyDigest` are not to be asked for after the attempt was handed on.
   */
  decoded(): DecodedBody;
  /** SHA-256 of all of the body, without transfer coding, of a request; null where it was not captured whole. */
  bodyDigest(): string | null;
}

/** Bytes that are no HTTP message. */
export interface OtherBytes {
  readonly first: Moment;
  last: Moment;
  /** First few bytes, to name the protocol. */
  readonly prefix: Buffer;
  bytes: number;
}

/** What HTTP/2 told of the stream that carries an exchange (RFC 9113): bytes of other streams do not count for it. */
export interface StreamFacts {
  readonly id: number;
  /** First RST_STREAM of either side, before both messages were over. Errors as RFC 9113 §7 names them: `CANCEL`. */
  readonly reset: {
    readonly side: 'sender' | 'receiver';
    readonly error: string;
    readonly at: Moment;
  } | null;
  /** The receiver's last GOAWAY before the answer was over; what it tells beside the code is bounded text. */
  readonly goAway: {
    readonly lastStream: number;
    readonly error: string;
    readonly debug: string;
    readonly at: Moment;
  } | null;
  /** Flow control lets no further byte of the request's body through, or of the answer's. */
  readonly blocked: Blocked | null;
  readonly answerBlocked: Blocked | null;
  /** All that moves the windows of the request's direction is in the capture. */
  readonly accounted: boolean;
  /** Streams that the sender had open with it, and how many the receiver allowed, where those were fewer. */
  readonly beyond: { readonly open: number; readonly allowed: number } | null;
  /** Status of gRPC in the answer's trailer section, or its only one; null without one. */
  readonly grpcStatus: string | null;
  /** Frames of the stream may have been in bytes of either side that cannot be read. */
  readonly hidden: boolean;
  /** The receiver announced a push on it. */
  readonly pushed: boolean;
  readonly anomalies: readonly Http2Anomaly[];
}

export interface Blocked {
  readonly by: 'stream' | 'connection';
  /** What used the window up. */
  readonly since: Moment;
}

export interface Transaction {
  /**
   * 'exchange': a request, its answer, or both. 'connect': a connection on which none was begun. 'opaque': something
   * else than HTTP. 'sealed': a turn of records that cannot be read; `request` and `response` are without heads.
   */
  readonly kind: 'exchange' | 'connect' | 'opaque' | 'sealed';
  readonly connection: Connection;
  readonly sender: Side;
  /** n-th transaction of the connection, from 1. */
  readonly index: number;
  readonly request: Message<RequestHead> | null;
  readonly response: Message<ResponseHead> | null;
  /** Interim responses (1xx) before the final one, bounded. */
  readonly interim: readonly { readonly status: number; readonly at: Moment }[];
  /** Acknowledgement of the request's last byte; null while that byte was not seen. */
  readonly acked: AckWatch | null;
  /** Where the receiver's stream stood when the request began: what is above it may answer it. */
  readonly answerFrom: number;
  /** Bytes of the receiver that the sender acknowledged and the capture does not hold, since the request. */
  readonly answerUnseen: number;
  /** Missing bytes hid which of several requests the response answers. */
  readonly pairingGuessed: boolean;
  /** Bytes missing from the sender's stream within or before the request, since the last transaction. */
  readonly requestUnseen: number;
  /** Bytes instead of, or before, a response. */
  readonly garbage: OtherBytes | null;
  /** For kind 'opaque': what either side sent. */
  readonly opaque: { readonly sender: OtherBytes | null; readonly receiver: OtherBytes | null };
  /** For kind 'sealed': a record came that may be its answer, or no answer at all. */
  readonly answerDoubtful: boolean;
  /** What is known of the TLS that carries it; null where none does. */
  readonly tls: TlsFacts | null;
  /** Null where it was no HTTP/2. */
  readonly stream: StreamFacts | null;
  /** It is the first that its TLS handshake, or its TCP one, was made for. */
  readonly opens: { readonly tcp: boolean; readonly tls: boolean };
  /** Silence on the connection before the request; null on the first. */
  readonly idleBefore: Time | null;
  /** Data segments of both sides while it lasted, and how many of them had been sent before. */
  readonly dataSegments: number;
  readonly retransmissions: number;
  readonly retransmitted: Moment | null;
  readonly anomalies: readonly Anomaly[];
  readonly occasion: Occasion;
  /** Packet time at which it was judged. */
  readonly decidedAt: Time;
  /**
   * For who puts the attempts of one delivery together: what it knows this one's by; null before it was asked. A map from
   * transactions to it took a tenth of the time, most of it in collections.
   */
  delivery: number | null;
}

/** Looks at chosen connections while a capture is read a second time. */
export interface TraceSink {
  wants(connection: number): boolean;
  /** A packet of a connection that is wanted, or an ICMP error about one; lent. Fragments may come late. */
  onPacket(packet: Packet, traced: Traced): void;
  /** In order, each once, before the packet that completed them is told; lent. */
  onBytes(connection: number, side: Side, offset: number, bytes: Buffer, start: number, end: number): void;
  onTransaction(transaction: Transaction): void;
  /** Once, when all is read: what the keys at hand have of these connections and of no other, as an NSS key log. */
  onKeyLog?(lines: string): void;
}

export function senderOf(transaction: Transaction): Direction {
  return transaction.connection.sides[transaction.sender];
}

export function receiverOf(transaction: Transaction): Direction {
  return transaction.connection.sides[transaction.sender === 0 ? 1 : 0];
}
