/**
 * The flow through src/ runs one way and only its ends touch the outside. The rules are tried on
 * made-up files first: a guard that cannot bark guards nothing.
 */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BORDERS, breaches, COMMON } from './import-rules.ts';
import { sources } from './sources.ts';

describe('the rules', () => {
  const bad: [path: string, source: string, breach: string][] = [
    ['capture/pcap.ts', `import type { Segment } from '../decode/segment.ts';`, 'imports decode/segment.ts'],
    ['decode/ip.ts', `import { readPcap } from '../capture/pcap.ts';`, 'imports capture/pcap.ts'],
    ['http/parser.ts', `import type { X } from '../tls/record.ts';`, 'imports tls/record.ts'],
    ['tls/record.ts', `import type { H } from '../http/message.ts';`, 'imports http/message.ts'],
    ['tcp/table.ts', `export * from '../verdict/verdict.ts';`, 'imports verdict/verdict.ts'],
    ['tcp/table.ts', `const a = await import('../report/json.ts');`, 'imports report/json.ts'],
    ['tcp/table.ts', `type A = import('../cli/run.ts').A;`, 'imports cli/run.ts'],
    ['tcp/table.ts', `import '../analyzer.ts';`, 'imports analyzer.ts'],
    ['tcp/table.ts', `import { a } from '../index.ts';`, 'imports index.ts'],
    ['cli/run.ts', `import { a } from '../index.ts';`, 'imports index.ts'],
    [
      'tcp/table.ts',
      `import { a } from '../../test/support/frames.ts';`,
      'imports ../test/support/frames.ts',
    ],
    ['analyzer.ts', `import { a } from './report/json.ts';`, 'imports report/json.ts'],
    ['index.ts', `export { run } from './cli/run.ts';`, 'imports cli/run.ts'],
    ['cli.ts', `import { analyze } from './analyzer.ts';`, 'imports analyzer.ts'],
    ['report/json.ts', `import { judge } from '../verdict/judge.ts';`, 'imports verdict/judge.ts'],
    [
      'verdict/host.ts',
      `import { W } from '../capture/pcapng-writer.ts';`,
      'imports capture/pcapng-writer.ts',
    ],
    ['limits.ts', `import { u16 } from './bytes.ts';`, 'imports bytes.ts'],
    ['newcomer/a.ts', `import { a } from '../capture/packet.ts';`, 'imports capture/packet.ts'],
    ['tcp/table.ts', `import { a } from '../newcomer/a.ts';`, 'imports newcomer/a.ts'],
    ['capture/pcap.ts', `import { readSync } from 'node:fs';`, 'imports node:fs'],
    ['capture/pcap.ts', `import { readFile } from 'node:fs/promises';`, 'imports node:fs/promises'],
    ['capture/pcap.ts', `import { readSync } from 'fs';`, 'imports the package fs'],
    ['cli/run.ts', `import yargs from 'yargs';`, 'imports the package yargs'],
    ['cli/flags.ts', `import { a } from 'left-pad';`, 'imports the package left-pad'],
    ['tcp/table.ts', `const name = 'x'; await import(name);`, 'imports a name that is computed'],
    ['tcp/table.ts', 'await import(`../cli/$' + '{name}.ts`);', 'imports a name that is computed'],
    ['tcp/table.ts', `await import('../tcp/' + name);`, 'imports a name that is computed'],
    ['tcp/table.ts', `const now = Date.now();`, 'uses Date'],
    ['tcp/table.ts', `if (!process.stdin.isTTY) return;`, 'uses process'],
    ['tcp/table.ts', 'const text = `at $' + '{console.log(1)}`;', 'uses console'],
    ['tcp/table.ts', `const copy = { ...process };`, 'uses process'],
    ['tcp/table.ts', `const quotient = a / b; setTimeout(run, 1 / 2);`, 'uses setTimeout'],
    ['tcp/table.ts', `const quote = /['"]/; performance.now(); const other = /'/;`, 'uses performance'],
    ['analyzer.ts', `console.log('done');`, 'uses console'],
  ];
  test.each(bad)('%s may not: %s', (path, source, breach) => {
    expect(breaches(path, source)).toEqual([`src/${path}:1 ${breach}`]);
  });

  const good: [path: string, source: string][] = [
    ['tcp/table.ts', `import { keep } from '../capture/packet.ts'; import { LIMITS } from '../limits.ts';`],
    ['verdict/stages/wait.ts', `import type { Rule } from '../judge.ts';`],
    ['verdict/judge.ts', `import type { Head } from '../http/message.ts';`],
    ['analyzer.ts', `import { ConnectionTable } from './tcp/table.ts';`],
    ['cli/run.ts', `import { analyze } from '../analyzer.ts'; import { open } from '../capture/file.ts';`],
    ['report/pcapng.ts', `import { PcapngWriter } from '../capture/pcapng-writer.ts';`],
    ['cli.ts', `#!/usr/bin/env node\nimport { run } from './cli/run.ts';`],
    ['index.ts', `export { analyze } from './analyzer.ts';`],
    ['capture/file.ts', `import { openSync } from 'node:fs'; const at = new Date(process.uptime());`],
    ['report/time.ts', `export const at = new Date(0);`],
    ['http/content-coding.ts', `import { gunzipSync } from 'node:zlib';`],
    ['tcp/table.ts', `// process, console and Date: import { a } from '../cli/run.ts'\n/* new Date() */`],
    ['tcp/table.ts', `const text = "import { a } from '../cli/run.ts'; console.log(1)";`],
    ['tcp/table.ts', 'const text = `console.log(1)`;'],
    ['tcp/table.ts', `worker.process(this.#Date, { console: 1 }); const url = import.meta.url;`],
    ['tcp/table.ts', `const all = Array.from('../cli/run.ts');`],
  ];
  test.each(good)('%s may: %s', (path, source) => {
    expect(breaches(path, source)).toEqual([]);
  });

  test('tell the line', () => {
    const source = '/**\n * Two lines.\n */\nconst a = `\n\n`;\nconsole.log(a);\n';
    expect(breaches('tcp/table.ts', source)).toEqual(['src/tcp/table.ts:7 uses console']);
  });
});

describe('src/', () => {
  test('keeps the rules', () => {
    expect(sources('src').flatMap(({ path, text }) => breaches(path, text))).toEqual([]);
  });

  test('has every border and every common file that the rules name', () => {
    const absent = [...BORDERS, ...COMMON].filter(
      (path) => !existsSync(new URL(`../../src/${path}`, import.meta.url)),
    );
    expect(absent).toEqual([]);
  });
});
