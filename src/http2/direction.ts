/**
 * In: the frames of one direction as they come. Out: what they say (RFC 9113 §6): field sections in one piece, data without
 * padding, the values of the small ones. What a frame may not be is told, and it is read as far as that makes sense.
 */
import { u32 } from '../bytes.ts';
import { Mark, type Moment } from '../capture/packet.ts';
import type { OnLimit, Stored } from '../limits.ts';
import type { Side } from '../tcp/stream.ts';
import type { Frame, FrameSink } from './frame.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  fitsLength,
  fitsStream,
  GOAWAY,
  HAS_PRIORITY,
  HEADER,
  HEADERS,
  LARGEST_STREAM,
  PADDED,
  PING,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS_FRAME,
  WINDOW_UPDATE,
} from './header.ts';
import { Held } from './held.ts';
import type { HpackDecoder } from './hpack.ts';
import type { FieldSection, Http2Anomaly, Http2Sink, Span } from './http2.ts';
import { Section } from './section.ts';
import { readSettings } from './settings.ts';

/** What the other direction is read with. */
export interface SettingsSink {
  /** Null: an acknowledgement. */
  onSettings(settings: ReadonlyMap<number, number> | null): void;
  onSettingsLost(): void;
}

/** Bytes that are read of a small frame: all of any but a GOAWAY with much to say, or a flood of settings. */
const SMALL = 1_024;
const NOTHING = Buffer.alloc(0);

/** Fields between the header and what a frame carries: one of padding, and those of RFC 9113 §6.2 and §6.6. */
const PRIORITY_FIELDS = 5;
const PROMISED_STREAM = 4;

export class Direction implements FrameSink {
  readonly #side: Side;
  readonly #sink: Http2Sink;
  readonly #settings: SettingsSink;
  readonly #decoder: HpackDecoder;
  readonly #section: Section;
  /** Of a small frame that is cut over several runs. */
  readonly #held: Held;
  /** CONTINUATIONs go on with what was cut. */
  #skipping = false;
  #frame: Frame | null = null;
  /** Type of the frame; -1 where nothing of it is read. */
  #type = -1;
  readonly #prelude = Buffer.alloc(1 + PRIORITY_FIELDS);
  /** Bytes of it that there are, and that have come. */
  #preludeLength = 0;
  #preludeUsed = 0;
  /** Bytes that are still to come of what the frame carries; padding follows. */
  #content = 0;
  /** Bytes of the frame were missing. */
  #damaged = false;
  /** Something of the frame was told. */
  #begun = false;
  /** The end of what the frame carries, where the frame ends in the same call. */
  #bytes: Buffer = NOTHING;
  #from = 0;
  #to = 0;
  readonly #span: { start: number; end: number; first: Moment; last: Moment };

  constructor(
    side: Side,
    sink: Http2Sink,
    settings: SettingsSink,
    decoder: HpackDecoder,
    onLimit: OnLimit,
    stored: Stored,
  ) {
    this.#side = side;
    this.#sink = sink;
    this.#settings = settings;
    this.#decoder = decoder;
    this.#section = new Section(decoder, onLimit, stored);
    this.#held = new Held(stored);
    const nowhere = new Mark({ time: 0, file: 0, frame: 0 });
    this.#span = { start: 0, end: 0, first: nowhere, last: nowhere };
  }

  /** The field section that is not whole yet. */
  unfinished(position: number): { readonly stream: number; readonly span: Span } | null {
    const { open, stream, pushes, start, first, last } = this.#section;
    if (!open || pushes || first === null || last === null) return null;
    return { stream, span: { start, end: position, first, last } };
  }

  onFrame(frame: Frame): void {
    this.#frame = frame;
    const fits = fitsLength(frame) && fitsStream(frame);
    this.#type = fits ? frame.type : -1;
    this.#damaged = false;
    this.#begun = false;
    this.#preludeUsed = 0;
    this.#preludeLength = fits ? preludeOf(frame) : 0;
    this.#content = 0;
    this.#forget();
    this.#order(frame);
    if (this.#preludeLength === 0) this.#content = frame.length;
    else if (this.#preludeLength > frame.length) this.#refuse('frame_size_invalid');
  }

  onPayload(bytes: Buffer, start: number, end: number, position: number, at: Moment): void {
    if (this.#type < 0) return;
    const frame = this.#frame!;
    if (this.#section.open) this.#section.reach(at);
    let pos = start;
    if (this.#preludeUsed < this.#preludeLength) {
      pos = Math.min(end, start + this.#preludeLength - this.#preludeUsed);
      bytes.copy(this.#prelude, this.#preludeUsed, start, pos);
      this.#preludeUsed += pos - start;
      if (this.#preludeUsed === this.#preludeLength) this.#afterPrelude(frame);
    }
    const stop = Math.min(end, pos + this.#content);
    if (stop === pos) return;
    this.#content -= stop - pos;
    if (this.#type === DATA) {
      this.#sink.onData(
        this.#side,
        frame.stream,
        bytes,
        pos,
        stop,
        this.#slice(position + stop - start, stop - pos, at),
      );
    } else {
      this.#collect(bytes, pos, stop, position + end - start === frame.start + HEADER + frame.length);
    }
  }

  onPayloadGap(length: number, position: number, at: Moment): void {
    if (this.#type < 0) return;
    const frame = this.#frame!;
    this.#damaged = true;
    let missing = length;
    if (this.#preludeUsed < this.#preludeLength) {
      const hidden = Math.min(missing, this.#preludeLength - this.#preludeUsed);
      missing -= hidden;
      this.#preludeUsed += hidden;
      // What of it is padding is not known.
      if (this.#preludeUsed === this.#preludeLength) this.#content = frame.length - this.#preludeLength;
    }
    const lost = Math.min(missing, this.#content);
    this.#content -= lost;
    if (this.#type === DATA) {
      if (lost > 0) {
        const span = this.#slice(position + length - missing + lost, lost, at);
        this.#sink.onDataGap(this.#side, frame.stream, lost, span);
      }
    } else if (this.#section.open) {
      this.#cutSection(position, at);
    }
  }

  onFrameEnd(position: number, at: Moment): void {
    const frame = this.#frame!;
    const { flags, stream, length } = frame;
    if (this.#type === DATA) {
      const ends = (flags & END_STREAM) !== 0;
      this.#sink.onDataEnd(
        this.#side,
        stream,
        length,
        ends,
        this.#spanOf(frame.start, position, frame.first, at),
      );
    } else if (this.#section.open) {
      if (flags & END_HEADERS) this.#endSection(position, at);
    } else if (this.#type >= 0 && this.#damaged && isSmall(this.#type)) {
      if (this.#type === SETTINGS_FRAME) this.#settings.onSettingsLost();
      this.#sink.onLost(this.#side, frame.start, position, at);
    } else if (isSmall(this.#type)) {
      this.#small(frame, this.#spanOf(frame.start, position, frame.first, at));
    }
    this.#forget();
    this.#type = -1;
  }

  onLost(start: number, end: number, at: Moment): void {
    if (this.#section.open) this.#cutSection(start, at);
    this.#skipping = true;
    this.#decoder.lose();
    this.#settings.onSettingsLost();
    this.#sink.onLost(this.#side, start, end, at);
  }

  onForeign(bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#sink.onForeign(this.#side, bytes, start, end, at);
  }

  onAnomaly(anomaly: Http2Anomaly, stream: number): void {
    this.#sink.onAnomaly(this.#side, anomaly, stream);
  }

  onEnd(position: number, at: Moment): void {
    if (this.#section.open) this.#cutSection(position, at);
    this.#forget();
    this.#decoder.letGo();
  }

  /** Nothing but its own CONTINUATIONs may come between the frames of a field section (RFC 9113 §6.10). */
  #order(frame: Frame): void {
    const section = this.#section;
    const goesOn = this.#type === CONTINUATION && section.open && section.stream === frame.stream;
    if (section.open && !goesOn) {
      this.onAnomaly('continuation_missing', section.stream);
      this.#cutSection(frame.start, frame.first);
    }
    if (this.#type === HEADERS || this.#type === PUSH_PROMISE) {
      this.#skipping = false;
      section.begin(frame);
    } else if (goesOn) {
      if (section.goOn()) return;
      this.onAnomaly('field_block_too_large', frame.stream);
      this.#cutSection(frame.start, frame.first);
    } else if (this.#type === CONTINUATION) {
      if (!this.#skipping) this.onAnomaly('continuation_unexpected', frame.stream);
      this.#decoder.lose();
      this.#type = -1;
    } else if (frame.type === HEADERS || frame.type === PUSH_PROMISE || frame.type === CONTINUATION) {
      // On no stream, or too short: what it says to the table is not read.
      this.#skipping = true;
      this.#decoder.lose();
    } else {
      this.#skipping = false;
    }
  }

  #afterPrelude(frame: Frame): void {
    // Of a prelude that was not seen whole nothing is known.
    const padding = frame.flags & PADDED && !this.#damaged ? this.#prelude[0]! : 0;
    this.#content = frame.length - this.#preludeLength - padding;
    if (this.#content < 0) this.#refuse('padding_invalid');
    else if (this.#type === PUSH_PROMISE && !this.#damaged) {
      this.#section.promised = u32(this.#prelude, frame.flags & PADDED ? 1 : 0) & LARGEST_STREAM;
    }
  }

  /** The frame contradicts itself. */
  #refuse(anomaly: Http2Anomaly): void {
    const { stream, start, first } = this.#frame!;
    this.onAnomaly(anomaly, stream);
    this.#content = 0;
    if (this.#section.open) this.#cutSection(start, first);
  }

  /** @param ends the frame ends where `bytes` do. */
  #collect(bytes: Buffer, start: number, end: number, ends: boolean): void {
    if (this.#section.open) {
      const isLast = ends && (this.#frame!.flags & END_HEADERS) !== 0;
      if (isLast && this.#section.takes(end - start)) this.#refer(bytes, start, end);
      else if (!this.#section.add(bytes, start, end)) {
        this.onAnomaly('field_block_too_large', this.#section.stream);
        this.#cutSection(this.#frame!.start, this.#frame!.first);
      }
    } else if (isSmall(this.#type) && !this.#damaged) {
      if (ends && this.#held.length === 0) this.#refer(bytes, start, end);
      else this.#held.add(bytes, start, Math.min(end, start + SMALL - this.#held.length));
    }
  }

  #refer(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#from = start;
    this.#to = end;
  }

  #forget(): void {
    this.#refer(NOTHING, 0, 0);
    if (this.#held.length > 0) this.#held.clear();
  }

  #endSection(position: number, at: Moment): void {
    this.#tellSection(this.#section.finish(this.#bytes, this.#from, this.#to, this.#tell), position, at);
  }

  #cutSection(position: number, at: Moment): void {
    this.#skipping = true;
    this.#tellSection(this.#section.cut(this.#tell), position, at);
  }

  #tell = (anomaly: Http2Anomaly): void => this.onAnomaly(anomaly, this.#section.stream);

  #tellSection(fields: FieldSection, position: number, at: Moment): void {
    const { stream, pushes, promised, endStream, start, first } = this.#section;
    const span = this.#spanOf(start, position, first ?? at, at);
    if (!pushes) this.#sink.onHeaders(this.#side, stream, fields, endStream, span);
    else if (promised > 0) this.#sink.onPushPromise(this.#side, stream, promised, fields, span);
  }

  #small({ type, flags, stream }: Frame, span: Span): void {
    const whole = this.#held.length > 0;
    const bytes = whole ? this.#held.bytes : this.#bytes;
    const start = whole ? 0 : this.#from;
    const end = whole ? this.#held.length : Math.min(this.#to, start + SMALL);
    const side = this.#side;
    const sink = this.#sink;
    switch (type) {
      case RST_STREAM:
        sink.onReset(side, stream, u32(bytes, start), span);
        break;
      case SETTINGS_FRAME: {
        const invalid = () => this.onAnomaly('setting_invalid', 0);
        const settings = flags & ACK ? null : readSettings(bytes, start, end, invalid);
        this.#settings.onSettings(settings);
        sink.onSettings(side, settings, span);
        break;
      }
      case PING:
        sink.onPing(side, (flags & ACK) !== 0, span);
        break;
      case GOAWAY: {
        const last = u32(bytes, start) & LARGEST_STREAM;
        sink.onGoaway(side, last, u32(bytes, start + 4), bytes.subarray(start + 8, end), span);
        break;
      }
      default: {
        const increment = u32(bytes, start) & LARGEST_STREAM;
        if (increment === 0) this.onAnomaly('window_increment_zero', stream);
        sink.onWindowUpdate(side, stream, increment, span);
      }
    }
  }

  /** Of `length` bytes of data that end at `end`. */
  #slice(end: number, length: number, at: Moment): Span {
    const { start, first } = this.#frame!;
    const span = this.#begun ? this.#spanOf(end - length, end, at, at) : this.#spanOf(start, end, first, at);
    this.#begun = true;
    return span;
  }

  #spanOf(start: number, end: number, first: Moment, last: Moment): Span {
    const span = this.#span;
    span.start = start;
    span.end = end;
    span.first = first;
    span.last = last;
    return span;
  }
}

function preludeOf({ type, flags }: Frame): number {
  if (type !== DATA && type !== HEADERS && type !== PUSH_PROMISE) return 0;
  const fields =
    type === PUSH_PROMISE ? PROMISED_STREAM : HEADERS === type && flags & HAS_PRIORITY ? PRIORITY_FIELDS : 0;
  return fields + (flags & PADDED ? 1 : 0);
}

/** Frames that are read once they are whole. */
function isSmall(type: number): boolean {
  return (type >= RST_STREAM && type <= SETTINGS_FRAME) || (type >= PING && type <= WINDOW_UPDATE);
}
