/** Each rule of the fuzzer, broken on purpose: one that cannot fail would find nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import type { Connection, StreamSink } from '../../src/tcp/stream.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { FOLDER } from '../fixtures/files.ts';
import { harmfulIn } from '../support/harmful.ts';
import { Problems } from './problem.ts';
import { checkFindings, checkRecord, type Delivered } from './record-rules.ts';
import { Watched, watchedMessages } from './stages.ts';

const records: TransactionRecord[] = [];
let findings: Findings;
let delivered: Delivered;

beforeAll(async () => {
  const times: number[] = [];
  const source = bufferSource(readFileSync(join(FOLDER, 'pipelined-last-never-answered.pcap')));
  await analyze(
    {
      facts: source.facts,
      run: (onPacket) =>
        source.run((packet) => {
          times.push(packet.time);
          onPacket(packet);
        }),
    },
    DEFAULT_OPTIONS,
    {
      transaction: (record) => records.push(record),
      end: (found) => {
        findings = { ...found, deliveries: [...found.deliveries] };
      },
    },
  );
  delivered = { times: [times], paths: ['memory'], packets: times.length };
});

const rulesOf = (check: (problems: Problems) => void): string[] => {
  const problems = new Problems();
  check(problems);
  return [...new Set(problems.list.map(({ rule }) => rule))];
};

test('what is sound breaks none', () => {
  expect(records.length).toBeGreaterThan(1);
  for (const record of records) {
    expect(rulesOf((problems) => checkRecord(record, delivered, problems))).toEqual([]);
  }
  expect(rulesOf((problems) => checkFindings(findings, records, delivered, problems))).toEqual([]);
});

/** Fields by path, with what they are changed to. */
const RECORD_BREACHES: readonly (readonly [rule: string, path: string, value: unknown])[] = [
  ['every fact is there, and a number', 'times.syn', Number.NaN],
  ['every fact is there, and a number', 'request.method', undefined],
  ['the id is that of connection and index', 'id', '7.7'],
  ['the outcome is that of the catalogue', 'outcome', 'missing'],
  ['somebody is named unless all is well', 'fault', []],
  ['fault names sides, each once', 'fault', ['receiver', 'receiver']],
  ['confidence is of its set', 'confidence', 'sure'],
  ['facts are of their sets', 'facts.acked', 'maybe'],
  ['signals are codes', 'signals', ['http_anomaly:unheard_of']],
  ['missing facts are codes', 'missing', ['a b']],
  ['each time is that of a packet', 'times.requestFirstByte', 12.5],
  ['no duration is negative', 'timings.ack', -1],
  ['evidence is a packet of its file', 'evidence.0.frame', 999],
  ['evidence is in order', 'evidence.0.time', 1e15],
  ['every verdict has its packets', 'evidence', []],
  ['no more is captured than there is', 'request.bodyCaptured', 1e6],
  ['bytes are counted', 'request.headerBytes', -1],
  ['a head is there or not', 'request.target', null],
  ['bodies are bounded', 'request.body', 'x'.repeat(300_000)],
  ['headers are bounded', 'request.headers', new Array(3000).fill({ name: 'a', value: 'b' })],
  ['connections and requests count from 1', 'connection.index', 0],
  ['ports are ports', 'connection.sender.port', 65_536],
  ['history has its letters', 'connection.history', 'ShX'],
  ['retransmissions are counted', 'connection.retransmissions', 0.5],
  ['a VLAN has 12 bits', 'connection.vlan', 4096],
  ['reused from the second request on', 'connection.reused', false],
];

test.each(RECORD_BREACHES)('%s: %s', (rule, path, value) => {
  const broken = changed(records.find(({ outcome }) => outcome !== 'delivered')!, path, value);
  expect(rulesOf((problems) => checkRecord(broken, delivered, problems))).toContain(rule);
});

const RESPONSE_BREACHES: readonly (readonly [rule: string, path: string, value: unknown])[] = [
  ['a status is three digits', 'response.status', 20],
  ['interim statuses are 1xx', 'response.interim', [200]],
  ['bytes are counted', 'response.bodyBytes', 1.5],
  ['bodies are bounded', 'response.body', 'x'.repeat(300_000)],
  ['somebody is named unless all is well', 'fault', ['network']],
];

test.each(RESPONSE_BREACHES)('of an answer, %s: %s', (rule, path, value) => {
  const broken = changed(records.find(({ outcome }) => outcome === 'delivered')!, path, value);
  expect(rulesOf((problems) => checkRecord(broken, delivered, problems))).toContain(rule);
});

const FINDING_BREACHES: readonly (readonly [rule: string, path: string, value: unknown])[] = [
  ['every packet is counted once', 'capture.decoded.other', 1],
  ['every packet is counted in its file', 'capture.files.0.packets', 1],
  ['the capture lasts from its first packet to its last', 'capture.lastTime', 1],
  ['limits are counted by their names', 'capture.limitsHit', { unheardOf: 1 }],
  ['warnings have a code and a sentence', 'capture.warnings', [{ code: 'x', text: '' }]],
  ['the summary counts the records', 'summary.transactions', 0],
  ['outcomes are those of the records', 'summary.outcomes.delivered', 99],
  ['the exit status is that of the records', 'summary.exitStatus', 0],
  ['each attempt is one of a host', 'hosts.0.attempts', 0],
  ['deliveries are counted', 'summary.deliveries', 99],
  ['a delivery is made of attempts, each once', 'deliveries.0.attempts', ['9.9']],
  ['attempts after an acknowledgement are counted', 'deliveries.0.duplicatesAfterAck', -1],
];

test.each(FINDING_BREACHES)('of the findings, %s: %s', (rule, path, value) => {
  const broken = changed(findings, path, value);
  expect(rulesOf((problems) => checkFindings(broken, records, delivered, problems))).toContain(rule);
});

test('a record that is told twice, one that is missing, a host that is told twice', () => {
  const told = (some: readonly TransactionRecord[], of = findings) =>
    rulesOf((problems) => checkFindings(of, some, delivered, problems));
  expect(told([...records, records[0]!])).toContain('ids are unique');
  expect(told(records.slice(1))).toContain('each request of a connection has its record');
  expect(told(records, { ...findings, hosts: [findings.hosts[0]!, findings.hosts[0]!] })).toContain(
    'a host is told once',
  );
});

test('a stream that goes on after its end, tells bytes twice, or lends what is not there', () => {
  const connection = { id: 1, sides: [{ next: 3 }, { next: 0 }] } as unknown as Connection;
  const sink: StreamSink = { onBytes() {}, onGap() {}, onEnd() {} };
  const at = { time: 0, file: 0, frame: 1 };
  const told = (tell: (stream: Watched) => void) =>
    rulesOf((problems) => tell(new Watched(connection, 0, sink, problems)));
  expect(told((stream) => stream.onBytes(Buffer.alloc(3), 0, 3, at))).toEqual([]);
  expect(told((stream) => stream.onBytes(Buffer.alloc(3), 0, 4, at))).toEqual([
    'bytes lie within what is lent',
  ]);
  expect(told((stream) => stream.onGap(0, at))).toEqual(['a gap has a length']);
  const twice = told((stream) => {
    stream.onBytes(Buffer.alloc(3), 0, 3, at);
    stream.onBytes(Buffer.alloc(3), 0, 3, at);
  });
  expect(twice).toEqual(['each byte of a stream is told once']);
  const after = told((stream) => {
    stream.onEnd('fin', at);
    stream.onGap(3, at);
  });
  expect(after).toEqual(['nothing comes after the end']);
});

test('a parser that mixes up the order of its calls', () => {
  const sink = {
    onStart() {},
    onHead: () => ({ kind: 'none' }) as const,
    onBody() {},
    onBodyGap() {},
    onEnd() {},
    onAnomaly() {},
    onOther() {},
    isDue: () => false,
  };
  const at = { time: 0, file: 0, frame: 1 };
  const rule = 'a parser keeps the order of its calls';
  const calls: ((messages: ReturnType<typeof watchedMessages>) => void)[] = [
    (messages) => messages.onEnd('complete'),
    (messages) => messages.onBody(Buffer.alloc(1), 0, 1),
    (messages) => messages.onBodyGap(1),
    (messages) => {
      messages.onStart(at);
      messages.onStart(at);
    },
    (messages) => {
      messages.onStart(at);
      messages.onOther(Buffer.alloc(1), 0, 1);
    },
  ];
  for (const call of calls) {
    expect(rulesOf((problems) => call(watchedMessages(sink, problems, () => {})))).toContain(rule);
  }
});

test('text that would harm a terminal', () => {
  expect(harmfulIn('plain 支付 é 😀\n')).toEqual([]);
  expect(harmfulIn('a\x1b[2J\u202e\u200b\u0085\ud800\u2028\r')).toEqual([
    'U+001B',
    'U+202E',
    'U+200B',
    'U+0085',
    'U+D800',
    'U+2028',
    'U+000D',
  ]);
});

/** A copy with the value at the path, `a.0.b`, changed. */
function changed<T>(value: T, path: string, to: unknown): T {
  const copy = structuredClone(value);
  const names = path.split('.');
  const last = names.pop()!;
  let at = copy as Record<string, unknown>;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = to;
  return copy;
}
