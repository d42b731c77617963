/**
 * Tests that need something which is not everywhere: captures beside the project, a tool, a privilege.
 * `needs('tshark').describe(name, fn)` runs as vitest's own `describe` where the thing is there. Where it is
 * absent the body is never called (it may read files while it is collected); one skipped test stands for it and
 * carries the reason. With CI set an absent thing is a failure: a build machine that skips proves nothing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { underCi } from './ci.ts';

/** The project's own directory, absolute. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Real captures with ground truth, beside the project and never inside it. Absolute; may not exist. */
export const sharedCaptures = fileURLToPath(new URL('../../../shared/captures/', import.meta.url));

/** Published parser cases, likewise. Absolute; may not exist. */
export const vectors = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));

export type Thing = keyof typeof PROBES;

/** Each gives the reason why the thing is absent, or null. */
const PROBES = {
  'shared-captures': () => absentPath(sharedCaptures),
  vectors: () => absentPath(vectors),
  tshark: () => absentTool('tshark'),
  tcpdump: () => absentTool('tcpdump'),
  curl: () => absentTool('curl'),
  chromium: () => (chromiumPath() === null ? 'chromium is not installed' : null),
  dumpcap: () => absentTool('dumpcap'),
  cap: () => absentPackage('cap'),
  ip: () => absentTool('ip'),
  nft: () => absentTool('nft'),
  registry: () => absentRegistry(),
  root: () => (process.getuid?.() === 0 ? null : 'needs root'),
} satisfies Record<string, () => string | null>;

const answers = new Map<Thing, string | null>();

/** Why `thing` is absent, in a few words; null where it is there. Probed once a process. */
function absence(thing: Thing): string | null {
  let answer = answers.get(thing);
  if (answer === undefined) {
    answer = PROBES[thing]();
    answers.set(thing, answer);
  }
  return answer;
}

/** `describe` and `test` that run only where every one of `things` is there. */
export function needs(...things: Thing[]): Needed {
  const reasons = things.map(absence).filter((reason) => reason !== null);
  if (reasons.length === 0) {
    return { describe: (name, fn) => describe(name, fn), test: (name, fn, ms) => test(name, fn, ms) };
  }
  const standIn = absentTest(reasons.join(', '), process.env);
  return {
    describe: (name) => describe(name, () => test('all of this group', standIn)),
    test: (name) => test(name, standIn),
  };
}

export interface Needed {
  describe(name: string, fn: () => void): void;
  test(name: string, fn: () => void | Promise<void>, timeoutMs?: number): void;
}

/** What runs in place of a test whose needs are not met: skips with the reason, or throws under CI. */
export function absentTest(
  reason: string,
  env: Readonly<Record<string, string | undefined>>,
): (context: { skip(note: string): void }) => void {
  return ({ skip }) => {
    if (underCi(env)) throw new Error(`absent on a CI machine, where nothing may be skipped: ${reason}`);
    skip(reason);
  };
}

function absentPath(path: string): string | null {
  return existsSync(path) ? null : `no such directory: ${path}`;
}

function absentTool(name: string): string | null {
  return toolPath(name) === null ? `${name} is not installed` : null;
}

/** Chromium under the names that distributions give it. */
export function chromiumPath(): string | null {
  return toolPath('chromium') ?? toolPath('chromium-browser') ?? toolPath('google-chrome');
}

/** Looks along PATH instead of running the tool: `tshark --version` alone takes a third of a second. */
function toolPath(name: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      const path = join(directory, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory; the next one may have it.
    }
  }
  return null;
}

/** An optional dependency that needs something of the system to be built. */
function absentPackage(name: string): string | null {
  try {
    createRequire(import.meta.url)(name);
    return null;
  } catch {
    return `the optional package ${name} is not built here`;
  }
}

/** Asks for a real package because a mirror of the registry need not answer `npm ping`. */
function absentRegistry(): string | null {
  const asked = spawnSync('npm', ['view', 'yargs', 'version'], { encoding: 'utf8', timeout: 20_000 });
  return asked.status === 0 ? null : 'the npm registry cannot be reached';
}
