/** What a live run shows beside its reports: counters, findings, and which records are built for it. */
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { findingLine, LiveStatus, watching } from '../../src/cli/live-status.ts';
import { painter } from '../../src/report/terminal.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { merged, packetsSource } from '../support/packets-source.ts';

const talk = (port: number, status: string) =>
  conversation({ client: `10.0.0.1:${port}`, start: port * 1e6 })
    .handshake()
    .clientSends('POST /a\x1b[31m HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n')
    .ack('server')
    .serverSends(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
    .ack('client')
    .fin('client')
    .fin('server').frames;

async function watched(needsAll: boolean) {
  const source = packetsSource(
    merged(talk(40_001, '200 OK'), talk(40_002, '500 No'), talk(40_003, '200 OK')),
  );
  const status = new LiveStatus(source.facts);
  const seen: TransactionRecord[] = [];
  const found: string[] = [];
  let ends = 0;
  const sink = watching(
    { wants: () => false, transaction() {}, end() {} },
    {
      only: null,
      onRecord: needsAll ? (record) => seen.push(record) : null,
      onFailure: (record) => status.addFailure(record),
      onFinding: (record) => found.push(findingLine(record, source.facts, painter(false))),
      onEnd: () => ends++,
    },
  );
  await analyze(source, DEFAULT_OPTIONS, sink, undefined, {
    onVerdict: (outcome, verdict) => status.count(outcome, verdict),
    onStart(state) {
      status.openConnections = () => state.openConnections;
    },
  });
  return { status, seen, found, ends };
}

test('counts every verdict, also where no record is built', async () => {
  const { status, seen, ends } = await watched(false);
  expect(status.counters()).toBe(
    '27 packets, drops unknown, 0 open connections, 3 transactions, 1 failed (shop.example:80 1)',
  );
  expect([seen, ends]).toEqual([[], 1]);
  expect((await watched(true)).seen).toHaveLength(3);
});

test('tells a finding in one line that cannot harm a terminal', async () => {
  const { found } = await watched(false);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^20\S+ \S+ UTC {2}refused: server_error {2}POST /);
  expect(found[0]).toMatch(/ {2}from 10\.0\.0\.1:40002 \(proven, fault: receiver\) \[\d\.1\]$/);
  expect(found[0]).not.toContain('\x1b');
});
