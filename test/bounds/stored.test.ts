/** Who holds bytes for a connection gives all of them back: a capture's end finds every account at zero. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { needs, projectRoot, sharedCaptures } from '../support/needs.ts';
import { observe } from '../support/transactions.ts';

async function leftIn(directory: string): Promise<string[]> {
  const left: string[] = [];
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const captures = names.filter((name) => /\.pcap(?:ng)?$/.test(name));
  expect(captures.length).toBeGreaterThan(50);
  for (const name of captures) {
    const { transactions } = await observe(openCapture([join(directory, name)]));
    for (const { connection } of transactions) {
      if (connection.stored.bytes !== 0) left.push(`${name} ${connection.id}: ${connection.stored.bytes}`);
    }
  }
  return left;
}

test('in all fixtures', async () => {
  expect(await leftIn(join(projectRoot, 'fixtures'))).toEqual([]);
});

needs('shared-captures').test('in all captures of the lab', async () => {
  expect(await leftIn(join(sharedCaptures, 'lab'))).toEqual([]);
});

needs('shared-captures').test('in all public captures', async () => {
  expect(await leftIn(join(sharedCaptures, 'public'))).toEqual([]);
});
