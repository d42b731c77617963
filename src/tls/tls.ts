/**
 * The border between TLS and what runs on top of it (RFC 5246, RFC 8446): what a handshake shows, where the records
 * that carry plaintext lie on the wire, and the calls in which plaintext or sealed records are handed up.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { OnLimit, Stored } from '../limits.ts';
import type { Side } from '../tcp/stream.ts';

/** What the wire may do against the protocol, or against the keys: each name appears after `tls_anomaly:`. */
export const TLS_ANOMALIES = {
  certificate_invalid: 'a certificate that cannot be parsed',
  handshake_invalid: 'a hello message whose lengths do not fit, read as far as they do',
  handshake_too_long: 'a handshake message longer than the limit, stepped over',
  key_does_not_fit: 'the key log has secrets for this connection, and they do not open its records',
  key_incomplete: 'the key log has some secrets for this connection, but not those that its records need',
  record_damaged: 'a record that the keys do not open although the one before it was opened',
  record_header_invalid: 'bytes where a record header should be: the direction was searched for the next one',
  record_too_long: 'a record longer than the protocol allows (RFC 8446 §5.2)',
  suite_not_supported: 'the key log has secrets for this connection, but its cipher suite is not supported',
  too_many_extensions: 'a hello message with more extensions than the limit; the rest was not read',
} as const;

export type TlsAnomaly = keyof typeof TLS_ANOMALIES;

export interface TlsAlert {
  readonly side: Side;
  readonly fatal: boolean;
  /** As RFC 8446 §6 and its registry name it; `alert 123` for an unknown one. */
  readonly name: string;
  readonly at: Moment;
}

/** The first certificate of a server's list (RFC 5280). */
export interface TlsCertificate {
  /** As `CN=pay.shop.example, O=Shop`. */
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339 UTC; null where the certificate has no readable date. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** Subject alternative names, as `DNS:pay.shop.example`; bounded. */
  readonly names: readonly string[];
}

/** Where something lies on the wire: offsets of its direction, and the packets of its first and last byte. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly first: Moment;
  readonly last: Moment;
}

/** What is known of a TLS connection; filled while it goes on. */
export interface TlsFacts {
  /** Of the ClientHello, in lower-case hexadecimal: what a key log calls the connection. Null while none was seen. */
  readonly clientRandom: string | null;
  /** Name that the client asked for; null when it gave none. */
  readonly sni: string | null;
  /** Versions that the client offered, newest first, as `TLS 1.3`. */
  readonly offered: readonly string[];
  readonly version: string | null;
  /** As IANA names it; `0xc0ff` for an unknown one. */
  readonly cipher: string | null;
  readonly alpnOffered: readonly string[];
  readonly alpn: string | null;
  /** Null while the handshake does not tell. */
  readonly resumed: boolean | null;
  readonly alerts: readonly TlsAlert[];
  readonly certificate: TlsCertificate | null;
  readonly clientHello: Place | null;
  /** First record of the server, or the first bytes that were none. */
  readonly serverFirst: Moment | null;
  readonly serverHello: Moment | null;
  /** The client had the server's whole flight: it could begin to send. */
  readonly done: Moment | null;
  /** First bytes of the server where they are no TLS record. */
  readonly notTls: Buffer | null;
  /** A TLS 1.3 record of the size of an alert was the first that a side encrypted, or its answer to the client's. */
  readonly sealedAlert: { readonly side: Side; readonly at: Moment } | null;
  /** Application data was read. */
  readonly decrypted: boolean;
  readonly anomalies: readonly TlsAnomaly[];
}

/** The facts as a transaction's record has them: versions as `TLS 1.3`, suites, protocols and alerts by their registered names. */
export interface TlsRecord {
  /** Server name that the sender asked for. */
  readonly sni: string | null;
  readonly version: string | null;
  /** Versions that the sender offered, in its order. */
  readonly offered: readonly string[];
  readonly cipher: string | null;
  readonly alpn: string | null;
  readonly alpnOffered: readonly string[];
  readonly resumed: boolean | null;
  /** The first fatal one. */
  readonly alert: string | null;
  readonly alerts: readonly {
    readonly by: 'sender' | 'receiver';
    readonly fatal: boolean;
    readonly name: string;
  }[];
  readonly certificate: TlsCertificate | null;
  readonly decrypted: boolean;
}

/** What the size and the place of a sealed record say of it. */
export type Sealed =
  /** Application data. */
  | 'data'
  /** Application data that goes on with what was sent before, whatever came in between. */
  | 'more'
  /** Application data, or a session ticket (RFC 8446 §4.6.1). */
  | 'doubt'
  /** Session tickets came before: those were none of `doubt`. */
  | 'ticket'
  /** A message of as many bytes as `HTTP/1.1 100 Continue`. */
  | 'interim'
  /** Too short for any HTTP message, but data may go on with it. */
  | 'short';

/** Receives what the records of a connection carry. `at` and buffers are lent; `place` may be kept. */
export interface TlsSink {
  /** Which side is the client is known from here on. */
  onClient(side: Side): void;
  /** Plaintext of one record. */
  onPlain(side: Side, bytes: Buffer, start: number, end: number, place: Place): void;
  /** Plaintext that cannot be had: a record was lost. Bytes as exact as the records tell. */
  onPlainGap(side: Side, length: number, place: Place): void;
  /** A sealed record begins. */
  onSealed(side: Side, what: Sealed, start: number, first: Moment): void;
  /** The one of `side` that was told last is whole. */
  onSealedEnd(side: Side, end: number, last: Moment): void;
  /** Bytes that were not captured and that no record tells the kind of. */
  onSealedGap(side: Side, length: number, at: Moment): void;
  /** The server does not speak TLS, or the connection never did: from here on these bytes are something else. */
  onForeign(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void;
}

/** Both directions of one connection. Calls come in the order of cause and effect. */
export interface TlsSession {
  readonly facts: TlsFacts;
  /** @param offset of `bytes[start]` in its direction. */
  onBytes(side: Side, bytes: Buffer, start: number, end: number, offset: number, at: Moment): void;
  /** @param offset of the first missing byte. */
  onGap(side: Side, length: number, offset: number, at: Moment): void;
  onEnd(side: Side): void;
  /** Whether `side` is in the middle of a record. */
  within(side: Side): boolean;
  /** The record of application data that is not whole yet and would be read if it were. `end` and `last` are not known. */
  unfinished(side: Side): Pick<Place, 'start' | 'first'> | null;
}

export interface TlsOptions {
  /** Who is taken for the client until a hello tells. */
  readonly client: Side;
  /** From the SYN to the ACK of its SYN-ACK; null where the server is not who answered it, or where that was not captured. */
  readonly roundTrip: Time | null;
  readonly secrets: Secrets | null;
  readonly onLimit: OnLimit;
  /** Told what is held of records and handshake messages that are not whole. */
  readonly stored: Stored;
}

/** What pairing needs of the TLS stage; the analyzer hands it in. */
export interface TlsStage {
  /** Whether `bytes[start, end)` begin a direction as TLS does; `midStream`: in the middle of a connection. */
  looksLikeTls(bytes: Buffer, start: number, end: number, midStream: boolean): boolean;
  open(sink: TlsSink, options: TlsOptions): TlsSession;
}

/** Secrets of an NSS key log. Live, it grows. */
export interface Secrets {
  /** How many secrets it holds: whoever found none may look again when it has grown. */
  readonly size: number;
  /** @param clientRandom of the ClientHello, in lower-case hexadecimal. */
  find(label: string, clientRandom: string): Buffer | null;
}
