/**
 * Times as tables and logs write them. In: a text, and the time zone of those that name none. Out: milliseconds since
 * the Unix epoch: RFC 3339, `YYYY-MM-DD HH:MM:SS` with fraction, or a number of seconds, milliseconds or microseconds.
 */
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';

/** Gives the offset from UTC in milliseconds of a local time, itself given as if it were UTC. */
export type Zone = (local: number) => number;

export const UTC: Zone = () => 0;

/** `UTC`, `+08:00`, or a name of the IANA database. @throws UserError */
export function zone(flag: string, given: string): Zone {
  if (/^(utc|z)$/i.test(given)) return UTC;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(given) ?? [];
  if (sign !== undefined && Number(hours) <= 18 && Number(minutes) < 60) {
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
    return () => offset;
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: given,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new UserError(
      'flag',
      `${flag} ${escapeText(given)}: expected a time zone, like UTC, +08:00 or Asia/Shanghai`,
    );
  }
  // What the clocks of the zone show at a time, less that time; asked again at the time so found, for days of change.
  const offsetAt = (time: number) => shown(format, time) - Math.floor(time / 1000) * 1000;
  return (local) => offsetAt(local - offsetAt(local));
}

function shown(format: Intl.DateTimeFormat, time: number): number {
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** `2017-01-04T09:23:57.123456Z`, `2017/01/04 09:23:57,123`, with or without an offset. */
const DATE =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})[T ] ?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(.*)$/i;
const OFFSET = /^([+-])(\d{2}):?(\d{2})$/;

/** Null where it is no time. */
export function moment(text: string, local: Zone): number | null {
  if (/^\d{9,19}(\.\d+)?$/.test(text)) return fromNumber(Number(text));
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, year, , month, day, hour, minute, second = '0', fraction = '', rest = ''] = match;
  const [years, months, days] = [Number(year), Number(month), Number(day)];
  const whole = Date.UTC(years, months - 1, days, Number(hour), Number(minute), Number(second));
  const date = new Date(Date.UTC(years, months - 1, days));
  // A day that the calendar does not have is moved on by Date.
  const exists = date.getUTCMonth() === months - 1 && date.getUTCDate() === days;
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const offset = offsetOf(rest.trim(), whole, local);
  return offset === null ? null : whole - offset + (fraction === '' ? 0 : Number(`0.${fraction}`) * 1000);
}

/** By its size: what is a date of these decades. */
function fromNumber(value: number): number {
  if (value < 1e11) return value * 1000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1e3 : value / 1e6;
}

function offsetOf(text: string, whole: number, local: Zone): number | null {
  if (text === '') return local(whole);
  if (/^(z|utc|gmt)$/i.test(text)) return 0;
  const [, sign, hours, minutes] = OFFSET.exec(text) ?? [];
  if (sign === undefined) return null;
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
}
