/**
 * The pieces that lines of JSON are made of: texts, lists, times and header fields in, JSON out that is safe to look at on a
 * terminal. What comes again is remembered, as V8 keeps a text that is one piece: a remembered text of five is joined five
 * times again.
 */
import type { Time } from '../capture/packet.ts';
import type { HeaderField } from '../http/message.ts';
import { escapeJson } from './escape.ts';
import { type Clock, rfc3339 } from './time.ts';

/** Needs no escape, neither in JSON nor on a terminal. */
const PLAIN = /^[ !#-[\]-~]*$/;

export function text(value: string | null): string {
  if (value === null) return 'null';
  return PLAIN.test(value) ? `"${value}"` : safeJson(value);
}

export function texts(values: readonly string[]): string {
  return list(values, text);
}

export function list<T>(values: readonly T[], json: (value: T) => string): string {
  let items = '';
  for (const value of values) items += items === '' ? json(value) : `,${json(value)}`;
  return `[${items}]`;
}

/** Any value, safe to look at on a terminal. */
export function safeJson(value: object | string): string {
  return escapeJson(JSON.stringify(value));
}

/** Moments remembered: a record tells each of its own about three times. */
const MOMENTS = 16;
const momentTimes = new Float64Array(MOMENTS).fill(Number.NaN);
const momentTexts: string[] = Array.from({ length: MOMENTS }, () => '');
/** What those are told by. */
let momentEpoch: bigint | null = null;
let momentDigits = 0;

/** RFC 3339 needs no escape. */
export function moment(time: Time | null, clock: Clock): string {
  if (time === null) return 'null';
  if (clock.epoch !== momentEpoch || clock.digits !== momentDigits) {
    momentEpoch = clock.epoch;
    momentDigits = clock.digits;
    momentTimes.fill(Number.NaN);
  }
  // Times of one record are often exact multiples of 10 µs apart: an odd number of ns spreads them.
  const slot = (time / 1009) & (MOMENTS - 1);
  if (momentTimes[slot] !== time) {
    const printed = rfc3339(time, clock);
    momentTimes[slot] = time;
    momentTexts[slot] = printed === null ? 'null' : `"${printed}"`;
  }
  return momentTexts[slot]!;
}

/** Places of fields that are remembered: each may keep the head that it was cut out of in memory. */
const PLACES = 64;

/**
 * Header fields of one kind of message. Those of the message before come again, all but a few at the same places: compared
 * there and taken as they were written.
 */
export class Fields {
  #last: readonly HeaderField[] = [];
  #json = '[]';
  readonly #fields: HeaderField[] = [];
  readonly #pieces: string[] = [];

  json(fields: readonly HeaderField[]): string {
    if (fields === this.#last) return this.#json;
    let json = '[';
    for (let i = 0; i < fields.length; i++) {
      const { name, value } = fields[i]!;
      const before = this.#fields[i];
      if (before === fields[i] || (before !== undefined && before.name === name && before.value === value)) {
        json += this.#pieces[i]!;
        continue;
      }
      const piece = `${i === 0 ? '' : ','}${safeJson({ name, value })}`;
      if (i < PLACES) {
        this.#fields[i] = fields[i]!;
        this.#pieces[i] = piece;
      }
      json += piece;
    }
    this.#last = fields;
    this.#json = `${json}]`;
    return this.#json;
  }
}
