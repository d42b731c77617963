/**
 * The command line: arguments in, one checked command out, or its help. The only file that knows yargs: its parser splits
 * the arguments, and yargs itself lays out the help, which it is loaded for (it takes 70 ms, more than most captures);
 * what is unknown, missing or repeated is told here, in one line.
 */
import type { Options } from 'yargs';
import splitArguments from 'yargs-parser';
import { BACKENDS, type BackendName } from '../capture/live-backend.ts';
import type { Time } from '../capture/packet.ts';
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { FORMATS } from '../report/create.ts';
import { escapeText } from '../report/escape.ts';
import type { Keep } from '../report/keep/keeper.ts';
import type { Rotation } from '../report/keep/names.ts';
import type { Language } from '../report/summary/language.ts';
import type { AnalysisOptions, Outcome } from '../verdict/verdict.ts';
import { UTC, type Zone, zone } from './moments.ts';
import { suggest } from './suggest.ts';
import { type Target, targets } from './targets.ts';
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
  listenAddress,
  method,
  oneOf,
  outcomes,
  path,
  port,
  regExp,
  statuses,
} from './values.ts';

/** What all commands that judge packets are told. */
export interface JudgingOptions {
  readonly analysis: AnalysisOptions;
  /** Path of the key log. */
  readonly keylog: string | null;
  /** As the flag gave it, nanoseconds; null where it did not, and a configuration may. */
  readonly timeout: Time | null;
  /** The configuration; null for the one in the working directory, if there is one. */
  readonly config: string | null;
  /** The list of expected deliveries, `-` for standard input, and the zone of times in it that name none. */
  readonly expect: { readonly path: string; readonly zone: Zone } | null;
  readonly only: readonly Outcome[] | null;
  /** At least one. */
  readonly targets: readonly Target[];
  /** Names to mask beside the usual ones; null masks nothing. */
  readonly redact: readonly string[] | null;
  readonly language: Language['name'];
  readonly quiet: boolean;
  /** JSON records hold their packets. */
  readonly packets: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly exitZero: boolean;
}

export interface AnalyzeCommand extends JudgingOptions {
  readonly name: 'analyze';
  /** As given, `-` for standard input; empty when none was named. */
  readonly files: readonly string[];
  /** A pcap-filter expression for their packets. */
  readonly filter: string | null;
}

export interface FilterOptions {
  readonly interface: string;
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** The user's own pcap-filter expression. */
  readonly expression: string | null;
}

export interface CaptureOptions {
  readonly interface: string;
  readonly expression: string | null;
  readonly backend: BackendName | 'auto';
  /** Bytes. */
  readonly snaplen: number;
  /** KiB. */
  readonly bufferSize: number;
  readonly promiscuous: boolean;
  /** Null: no packets are kept. */
  readonly write: WriteOptions | null;
}

export interface WriteOptions {
  /** With strftime's conversions. */
  readonly path: string;
  readonly keep: Keep;
  readonly rotation: Rotation;
}

export interface LiveCommand extends JudgingOptions {
  readonly name: 'live';
  /** Null: no metrics are served. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly capture: CaptureOptions;
}

export type Command =
  | AnalyzeCommand
  | LiveCommand
  | { readonly name: 'filter'; readonly filter: FilterOptions }
  | { readonly name: 'interfaces' }
  | { readonly name: 'doctor' }
  | { readonly name: 'explain'; readonly code: string | null; readonly language: Language['name'] }
  | { readonly name: 'help'; readonly text: string }
  | { readonly name: 'version' };

/** Nanoseconds. */
const TIMEOUT: Time = 30e9;
/** Bytes: libpcap's own default, more than any packet of a network has. */
const SNAPLEN = 262_144;
/** KiB: at 100 MB/s a sixth of a second of traffic waits there; tcpdump's own 2048 is a fiftieth. */
const BUFFER_SIZE = 16_384;
const LARGEST_BUFFER = 1024 * 1024;
/** Seconds: a year. */
const LONGEST_FILE = 366 * 86_400;

const text = (describe: string, extra: Options = {}): Options => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...extra,
});
const flag = (describe: string, extra: Options = {}): Options => ({ type: 'boolean', describe, ...extra });

const LANG = text('language of summaries and reports: en or zh [en]');

const EVERYWHERE: Readonly<Record<string, Options>> = {
  help: flag('show this help', { alias: 'h' }),
  version: flag('show the version'),
};

const JUDGING: Readonly<Record<string, Options>> = {
  host: text('only these receivers: address, CIDR or name (repeat)'),
  port: text('only these ports of receivers (repeat)'),
  method: text('only requests with this method (repeat)'),
  timeout: text('response deadline: 500ms, 30s, 2m [30s]'),
  only: text('print only these outcomes, comma-separated; failed = refused,unanswered,unsent,missing'),
  'accept-body': text('delivered only if the body matches this regular expression'),
  'reject-body': text('refused if the body matches this regular expression'),
  packets: flag('JSON records hold the packets of their transaction (html always does)'),
  'accept-status': text('statuses that count as delivered, like 200,204 or 2xx [2xx]'),
  key: text('business key: json:/pointer, form:name, query:name, header:name, body:/re(group)/ (repeat)'),
  keylog: text('TLS secrets in NSS key log format, as SSLKEYLOGFILE makes them'),
  config: text('file that says by receiver what counts as delivered [wirewitness.config.json, if there]'),
  expect: text(
    'CSV or NDJSON of what should have been sent: key, optional host or url, time; - is standard input',
  ),
  'expect-timezone': text('zone of times in that list that name none: UTC, +08:00, Asia/Shanghai [UTC]'),
  format: text(`${FORMATS.join(', ')} [text on a terminal, else ndjson]`),
  output: text('write to this file, in the format of its name; - is standard output (repeat)', {
    alias: 'o',
  }),
  redact: text('mask this header or field too, or what * stands for in a path like /hooks/* (repeat)'),
  'no-redact': flag('mask nothing: secrets appear as they were captured'),
  lang: LANG,
  quiet: flag('no progress and no warnings on standard error', { alias: 'q' }),
  verbose: flag('more on each transaction, and on the run', { alias: 'v' }),
  'no-color': flag('no colours (as the variable NO_COLOR)'),
  'exit-zero': flag('exit with 0 whatever was found'),
};

const ANALYZE: Readonly<Record<string, Options>> = {
  read: text('capture file, same as a positional one (repeat)', { alias: 'r' }),
  filter: text('only packets that this pcap-filter expression accepts (needs tcpdump)'),
  ...JUDGING,
};

const FILTER: Readonly<Record<string, Options>> = {
  interface: text('interface to capture on, any for all of them [any]', { alias: 'i' }),
  host: text('only these receivers: address, CIDR or name, which is looked up (repeat)'),
  port: text('only these ports of receivers (repeat)'),
  filter: text('pcap-filter expression, in the kernel'),
};

const LIVE: Readonly<Record<string, Options>> = {
  ...FILTER,
  backend: text(`who captures: auto, ${BACKENDS.join(', ')} [auto]`),
  snaplen: text('bytes of each packet to capture [262144]', { alias: 's' }),
  'buffer-size': text('KiB of the kernel buffer [16384]', { alias: 'B' }),
  write: text('keep packets in this file, pcapng with the verdicts as comments', { alias: 'w' }),
  'file-size': text('begin a new file after so many MB (k, M, G: 1024 based)', { alias: 'C' }),
  'rotate-seconds': text('begin a new file after so many seconds; -w may hold strftime conversions', {
    alias: 'G',
  }),
  'file-count': text('with -C: so many files, the oldest is overwritten; with -G: end after so many', {
    alias: 'W',
  }),
  metrics: text('serve Prometheus metrics there: port, or address:port [loopback]'),
  keep: text('all packets, or only those of connections that failed: all or failed [all]'),
  'no-promiscuous-mode': flag('capture only what is for this machine', { alias: 'p' }),
  ...JUDGING,
};

const COMMANDS: Readonly<Record<string, { usage: string; describe: string; flags: typeof ANALYZE }>> = {
  analyze: {
    usage: 'wirewitness analyze [flags] [file...]',
    describe: 'judge every HTTP transaction of captures (pcap, pcapng; - or a pipe: standard input)',
    flags: ANALYZE,
  },
  live: {
    usage: 'wirewitness live -i interface [flags]',
    describe: 'judge every HTTP transaction as it happens, until it is interrupted',
    flags: LIVE,
  },
  filter: {
    usage: 'wirewitness filter [-i interface] [--host address] [--port port] [--filter expression]',
    describe: 'print the capture filter that live would use, for tcpdump',
    flags: FILTER,
  },
  interfaces: {
    usage: 'wirewitness interfaces',
    describe: 'list what can be captured on',
    flags: {},
  },
  doctor: {
    usage: 'wirewitness doctor',
    describe: 'tell what this machine can capture with, and what to do about what is missing',
    flags: {},
  },
  explain: {
    usage: 'wirewitness explain [--lang zh] [code]',
    describe:
      'tell what a verdict means and what to do about it, or what a signal tells; without a code, list all',
    flags: { lang: LANG },
  },
};

type Parsed = Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };

/**
 * @param argv without node and script.
 * @param columns width for the help.
 * @throws UserError
 */
export async function parseFlags(argv: readonly string[], columns: number): Promise<Command> {
  const parsed = split(argv, COMMANDS[String(split(argv)._[0])]?.flags);
  if (parsed['help'] === true) return { name: 'help', text: await helpOn(argv, columns) };
  const words = parsed._.map(String);
  const name = words[0];
  const known = { ...EVERYWHERE, ...(name === undefined ? {} : COMMANDS[name]?.flags) };
  if (name !== undefined && !Object.hasOwn(COMMANDS, name)) throw unknownCommand(name);
  refuseUnknown(parsed, known);
  if (parsed['version'] === true) return { name: 'version' };
  if (name === undefined) throw new UserError('flag', 'no command given: see wirewitness --help');
  const rest = words.slice(1);
  switch (name) {
    case 'explain':
      if (rest.length > 1) throw new UserError('flag', 'explain takes one code at a time');
      return { name, code: rest[0] ?? null, language: valuesOf(parsed).one('lang', language) ?? 'en' };
    case 'analyze':
      return analyzeCommand(rest, parsed);
  }
  if (rest.length > 0)
    throw new UserError('flag', `${name} takes no ${escapeText(rest[0]!)}: see wirewitness --help`);
  switch (name) {
    case 'live':
      return {
        name,
        capture: captureOptions(parsed),
        metrics: valuesOf(parsed).one('metrics', listenAddress),
        ...judgingOptions(parsed),
      };
    case 'filter':
      return { name, filter: filterOptions(parsed) };
    default:
      return { name: name === 'doctor' ? 'doctor' : 'interfaces' };
  }
}

const PARSING = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'strip-aliased': true,
};

/** The command is the first word that belongs to no flag that all commands have; then its own flags are known. */
function split(argv: readonly string[], flags: Readonly<Record<string, Options>> = {}): Parsed {
  const options = Object.entries({ ...EVERYWHERE, ...flags });
  const namesOf = (type: string) => options.flatMap(([name, option]) => (option.type === type ? [name] : []));
  const { argv: parsed, error } = splitArguments.detailed([...argv], {
    string: namesOf('string'),
    boolean: namesOf('boolean'),
    alias: Object.fromEntries(options.map(([name, { alias }]) => [name, [alias ?? []].flat()])),
    // NaN: one value, or an error.
    narg: Object.fromEntries(namesOf('string').map((name) => [name, Number.NaN])),
    configuration: PARSING,
  });
  if (error !== null) throw new UserError('flag', missingValue(error.message));
  return parsed;
}

async function helpOn(argv: readonly string[], columns: number): Promise<string> {
  const { default: yargs } = await import('yargs');
  const instance = yargs([...argv])
    .scriptName('wirewitness')
    .locale('en')
    .usage('wirewitness <command> [flags]\n\nSays for each HTTP request of a capture what became of it.')
    .parserConfiguration(PARSING)
    .help(false)
    .version(false)
    .options(EVERYWHERE)
    .exitProcess(false)
    .showHelpOnFail(false)
    .wrap(Math.min(100, columns));
  for (const [name, { usage, describe, flags }] of Object.entries(COMMANDS)) {
    instance.command(name, describe, (command) => command.usage(`${usage}\n\n${describe}`).options(flags));
  }
  return instance.getHelp();
}

/** It says `Not enough arguments following: timeout`. */
function missingValue(message: string): string {
  const name = /^Not enough arguments following: (\S+)$/.exec(message)?.[1];
  return name === undefined ? escapeText(message) : `${dashed(name)} needs a value`;
}

function dashed(name: string): string {
  return `${name.length === 1 ? '-' : '--'}${escapeText(name)}`;
}

function refuseUnknown(parsed: Parsed, known: Readonly<Record<string, Options>>): void {
  for (const name of Object.keys(parsed)) {
    if (name === '_' || name === '$0' || Object.hasOwn(known, name)) continue;
    const near = suggest(name, Object.keys(known));
    const hint = near === null ? 'see wirewitness --help' : `did you mean --${near}?`;
    throw new UserError('flag', `unknown flag ${dashed(name)}: ${hint}`);
  }
}

function unknownCommand(name: string): UserError {
  const near = suggest(name, Object.keys(COMMANDS));
  // `wirewitness x.pcap` is the likeliest slip.
  const hint = near ?? (/[./\\]|^-$/.test(name) ? `analyze ${escapeText(name)}` : null);
  const help = hint === null ? 'see wirewitness --help' : `did you mean wirewitness ${hint}?`;
  return new UserError('flag', `unknown command ${escapeText(name)}: ${help}`);
}

function analyzeCommand(files: readonly string[], parsed: Parsed): AnalyzeCommand {
  const { one, many } = valuesOf(parsed);
  const read = many('read', path);
  return {
    name: 'analyze',
    files: [...read, ...files.map((file) => path('file', file))],
    filter: one('filter', expression),
    ...judgingOptions(parsed),
  };
}

function captureOptions(parsed: Parsed): CaptureOptions {
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

function filterOptions(parsed: Parsed): FilterOptions {
  const { one, many } = valuesOf(parsed);
  return {
    interface: one('interface', interfaceName) ?? 'any',
    hosts: many('host', host),
    ports: many('port', port),
    expression: one('filter', expression),
  };
}

function judgingOptions(parsed: Parsed): JudgingOptions {
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
function valuesOf(parsed: Parsed) {
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
