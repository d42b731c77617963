/**
 * `wirewitness.config.json`: what counts as delivered, by receiver. In: the file, held against the schema that is shipped
 * with the program, and what the flags said, which wins. Out: the options of the analysis.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import type { AnalysisOptions, KeySpec, Policy } from '../verdict/verdict.ts';
import schema from './config.schema.json' with { type: 'json' };
import { suggest } from './suggest.ts';
import { duration, host, keySpec, regExp, statuses } from './values.ts';

const CONFIG_FILE = 'wirewitness.config.json';

/** The part of JSON Schema that ours is written in. */
interface Schema {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
}

/** What stands at the top and in each of `hosts`. */
interface Settings {
  readonly timeout?: string;
  readonly acceptStatus?: string;
  readonly acceptBody?: string;
  readonly rejectBody?: string;
  readonly key?: readonly string[];
}

interface Config extends Settings {
  readonly hosts?: readonly (Settings & { readonly match: readonly string[] })[];
}

/**
 * @param path null for the file in the working directory, if there is one.
 * @param timeout as the flag gave it, nanoseconds; null where it did not.
 * @throws UserError naming the file and the place in it.
 */
export function withConfig(
  analysis: AnalysisOptions,
  path: string | null,
  timeout: number | null,
): AnalysisOptions {
  const text = textOf(path);
  return text === null ? analysis : configured(analysis, text, path ?? CONFIG_FILE, timeout);
}

export function configured(
  analysis: AnalysisOptions,
  text: string,
  file: string,
  timeout: number | null,
): AnalysisOptions {
  const config = parsed(text, file);
  const at = (place: string) => `${escapeText(file)}: ${place}`;
  const flags: Partial<Policy> = timeout === null ? {} : { timeout };
  const base = policyOf(config, at(''), analysis, flags, analysis);
  const rules = (config.hosts ?? []).map((rule, i) => {
    for (const [j, one] of rule.match.entries()) checkMatch(at(`hosts[${i}].match[${j}]`), one);
    return { match: rule.match, ...policyOf(rule, at(`hosts[${i}].`), analysis, flags, base) };
  });
  return { ...analysis, ...base, rules };
}

/** What a flag said, else the settings, else what holds beside them. */
function policyOf(
  settings: Settings,
  at: string,
  { accept, keys }: AnalysisOptions,
  flags: Partial<Policy>,
  beside: Policy,
): Policy {
  const one = <T>(name: keyof Settings, check: (flag: string, given: string) => T): T | null => {
    const given = settings[name];
    return typeof given === 'string' ? check(`${at}${name}`, given) : null;
  };
  const given: KeySpec[] = (settings.key ?? []).map((spec, i) => keySpec(`${at}key[${i}]`, spec));
  const limit = one('timeout', duration);
  return {
    timeout: flags.timeout ?? (limit === null ? beside.timeout : Math.round(limit * 1e6)),
    accept: {
      body: accept.body ?? one('acceptBody', regExp) ?? beside.accept.body,
      rejectBody: accept.rejectBody ?? one('rejectBody', regExp) ?? beside.accept.rejectBody,
      statuses: accept.statuses ?? one('acceptStatus', statuses) ?? beside.accept.statuses,
    },
    keys: keys.length > 0 ? keys : given.length > 0 ? given : beside.keys,
  };
}

function checkMatch(at: string, given: string): void {
  const [, name = given, port] = /^(.*):(\d{1,5})$/.exec(isIP(given) === 0 ? given : '') ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    throw new UserError('file', `${at} ${escapeText(given)}: expected a port from 1 to 65535`);
  }
  const bare = port === undefined ? given : name;
  host(at, bare.replace(/^\[(.*)\]$/, '$1').replace(/^\*\./, ''));
}

/** Null where there is none in the working directory. */
function textOf(path: string | null): string | null {
  try {
    return readFileSync(path ?? CONFIG_FILE, 'utf8');
  } catch (error) {
    if (path === null && (error as { code?: string }).code === 'ENOENT') return null;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('file', `${escapeText(path ?? CONFIG_FILE)}: cannot be read: ${escapeText(reason)}`, {
      cause: error,
    });
  }
}

function parsed(text: string, file: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('file', `${escapeText(file)}: no JSON: ${escapeText(reason)}`);
  }
  const mistake = mistakeIn(value, schema, '');
  if (mistake !== null) throw new UserError('file', `${escapeText(file)}: ${mistake}`);
  return value as Config;
}

/** Where and how `value` is not as `schema` says; null where it is. */
function mistakeIn(value: unknown, schema: Schema, path: string): string | null {
  const here = path === '' ? 'the document' : path;
  if (schema.type === 'string') {
    if (typeof value !== 'string') return `${here}: expected a string`;
    if (value.length < (schema.minLength ?? 0)) return `${here}: expected a string that is not empty`;
    if (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value)) return null;
    return `${here} ${escapeText(value)}: expected json:/pointer, form:name, query:name, header:name or body:/re(group)/`;
  }
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return `${here}: expected a list`;
    if (value.length < (schema.minItems ?? 0)) return `${here}: expected at least one`;
    return first(value.map((item, i) => mistakeIn(item, schema.items!, `${path}[${i}]`)));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `${here}: expected an object`;
  const known = schema.properties ?? {};
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) return `${here}: ${name} is missing`;
  }
  return first(
    Object.entries(value).map(([name, item]) => {
      const inner = path === '' ? name : `${path}.${name}`;
      if (Object.hasOwn(known, name)) return mistakeIn(item, known[name]!, inner);
      const near = suggest(name, Object.keys(known));
      return `${escapeText(inner)}: unknown key${near === null ? '' : `, did you mean ${near}?`}`;
    }),
  );
}

function first(mistakes: readonly (string | null)[]): string | null {
  return mistakes.find((mistake) => mistake !== null) ?? null;
}
