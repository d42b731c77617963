/**
 * In: the ordered bytes of both directions of an HTTP/2 connection, with gaps. Out: its frames (RFC 9113) as calls on an
 * `Http2Sink`. What ties the directions together is here: the settings of one bind the frames of the other.
 */
import type { Moment } from '../capture/packet.ts';
import type { Side } from '../tcp/stream.ts';
import { Direction } from './direction.ts';
import { FrameReader, PREFACE } from './frame.ts';
import { type Bounds, INITIAL_FRAME_SIZE, LIKELY_STREAM } from './header.ts';
import { HpackDecoder } from './hpack.ts';
import type { Http2Options, Http2Session, Http2Sink, Http2Stage, Span } from './http2.ts';
import { looksLikeFrames } from './search.ts';
import { Announced, readSettings } from './settings.ts';

class Session implements Http2Session {
  readonly #readers: readonly [FrameReader, FrameReader];
  readonly #directions: readonly [Direction, Direction];

  constructor(sink: Http2Sink, { client, midStream, upgrade, onLimit, stored }: Http2Options) {
    // The stream of the request that asked for the upgrade is open before any frame.
    const streams = { most: midStream[0] || midStream[1] ? LIKELY_STREAM : 1, even: false };
    const boundsOf = (side: Side): Bounds => ({
      maxFrame: INITIAL_FRAME_SIZE,
      fromClient: side === client,
      streams,
    });
    const bounds = [boundsOf(0), boundsOf(1)] as const;
    const decoders = [new HpackDecoder(onLimit, stored), new HpackDecoder(onLimit, stored)] as const;
    // Those of a side bind what the other sends.
    const announced = [new Announced(decoders[1], bounds[1]), new Announced(decoders[0], bounds[0])] as const;
    const directionOf = (side: Side): Direction => {
      const settings = {
        onSettings: (values: ReadonlyMap<number, number> | null) => {
          if (values === null) announced[side === 0 ? 1 : 0].acknowledge();
          else announced[side].announce(values);
        },
        onSettingsLost: () => announced[side].lose(),
      };
      return new Direction(side, sink, settings, decoders[side], onLimit, stored);
    };
    this.#directions = [directionOf(0), directionOf(1)];
    const readerOf = (side: Side) =>
      new FrameReader(this.#directions[side], {
        midStream: midStream[side],
        bounds: bounds[side],
        onLimit,
        stored,
      });
    this.#readers = [readerOf(0), readerOf(1)];
    for (const side of [0, 1] as const) {
      if (!midStream[side]) continue;
      announced[side].lose();
      decoders[side].lose();
    }
    if (upgrade !== undefined) {
      announced[client].announce(readSettings(upgrade, 0, upgrade.length, () => {}));
      announced[client].acknowledge();
    }
  }

  onBytes(side: Side, bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#readers[side].onBytes(bytes, start, end, at);
  }

  onGap(side: Side, length: number, at: Moment): void {
    this.#readers[side].onGap(length, at);
  }

  onEnd(side: Side, at: Moment): void {
    this.#readers[side].onEnd(at);
    this.#directions[side].onEnd(this.position(side), at);
  }

  position(side: Side): number {
    return this.#readers[side].position;
  }

  unfinished(side: Side): { readonly stream: number; readonly span: Span } | null {
    return this.#directions[side].unfinished(this.position(side));
  }
}

/** The HTTP/2 stage as pairing is given it. */
export const HTTP2: Http2Stage = {
  looksLikeHttp2(bytes, start, end, midStream) {
    const length = Math.min(end - start, PREFACE.length);
    if (bytes.compare(PREFACE, 0, length, start, start + length) === 0) {
      return length === PREFACE.length ? 'yes' : 'maybe';
    }
    return midStream && looksLikeFrames(bytes, start, end) ? 'yes' : 'no';
  },
  open: (sink, options) => new Session(sink, options),
};
