/** What the README tells of the tool, held against the tool. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseFlags } from '../../src/cli/flags.ts';
import { CATALOGUE } from '../../src/verdict/codes.ts';
import { projectRoot } from '../support/needs.ts';
import { withTable } from './verdict-table.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the table of verdicts is that of the catalogue', () => {
  expect(README, 'the catalogue of verdicts has changed: run npm run docs').toBe(withTable(README));
});

test('a table that has changed, or lost its markers, is noticed', () => {
  const { code, title } = CATALOGUE[0]!;
  expect(README).toContain(`| \`${code}\``);
  expect(withTable(README.replace(`\`${code}\``, '`other_code`'))).toBe(README);
  expect(withTable(README.replace(title, ''))).toBe(README);
  expect(() => withTable(README.replace('<!-- end of verdicts -->', ''))).toThrow(
    'README.md needs the lines',
  );
});

test('the example is what the demo prints, but for what it leaves out', async () => {
  const [, example = ''] = /<!-- example output[^\n]*\n\n```\n([^`]*)```/.exec(README) ?? [];
  const [command = '', ...shown] = example.trimEnd().split('\n');
  const flags = ['--format', 'text', '--exit-zero'];
  const argv = [
    '--import',
    'tsx',
    'src/cli.ts',
    ...command.replace('$ wirewitness ', '').split(' '),
    ...flags,
  ];
  const printed = execFileSync(process.execPath, argv, { cwd: projectRoot, encoding: 'utf8' }).split('\n');
  let at = -1;
  for (const line of shown.filter((text) => text.trim() !== '[…]' && text !== '')) {
    const next = printed.indexOf(line, at + 1);
    expect(next, `"${line}" after line ${at + 1} of the demo`).toBeGreaterThan(at);
    at = next;
  }
});

test('every flag of the commands that judge is in the tables of options, and no other', async () => {
  const flags = (text: string) => [...text.matchAll(/--([a-z][a-z-]+)/g)].map((match) => match[1]!);
  const known = new Set<string>();
  for (const command of ['analyze', 'live']) {
    const help = await parseFlags([command, '--help'], 100);
    for (const name of help.name === 'help' ? flags(help.text) : []) known.add(name);
  }
  const options = README.split('\n').filter((line) => line.startsWith('| `-'));
  const told = new Set(options.flatMap((line) => flags(line.split('|')[1]!)));
  for (const everywhere of ['help', 'version']) known.delete(everywhere);
  expect(known.size).toBeGreaterThan(10);
  expect([...told].sort()).toEqual([...known].sort());
});
