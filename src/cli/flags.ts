/**
 * The command line: arguments in, one checked command out, or its help. The only file that knows yargs: its parser splits
 * the arguments, and yargs itself lays out the help, which it is loaded for (it takes 70 ms, more than most captures);
 * what is unknown, missing or repeated is told here, in one line.
 */
import splitArguments from 'yargs-parser';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import type { Command } from './command.ts';
import { COMMANDS, EVERYWHERE, type Flag } from './flag-list.ts';
import {
  analyzeCommand,
  captureOptions,
  filterOptions,
  judgingOptions,
  type Parsed,
  valuesOf,
} from './options.ts';
import { suggest } from './suggest.ts';
import { language, listenAddress } from './values.ts';

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
function split(argv: readonly string[], flags: Readonly<Record<string, Flag>> = {}): Parsed {
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

function refuseUnknown(parsed: Parsed, known: Readonly<Record<string, Flag>>): void {
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
