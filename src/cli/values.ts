/**
 * Values of flags: text as typed in, checked values out. Each throws a UserError of one line that names the flag,
 * what was given, and what may be given.
 */
import { isIP } from 'node:net';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import type { Language } from '../report/summary/language.ts';
import { LANGUAGE_NAMES } from '../report/summary/languages.ts';
import { FAILED, type KeySpec, OUTCOMES, type Outcome } from '../verdict/verdict.ts';

/** A day: packet time is exact for 104 of them, and no response is waited for that long. */
const LONGEST_TIMEOUT = 24 * 3600 * 1000;

function flagError(flag: string, given: string, expected: string): UserError {
  return new UserError('flag', `${flag} ${given === '' ? '""' : escapeText(given)}: ${expected}`);
}

/** `500ms`, `30s`, `2m`, with a fraction if need be. @returns milliseconds */
export function duration(flag: string, given: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(given);
  const scale = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? ''];
  const value = Number(match?.[1]) * (scale ?? Number.NaN);
  if (!(value > 0)) throw flagError(flag, given, 'expected a time with its unit, like 500ms, 30s or 2m');
  if (value > LONGEST_TIMEOUT) throw flagError(flag, given, 'expected at most 1440m');
  return value;
}

export function port(flag: string, given: string): number {
  const value = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (value < 1 || value > 65_535) throw flagError(flag, given, 'expected a port from 1 to 65535');
  return value;
}

/** A whole number from 1 to `most`. */
export function count(most: number): (flag: string, given: string) => number {
  return (flag, given) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : 0;
    if (value < 1 || value > most) throw flagError(flag, given, `expected a number from 1 to ${most}`);
    return value;
  };
}

/** tcpdump's file size: millions of bytes, or with k, M or G powers of 1024. @returns bytes */
export function fileSize(flag: string, given: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([kKmMgG]?)$/.exec(given) ?? [];
  const scale = { '': 1e6, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit.toLowerCase()];
  const bytes = Number(digits) * (scale ?? 0);
  if (bytes < 1) throw flagError(flag, given, 'expected a size in MB, or with k, M or G');
  return bytes;
}

/** `9464`, `127.0.0.1:9464`, `[::1]:9464`: loopback where no address is given. */
export function listenAddress(flag: string, given: string): { readonly host: string; readonly port: number } {
  const [, bracketed, bare, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+))?:)?(\d{1,5})$/.exec(given) ?? [];
  const host = bracketed ?? bare ?? '127.0.0.1';
  const valid =
    digits !== '' && Number(digits) <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6);
  if (!valid) throw flagError(flag, given, 'expected a port, or an address and a port like 127.0.0.1:9464');
  return { host, port: Number(digits) };
}

/** The name of a network interface: none has a slash, and one that begins with a dash is a flag. */
export function interfaceName(flag: string, given: string): string {
  if (!/^[^\s/-][^\s/]*$/.test(given)) {
    throw flagError(flag, given, 'expected the name of an interface: wirewitness interfaces lists them');
  }
  return given;
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** In upper case, as methods are. */
export function method(flag: string, given: string): string {
  if (!TOKEN.test(given)) throw flagError(flag, given, 'expected a method, like POST');
  return given.toUpperCase();
}

/** An address, a CIDR block or a host name without port, as the analysis compares them. */
export function host(flag: string, given: string): string {
  const expected = 'expected an address, a CIDR block or a host name';
  const slash = given.indexOf('/');
  if (slash >= 0) {
    const family = isIP(given.slice(0, slash));
    const bits = /^\d{1,3}$/.test(given.slice(slash + 1)) ? Number(given.slice(slash + 1)) : Number.NaN;
    if (family !== 0 && bits <= (family === 4 ? 32 : 128)) return given;
    throw flagError(flag, given, expected);
  }
  if (isIP(given) !== 0) return given;
  if (/^[^:]+:\d+$/.test(given)) throw flagError(flag, given, 'give the port with --port');
  // Names are compared, never looked up; an underscore is no host name, but it is seen in Host fields.
  if (!/^[\p{L}\p{N}._-]+$/u.test(given)) throw flagError(flag, given, expected);
  return given;
}

/** The name of a header or field whose value is masked, or a path of which the segments that `*` stands for are. */
export function fieldName(flag: string, given: string): string {
  if (given.startsWith('/')) {
    if (!given.includes('*') || /[\s?#"'<>&]/.test(given))
      throw flagError(
        flag,
        given,
        "expected a path like '/hooks/*', where * stands for what is to be masked",
      );
    return given;
  }
  if (!/[\p{L}\p{N}]/u.test(given)) throw flagError(flag, given, 'expected the name of a header or field');
  return given;
}

/**
 * A JavaScript regular expression, bare or as `/re/i`.
 * @param typed what the flag was given, where that is more.
 */
export function regExp(flag: string, given: string, typed = given): RegExp {
  const delimited = /^\/(.*)\/([imsu]*)$/s.exec(given);
  try {
    return delimited === null ? new RegExp(given) : new RegExp(delimited[1]!, delimited[2]);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : String(error);
    throw flagError(flag, typed, `not a regular expression: ${escapeText(reason)}`);
  }
}

/** `json:/data/id`, `form:out_trade_no`, `query:id`, `header:webhook-id`, `body:/<id>(\d+)/`. */
export function keySpec(flag: string, given: string): KeySpec {
  const [, kind, rest = ''] = /^(json|form|query|header|body):(.+)$/s.exec(given) ?? [];
  switch (kind) {
    case 'json':
      if (/^(\/([^~/]|~[01])*)+$/.test(rest)) return { kind, pointer: rest, text: given };
      throw flagError(flag, given, 'expected a JSON pointer, like json:/data/order_id');
    case 'header':
      if (TOKEN.test(rest)) return { kind, name: rest.toLowerCase(), text: given };
      throw flagError(flag, given, 'expected the name of a header field, like header:webhook-id');
    case 'form':
    case 'query':
      return { kind, name: rest, text: given };
    case 'body':
      return { kind, pattern: regExp(flag, rest, given), text: given };
  }
  throw flagError(
    flag,
    given,
    'expected json:/pointer, form:name, query:name, header:name or body:/re(group)/',
  );
}

/** `200,204`, `2xx`, `200-299`: final statuses, each once, ascending. */
export function statuses(flag: string, given: string): number[] {
  const found = new Set<number>();
  for (const part of given.split(',')) {
    const [from, to] = statusRange(part.trim());
    if (!(from >= 200 && from <= to && to <= 999)) {
      throw flagError(flag, given, 'expected final statuses, like 200,204 or 2xx or 200-299');
    }
    for (let status = from; status <= to; status++) found.add(status);
  }
  return [...found].sort((a, b) => a - b);
}

function statusRange(part: string): [from: number, to: number] {
  const hundred = /^([2-9])xx$/i.exec(part);
  if (hundred !== null) return [Number(hundred[1]) * 100, Number(hundred[1]) * 100 + 99];
  const range = /^(\d{3})(?:-(\d{3}))?$/.exec(part);
  return range === null ? [0, 0] : [Number(range[1]), Number(range[2] ?? range[1])];
}

/** `refused,unsent`, or `failed` for those that make the exit status 1; in the contract's order. */
export function outcomes(flag: string, given: string): Outcome[] {
  const found = new Set<string>();
  for (const part of given.split(',').map((word) => word.trim())) {
    if (part === 'failed') for (const outcome of FAILED) found.add(outcome);
    else if ((OUTCOMES as readonly string[]).includes(part)) found.add(part);
    else throw flagError(flag, given, `expected a list of ${OUTCOMES.join(', ')}, failed`);
  }
  return OUTCOMES.filter((outcome) => found.has(outcome));
}

export function oneOf<T extends string>(flag: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw flagError(flag, given, `expected ${allowed.join(', ')}`);
  return found;
}

export function path(flag: string, given: string): string {
  if (given === '') throw flagError(flag, given, 'expected the name of a file');
  return given;
}

/** An empty one accepts everything, as tcpdump has it. */
export function expression(_: string, given: string): string | null {
  return given.trim() === '' ? null : given;
}

/** As the reports and `explain` are written in it. */
export function language(flag: string, given: string): Language['name'] {
  return oneOf(flag, given, LANGUAGE_NAMES);
}
