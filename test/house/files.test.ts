/** The rules that every source file keeps to, tried on made-up files and then on all there are. */
import { describe, expect, test } from 'vitest';
import { faults } from './file-rules.ts';
import { sources } from './sources.ts';

const HEADER = '/** What comes in, what goes out. */\n';

describe('the rules', () => {
  const bad: [path: string, source: string, fault: string][] = [
    ['src/a.ts', `${HEADER}${'\n'.repeat(500)}`, 'src/a.ts has 501 lines, more than 500'],
    ['src/a.ts', 'export const a = 1;\n/** Too late. */\n', 'src/a.ts does not open with a comment'],
    ['src/a.ts', '#!/usr/bin/env node\nconst a = 1;\n', 'src/a.ts does not open with a comment'],
    ['src/a.ts', `${HEADER}// TODO: finish\n`, 'src/a.ts:2 // TODO: finish'],
    ['test/a.ts', '// FIXME\n', 'test/a.ts:1 // FIXME'],
    ['src/a.ts', `${HEADER}// @ts-ignore\nconst a = b;\n`, 'src/a.ts:2 // @ts-ignore'],
    [
      'test/a.ts',
      '// @ts-expect-error wrong on purpose\n',
      'test/a.ts:1 // @ts-expect-error wrong on purpose',
    ],
    ['test/a.ts', '// biome-ignore lint/a/b:\n', 'test/a.ts:1 // biome-ignore lint/a/b:'],
    ['src/a.ts', `${HEADER}let a: any;\n`, 'src/a.ts:2 is typed any'],
    ['src/a.ts', `${HEADER}const a = b as any;\n`, 'src/a.ts:2 is typed any'],
    ['src/a.ts', `${HEADER}const a: Map<string, any[]> = b;\n`, 'src/a.ts:2 is typed any'],
    ['test/a.ts', `it.only('a', () => {});\n`, 'test/a.ts:1 it.only: use needs'],
    ['test/a.ts', `describe.skip('a', () => {});\n`, 'test/a.ts:1 describe.skip: use needs'],
    ['test/a.ts', `describe.skipIf(absent)('a', () => {});\n`, 'test/a.ts:1 describe.skipIf: use needs'],
  ];
  test.each(bad)('%s: %j', (path, source, fault) => {
    expect(faults(path, source)).toEqual([fault]);
  });

  const good: [path: string, source: string][] = [
    ['src/a.ts', `${HEADER}${'\n'.repeat(499)}`],
    ['src/cli.ts', `#!/usr/bin/env node\n${HEADER}run();\n`],
    ['src/a.ts', '// One line will do.\n'],
    ['src/a.ts', `${HEADER}const option = '-i any';\n`],
    ['src/a.ts', `${HEADER}const text = 'TODO and it.only(1)';\n`],
    ['src/a.ts', `${HEADER}await Promise.any(all);\nconst links = { any: 113 };\n`],
    ['test/a.ts', `test('a', () => expect(1).toEqual(expect.any(Number)));\n`],
    ['test/a.ts', '// biome-ignore lint/a/b: the grammar has control characters\n'],
  ];
  test.each(good)('%s may: %j', (path, source) => {
    expect(faults(path, source)).toEqual([]);
  });
});

describe.each(['src', 'test'] as const)('%s/', (folder) => {
  test('keeps the rules', () => {
    const found = sources(folder).flatMap(({ path, text }) => faults(`${folder}/${path}`, text));
    expect(found).toEqual([]);
  });
});
