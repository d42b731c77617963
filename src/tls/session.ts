/**
 * One TLS connection (RFC 5246, RFC 8446): both directions' bytes in; the facts of its handshake out, and what its
 * application data records carry, as plaintext where the keys are known, else as sealed records.
 */
import { keep, type Moment } from '../capture/packet.ts';
import type { Side } from '../tcp/stream.ts';
import { looksLikeTls } from './detect.ts';
import { EarlyData } from './early.ts';
import { newFacts, noteAlert, noteForeign } from './facts.ts';
import { Guess, type GuessSink } from './guess.ts';
import {
  CERTIFICATE,
  CLIENT_HELLO,
  ENCRYPTED_EXTENSIONS,
  END_OF_EARLY_DATA,
  FINISHED,
  HandshakeReader,
  KEY_UPDATE,
  SERVER_HELLO,
} from './handshake.ts';
import { Negotiation } from './negotiation.ts';
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  HANDSHAKE,
  HEADER,
  placeOf,
  type RecordHead,
  RecordReader,
  type RecordSink,
} from './record.ts';
import { protectionOf } from './suites.ts';
import type { Place, TlsAnomaly, TlsOptions, TlsSession, TlsSink, TlsStage } from './tls.ts';
import { type Unsealed, Unsealer } from './unsealer.ts';

export const TLS: TlsStage = { looksLikeTls, open: (sink, options) => new Session(sink, options) };

/** One direction. */
interface Half {
  readonly side: Side;
  readonly reader: RecordReader;
  readonly handshake: HandshakeReader;
  /** Records are protected from here on. */
  sealed: boolean;
  /** Its Finished was sent. */
  finished: boolean;
  readonly unsealer: Unsealer;
  /** What is told of the record at hand if its keys do not open it; null where nobody tries. */
  untold: (() => void)[] | null;
  /** Missing bytes that no record after them has given a length in plaintext yet. */
  lost: { readonly start: number; length: number; readonly at: Moment } | null;
  /** Where the handshake message at hand began. */
  messageStart: { readonly start: number; readonly first: Moment } | null;
}

class Session implements TlsSession {
  readonly facts = newFacts();
  #sink: TlsSink;
  #options: TlsOptions;
  #halves: readonly [Half, Half];
  #client: Side;
  #negotiation: Negotiation;
  #early: EarlyData;
  #guess: Guess;
  #guessed = false;
  /** A handshake message was in clear that TLS 1.3 would seal. */
  #legacy = false;
  /** No record was seen yet. */
  #fresh = true;
  /** The handshake record at hand, and the packet of its last byte. */
  #head: RecordHead | null = null;
  #at: Moment = { time: 0, file: 0, frame: 0 };

  constructor(sink: TlsSink, options: TlsOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#client = options.client;
    this.#negotiation = new Negotiation(this.facts, options.secrets, (anomaly, limit) =>
      this.#note(anomaly, limit),
    );
    this.#early = new EarlyData(
      (content, place) => this.#onData(this.#client, content, place),
      options.onLimit,
    );
    this.#guess = new Guess(this.#guessSink, options.client);
    this.#halves = [this.#half(0), this.#half(1)];
  }

  onBytes(side: Side, bytes: Buffer, start: number, end: number, offset: number, at: Moment): void {
    if (side !== this.#client) this.facts.serverFirst ??= keep(at);
    this.#settleLost(this.#halves[side === 0 ? 1 : 0]);
    this.#halves[side].reader.onBytes(bytes, start, end, offset, at);
  }

  onGap(side: Side, length: number, offset: number, at: Moment): void {
    this.#halves[side].reader.onGap(length, offset, at);
  }

  onEnd(side: Side): void {
    const half = this.#halves[side];
    this.#guess.settle();
    this.#early.release();
    this.#settleLost(half);
    half.reader.letGo();
    half.handshake.reset();
  }

  within(side: Side): boolean {
    return this.#halves[side].reader.open !== null;
  }

  unfinished(side: Side): RecordHead | null {
    const { reader, untold } = this.#halves[side];
    const head = reader.open;
    const read = untold !== null && this.facts.done !== null;
    return read && head !== null && head.type === APPLICATION_DATA ? head : null;
  }

  #half(side: Side): Half {
    return {
      side,
      reader: new RecordReader(this.#recordSink(side), this.#options.stored),
      handshake: new HandshakeReader(
        (type, body) => this.#onMessage(side, type, body),
        () => this.#note('handshake_too_long', 'tlsHandshakeBytes'),
        this.#options.stored,
      ),
      sealed: false,
      finished: false,
      unsealer: new Unsealer(side === this.#client, this.#options.secrets, (anomaly) => this.#note(anomaly)),
      untold: null,
      lost: null,
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
      onLost: (start, length, at) => this.#onLost(this.#halves[side], start, length, at),
    };
  }

  #guessSink: GuessSink = {
    onSealed: (what, side, start, first) =>
      this.#tell(side, () => this.#sink.onSealed(side, what, start, first)),
    onSealedEnd: (side, end, last) => {
      const kept = keep(last);
      this.#tell(side, () => this.#sink.onSealedEnd(side, end, kept));
    },
    onDone: (last) => {
      this.facts.done ??= keep(last);
    },
    onAlert: (side, at) => {
      const kept = keep(at);
      this.#tell(side, () => {
        this.facts.sealedAlert ??= { side, at: kept };
      });
    },
  };

  /** A guess counts only where the record cannot be read. */
  #tell(side: Side, guess: () => void): void {
    const { untold } = this.#halves[side];
    if (untold === null) guess();
    else untold.push(guess);
  }

  #onHead(half: Half, head: RecordHead): boolean {
    if (this.#fresh && head.type !== HANDSHAKE) for (const each of this.#halves) each.sealed = true;
    this.#fresh = false;
    if (head.type !== APPLICATION_DATA) return true;
    this.#guessAtVersion(half);
    this.#guessAtChange(half);
    half.untold = half.unsealer.hopeful ? [] : null;
    this.#guess.onHead(half.side, head);
    return half.untold !== null;
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
        this.#onSealed(half, head, damaged ? null : bytes.subarray(start, end), last);
        break;
      case HANDSHAKE:
        this.#legacy ||= damaged || (bytes[start] !== CLIENT_HELLO && bytes[start] !== SERVER_HELLO);
        if (half.sealed) this.#onSealed(half, head, damaged ? null : bytes.subarray(start, end), last);
        else if (damaged) half.handshake.reset();
        else this.#onHandshake(half, head, bytes.subarray(start, end), last);
        if (half.sealed) this.#onFinished(half, last);
        break;
      case ALERT:
        // A sealed one is longer.
        if (!damaged && end - start === 2)
          noteAlert(this.facts, half.side, bytes.subarray(start, end), this.#negotiation.modern, head.first);
        else this.#onSealed(half, head, damaged ? null : bytes.subarray(start, end), last);
        break;
      case CHANGE_CIPHER_SPEC:
        this.#onChange(half);
        break;
    }
  }

  /** A record under protection, whole or (null) damaged. */
  #onSealed(half: Half, head: RecordHead, sealed: Buffer | null, last: Moment): void {
    const { unsealer, untold } = half;
    half.untold = null;
    // Not wanted for want of keys.
    const known = sealed !== null && (head.type !== APPLICATION_DATA || untold !== null);
    const opened = known ? unsealer.open(head, sealed) : null;
    if (!known) unsealer.pass();
    const place = placeOf(head, last);
    if (opened !== null) {
      if (half.lost !== null) this.#tellLost(half, head.start, opened.skipped);
      this.#onOpened(half, head, opened, place);
    } else if (untold !== null && unsealer.opened && this.facts.done !== null) {
      this.#sink.onPlainGap(half.side, Math.max(0, head.length - unsealer.overhead), place);
    } else {
      for (const tell of untold ?? []) tell();
    }
  }

  #onOpened(half: Half, head: RecordHead, opened: Unsealed, place: Place): void {
    const { type, content } = opened;
    if (type === HANDSHAKE) {
      this.#onHandshake(half, head, content, place.last);
    } else if (type === ALERT && content.length === 2) {
      noteAlert(this.facts, half.side, content, this.#negotiation.modern, place.first);
    } else if (type === APPLICATION_DATA && content.length > 0) {
      if (opened.early && this.#early.undecided) this.#early.hold(content, place);
      else this.#onData(half.side, content, place);
    }
  }

  #onData(side: Side, content: Buffer, place: Place): void {
    this.facts.decrypted = true;
    this.#sink.onPlain(side, content, 0, content.length, place);
  }

  #onLost(half: Half, start: number, length: number, at: Moment): void {
    half.handshake.reset();
    half.untold = null;
    half.unsealer.lose(length);
    if (!half.unsealer.opened) this.#sink.onSealedGap(half.side, length, at);
    else if (half.lost === null) half.lost = { start, length, at: keep(at) };
    else half.lost.length += length;
  }

  /** The other side goes on, or nothing more comes: what was lost is told now, as one record. */
  #settleLost(half: Half): void {
    if (half.lost !== null) this.#tellLost(half, half.lost.start + half.lost.length, 1);
  }

  /** The next record of `half` begins at `end`; `records` that are missing come before it. */
  #tellLost(half: Half, end: number, records: number): void {
    const { start, at } = half.lost!;
    half.lost = null;
    const length = end - start - records * (HEADER + half.unsealer.overhead);
    this.#sink.onPlainGap(half.side, Math.max(0, length), { start, end, first: at, last: at });
  }

  /** Where the ServerHello was not captured, the newest version that was offered is the likeliest. */
  #guessAtVersion(half: Half): void {
    const { clientHello: asked, serverHello: chosen, offered } = this.facts;
    if (asked === null || chosen !== null || this.#guessed) return;
    if (half.side === this.#client && this.#early.undecided) return;
    this.#guessed = true;
    this.#guess.begin(null, !this.#legacy && offered.includes('TLS 1.3'), 0);
  }

  /** Application data where no ChangeCipherSpec was captured: it, and the Finished behind it, came before. */
  #guessAtChange(half: Half): void {
    if (half.sealed || this.#negotiation.modern || this.#negotiation.agreed === null) return;
    half.sealed = true;
    half.unsealer.change(this.#negotiation.agreed);
    half.unsealer.pass();
  }

  #onHandshake(half: Half, head: RecordHead, content: Buffer, last: Moment): void {
    if (!half.handshake.open) half.messageStart = { start: head.start, first: head.first };
    this.#head = head;
    this.#at = last;
    half.handshake.feed(content, 0, content.length);
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
        if (side !== this.#client) this.#negotiation.onCertificate(body);
        break;
      case ENCRYPTED_EXTENSIONS:
        if (!this.#negotiation.modern || side === this.#client) break;
        if (this.#negotiation.onEncryptedExtensions(body)) this.#early.release();
        else this.#early.drop();
        break;
      case END_OF_EARLY_DATA:
        this.#early.release();
        half.unsealer.advance();
        break;
      case FINISHED:
        if (!this.#negotiation.modern) break;
        half.unsealer.advance();
        if (side === this.#client) {
          this.facts.done = keep(this.#at);
          this.#early.drop();
        }
        break;
      case KEY_UPDATE:
        if (this.#negotiation.modern) half.unsealer.update();
        break;
    }
    // The next one begins in this record, if it does not begin in a later one.
    if (this.#head !== null) half.messageStart = { start: this.#head.start, first: this.#head.first };
  }

  #onClientHello(half: Half, body: Buffer): void {
    const { facts } = this;
    this.#setClient(half.side);
    if (half.side !== this.#client) return;
    const { messageStart } = half;
    if (messageStart !== null && this.#head !== null) {
      const end = this.#head.start + HEADER + this.#head.length;
      facts.clientHello ??= { ...messageStart, end, last: keep(this.#at) };
    }
    const hello = this.#negotiation.onClientHello(body, this.#at.time);
    if (hello?.earlyData && facts.serverHello === null) {
      this.#early.begin();
      half.unsealer.beginEarly(hello.random);
    }
  }

  #onServerHello(half: Half, body: Buffer): void {
    const { facts } = this;
    this.#setClient(half.side === 0 ? 1 : 0);
    if (half.side === this.#client) return;
    facts.serverHello ??= keep(this.#at);
    const hello = this.#negotiation.onServerHello(body);
    if (hello === null) return;
    // It takes no early data either (RFC 8446 §4.1.2).
    if (hello.retry) {
      this.#early.drop();
      return;
    }
    const { modern, agreed, asked } = this.#negotiation;
    const answered = this.#at.time - (asked ?? this.#at.time);
    // A server that signs slowly may answer requests faster.
    const roundTrip = Math.min(answered, this.#options.roundTrip ?? answered);
    this.#guess.begin(protectionOf(hello.suite), modern, roundTrip);
    if (!modern) return;
    for (const each of this.#halves) {
      each.sealed = true;
      if (agreed !== null) each.unsealer.beginModern(agreed);
    }
  }

  /** Before the ServerHello it is there for middleboxes only (RFC 8446 §D.4), and in TLS 1.3 it always is. */
  #onChange(half: Half): void {
    if (this.facts.serverHello === null || this.#negotiation.modern) return;
    half.sealed = true;
    half.handshake.reset();
    if (this.#negotiation.agreed !== null) half.unsealer.change(this.#negotiation.agreed);
    // In a resumed handshake the server is the first to change (RFC 5246 §7.3).
    const other = this.#halves[half.side === 0 ? 1 : 0];
    if (!other.sealed) this.facts.resumed = half.side !== this.#client && !this.#negotiation.full;
  }

  /** The first sealed handshake record of a side, before TLS 1.3. */
  #onFinished(half: Half, last: Moment): void {
    if (this.#negotiation.modern || half.finished) return;
    half.finished = true;
    if (this.#halves[0].finished && this.#halves[1].finished) this.facts.done ??= keep(last);
  }

  #onForeign(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    if (side !== this.#client) noteForeign(this.facts, bytes, start, end);
    this.#sink.onForeign(side, bytes, start, end, at);
  }

  /** The first hello tells; what contradicts it later is not believed. */
  #setClient(side: Side): void {
    if (this.#client === side || this.facts.clientHello !== null || this.facts.serverHello !== null) return;
    this.#client = side;
    this.#guess.client = side;
    for (const half of this.#halves) half.unsealer.client = half.side === side;
    this.#sink.onClient(side);
  }

  #note(anomaly: TlsAnomaly, limit?: 'tlsHandshakeBytes' | 'tlsExtensions'): void {
    if (limit !== undefined) this.#options.onLimit(limit);
    const { anomalies } = this.facts;
    if (!anomalies.includes(anomaly)) anomalies.push(anomaly);
  }
}
