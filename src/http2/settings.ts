/**
 * In: the SETTINGS of one side, and when the other acknowledged them (RFC 9113 §6.5). Out: what the other's frames are held
 * against: their size, and the size of its table of fields. Where it is not certain which setting is in force, the largest
 * that may be is.
 */
import { u16, u32 } from '../bytes.ts';
import { type Bounds, INITIAL_FRAME_SIZE, LARGEST_FRAME_SIZE } from './header.ts';
import type { HpackDecoder } from './hpack.ts';
import { SETTINGS } from './http2.ts';
import { INITIAL_SIZE } from './table.ts';

const SETTING = 6;
const LARGEST_WINDOW = 0x7fff_ffff;
const LARGEST_TABLE = 0xffff_ffff;
/** Frames of settings that nobody acknowledged: more are not told apart. */
const UNACKNOWLEDGED = 64;

/** Values by their identifiers; those that are not allowed are told and left out. The last one counts. */
export function readSettings(
  bytes: Uint8Array,
  start: number,
  end: number,
  onInvalid: () => void,
): ReadonlyMap<number, number> {
  const settings = new Map<number, number>();
  let valid = true;
  for (let pos = start; pos + SETTING <= end; pos += SETTING) {
    const id = u16(bytes, pos);
    const value = u32(bytes, pos + 2);
    if (isAllowed(id, value)) settings.set(id, value);
    else valid = false;
  }
  if (!valid) onInvalid();
  return settings;
}

function isAllowed(id: number, value: number): boolean {
  if (id === SETTINGS.ENABLE_PUSH || id === SETTINGS.ENABLE_CONNECT_PROTOCOL) return value <= 1;
  if (id === SETTINGS.INITIAL_WINDOW_SIZE) return value <= LARGEST_WINDOW;
  if (id === SETTINGS.MAX_FRAME_SIZE) return value >= INITIAL_FRAME_SIZE && value <= LARGEST_FRAME_SIZE;
  return true;
}

export class Announced {
  readonly #decoder: HpackDecoder;
  readonly #bounds: Bounds;
  /** Size of the table that is in force. */
  #table = INITIAL_SIZE;
  /** Of each frame that was not acknowledged; null: it did not speak of it. */
  #tables: (number | null)[] = [];
  #certain = true;

  /** Of the other side: what it sends is read with them. */
  constructor(decoder: HpackDecoder, bounds: Bounds) {
    this.#decoder = decoder;
    this.#bounds = bounds;
  }

  announce(settings: ReadonlyMap<number, number>): void {
    if (!this.#certain) return;
    this.#tables.push(settings.get(SETTINGS.HEADER_TABLE_SIZE) ?? null);
    this.#bounds.maxFrame = Math.max(this.#bounds.maxFrame, settings.get(SETTINGS.MAX_FRAME_SIZE) ?? 0);
    if (this.#tables.length > UNACKNOWLEDGED) this.lose();
    else this.#allow();
  }

  acknowledge(): void {
    if (!this.#certain) return;
    this.#table = this.#tables.shift() ?? this.#table;
    this.#allow();
  }

  /** Settings were not captured. */
  lose(): void {
    this.#certain = false;
    this.#tables = [];
    this.#bounds.maxFrame = LARGEST_FRAME_SIZE;
    this.#decoder.allow(LARGEST_TABLE);
  }

  #allow(): void {
    let most = this.#table;
    for (const size of this.#tables) most = Math.max(most, size ?? 0);
    this.#decoder.allow(most);
  }
}
