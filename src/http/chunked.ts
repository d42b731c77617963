/**
 * In: the bytes of one chunked body, cut anywhere. Out: its data without the coding, and where the body ends
 * (RFC 9112 §7.1). Trailer fields are checked for their form and bounded, and not kept: nothing judges by them.
 * A broken chunk-size line ends the body: what follows cannot be framed. Broken extensions are only told.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import { TOKEN } from './grammar.ts';
import type { Anomaly, OnAnomaly } from './message.ts';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const DEL = 0x7f;

// Where the decoder stands. Within a chunk-size line (§7.1, §7.1.1):
const SIZE = 0;
const AFTER_SIZE = 1;
const NAME_START = 2;
const NAME = 3;
const AFTER_NAME = 4;
const VALUE_START = 5;
const TOKEN_VALUE = 6;
const QUOTED = 7;
const QUOTED_PAIR = 8;
const AFTER_VALUE = 9;
/** An extension against the grammar: its rest is skipped. */
const SKIP = 10;
const SIZE_CR = 11;
// Within a chunk and after it:
const DATA = 12;
const DATA_END = 13;
const DATA_CR = 14;
// Within the trailer section, the last line of which is empty (§7.1.2):
const TRAILER_START = 15;
const TRAILER_LINE = 16;
const TRAILER_CR = 17;

export const MORE = 0;
export const DONE = 1;
export const BROKEN = 2;

export interface ChunkSink {
  onBody(bytes: Buffer, start: number, end: number): void;
}

export class ChunkedDecoder {
  /** MORE until the body has ended; DONE or BROKEN then. */
  status: typeof MORE | typeof DONE | typeof BROKEN;
  private readonly sink: ChunkSink;
  private readonly onAnomaly: OnAnomaly;
  private readonly onLimit: OnLimit;
  private state: number;
  /** Digits of the chunk size so far, then bytes of the chunk that are still to come. */
  private remaining: number;
  private digits: number;
  /** Bytes of this chunk-size line, or of the trailer section. */
  private length: number;
  private trailers: number;
  /** Whether the last byte of the line was a CR, and whether the trailer line has its colon. */
  private lastCr: boolean;
  private colon: boolean;

  constructor(sink: ChunkSink, onAnomaly: OnAnomaly, onLimit: OnLimit) {
    this.sink = sink;
    this.onAnomaly = onAnomaly;
    this.onLimit = onLimit;
    this.status = MORE;
    this.state = SIZE;
    this.remaining = 0;
    this.digits = 0;
    this.length = 0;
    this.trailers = 0;
    this.lastCr = false;
    this.colon = false;
  }

  /** Begins a new body. */
  reset(): void {
    this.status = MORE;
    this.trailers = 0;
    this.beginLine();
  }

  /**
   * Takes bytes of the body from `pos` on.
   * @returns the index after the last byte that belongs to the body; less than `end` only when `status` is not MORE.
   */
  feed(bytes: Buffer, pos: number, end: number): number {
    let i = pos;
    while (i < end && this.status === MORE) {
      if (this.state === DATA) {
        const stop = Math.min(end, i + this.remaining);
        this.sink.onBody(bytes, i, stop);
        this.remaining -= stop - i;
        if (this.remaining === 0) this.state = DATA_END;
        i = stop;
      } else if (this.state < DATA) {
        i = this.sizeLine(bytes, i, end);
      } else if (this.state < TRAILER_START) {
        i = this.dataEnd(bytes[i]!, i);
      } else {
        i = this.trailer(bytes, i, end);
      }
    }
    return i;
  }

  /** `length` bytes are missing. False when they hide more than data of the present chunk. */
  gap(length: number): boolean {
    if (this.state !== DATA || length > this.remaining) return false;
    this.remaining -= length;
    if (this.remaining === 0) this.state = DATA_END;
    return true;
  }

  /** Whether not one byte of the present chunk-size line was taken: what breaks it began at a line start. */
  atLineStart(): boolean {
    return this.state === SIZE && this.length === 0;
  }

  private beginLine(): void {
    this.state = SIZE;
    this.remaining = 0;
    this.digits = 0;
    this.length = 0;
  }

  private sizeLine(bytes: Buffer, pos: number, end: number): number {
    for (let i = pos; i < end; i++) {
      const c = bytes[i]!;
      if (this.state === SIZE) {
        const digit = hexDigit(c);
        if (digit >= 0) {
          this.digits++;
          this.remaining = this.remaining * 16 + digit;
          if (this.remaining > Number.MAX_SAFE_INTEGER) return this.fail('chunk_size_overflow', i);
        } else if (this.digits === 0) {
          return this.fail('chunk_size_invalid', i);
        } else {
          this.state = AFTER_SIZE;
        }
      }
      if (c === LF) {
        if (this.state !== SIZE_CR) {
          this.onAnomaly('bare_lf');
          if (!mayEnd(this.state)) this.onAnomaly('chunk_extension_invalid');
        }
        this.state = this.remaining > 0 ? DATA : TRAILER_START;
        this.length = 0;
        return i + 1;
      }
      // A CR that ends no line is where two readers of one chunk part: nothing after it can be trusted.
      if (this.state === SIZE_CR) return this.fail('bare_cr', i);
      if (++this.length > LIMITS.chunkLineBytes) {
        this.onLimit('chunkLineBytes');
        return this.fail('chunk_line_too_long', i);
      }
      if (c === CR) {
        if (!mayEnd(this.state)) this.onAnomaly('chunk_extension_invalid');
        this.state = SIZE_CR;
      } else if (this.state === AFTER_SIZE && !isBlank(c) && c !== SEMICOLON) {
        return this.fail('chunk_size_invalid', i);
      } else if (this.state !== SIZE) {
        this.state = this.extension(c);
      }
    }
    return end;
  }

  /** The state after `c` of `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`. */
  private extension(c: number): number {
    switch (this.state) {
      case AFTER_SIZE:
        if (isBlank(c)) {
          this.onAnomaly('chunk_size_whitespace');
          return AFTER_SIZE;
        }
        return NAME_START;
      case NAME_START:
        if (isBlank(c)) return NAME_START;
        if (TOKEN[c] === 1) return NAME;
        break;
      case NAME:
        if (TOKEN[c] === 1) return NAME;
        return this.afterName(c);
      case AFTER_NAME:
        return this.afterName(c);
      case VALUE_START:
        if (isBlank(c)) return VALUE_START;
        if (c === QUOTE) return QUOTED;
        if (TOKEN[c] === 1) return TOKEN_VALUE;
        break;
      case TOKEN_VALUE:
        if (TOKEN[c] === 1) return TOKEN_VALUE;
        return this.afterValue(c);
      case QUOTED:
        if (c === QUOTE) return AFTER_VALUE;
        if (c === BACKSLASH) return QUOTED_PAIR;
        if (!isControl(c)) return QUOTED;
        break;
      case QUOTED_PAIR:
        if (!isControl(c)) return QUOTED;
        break;
      case AFTER_VALUE:
        return this.afterValue(c);
      default:
        return SKIP;
    }
    this.onAnomaly('chunk_extension_invalid');
    return SKIP;
  }

  private afterName(c: number): number {
    return c === EQUALS ? VALUE_START : isBlank(c) ? AFTER_NAME : this.afterValue(c);
  }

  private afterValue(c: number): number {
    if (c === SEMICOLON) return NAME_START;
    if (isBlank(c)) return AFTER_VALUE;
    this.onAnomaly('chunk_extension_invalid');
    return SKIP;
  }

  private dataEnd(c: number, i: number): number {
    if (c === CR && this.state === DATA_END) {
      this.state = DATA_CR;
      return i + 1;
    }
    if (c !== LF) return this.fail('chunk_data_unterminated', i);
    if (this.state === DATA_END) this.onAnomaly('bare_lf');
    this.beginLine();
    return i + 1;
  }

  private trailer(bytes: Buffer, pos: number, end: number): number {
    for (let i = pos; i < end; i++) {
      const c = bytes[i]!;
      if (c === LF) {
        if (this.state === TRAILER_START || !this.lastCr) this.onAnomaly('bare_lf');
        if (this.state !== TRAILER_LINE) {
          this.status = DONE;
          return i + 1;
        }
        if (!this.colon) this.onAnomaly('field_without_colon');
        if (++this.trailers === LIMITS.headFields + 1) {
          this.onAnomaly('too_many_fields');
          this.onLimit('headFields');
        }
        this.state = TRAILER_START;
        continue;
      }
      if (++this.length > LIMITS.headBytes) {
        this.onLimit('headBytes');
        return this.fail('trailer_too_large', i);
      }
      if (this.state === TRAILER_START) {
        // A line that begins with white space continues a field (§5.2): it needs no colon of its own.
        this.colon = isBlank(c);
        this.state = c === CR ? TRAILER_CR : TRAILER_LINE;
      } else if (this.state === TRAILER_CR) {
        this.onAnomaly('bare_cr');
        this.state = TRAILER_LINE;
      }
      if (c === COLON) this.colon = true;
      this.lastCr = c === CR;
    }
    return end;
  }

  private fail(anomaly: Anomaly, i: number): number {
    this.onAnomaly(anomaly);
    this.status = BROKEN;
    return i;
  }
}

/** Whether a chunk-size line may end here. */
function mayEnd(state: number): boolean {
  return state !== NAME_START && state !== VALUE_START && state !== QUOTED && state !== QUOTED_PAIR;
}

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isBlank(c: number): boolean {
  return c === SP || c === HTAB;
}

function isControl(c: number): boolean {
  return (c < SP && c !== HTAB) || c === DEL;
}
