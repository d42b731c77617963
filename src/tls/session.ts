/**
 * One TLS connection (RFC 5246, RFC 8446): both directions' bytes in; the facts of its handshake out, and what its
 * application data records carry, as plaintext where the keys are known, else as sealed records.
 */
import { keep, type Moment } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import type { Side } from '../tcp/stream.ts';
import { certificateOf } from './certificate.ts';
import { Guess, type GuessSink } from './guess.ts';
import { CERTIFICATE, CLIENT_HELLO, HandshakeReader, SERVER_HELLO } from './handshake.ts';
import { clientHello, serverHello } from './hello.ts';
import { alertName, CLOSE_NOTIFY, versionName } from './names.ts';
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  HANDSHAKE,
  HEADER,
  isHeader,
  type RecordHead,
  RecordReader,
  type RecordSink,
} from './record.ts';
import { protectionOf, suiteName } from './suites.ts';
import type { Place, TlsAnomaly, TlsFacts, TlsOptions, TlsSession, TlsSink, TlsStage } from './tls.ts';

export const TLS: TlsStage = { looksLikeTls, open: (sink, options) => new Session(sink, options) };

/** TLS 1.3, and the drafts of it (RFC 8446 §4.2.1). */
const isModern = (version: number) => version === 0x0304 || version >> 8 === 0x7f;
/** RFC 8446 §6.1: these two end nothing by force. */
const USER_CANCELED = 90;

/** Five bytes of record header, then the type of the handshake message. */
function looksLikeTls(bytes: Buffer, start: number, end: number, midStream: boolean): boolean {
  if (!isHeader(bytes, start, Math.min(HEADER, end - start))) return false;
  // Where less is there, only text that begins with a control character could be mistaken.
  if (bytes[start] !== HANDSHAKE) return midStream && end - start >= HEADER;
  if (end - start <= HEADER) return true;
  const type = bytes[start + HEADER];
  return midStream || type === CLIENT_HELLO || type === SERVER_HELLO;
}

type Draft = {
  -readonly [K in keyof TlsFacts]: TlsFacts[K] extends readonly (infer T)[] ? T[] : TlsFacts[K];
};

/** One direction. */
interface Half {
  readonly side: Side;
  readonly reader: RecordReader;
  readonly handshake: HandshakeReader;
  /** Records are protected from here on. */
  sealed: boolean;
  /** Its Finished was sent. */
  finished: boolean;
  /** Where the handshake message at hand began. */
  messageStart: { readonly start: number; readonly first: Moment } | null;
}

class Session implements TlsSession {
  readonly facts: Draft = {
    sni: null,
    offered: [],
    version: null,
    cipher: null,
    alpnOffered: [],
    alpn: null,
    resumed: null,
    alerts: [],
    certificate: null,
    clientHello: null,
    serverFirst: null,
    serverHello: null,
    done: null,
    notTls: null,
    sealedAlert: null,
    decrypted: false,
    anomalies: [],
  };
  #sink: TlsSink;
  #options: TlsOptions;
  #halves: readonly [Half, Half];
  #client: Side;
  #modern = false;
  #sessionId: Buffer | null = null;
  /** The server has sent its certificate, or that its flight is over. */
  #full = false;
  #guess: Guess;
  /** No record was seen yet. */
  #fresh = true;
  /** The handshake record at hand, and the packet of its last byte. */
  #head: RecordHead | null = null;
  #at: Moment = { time: 0, file: 0, frame: 0 };

  constructor(sink: TlsSink, options: TlsOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#client = options.client;
    this.#guess = new Guess(this.#guessSink, options.client);
    this.#halves = [this.#half(0), this.#half(1)];
  }

  onBytes(side: Side, bytes: Buffer, start: number, end: number, offset: number, at: Moment): void {
    if (side !== this.#client) this.facts.serverFirst ??= keep(at);
    this.#halves[side].reader.onBytes(bytes, start, end, offset, at);
  }

  onGap(side: Side, length: number, offset: number, at: Moment): void {
    this.#halves[side].reader.onGap(length, offset, at);
  }

  onEnd(): void {
    this.settle();
  }

  unfinished(side: Side): Place | null {
    const head = this.#halves[side].reader.open;
    if (head === null || head.type !== APPLICATION_DATA || this.facts.done === null) return null;
    return { start: head.start, end: head.start, first: head.first, last: head.first };
  }

  settle(): void {
    this.#guess.settle();
  }

  #half(side: Side): Half {
    return {
      side,
      reader: new RecordReader(this.#recordSink(side)),
      handshake: new HandshakeReader(
        (type, body) => this.#onMessage(side, type, body),
        () => this.#note('handshake_too_long', 'tlsHandshakeBytes'),
      ),
      sealed: false,
      finished: false,
      messageStart: null,
    };
  }

  #recordSink(side: Side): RecordSink {
    return {
      onHead: (head) => this.#onHead(this.#halves[side], head),
      onRecord: (head, bytes, start, end, damaged, last) =>
        this.#onRecord(this.#halves[side], head, bytes, start, end, damaged, last),
      onForeign: (bytes, start, end, at) => this.#onForeign(side, bytes, start, end, at),
      onInvalid: (long) => {
        this.#note(long ? 'record_too_long' : 'record_header_invalid');
        this.#halves[side].handshake.reset();
      },
      onLost: (_start, length, at) => {
        this.#halves[side].handshake.reset();
        this.#sink.onSealedGap(side, length, at);
      },
      onFound: () => {},
    };
  }

  #guessSink: GuessSink = {
    onSealed: (what, side, start, first) => this.#sink.onSealed(side, what, start, first),
    onSealedEnd: (side, end, last) => this.#sink.onSealedEnd(side, end, last),
    onDone: (last) => {
      this.facts.done ??= keep(last);
    },
    onAlert: (side, at) => {
      this.facts.sealedAlert ??= { side, at: keep(at) };
    },
  };

  #onHead(half: Half, head: RecordHead): boolean {
    if (this.#fresh && head.type !== HANDSHAKE) this.#beginMidStream();
    this.#fresh = false;
    if (head.type === APPLICATION_DATA) {
      this.#guess.onHead(half.side, head);
      return false;
    }
    return true;
  }

  #onRecord(
    half: Half,
    head: RecordHead,
    bytes: Buffer,
    start: number,
    end: number,
    damaged: boolean,
    last: Moment,
  ): void {
    switch (head.type) {
      case APPLICATION_DATA:
        this.#guess.onEnd(half.side, head, last);
        break;
      case HANDSHAKE:
        if (half.sealed) this.#onFinished(half, last);
        else if (damaged) half.handshake.reset();
        else this.#onHandshake(half, head, bytes, start, end, last);
        break;
      case ALERT:
        // A sealed one is longer.
        if (!damaged && end - start === 2)
          this.#onAlert(half.side, bytes[start]!, bytes[start + 1]!, head.first);
        break;
      case CHANGE_CIPHER_SPEC:
        this.#onChange(half);
        break;
    }
  }

  #onHandshake(half: Half, head: RecordHead, bytes: Buffer, start: number, end: number, last: Moment): void {
    if (!half.handshake.open) half.messageStart = { start: head.start, first: head.first };
    this.#head = head;
    this.#at = last;
    half.handshake.feed(bytes, start, end);
  }

  #onMessage(side: Side, type: number, body: Buffer): void {
    const half = this.#halves[side];
    switch (type) {
      case CLIENT_HELLO:
        this.#onClientHello(half, body);
        break;
      case SERVER_HELLO:
        this.#onServerHello(half, body);
        break;
      case CERTIFICATE:
        if (side !== this.#client) this.#onCertificate(body);
        break;
    }
    // The next one begins in this record, if it does not begin in a later one.
    if (this.#head !== null) half.messageStart = { start: this.#head.start, first: this.#head.first };
  }

  #onClientHello(half: Half, body: Buffer): void {
    const { facts } = this;
    this.#setClient(half.side);
    if (half.side !== this.#client) return;
    const hello = clientHello(body);
    const { messageStart } = half;
    if (messageStart !== null && this.#head !== null) {
      const end = this.#head.start + HEADER + this.#head.length;
      facts.clientHello ??= { ...messageStart, end, last: keep(this.#at) };
    }
    if (hello === null) {
      this.#note('handshake_invalid');
      return;
    }
    if (!hello.sound) this.#note('handshake_invalid');
    if (hello.tooMany) this.#note('too_many_extensions', 'tlsExtensions');
    this.#sessionId = hello.sessionId;
    facts.sni = hello.sni;
    facts.alpnOffered = [...hello.alpn];
    const versions = hello.versions.length > 0 ? hello.versions : [hello.version];
    const names = versions.map(versionName).filter((name) => name !== null);
    facts.offered = [...new Set(names)];
  }

  #onServerHello(half: Half, body: Buffer): void {
    const { facts } = this;
    this.#setClient(half.side === 0 ? 1 : 0);
    if (half.side === this.#client) return;
    facts.serverHello ??= keep(this.#at);
    const hello = serverHello(body);
    if (hello === null) {
      this.#note('handshake_invalid');
      return;
    }
    if (!hello.sound) this.#note('handshake_invalid');
    if (hello.tooMany) this.#note('too_many_extensions', 'tlsExtensions');
    const version = hello.versions[0] ?? hello.version;
    facts.version = versionName(version);
    facts.cipher = suiteName(hello.suite);
    if (hello.retry) return;
    this.#modern = isModern(version);
    facts.alpn = hello.alpn[0] ?? null;
    const protection = protectionOf(hello.suite);
    const asked = facts.clientHello?.last.time ?? this.#at.time;
    this.#guess.begin(protection, this.#modern, this.#at.time - asked);
    if (this.#modern) {
      facts.resumed = hello.preSharedKey;
      for (const each of this.#halves) each.sealed = true;
    } else if (this.#sessionId !== null && this.#sessionId.length > 0) {
      facts.resumed = hello.sessionId.equals(this.#sessionId) ? true : null;
    }
  }

  /** RFC 5246 §7.4.2: the server's own certificate comes first. */
  #onCertificate(body: Buffer): void {
    this.#full = true;
    if (this.facts.certificate !== null || body.length < 6) return;
    const end = 6 + body.readUIntBE(3, 3);
    this.facts.certificate = end > body.length ? null : certificateOf(body.subarray(6, end));
    if (this.facts.certificate === null) this.#note('certificate_invalid');
  }

  #onAlert(side: Side, level: number, code: number, at: Moment): void {
    const { alerts } = this.facts;
    if (alerts.length >= LIMITS.tlsAlerts) return;
    const fatal = this.#modern ? code !== CLOSE_NOTIFY && code !== USER_CANCELED : level === 2;
    alerts.push({ side, fatal, name: alertName(code), at: keep(at) });
  }

  /** Before the ServerHello it is there for middleboxes only (RFC 8446 §D.4), and in TLS 1.3 it always is. */
  #onChange(half: Half): void {
    if (this.facts.serverHello === null || this.#modern) return;
    half.sealed = true;
    half.handshake.reset();
    // In a resumed handshake the server is the first to change (RFC 5246 §7.3).
    const other = this.#halves[half.side === 0 ? 1 : 0];
    if (!other.sealed) this.facts.resumed = half.side !== this.#client && !this.#full;
  }

  /** The first sealed handshake record of a side, before TLS 1.3. */
  #onFinished(half: Half, last: Moment): void {
    if (this.#modern || half.finished) return;
    half.finished = true;
    if (this.#halves[0].finished && this.#halves[1].finished) this.facts.done ??= keep(last);
  }

  #onForeign(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    const { facts } = this;
    if (side !== this.#client) {
      const known = facts.notTls ?? Buffer.alloc(0);
      const more = bytes.subarray(start, Math.min(end, start + PREFIX_BYTES - known.length));
      if (more.length > 0) facts.notTls = Buffer.concat([known, more]);
    }
    this.#sink.onForeign(side, bytes, start, end, at);
  }

  #beginMidStream(): void {
    for (const half of this.#halves) half.sealed = true;
    this.#guess.beginMidStream();
  }

  /** The first hello tells; what contradicts it later is not believed. */
  #setClient(side: Side): void {
    if (this.#client === side || this.facts.clientHello !== null || this.facts.serverHello !== null) return;
    this.#client = side;
    this.#guess.client = side;
    this.#sink.onClient(side);
  }

  #note(anomaly: TlsAnomaly, limit: 'tlsHandshakeBytes' | 'tlsExtensions' | null = null): void {
    if (limit !== null) this.#options.onLimit(limit);
    const { anomalies } = this.facts;
    if (!anomalies.includes(anomaly)) anomalies.push(anomaly);
  }
}

/** Bytes kept of what answers a ClientHello without being TLS. */
const PREFIX_BYTES = 64;
