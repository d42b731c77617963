/**
 * Long bodies have rooms that are used again: each has its own bytes as long as somebody may ask for them, in analysis until its
 * record is made, else as long as its attempt is there.
 */
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { merged, packetsSource } from '../support/packets-source.ts';
import { attempts, post, reply } from './attempts.ts';

const LENGTH = 10_000;
const bodyOf = (name: string) => `${name}=`.padEnd(LENGTH, name);
/** Which body it is: what differs is told in a few letters. */
const named = (body: string | null | undefined) => {
  const name = /^[^=]*/.exec(body ?? '')![0];
  return body === bodyOf(name) ? name : 'mixed';
};

/** Connections with two exchanges each, all at the same time. */
const frames = merged(
  ...['a', 'b', 'c'].map((name, i) => {
    const c = conversation({ client: `10.0.0.1:${40_000 + i}`, mss: 1_000 }).handshake();
    for (const turn of ['1', '2']) {
      c.clientSends(post(name + turn, bodyOf(name + turn))).ack();
      c.serverSends(reply(name + turn, 200, bodyOf(`r${name}${turn}`))).ack();
    }
    return c.close('client').frames;
  }),
);
const NAMES = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'];

test('records have the bodies of their own messages, and again when all is read a second time', async () => {
  for (let run = 0; run < 2; run++) {
    const records: TransactionRecord[] = [];
    const sink = { transaction: (record: TransactionRecord) => records.push(record), end() {} };
    await analyze(packetsSource(frames), DEFAULT_OPTIONS, sink);
    const names = records.map(({ request }) => request?.target?.slice(1) ?? '');
    expect(names.toSorted()).toEqual(NAMES);
    for (const [i, { request, response }] of records.entries()) {
      expect(named(request?.body)).toBe(names[i]);
      expect(named(response?.body)).toBe(`r${names[i]}`);
    }
  }
});

test('who keeps the attempts may ask for bodies when all is over', async () => {
  const all = await attempts(frames);
  expect(all.map(({ request }) => named(request?.decoded().text))).toEqual(NAMES);
  expect(all.map(({ response }) => named(response?.decoded().text))).toEqual(NAMES.map((name) => `r${name}`));
});
