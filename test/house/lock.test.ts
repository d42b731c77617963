/**
 * The lock file names every optional dependency, for all platforms. npm leaves out those that a registry mirror
 * does not have, and then `npm ci` refuses the lock file wherever it cannot, or can, find them.
 */
import { expect, test } from 'vitest';
import lock from '../../package-lock.json' with { type: 'json' };

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const packages: Readonly<Record<string, Locked>> = lock.packages;

/** Where node looks for `name` from the package at `path`: its own node_modules, then each one above. */
function isLocked(path: string, name: string): boolean {
  if (Object.hasOwn(packages, `${path}${path === '' ? '' : '/'}node_modules/${name}`)) return true;
  return path !== '' && isLocked(path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name);
}

test('the lock file is whole', () => {
  const absent = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.entries(optionalDependencies ?? {})
      .filter(([name]) => !isLocked(path, name))
      .map(([name, version]) => `${path}: ${name}@${version}`),
  );
  expect(absent).toEqual([]);
});
