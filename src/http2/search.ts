/**
 * In: bytes of a direction behind a place where its frames were lost. Out: where the next frame begins. A header of nine
 * bytes is easily found in a body, so one is only believed where others follow it: three in a row; or two, of which the last
 * frame ends with the run of bytes that was delivered; or one that begins and ends such a run. The bytes that are needed
 * to tell are held, and nothing that follows the place is lost.
 */
import { keep, type Moment } from '../capture/packet.ts';
import { LIMITS, type OnLimit, type Stored } from '../limits.ts';
import { type Bounds, HEADER, isLikely, LARGEST_FRAME_SIZE, LIKELY_STREAM } from './header.ts';
import { Held } from './held.ts';

/** Bytes of one packet among those that are held. */
interface Run {
  start: number;
  readonly at: Moment;
  /** It begins as it was delivered. */
  readonly whole: boolean;
}

/** Held bytes that are to be read again. */
export interface Released {
  readonly bytes: Buffer;
  readonly pieces: readonly { readonly start: number; readonly end: number; readonly at: Moment }[];
}

/** What remembering a run takes. */
const RUN = 64;
/** Headers in a row that no body has by chance. */
const CHAIN = 3;
/** Of a connection of which nothing is known. */
const ANY: Bounds = {
  maxFrame: LARGEST_FRAME_SIZE,
  fromClient: false,
  streams: { most: LIKELY_STREAM, even: false },
};

interface Chain {
  readonly count: number;
  readonly next: number;
}

/** How many headers follow each other from `pos` on, three at most, and where the next one has to be: before `end` there is none. */
function chain(bytes: Buffer, pos: number, end: number, bounds: Bounds): Chain {
  let next = pos;
  let count = 0;
  while (count < CHAIN && next < end) {
    const available = Math.min(HEADER, end - next);
    if (!isLikely(bytes, next, available, bounds)) break;
    if (available < HEADER) return { count, next: end + 1 };
    const length = (bytes[next]! << 16) | (bytes[next + 1]! << 8) | bytes[next + 2]!;
    // Of an empty frame there is too little to tell it from the zeros of others.
    if (count === 0 && length === 0) break;
    next += HEADER + length;
    count++;
  }
  return { count, next };
}

/** Whether `bytes[start, end)` are frames, which may go on behind them. */
export function looksLikeFrames(bytes: Buffer, start: number, end: number): boolean {
  const { count, next } = chain(bytes, start, end, ANY);
  return count === CHAIN || (count > 1 && next === end);
}

export class Search {
  readonly #bounds: Bounds;
  readonly #onLimit: OnLimit;
  readonly #held: Held;
  #runs: Run[] = [];
  /** Where in the held bytes a frame may begin; nothing before it is one. */
  #candidate = 0;

  constructor(bounds: Bounds, onLimit: OnLimit, stored: Stored) {
    this.#bounds = bounds;
    this.#onLimit = onLimit;
    this.#held = new Held(stored);
  }

  /** How many bytes are held from the place on that may begin a frame. */
  get held(): number {
    return this.#held.length - this.#candidate;
  }

  /**
   * Looks in a run while nothing is held.
   * @param whole `start` is where it was delivered from.
   * @returns where a frame begins; `end` where none does, or it takes more to tell.
   */
  find(bytes: Buffer, start: number, end: number, whole: boolean, at: Moment): number {
    for (let pos = start; pos < end; pos++) {
      const begins = this.#begins(bytes, pos, end, whole && pos === start);
      if (begins === 'yes') return pos;
      if (begins === 'maybe') {
        this.#hold(bytes, pos, end, whole && pos === start, at);
        return end;
      }
    }
    return end;
  }

  /** Adds a run to what is held. @returns all from the place on where a frame begins; null while it takes more to tell. */
  add(bytes: Buffer, start: number, end: number, at: Moment): Released | null {
    this.#hold(bytes, start, end, true, at);
    const held = this.#held;
    for (; this.#candidate < held.length; this.#candidate++) {
      const begins = this.#begins(held.bytes, this.#candidate, held.length, null);
      if (begins === 'yes') return this.#release();
      if (begins === 'maybe') break;
    }
    if (this.held === 0) {
      this.clear();
    } else if (held.length + RUN * this.#runs.length > LIMITS.http2SearchBytes) {
      this.#onLimit('http2SearchBytes');
      return this.settle();
    } else if (this.#candidate > held.length / 2) {
      this.#forget();
    }
    return null;
  }

  /** Nothing follows what is held: two in a row are enough. @returns like `add`; what is no frame is let go of. */
  settle(): Released | null {
    const { bytes, length } = this.#held;
    if (this.held > 0 && chain(bytes, this.#candidate, length, this.#bounds).count > 1)
      return this.#release();
    this.clear();
    return null;
  }

  clear(): void {
    this.#held.clear();
    this.#runs = [];
    this.#candidate = 0;
  }

  /** @param whole null: as the held runs have it. */
  #begins(bytes: Buffer, pos: number, end: number, whole: boolean | null): 'yes' | 'no' | 'maybe' {
    const { count, next } = chain(bytes, pos, end, this.#bounds);
    if (count === CHAIN) return 'yes';
    if (next < end) return 'no';
    if (next > end) return 'maybe';
    if (count > 1) return 'yes';
    return (whole ?? this.#isWhole(pos)) ? 'yes' : 'maybe';
  }

  #isWhole(place: number): boolean {
    return this.#runs.some(({ start, whole }) => whole && start === place);
  }

  #hold(bytes: Buffer, start: number, end: number, whole: boolean, at: Moment): void {
    this.#runs.push({ start: this.#held.length, at: keep(at), whole });
    this.#held.add(bytes, start, end);
  }

  #release(): Released {
    const { bytes, length } = this.#held;
    const from = this.#candidate;
    const pieces: { start: number; end: number; at: Moment }[] = [];
    for (const [i, { start, at }] of this.#runs.entries()) {
      const end = this.#runs[i + 1]?.start ?? length;
      if (end > from) pieces.push({ start: Math.max(start, from), end, at });
    }
    // The bytes outlive this call in the hands of who reads them.
    this.clear();
    return { bytes, pieces };
  }

  /** Makes room of what lies before the candidate. */
  #forget(): void {
    const { bytes, length } = this.#held;
    const from = this.#candidate;
    bytes.copyWithin(0, from, length);
    this.#held.length = length - from;
    const runs: Run[] = [];
    for (const [i, run] of this.#runs.entries()) {
      if ((this.#runs[i + 1]?.start ?? length) <= from) continue;
      const start = run.start - from;
      runs.push({ start: Math.max(0, start), at: run.at, whole: run.whole && start >= 0 });
    }
    this.#runs = runs;
    this.#candidate = 0;
  }
}
