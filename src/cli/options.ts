/**
 * In: the arguments of a command, split by their flags. Out: its options, each value checked.
 */
import { BACKENDS } from '../capture/live-backend.ts';
import type { Time } from '../capture/packet.ts';
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { FORMATS } from '../report/create.ts';
import type {
  AnalyzeCommand,
  CaptureOptions,
  FilterOptions,
  JudgingOptions,
  WriteOptions,
} from './command.ts';
import { UTC, type Zone, zone } from './moments.ts';
import { targets } from './targets.ts';
import {
  count,
  duration,
  expression,
  fieldName,
  fileSize,
  host,
  interfaceName,
  keySpec,
  language,
  method,
  oneOf,
  outcomes,
  path,
  port,
  regExp,
  statuses,
} from './values.ts';

/** Values by the flag's name, words that belong to none in `_`. */
export type Parsed = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

/** Nanoseconds. */
const TIMEOUT: Time = 30e9;
/** Bytes: libpcap's own default, more than any packet of a network has. */
const SNAPLEN = 262_144;
/** KiB: at 100 MB/s a sixth of a second of traffic waits there; tcpdump's own 2048 is a fiftieth. */
const BUFFER_SIZE = 16_384;
const LARGEST_BUFFER = 1024 * 1024;
/** Seconds: a year. */
const LONGEST_FILE = 366 * 86_400;

export function analyzeCommand(files: readonly string[], parsed: Parsed): AnalyzeCommand {
  const { one, many } = valuesOf(parsed);
  const read = many('read', path);
  return {
    name: 'analyze',
    files: [...read, ...files.map((file) => path('file', file))],
    filter: one('filter', expression),
    ...judgingOptions(parsed),
  };
}

export function captureOptions(parsed: Parsed): CaptureOptions {
  const { one } = valuesOf(parsed);
  const { interface: name, expression } = filterOptions(parsed);
  if (values(parsed, 'interface').length === 0) {
    throw new UserError(
      'flag',
      'no interface given: -i any captures on all; wirewitness interfaces lists them',
    );
  }
  return {
    interface: name,
    expression,
    backend:
      one('backend', (flagName, given) => oneOf(flagName, given, ['auto', ...BACKENDS] as const)) ?? 'auto',
    snaplen: one('snaplen', count(LIMITS.packetBytes)) ?? SNAPLEN,
    bufferSize: one('buffer-size', count(LARGEST_BUFFER)) ?? BUFFER_SIZE,
    promiscuous: !isSet(parsed, 'no-promiscuous-mode'),
    write: writeOptions(parsed),
  };
}

function writeOptions(parsed: Parsed): WriteOptions | null {
  const { one } = valuesOf(parsed);
  const to = one('write', path);
  const rotation = {
    size: one('file-size', fileSize),
    seconds: one('rotate-seconds', count(LONGEST_FILE)),
    count: one('file-count', count(LIMITS.directoryNames)),
  };
  const keep = one('keep', (flagName, given) => oneOf(flagName, given, ['all', 'failed'] as const));
  if (to === null) {
    const given = ['file-size', 'rotate-seconds', 'file-count', 'keep'].find(
      (name) => values(parsed, name).length > 0,
    );
    if (given !== undefined)
      throw new UserError('flag', `--${given} is about the files of -w, which is not given`);
    return null;
  }
  if (rotation.count !== null && rotation.size === null && rotation.seconds === null) {
    throw new UserError('flag', '--file-count needs -C or -G: nothing else begins a new file');
  }
  return { path: to, keep: keep ?? 'all', rotation };
}

export function filterOptions(parsed: Parsed): FilterOptions {
  const { one, many } = valuesOf(parsed);
  return {
    interface: one('interface', interfaceName) ?? 'any',
    hosts: many('host', host),
    ports: many('port', port),
    expression: one('filter', expression),
  };
}

export function judgingOptions(parsed: Parsed): JudgingOptions {
  const { one, many } = valuesOf(parsed);
  const limit = one('timeout', duration);
  const timeout = limit === null ? null : Math.round(limit * 1e6);
  return {
    analysis: {
      timeout: timeout ?? TIMEOUT,
      hosts: many('host', host),
      ports: many('port', port),
      methods: many('method', method),
      accept: {
        body: one('accept-body', regExp),
        rejectBody: one('reject-body', regExp),
        statuses: one('accept-status', statuses),
      },
      keys: many('key', keySpec),
      secrets: null,
      rules: [],
      expected: null,
    },
    timeout,
    config: one('config', path),
    keylog: one('keylog', path),
    expect: expectOption(one('expect', path), one('expect-timezone', zone)),
    only: one('only', outcomes),
    targets: targets(
      many('output', path),
      one('format', (name, given) => oneOf(name, given, FORMATS)),
    ),
    redact: redaction(many('redact', fieldName), isSet(parsed, 'no-redact')),
    language: one('lang', language) ?? 'en',
    quiet: isSet(parsed, 'quiet'),
    packets: isSet(parsed, 'packets'),
    verbose: isSet(parsed, 'verbose'),
    noColor: isSet(parsed, 'no-color'),
    exitZero: isSet(parsed, 'exit-zero'),
  };
}

function redaction(names: readonly string[], nothing: boolean): readonly string[] | null {
  if (!nothing) return names;
  if (names.length === 0) return null;
  throw new UserError('flag', '--redact with --no-redact: leave one of them out');
}

type Check<T> = (flagName: string, given: string) => T;

/** The values of a flag that may be given once, or as often as one likes. */
export function valuesOf(parsed: Parsed) {
  return {
    one<T>(name: string, check: Check<T>): T | null {
      const given = values(parsed, name);
      if (given.length > 1) throw new UserError('flag', `--${name} is given more than once`);
      return given[0] === undefined ? null : check(`--${name}`, given[0]);
    },
    many<T>(name: string, check: Check<T>): T[] {
      return values(parsed, name).map((given) => check(`--${name}`, given));
    },
  };
}

function expectOption(given: string | null, local: Zone | null): JudgingOptions['expect'] {
  if (given !== null) return { path: given, zone: local ?? UTC };
  if (local !== null) throw new UserError('flag', '--expect-timezone needs --expect');
  return null;
}

/** As often as it was given. */
function values(parsed: Parsed, name: string): string[] {
  const value = parsed[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** Said twice is still said. */
function isSet(parsed: Parsed, name: string): boolean {
  const value = parsed[name];
  return Array.isArray(value) ? value.includes(true) : value === true;
}
