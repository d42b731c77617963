/**
 * What is compared: the analyzer as it is used, built from this tree or from another commit, and programs that do less or
 * something like it with the same file.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Program } from './measure.ts';

/** A built `dist/cli.js`, and what the table calls it. */
export interface Build {
  readonly name: string;
  readonly cli: string;
}

/** The analyzer's exit status tells what it found: failures are found in captures of failures. */
const FOUND = [0, 1, 3];

/** The ways to run the analyzer that have targets: the report, the failures, every record. */
export const MODES = {
  text: ['--format', 'text'],
  failed: ['--format', 'ndjson', '--only', 'failed'],
  full: ['--format', 'ndjson'],
} as const;

export type Mode = keyof typeof MODES;

export const MODE_NAMES = Object.keys(MODES) as Mode[];

const BARE = fileURLToPath(new URL('bare.mjs', import.meta.url));

export function analyzer({ name, cli }: Build, mode: Mode, path: string, output: string): Program {
  const to = mode === 'text' ? [] : ['-o', output];
  return {
    name: `${name} ${mode}`,
    command: process.execPath,
    arguments: [cli, 'analyze', ...MODES[mode], ...to, path],
    node: true,
    statuses: FOUND,
  };
}

/** @param folder for what they write. */
export function peers(path: string, folder: string): Program[] {
  const flows = `${folder}flows`;
  const fields = [
    'frame.number',
    'http.request.method',
    'http.host',
    'http.request.uri',
    'http.response.code',
  ];
  return [
    { name: 'cat', command: 'cat', arguments: [path] },
    { name: 'tcpdump -w /dev/null', command: 'tcpdump', arguments: ['-r', path, '-w', '/dev/null'] },
    {
      name: 'bare pass in Node',
      command: process.execPath,
      arguments: [BARE, path],
      node: true,
      optional: true,
    },
    { name: 'httpry', command: 'httpry', arguments: ['-q', '-r', path, '-o', `${folder}httpry.txt`] },
    { name: 'tcptrace -n', command: 'tcptrace', arguments: ['-n', path] },
    {
      name: 'tcpflow',
      command: 'tcpflow',
      arguments: ['-r', path, '-o', flows],
      leaves: flows,
    },
    {
      name: 'tshark',
      command: 'tshark',
      arguments: ['-n', '-r', path, '-Y', 'http', '-T', 'fields', ...fields.flatMap((name) => ['-e', name])],
      slow: true,
    },
  ];
}

/** Builds another commit beside this tree. @throws Error when there is no such commit, or it does not build. */
export function buildOf(revision: string, root: string, folder: string): Build {
  const sha = run('git', ['rev-parse', '--short', '--verify', `${revision}^{commit}`], root).trim();
  const tree = `${folder}tree-${sha}/`;
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  run('sh', ['-c', `git archive ${sha} | tar -x -C '${tree}'`], root);
  symlinkSync(`${root}node_modules`, `${tree}node_modules`);
  run('npm', ['run', '-s', 'build'], tree);
  return { name: sha, cli: `${tree}dist/cli.js` };
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr || stdout}`);
  return stdout;
}
