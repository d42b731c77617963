/** What an `Http2Session` tells, as values to compare; and the invariants of its calls, which hold for any bytes. */
import type { Moment } from '../../src/capture/packet.ts';
import type { FieldSection, Http2Options, Http2Session, Http2Sink, Span } from '../../src/http2/http2.ts';
import { HTTP2 } from '../../src/http2/session.ts';
import { type LimitName, Stored } from '../../src/limits.ts';
import type { Side } from '../../src/tcp/stream.ts';

export const CLIENT: Side = 0;
export const SERVER: Side = 1;

export type Fields = readonly (readonly [name: string | null, value: string | null])[];

/** One call of the sink, data of a frame in one piece. */
export type Told =
  | { call: 'headers'; side: Side; stream: number; fields: Fields; complete: boolean; ends: boolean }
  | { call: 'push'; side: Side; stream: number; promised: number; fields: Fields; complete: boolean }
  | { call: 'data'; side: Side; stream: number; text: string; missing: number; length: number; ends: boolean }
  | { call: 'reset'; side: Side; stream: number; code: number }
  | { call: 'goaway'; side: Side; last: number; code: number; debug: string }
  | { call: 'settings'; side: Side; settings: Readonly<Record<number, number>> | null }
  | { call: 'window'; side: Side; stream: number; increment: number }
  | { call: 'ping'; side: Side; ack: boolean }
  | { call: 'anomaly'; side: Side; anomaly: string; stream: number }
  | { call: 'lost'; side: Side; start: number; end: number }
  | { call: 'foreign'; side: Side; text: string };

/** Data of a frame that has not ended. */
interface OpenData {
  stream: number;
  text: string;
  missing: number;
}

export interface Recording {
  readonly session: Http2Session;
  readonly told: Told[];
  readonly limits: LimitName[];
  readonly stored: Stored;
  /** Of the frames that stopped short. */
  readonly rest: readonly [OpenData | null, OpenData | null];
  /** Bytes of each side that frames, losses and others account for. */
  readonly accounted: readonly [number, number];
}

export function record(
  options: Partial<Pick<Http2Options, 'client' | 'midStream' | 'upgrade'>> = {},
): Recording {
  const told: Told[] = [];
  const limits: LimitName[] = [];
  const stored = new Stored();
  const rest: [OpenData | null, OpenData | null] = [null, null];
  const accounted: [number, number] = [0, 0];
  const inOrder = (side: Side, start: number, end: number) => {
    if (start > end || end > session.position(side)) throw new Error(`[${start}, ${end}) is nowhere`);
  };
  const check = (side: Side, { start, end, first, last }: Span) => {
    inOrder(side, start, end);
    if (first.frame > last.frame) throw new Error('its first packet is after its last');
    accounted[side] = Math.max(accounted[side], end);
  };
  const listOf = ({ fields }: FieldSection): Fields => fields.map(({ name, value }) => [name, value]);
  const dataOf = (side: Side, stream: number) => {
    const open = rest[side] ?? { stream, text: '', missing: 0 };
    if (open.stream !== stream) throw new Error('data of two frames at once');
    rest[side] = open;
    return open;
  };
  const notWithin = (side: Side) => {
    if (rest[side] !== null) throw new Error('a frame within another');
  };
  const sink: Http2Sink = {
    onHeaders(side, stream, section, ends, span) {
      notWithin(side);
      check(side, span);
      told.push({ call: 'headers', side, stream, fields: listOf(section), complete: section.complete, ends });
    },
    onPushPromise(side, stream, promised, section, span) {
      notWithin(side);
      check(side, span);
      told.push({
        call: 'push',
        side,
        stream,
        promised,
        fields: listOf(section),
        complete: section.complete,
      });
    },
    onData(side, stream, bytes, start, end, span) {
      if (start >= end) throw new Error('data of no bytes');
      check(side, span);
      dataOf(side, stream).text += bytes.toString('latin1', start, end);
    },
    onDataGap(side, stream, length, span) {
      check(side, span);
      dataOf(side, stream).missing += length;
    },
    onDataEnd(side, stream, length, ends, span) {
      check(side, span);
      const { text, missing } = dataOf(side, stream);
      if (text.length + missing > length) throw new Error('more data than the frame has');
      rest[side] = null;
      told.push({ call: 'data', side, stream, text, missing, length, ends });
    },
    onReset(side, stream, code, span) {
      notWithin(side);
      check(side, span);
      told.push({ call: 'reset', side, stream, code });
    },
    onGoaway(side, last, code, debug, span) {
      notWithin(side);
      check(side, span);
      told.push({ call: 'goaway', side, last, code, debug: debug.toString('latin1') });
    },
    onSettings(side, settings, span) {
      notWithin(side);
      check(side, span);
      told.push({ call: 'settings', side, settings: settings && Object.fromEntries(settings) });
    },
    onWindowUpdate(side, stream, increment, span) {
      notWithin(side);
      check(side, span);
      told.push({ call: 'window', side, stream, increment });
    },
    onPing(side, ack, span) {
      notWithin(side);
      check(side, span);
      told.push({ call: 'ping', side, ack });
    },
    onAnomaly(side, anomaly, stream) {
      told.push({ call: 'anomaly', side, anomaly, stream });
    },
    onLost(side, start, end) {
      inOrder(side, start, end);
      if (start === end) throw new Error('nothing was lost');
      if (start < accounted[side]) throw new Error(`lost from ${start}, told up to ${accounted[side]}`);
      accounted[side] = end;
      rest[side] = null;
      const before = told.at(-1);
      // In how many calls a stretch is told depends on how it was delivered.
      if (before?.call === 'lost' && before.side === side && before.end === start) before.end = end;
      else told.push({ call: 'lost', side, start, end });
    },
    onForeign(side, bytes, start, end) {
      accounted[side] += end - start;
      const text = bytes.toString('latin1', start, end);
      const before = told.at(-1);
      if (before?.call === 'foreign' && before.side === side) before.text += text;
      else told.push({ call: 'foreign', side, text });
    },
  };
  const session = HTTP2.open(sink, {
    client: CLIENT,
    midStream: [false, false],
    onLimit: (name) => limits.push(name),
    stored,
    ...options,
  });
  return { session, told, limits, stored, rest, accounted };
}

/** The n-th packet, a millisecond after the one before. */
export function packet(n: number): Moment {
  return { time: n * 1e6, file: 0, frame: n };
}

/** A piece of one side's bytes, or of what is missing of them. */
export type Piece =
  | { readonly side: Side; readonly bytes: Buffer }
  | { readonly side: Side; readonly gap: number };

/** Hands all pieces in, each as a packet of its own, and ends both directions. */
export function play(pieces: Iterable<Piece>, options: Parameters<typeof record>[0] = {}): Recording {
  const recording = record(options);
  const { session } = recording;
  let n = 0;
  for (const piece of pieces) {
    n++;
    if ('gap' in piece) {
      session.onGap(piece.side, piece.gap, packet(n));
      continue;
    }
    // What lies around the bytes belongs to others, and is gone when the call returns.
    const lent = Buffer.concat([Buffer.alloc(3, 0xee), piece.bytes, Buffer.alloc(3, 0xee)]);
    session.onBytes(piece.side, lent, 3, lent.length - 3, packet(n));
    lent.fill(0xdd);
  }
  session.onEnd(CLIENT, packet(n));
  session.onEnd(SERVER, packet(n));
  return recording;
}
