/**
 * Requests, responses and their pairing in every public capture that carries HTTP over TCP or, with keys, over TLS, against what tshark found
 * in it. tshark shows a message at the frame that completes it; here both are named by the frame they begin in.
 */
import { expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { UserError } from '../../src/error.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';
import { needs, sharedCaptures } from '../support/needs.ts';
import { observe } from '../support/transactions.ts';
import { differences, keysOf, messagesHere, oraclesIn } from './compare.ts';
import { EXPLAINED, holds } from './explained.ts';

const directory = `${sharedCaptures}public`;

/** A file that cannot be read has no transactions: if that matters, it shows as a difference. */
async function transactionsOf(path: string): Promise<readonly Transaction[]> {
  try {
    return (await observe(openCapture([path]), undefined, keysOf(path))).transactions;
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

needs('shared-captures').test('public captures: what tshark pairs is paired here', async () => {
  const oracles = oraclesIn(directory);
  const wrong: string[] = [];
  const rows: string[] = [];
  const sums = { requests: 0, responses: 0, pairs: 0, agree: 0 };
  for (const [name, theirs] of oracles) {
    const found = differences(messagesHere(await transactionsOf(`${directory}/${name}`)), theirs);
    const row = EXPLAINED.get(name);
    const counts = [theirs.requests, theirs.responses, theirs.pairs].map(({ length }) => length);
    sums.requests += counts[0]!;
    sums.responses += counts[1]!;
    sums.pairs += counts[2]!;
    let verdict = 'agrees';
    if (found.length === 0) sums.agree++;
    if (row !== undefined) verdict = `${found.length} ${row.why}: ${row.reason}`;
    rows.push(`${counts.map((count) => `${count}`.padStart(5)).join('')}  ${name}: ${verdict}`);
    if (row === undefined && found.length > 0) wrong.push(`${name}:`, ...found);
    if (row !== undefined && !holds(row, found)) wrong.push(`${name}: not as explained:`, ...found);
  }
  const unknown = [...EXPLAINED.keys()].filter((name) => !oracles.has(name));
  console.log(['requests, responses, pairs that tshark finds', ...rows, JSON.stringify(sums)].join('\n'));
  expect(wrong).toEqual([]);
  expect(unknown).toEqual([]);
  expect(sums.agree + EXPLAINED.size).toBe(oracles.size);
  expect(sums.pairs).toBeGreaterThan(500);
});

test('an explanation holds only as it is written', () => {
  const exact = { why: 'tshark', reason: '', differences: ['+ a', '- b'] } as const;
  expect(holds(exact, ['- b', '+ a'])).toBe(true);
  expect(holds(exact, ['+ a'])).toBe(false);
  expect(holds(exact, [])).toBe(false);
  const many = { why: 'later', reason: '', differences: { count: 2, all: /^- / } } as const;
  expect(holds(many, ['- a', '- b'])).toBe(true);
  expect(holds(many, ['- a', '+ b'])).toBe(false);
  expect(holds(many, ['- a'])).toBe(false);
});

test('what only one side has is told, as often as it has it', () => {
  const ours = { requests: ['1 GET / h'], responses: ['2 200', '2 200'], pairs: ['1 -> 2'] };
  expect(differences(ours, ours)).toEqual([]);
  const theirs = { requests: ['1 GET / h', '3 GET / h'], responses: ['2 200'], pairs: ['1 -> 3'] };
  expect(differences(ours, theirs)).toEqual([
    '- request 3 GET / h',
    '+ response 2 200',
    '+ pair 1 -> 2',
    '- pair 1 -> 3',
  ]);
});
