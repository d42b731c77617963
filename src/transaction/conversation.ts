/**
 * What one connection carries: finds out what it speaks (plain or TLS, HTTP/1.x or HTTP/2, who asks and who answers) and gives
 * both streams to what pairs the messages of that: `ordered.ts` or `multiplexed.ts`.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { Connection, EndCause, Side, StreamSink } from '../tcp/stream.ts';
import type { Place } from '../tls/tls.ts';
import { Attempts, type Context, type Hooks } from './attempts.ts';
import { type Roles, rolesByContent, rolesByHandshake } from './detect.ts';
import type { Exchange } from './exchange.ts';
import { Multiplexed } from './multiplexed.ts';
import { Opening } from './opening.ts';
import { type Carrier, Ordered } from './ordered.ts';
import { type Positions, StreamPositions } from './positions.ts';
import { type Carried, Secured } from './secured.ts';

/** As ALPN names it (RFC 9113 §3.2). */
const HTTP2 = 'h2';

/** Packets in the middle of a connection that are looked at for frames: chance makes frames of enough of them. */
const TRIES = 16;

/** Its preface, or the length of a server's settings, may begin so: no usual method has PR. */
const mayBeHttp2 = (bytes: Buffer, start: number, end: number) =>
  bytes[start] === 0 || (bytes[start] === 0x50 && (end - start === 1 || bytes[start + 1] === 0x52));

export class Conversation implements Hooks, Carrier {
  readonly sinks: readonly [StreamSink, StreamSink];
  #connection: Connection;
  #context: Context;
  #attempts: Attempts;
  #ordered: Ordered;
  /** Takes all that is carried, once that is HTTP/2. */
  #multiplexed: Multiplexed | null = null;
  #rolesSure = false;
  /** Moment of the stream callback at hand; lent. */
  #at: Moment;
  /** Bytes have come that are no TLS, and nothing has changed since. */
  #plain = false;
  #secured: Secured | null = null;
  /** What it carries may still turn out to be HTTP/2. */
  #undecided = true;
  #opening: Opening | null = null;
  /** Bytes were missing before it was decided, and so often it was tried in vain since. */
  #gapFirst = false;
  #tries = 0;
  #endedSides = 0;
  #positions: Positions;

  constructor(connection: Connection, context: Context) {
    this.#connection = connection;
    this.#context = context;
    this.#at = connection.first;
    this.#attempts = new Attempts(connection, context, this);
    this.#positions = new StreamPositions(connection);
    this.#ordered = new Ordered(connection, context, this.#attempts, this);
    this.sinks = [new SideSink(this, 0), new SideSink(this, 1)];
  }

  get positions(): Positions {
    return this.#positions;
  }

  onBytes(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#at = at;
    if (this.#secured === null && !this.#plain) {
      const midStream = this.#connection.opener === null && !this.#ordered.tunnel;
      if (this.#context.tls.looksLikeTls(bytes, start, end, midStream)) this.#secure(at);
      else this.#plain = true;
    }
    if (this.#secured !== null) {
      this.#secured.onBytes(side, bytes, start, end, at);
      return;
    }
    if (!this.#rolesSure) {
      this.#assign(rolesByContent(this.#context.http, this.#connection, side, bytes, start, end));
    }
    this.#onPlain(side, bytes, start, end, at);
  }

  /** Bytes for the parsers, as the connection or its TLS carries them. */
  #onPlain(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#positions.measure(side, end - start);
    if (this.#undecided && !this.#isDecided(side, bytes, start, end, at)) return;
    this.#handOn(side, bytes, start, end, at);
  }

  /** Whether the bytes may be handed on: those that waited for them have been. */
  #isDecided(side: Side, bytes: Buffer, start: number, end: number, at: Moment): boolean {
    const { http2 } = this.#context;
    const fromSender = side === this.#attempts.sender;
    const opened = !this.#gapFirst && (this.#secured !== null || this.#connection.opener !== null);
    let verdict: 'yes' | 'no' | 'maybe';
    if (opened && (this.#opening !== null || mayBeHttp2(bytes, start, end))) {
      this.#opening ??= new Opening();
      verdict = this.#opening.take(http2, side, fromSender, bytes, start, end, at);
    } else {
      verdict = opened ? 'no' : http2.looksLikeHttp2(bytes, start, end, true);
    }
    if (verdict === 'maybe' && opened) return false;
    // In the middle of a connection the first bytes may be the rest of a frame.
    this.#undecided = verdict !== 'yes' && !opened && this.#isSilent && this.#tries++ < TRIES;
    if (verdict === 'yes') this.#multiply(!opened);
    return this.#release();
  }

  /** No message of HTTP/1.x was seen so far. */
  get #isSilent(): boolean {
    return this.#attempts.begun === 0 || this.#attempts.onlyOpaque !== null;
  }

  /** Both sides said in the TLS handshake that they would speak HTTP/2. */
  get #isAgreed(): boolean {
    return this.#secured?.facts.alpn === HTTP2;
  }

  /** What waited goes on; true where nothing did. */
  #release(): boolean {
    const held = this.#opening?.held ?? [];
    this.#opening = null;
    // The server spoke, and nothing more comes, or nothing that tells.
    if (this.#undecided && held.length > 0 && this.#isAgreed) this.#multiply(false);
    for (const piece of held) this.#handOn(piece.side, piece.bytes, 0, piece.bytes.length, piece.at);
    return held.length === 0;
  }

  /** From here on it speaks HTTP/2. */
  #multiply(midStream: boolean, upgrade: Buffer | null = null): Multiplexed {
    this.#undecided = false;
    this.#multiplexed = new Multiplexed({
      connection: this.#connection,
      attempts: this.#attempts,
      context: this.#context,
      carrier: this,
      midStream,
      upgrade,
    });
    this.#multiplexed.requestGap = this.#ordered.requestGap;
    return this.#multiplexed;
  }

  #handOn(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#at = at;
    // What of the request is still to come when its upgrade is granted comes in HTTP/1.1.
    const before = side === this.#attempts.sender && this.#ordered.sending;
    if (this.#multiplexed === null || before) this.#ordered.onBytes(side, bytes, start, end, at);
    else this.#multiplexed.onBytes(side, bytes, start, end, this.#ordered.positionOf(side), at);
  }

  takes(side: Side, bytes: Buffer, start: number, end: number): boolean {
    this.#multiplexed?.onBytes(side, bytes, start, end, this.#ordered.positionOf(side), this.#at);
    return this.#multiplexed !== null;
  }

  onUpgrade(exchange: Exchange): void {
    const fields = exchange.request?.head?.headers ?? [];
    const settings = fields.find(({ name }) => name.toLowerCase() === 'http2-settings')?.value ?? '';
    this.#multiply(false, Buffer.from(settings, 'base64url')).adopt(exchange);
  }

  onTunnel(plain: boolean): void {
    this.#plain = plain;
  }

  onGap(side: Side, length: number, at: Moment): void {
    this.#at = at;
    if (this.#secured !== null) {
      this.#secured.onGap(side, length, at);
      return;
    }
    if (!this.#rolesSure) this.#assign(rolesByHandshake(this.#connection));
    this.#onPlainGap(side, length, at);
  }

  #onPlainGap(side: Side, length: number, at: Moment): void {
    this.#release();
    this.#at = at;
    this.#positions.measure(side, length);
    if (this.#undecided && this.#isAgreed) this.#multiply(true);
    this.#gapFirst = true;
    this.#undecided &&= this.#isSilent;
    if (this.#multiplexed === null) this.#ordered.onGap(side, length, at);
    else this.#multiplexed.onGap(side, length, this.#ordered.positionOf(side), at);
  }

  /** From here on the connection, or the tunnel in it, carries TLS. */
  #secure(at: Moment): void {
    const { sender, sure } = rolesByHandshake(this.#connection);
    this.#rolesSure ||= sure;
    const { tunnel } = this.#ordered;
    if (!tunnel) this.#attempts.sender = sender;
    this.#secured = new Secured(this.#connection, this.#attempts, this.#context, this.#carried(), tunnel);
    this.#positions = this.#secured.positions;
    this.#attempts.secure(this.#secured.facts, at.time);
    this.#undecided = true;
    this.#ordered.beginSecured();
  }

  #carried(): Carried {
    return {
      onClient: (side) => this.#assign({ sender: side, sure: true }),
      onPlain: (side, bytes, start, end, at) => this.#onPlain(side, bytes, start, end, at),
      onPlainGap: (side, length, at) => this.#onPlainGap(side, length, at),
      onLost: (side, length) => {
        if (this.#multiplexed === null) this.#ordered.onLost(side, length);
        else this.#multiplexed.onLost(side, length);
      },
      onForeign: (side, bytes, start, end, at) => {
        this.#attempts.secure(null, at.time);
        this.#ordered.onForeign(side, bytes, start, end, at);
      },
    };
  }

  onConclude(): void {
    if (this.#multiplexed === null) this.#ordered.takeCutRequest();
  }

  onDecide(exchange: Exchange): void {
    if (this.#multiplexed !== null) this.#multiplexed.onDecide(exchange);
    else this.#ordered.takeCutAnswer(exchange);
  }

  onEnd(side: Side, cause: EndCause, at: Moment): void {
    this.#at = at;
    this.#endedSides++;
    if (!this.#ordered.isOpen) this.#assign(rolesByHandshake(this.#connection));
    const attempts = this.#attempts;
    const fromSender = side === attempts.sender;
    this.#secured?.onEnd(side);
    // While the request that it goes on with is still open.
    if (fromSender) this.onConclude();
    this.#release();
    this.#ordered.onEnd(side, cause, at);
    this.#multiplexed?.onEnd(side, at);
    const gap = this.#multiplexed?.requestGap ?? this.#ordered.requestGap;
    if (this.#endedSides === 2) {
      attempts.conclude(cause === 'fin' || cause === 'reset' ? 'closed' : cause, true, gap);
    } else if (cause === 'reset' && (!fromSender || attempts.begun === 0)) {
      attempts.conclude('closed', false, gap);
    } else if (cause === 'fin' && !fromSender) {
      attempts.settle();
    }
  }

  /** Roles that only the ports spoke for may turn round until a message was seen. */
  #assign({ sender, sure }: Roles): void {
    this.#rolesSure ||= sure;
    if (this.#ordered.isOpen) {
      if (sender === this.#attempts.sender) return;
      if (this.#attempts.begun > 0 && this.#attempts.onlyOpaque === null) return;
      this.#attempts.onlyOpaque?.turnRound();
    }
    this.#attempts.sender = sender;
    const isMid = (side: Side) => this.#secured === null && this.#connection.sides[side].syn === null;
    this.#ordered.open(isMid(sender), isMid(sender === 0 ? 1 : 0));
  }

  idleAt(at: Moment): Time {
    const idle = this.#secured?.idleOf(this.#attempts.sender) ?? at.time - this.#connection.previousTime;
    return Math.max(0, idle);
  }

  unfinished(side: Side): Pick<Place, 'start' | 'first'> | null {
    return this.#secured?.unfinished(side) ?? null;
  }
}

/** A class, because three closures a side take as much memory as all else that a silent connection needs. */
class SideSink implements StreamSink {
  readonly #conversation: Conversation;
  readonly #side: Side;

  constructor(conversation: Conversation, side: Side) {
    this.#conversation = conversation;
    this.#side = side;
  }

  onBytes(bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#conversation.onBytes(this.#side, bytes, start, end, at);
  }

  onGap(length: number, at: Moment): void {
    this.#conversation.onGap(this.#side, length, at);
  }

  onEnd(cause: EndCause, at: Moment): void {
    this.#conversation.onEnd(this.#side, cause, at);
  }
}
