/**
 * Times as the records give them (RFC 3339, UTC, six or nine digits) and lengths of time in milliseconds in, what is
 * read by people out. Differences are exact to the nanosecond: a date alone holds milliseconds.
 */

const RFC3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d+)Z$/;

/** Milliseconds from `from` to `to`; null when either is absent. */
export function between(from: string | null, to: string | null): number | null {
  const a = RFC3339.exec(from ?? '');
  const b = RFC3339.exec(to ?? '');
  if (a === null || b === null) return null;
  const seconds = (Date.parse(`${b[1]}T${b[2]}Z`) - Date.parse(`${a[1]}T${a[2]}Z`)) / 1000;
  return seconds * 1000 + (nanoseconds(b[3]!) - nanoseconds(a[3]!)) / 1e6;
}

function nanoseconds(fraction: string): number {
  return Number(fraction.padEnd(9, '0').slice(0, 9));
}

/** `09:23:57.123`: cut, not rounded, so that it begins as the capture's own time does. */
export function clockTime(time: string | null): string {
  const parts = RFC3339.exec(time ?? '');
  return parts === null ? '' : `${parts[2]}.${parts[3]!.slice(0, 3)}`;
}

/** `2017-01-04 09:23:57.123 UTC`. */
export function fullTime(time: string | null): string {
  const parts = RFC3339.exec(time ?? '');
  return parts === null ? '' : `${parts[1]} ${parts[2]}.${parts[3]!.slice(0, 3)} UTC`;
}

/** `time` moved on by some milliseconds, as a clock shows it. */
export function clockAfter(time: string | null, milliseconds: number): string {
  const parts = RFC3339.exec(time ?? '');
  if (parts === null) return '';
  const first = Date.parse(`${parts[1]}T${parts[2]}Z`) + nanoseconds(parts[3]!) / 1e6;
  const at = new Date(first + milliseconds);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(11, 23);
}

/** `+5.006 s` style without sign: `0.025 ms`, `12.3 ms`, `5.03 s`, `2 min 05 s`, `3 h 20 min`. */
export function duration(milliseconds: number | null): string {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return '';
  const ms = Math.abs(milliseconds);
  const sign = milliseconds < 0 ? '\u2212' : '';
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${sign}${ms.toFixed(3)} ms`;
  if (ms < 99.95) return `${sign}${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${sign}${Math.round(ms)} ms`;
  if (ms < 9_995) return `${sign}${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${sign}${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${sign}${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** Seconds with the capture's microseconds, for the time column of a ladder: `0.000000`, `5.006123`. */
export function secondsOf(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(6);
}

const STEPS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3,
  1800e3, 3600e3, 7200e3, 14_400e3, 21_600e3, 43_200e3, 86_400e3,
];

/**
 * Round moments for an axis, as milliseconds after `first`; at most `most` of them.
 * @param span milliseconds that the axis covers.
 */
export function ticks(first: string | null, span: number, most: number): number[] {
  const parts = RFC3339.exec(first ?? '');
  if (parts === null || !(span > 0)) return [];
  let step = STEPS.find((one) => span / one <= most) ?? 86_400e3;
  while (span / step > most) step *= 2;
  // Within the day, so that the numbers stay exact and hours come out round.
  const [h = 0, m = 0, s = 0] = parts[2]!.split(':').map(Number);
  const origin = ((h * 60 + m) * 60 + s) * 1000 + nanoseconds(parts[3]!) / 1e6;
  const found: number[] = [];
  for (let at = Math.ceil(origin / step) * step; at <= origin + span; at += step) found.push(at - origin);
  return found;
}
