/** The version is a constant, so that nothing is read to know it; this keeps it equal to the package's. */
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { VERSION } from '../../src/version.ts';

test('the version is the one of package.json', () => {
  expect(VERSION).toBe(manifest.version);
});
