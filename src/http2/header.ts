/**
 * The header of a frame (RFC 9113 §4.1), and how much it looks like one: what a frame of its type may be (§6, and the
 * registry of types), and for a place that was found by searching what it would be if it were sent by anybody.
 */
import { i32 } from '../bytes.ts';

/** Types of frames (RFC 9113 §6). */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS_FRAME = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

/** Flags, of those types that have them. */
export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const HAS_PRIORITY = 0x20;

export const HEADER = 9;

/** SETTINGS_MAX_FRAME_SIZE before any setting, and the largest one (RFC 9113 §6.5.2). */
export const INITIAL_FRAME_SIZE = 16_384;
export const LARGEST_FRAME_SIZE = 0xff_ffff;

export const LARGEST_STREAM = 0x7fff_ffff;
/** Highest stream that is searched for on a connection whose beginning was not captured: eight million requests. */
export const LIKELY_STREAM = 0xff_ffff;

export interface FrameHeader {
  type: number;
  flags: number;
  stream: number;
  /** Of the payload. */
  length: number;
}

export function readHeader(bytes: Uint8Array, at: number, into: FrameHeader): void {
  into.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  into.type = bytes[at + 3]!;
  into.flags = bytes[at + 4]!;
  into.stream = i32(bytes, at + 5) & LARGEST_STREAM;
}

interface Shape {
  readonly flags: number;
  /** On a stream, on the connection, or either (null). */
  readonly onStream: boolean | null;
  /** Exact, or of `least` bytes and more. */
  readonly exact?: number;
  readonly least?: number;
}

const SHAPES: readonly (Shape | undefined)[] = [
  { flags: END_STREAM | PADDED, onStream: true },
  { flags: END_STREAM | END_HEADERS | PADDED | HAS_PRIORITY, onStream: true },
  { flags: 0, onStream: true, exact: 5 },
  { flags: 0, onStream: true, exact: 4 },
  { flags: ACK, onStream: false },
  { flags: END_HEADERS | PADDED, onStream: true, least: 4 },
  { flags: ACK, onStream: false, exact: 8 },
  { flags: 0, onStream: false, least: 8 },
  { flags: 0, onStream: null, exact: 4 },
  { flags: END_HEADERS, onStream: true },
  // ALTSVC (RFC 7838), ORIGIN (RFC 8336), PRIORITY_UPDATE (RFC 9218).
  { flags: 0, onStream: null, least: 2 },
  undefined,
  { flags: 0, onStream: false },
  undefined,
  undefined,
  undefined,
  { flags: 0, onStream: false, least: 4 },
];

export function isKnown({ type }: FrameHeader): boolean {
  return SHAPES[type] !== undefined;
}

/** Whether a frame of this type may be as long. */
export function fitsLength({ type, flags, length }: FrameHeader): boolean {
  if (type === SETTINGS_FRAME) return flags & ACK ? length === 0 : length % 6 === 0;
  const shape = SHAPES[type];
  if (shape?.exact !== undefined) return length === shape.exact;
  return length >= (shape?.least ?? 0);
}

/** Whether a frame of this type may be on this stream. */
export function fitsStream({ type, stream }: FrameHeader): boolean {
  const onStream = SHAPES[type]?.onStream ?? null;
  return onStream === null || onStream === stream > 0;
}

/** What a header is held against; it moves on with the connection. */
export interface Bounds {
  /** Largest payload that the receiver of the direction has allowed. */
  maxFrame: number;
  readonly fromClient: boolean;
  /** Both directions move it. */
  readonly streams: Streams;
}

export interface Streams {
  /** Highest one that may have been opened. */
  most: number;
  /** The server has opened some: they have even numbers (RFC 9113 §5.1.1). */
  even: boolean;
}

/** Of a payload that is searched for: where a receiver allows more, hardly any sender makes use of it. */
const LONGEST = 65_535;
/** Streams that a client leaves out: some use the first ones for priorities only. */
const LEFT_OUT = 100;

const scratch: FrameHeader = { type: 0, flags: 0, stream: 0, length: 0 };

/**
 * Whether any sender would write the header at `at`: of a known type, without what has no meaning, on a stream that can have
 * been opened.
 * @param available bytes of it that are there, from 1: with less than all, whether it may become one.
 */
export function isLikely(bytes: Uint8Array, at: number, available: number, bounds: Bounds): boolean {
  if (bytes[at]! > LONGEST >> 16) return false;
  if (available < 4) return true;
  const type = bytes[at + 3]!;
  const shape = SHAPES[type];
  if (shape === undefined) return false;
  if (available > 4 && (bytes[at + 4]! & ~shape.flags) !== 0) return false;
  if (available < HEADER) return true;
  if (bytes[at + 5]! > 0x7f) return false;
  readHeader(bytes, at, scratch);
  if (!fitsLength(scratch) || !fitsStream(scratch) || !fitsBounds(scratch, bounds)) return false;
  // Empty frames are rare, and zeros are not.
  return scratch.length > 0 || type === SETTINGS_FRAME || (type === DATA && scratch.flags === END_STREAM);
}

function fitsBounds(header: FrameHeader, { maxFrame, fromClient, streams }: Bounds): boolean {
  const { type, stream, length } = header;
  if (length > maxFrame || stream > streams.most + LEFT_OUT) return false;
  if (fromClient && type === PUSH_PROMISE) return false;
  const carries = type === DATA || type === HEADERS || type === CONTINUATION || type === PUSH_PROMISE;
  return !carries || stream % 2 === 1 || (streams.even && !fromClient);
}
