/** The evidence says what the capture said: same verdict and same fault for every transaction, of whatever capture. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCapture } from '../../../src/capture/file.ts';
import { projectRoot } from '../../support/needs.ts';
import { again } from './again.ts';

const FIXTURES = join(projectRoot, 'fixtures');
const NAMES = readdirSync(FIXTURES).filter((name) => /\.pcap(ng)?$/.test(name));

for (const all of [false, true]) {
  test.each(NAMES)(`${all ? 'all' : 'the failed'} of %s`, async (name) => {
    const { before, after } = await again(() => openCapture([join(FIXTURES, name)]), { all });
    expect(after).toEqual(before);
  });
}
