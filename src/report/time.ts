/**
 * `Time` (nanoseconds since the capture's first packet) in, dates out: RFC 3339 in UTC with the capture's own
 * precision for JSON, and a form to read for sentences. Exact: the epoch is split into whole seconds and
 * nanoseconds once, so that no sum leaves the range of exact integers.
 */
import type { CaptureFacts, Time } from '../capture/packet.ts';

/** What turns a `Time` into a date. Live: the epoch is null until the first packet, digits may grow to 9. */
export type Clock = Readonly<Pick<CaptureFacts, 'epoch' | 'digits'>>;

const SECOND = 1_000_000_000;
/** RFC 3339 has years 0000 to 9999 only; a hostile timestamp may lie far beyond. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

interface Instant {
  /** Seconds since the Unix epoch. */
  readonly seconds: number;
  /** 0 to 999999999. */
  readonly nanoseconds: number;
}

/** The split epoch last used: one clock serves a whole run. */
let splitEpoch = 0n;
let epochSeconds = 0;
let epochNanoseconds = 0;

function instantOf(time: Time, epoch: bigint): Instant {
  if (epoch !== splitEpoch) {
    const rest = ((epoch % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    splitEpoch = epoch;
    epochNanoseconds = Number(rest);
    epochSeconds = Number((epoch - rest) / 1_000_000_000n);
  }
  let seconds = Math.floor(time / SECOND);
  // The quotient may be rounded up to the next integer: the remainder is then negative, and carried back.
  let nanoseconds = time - seconds * SECOND + epochNanoseconds;
  const carry = Math.floor(nanoseconds / SECOND);
  seconds += epochSeconds + carry;
  nanoseconds -= carry * SECOND;
  return { seconds, nanoseconds };
}

/** `000` to `999`: a record has a dozen times, and padding their fractions took 0.5 µs of it. */
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));

/** The whole second last printed, for machines and for people: the records of a run come in order, many to a second. */
let printedSecond = 0;
let printed = '1970-01-01T00:00:00';
let printedReadable = '1970-01-01 00:00:00';
let printedBytes = Buffer.from(printed);

/** @returns whether `printed` is that second, which is not so outside the years that RFC 3339 can write. */
function printSecond(seconds: number): boolean {
  if (seconds !== printedSecond) {
    if (!(seconds >= FIRST_SECOND && seconds <= LAST_SECOND)) return false;
    printedSecond = seconds;
    printed = new Date(seconds * 1000).toISOString().slice(0, 19);
    printedReadable = printed.replace('T', ' ');
    printedBytes = Buffer.from(printed);
  }
  return true;
}

/**
 * `2017-01-04T09:23:57.123456Z`, nine digits for nanosecond captures. Null when the time is absent, when no
 * packet has set the clock, and outside the years 0000 to 9999.
 */
export function rfc3339(time: Time | null, clock: Clock): string | null {
  if (time === null || clock.epoch === null) return null;
  const { seconds, nanoseconds } = instantOf(time, clock.epoch);
  if (!printSecond(seconds)) return null;
  const microseconds = Math.floor(nanoseconds / 1000);
  const most = `${printed}.${THREE[Math.floor(microseconds / 1000)]}${THREE[microseconds % 1000]}`;
  return clock.digits === 9 ? `${most}${THREE[nanoseconds % 1000]}Z` : `${most}Z`;
}

const ZERO = 0x30;
const POINT = 0x2e;
const Z = 0x5a;

/**
 * The same as bytes: a record has a dozen times.
 * @param at where to put them, with room for 30.
 * @returns the index behind them; -1 where there is no such text.
 */
export function putRfc3339(time: Time | null, clock: Clock, into: Uint8Array, at: number): number {
  if (time === null || clock.epoch === null) return -1;
  const { seconds, nanoseconds } = instantOf(time, clock.epoch);
  if (!printSecond(seconds)) return -1;
  into.set(printedBytes, at);
  const point = at + printedBytes.length;
  into[point] = POINT;
  const end = point + clock.digits + 1;
  let rest = clock.digits === 9 ? nanoseconds : Math.floor(nanoseconds / 1000);
  for (let i = end - 1; i > point; i--) {
    const tenth = (rest / 10) | 0;
    into[i] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  into[end] = Z;
  return end + 1;
}

/** `2017-01-04 09:23:57.123 UTC`: cut, not rounded, so that it begins as the capture's own time does. */
export function readableTime(time: Time | null, clock: Clock): string | null {
  if (time === null || clock.epoch === null) return null;
  const { seconds, nanoseconds } = instantOf(time, clock.epoch);
  if (!printSecond(seconds)) return null;
  return `${printedReadable}.${THREE[Math.floor(nanoseconds / 1_000_000)]} UTC`;
}

/**
 * Milliseconds as they go into JSON: the capture's precision (three decimals, six for nanosecond captures),
 * without the noise of binary fractions. Null when absent.
 */
export function milliseconds(duration: number | null, clock: Clock): number | null {
  if (duration === null) return null;
  const scale = clock.digits === 9 ? 1_000_000 : 1_000;
  return Math.round(duration * scale) / scale;
}
