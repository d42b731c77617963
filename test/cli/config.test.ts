/** wirewitness.config.json: what it may say, that flags win, that its mistakes name their place, that its schema is one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { configured, withConfig } from '../../src/cli/config.ts';
import { keySpec } from '../../src/cli/values.ts';
import { UserError } from '../../src/error.ts';
import type { AnalysisOptions } from '../../src/verdict/verdict.ts';

const SCHEMA = JSON.parse(readFileSync(new URL('../../src/cli/config.schema.json', import.meta.url), 'utf8'));
const valid = new Ajv2020().compile(SCHEMA);

const read = (config: unknown, flags: Partial<AnalysisOptions> = {}, timeout: number | null = null) =>
  configured(
    { ...DEFAULT_OPTIONS, ...flags },
    typeof config === 'string' ? config : JSON.stringify(config),
    'c.json',
    timeout,
  );

function refusal(config: unknown): string {
  try {
    read(config);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'taken';
}

const CONFIG = {
  timeout: '10s',
  acceptBody: '^success$',
  hosts: [
    {
      match: ['pay.shop-a.example', '*.shop-b.example:8443'],
      acceptBody: '/ok/i',
      rejectBody: 'fail',
      acceptStatus: '2xx,302',
      timeout: '2m',
      key: ['json:/data/id', 'header:X-Id'],
    },
    { match: ['203.0.113.0/24', '[2001:db8::1]:443', '2001:db8::2'] },
  ],
};

test('each rule is complete: what it leaves out stands at the top, or is usual', () => {
  const { timeout, accept, keys, rules } = read(CONFIG);
  expect({ timeout, accept, keys }).toEqual({
    timeout: 10e9,
    accept: { body: /^success$/, rejectBody: null, statuses: null },
    keys: [],
  });
  expect(rules).toMatchObject([
    {
      match: ['pay.shop-a.example', '*.shop-b.example:8443'],
      timeout: 120e9,
      accept: { body: /ok/i, rejectBody: /fail/ },
      keys: [{ pointer: '/data/id' }, { name: 'x-id' }],
    },
    { timeout: 10e9, accept: { body: /^success$/, rejectBody: null, statuses: null }, keys: [] },
  ]);
  expect(rules[0]!.accept.statuses).toContain(302);
});

test('flags override the file, for every receiver', () => {
  const accept = { body: /^yes$/, rejectBody: null, statuses: [204] };
  const keys = [keySpec('--key', 'form:id')];
  const { timeout, rules, ...base } = read(CONFIG, { accept, keys, timeout: 1e9 }, 1e9);
  for (const policy of [{ ...base, timeout }, ...rules]) {
    expect([policy.timeout, policy.accept.body, policy.accept.statuses, policy.keys]).toEqual([
      1e9,
      /^yes$/,
      [204],
      keys,
    ]);
  }
  expect(rules[0]!.accept.rejectBody).toEqual(/fail/);
});

describe('mistakes name their place', () => {
  test.each<[unknown, string]>([
    ['{', 'c.json: no JSON: '],
    ['[]', 'c.json: the document: expected an object'],
    [{ acceptBdy: 'x' }, 'c.json: acceptBdy: unknown key, did you mean acceptBody?'],
    [{ hosts: [{ match: ['a'] }, { match: ['b'], timeuot: '1s' }] }, 'c.json: hosts[1].timeuot: unknown key'],
    [{ hosts: [{}] }, 'c.json: hosts[0]: match is missing'],
    [{ hosts: [{ match: [] }] }, 'c.json: hosts[0].match: expected at least one'],
    [{ hosts: [{ match: ['a', 1] }] }, 'c.json: hosts[0].match[1]: expected a string'],
    [{ hosts: [{ match: ['a b'] }] }, 'c.json: hosts[0].match[0] a b: expected an address'],
    [{ hosts: [{ match: ['a:99999'] }] }, 'c.json: hosts[0].match[0] a:99999: expected a port'],
    [{ hosts: {} }, 'c.json: hosts: expected a list'],
    [{ timeout: 10 }, 'c.json: timeout: expected a string'],
    [{ timeout: '10' }, 'c.json: timeout 10: expected a time with its unit'],
    [{ acceptBody: '(' }, 'c.json: acceptBody (: not a regular expression'],
    [
      { hosts: [{ match: ['a'], acceptStatus: '99' }] },
      'c.json: hosts[0].acceptStatus 99: expected final statuses',
    ],
    [{ key: ['id'] }, 'c.json: key[0] id: expected json:/pointer'],
    [{ key: ['json:id'] }, 'c.json: key[0] json:id: expected a JSON pointer'],
  ])('%j', (config, message) => {
    const given = refusal(config);
    expect(given).toContain(message);
    expect(given).not.toContain('\n');
  });
});

test('the schema is one, and says the same as the program', () => {
  expect(valid(CONFIG)).toBe(true);
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('10s', 'form:a', 1, null, [], {}, ['form:a'], ['a'], [1]),
  );
  const settings = fc.dictionary(
    fc.constantFrom('timeout', 'acceptBody', 'key', 'match', 'hosts', 'other', '$schema'),
    value,
    { maxKeys: 3 },
  );
  const config = fc
    .tuple(settings, fc.array(settings, { maxLength: 2 }), fc.boolean())
    .map(([top, hosts, given]) => (given ? { ...top, hosts } : top));
  fc.assert(
    fc.property(config, (tried) => {
      // What the schema takes may still hold a value that its flag would not; what it refuses is refused.
      const structural =
        /: (expected (a string|a list|an object|at least one)|unknown key|[a-z]+ is missing)|expected json:\/p/;
      const refused = refusal(tried);
      if (valid(tried))
        expect(refused).not.toMatch(/unknown key|is missing|expected (a list|an object|at least)/);
      else expect(refused).toMatch(structural);
    }),
    { numRuns: 500 },
  );
});

test('a file that is named must be there, the one in the working directory need not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wirewitness-config-'));
  try {
    const path = join(folder, 'c.json');
    expect(() => withConfig(DEFAULT_OPTIONS, path, null)).toThrow('cannot be read');
    writeFileSync(path, '\ufeff{"timeout":"1s"}');
    expect(withConfig(DEFAULT_OPTIONS, path, null).timeout).toBe(1e9);
    expect(withConfig(DEFAULT_OPTIONS, null, null)).toBe(DEFAULT_OPTIONS);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
