/**
 * The package as someone else gets it: packed, installed into an empty project, run by its command and imported by
 * its name. It is packed from a copy of the tree that is built there, so neither a stale dist/ nor a missing one counts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { needs, projectRoot } from '../support/needs.ts';

const CAPTURE = join(projectRoot, 'fixtures/one-order-never-answered-one-refused-one-delivered.pcap');
const TSC = join(projectRoot, 'node_modules/.bin/tsc');

/** Folders that a copy to be packed has no use for. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', 'coverage']);

/** What a strict consumer of the types would set; the declarations themselves are checked too. */
const STRICT = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
  typeRoots: [join(projectRoot, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};

/** Every documented name, on the capture named by the first argument. */
const USE = `
import { readFileSync } from 'node:fs';
import {
  analyze, bufferSource, DEFAULT_OPTIONS, en, openCapture, rfc3339, UserError,
  type Findings, type PacketSource, type RecordSink, type TransactionRecord,
} from 'wirewitness';

async function judge(source: PacketSource): Promise<{ first: string | null; summary: string; findings: Findings }> {
  const records: TransactionRecord[] = [];
  const sink: RecordSink = { transaction: (record) => void records.push(record), end() {} };
  const findings = await analyze(source, { ...DEFAULT_OPTIONS, timeout: 10e9 }, sink);
  const record = records[0];
  if (record === undefined) throw new Error('no transaction');
  return {
    first: rfc3339(record.times.syn, source.facts),
    summary: en.summarize(record, source.facts),
    findings,
  };
}

const path = process.argv[2] ?? '';
const fromFile = await judge(openCapture([path]));
const fromMemory = await judge(bufferSource(readFileSync(path)));
const mistake = await openCapture([path + '.absent']).run(() => {}).catch((error: unknown) => error);
console.log(JSON.stringify({
  first: fromFile.first,
  sentence: fromFile.summary.length > 20,
  outcomes: fromFile.findings.summary.outcomes,
  same: fromFile.summary === fromMemory.summary,
  mistake: mistake instanceof UserError && mistake.code,
}));
`;

needs('registry').describe('the package', () => {
  let place: string;
  let consumer: string;
  let packed: readonly string[];

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'wirewitness-pack-'));
    const copy = join(place, 'copy');
    cpSync(projectRoot, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'), 'junction');
    run(copy, TSC, '-p', 'tsconfig.build.json');
    const [tarball] = JSON.parse(
      run(copy, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', place),
    );
    packed = tarball.files.map((file: { path: string }) => file.path);

    consumer = join(place, 'consumer');
    mkdirSync(consumer);
    writeFileSync(join(consumer, 'package.json'), '{"name":"consumer","private":true,"type":"module"}\n');
    run(
      consumer,
      'npm',
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      join(place, tarball.filename),
    );
  }, 120_000);

  afterAll(() => {
    rmSync(place, { recursive: true, force: true });
  });

  test('holds what was built and the papers, nothing else', () => {
    const other = packed.filter(
      (path) =>
        !/^dist\/.*\.(?:js|d\.ts)$|^dist\/cli\/config\.schema\.json$|^native-notes\/.*\.(?:md|service)$/.test(
          path,
        ),
    );
    expect(other.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(packed).toContain('dist/cli.js');
    expect(packed).toContain('dist/index.d.ts');
    expect(packed).toContain('dist/cli/config.schema.json');
  });

  test('passes publint', async () => {
    const pkgDir = join(consumer, 'node_modules/wirewitness');
    const { messages } = await publint({ pkgDir, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });

  test('its command tells the version', () => {
    expect(run(consumer, 'npx', 'wirewitness', '--version').trim()).toBe(manifest.version);
  });

  test('its command judges a capture', () => {
    const lines = run(consumer, 'npx', 'wirewitness', 'analyze', '--exit-zero', CAPTURE).trim();
    const summary = JSON.parse(lines.split('\n').at(-1)!);
    expect(summary).toMatchObject({
      type: 'summary',
      outcomes: { delivered: 3, refused: 0, unanswered: 6, unsent: 0, pending: 0, unknown: 0, missing: 0 },
    });
  });

  test('its library does the same, and its types are whole', () => {
    writeFileSync(join(consumer, 'use.ts'), USE);
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: STRICT, files: ['use.ts'] }),
    );
    run(consumer, TSC, '-p', '.');
    expect(JSON.parse(run(consumer, process.execPath, 'use.js', CAPTURE))).toEqual({
      first: '2026-11-23T02:18:27.674986Z',
      sentence: true,
      outcomes: { delivered: 3, refused: 0, unanswered: 6, unsent: 0, pending: 0, unknown: 0, missing: 0 },
      same: true,
      mistake: 'file',
    });
  });
});

/** Standard output of a command that must succeed. */
function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')}: status ${status}\n${error ?? ''}${stdout}${stderr}`);
  }
  return stdout;
}
