/** What every format keeps to, whatever it looks like: a new one is held to it by being on the list. */
import { describe, expect, test } from 'vitest';
import { FORMATS, formatOf, isBinary } from '../../src/report/create.ts';
import { zh } from '../../src/report/summary/zh.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import {
  CAPTURE,
  DELIVERED,
  DELIVERY,
  findings,
  HOST,
  REFUSED,
  SPARSE,
  transaction,
  UNANSWERED,
} from './records.ts';
import { report } from './run-format.ts';

const NOTHING: Findings = {
  capture: { ...CAPTURE, files: [], packets: 0, firstTime: null, lastTime: null },
  deliveries: [],
  unseen: [],
  hosts: [],
  summary: {
    type: 'summary',
    transactions: 0,
    outcomes: {},
    verdicts: {},
    hosts: 0,
    deliveries: 0,
    expected: null,
    exitStatus: 0,
  },
};

const HOSTILE = '\x00\x07\x1b[2J\r\n\t\x9b\u202e\u2066\u200b\u2028\ud800</script><b>`|=cmd()\u{e0001}';

function hostile(): [TransactionRecord[], Findings] {
  const records = (['unanswered', 'delivered'] as const).map((outcome) =>
    transaction({
      id: HOSTILE,
      outcome,
      verdict: 'redirected',
      because: [{ reason: 'icmp', reporter: HOSTILE, version: 4, type: 3, code: 1 }],
      signals: [`http_anomaly:${HOSTILE}`],
      request: {
        method: HOSTILE,
        target: HOSTILE,
        url: HOSTILE,
        host: HOSTILE,
        version: HOSTILE,
        headers: [{ name: HOSTILE, value: HOSTILE }],
        body: HOSTILE,
      },
      response: { reason: HOSTILE, headers: [{ name: 'Location', value: HOSTILE }], body: HOSTILE },
      connection: { sender: { ip: HOSTILE }, receiver: { ip: HOSTILE }, interface: HOSTILE },
      delivery: { key: HOSTILE, attempt: 1, of: 1 },
      evidence: [{ file: HOSTILE, frame: 1, time: 0, role: 'syn' }],
    }),
  );
  const end = findings({
    hosts: [{ ...HOST, host: HOSTILE }],
    deliveries: [
      { ...DELIVERY, key: HOSTILE, host: HOSTILE, path: HOSTILE, keyFrom: HOSTILE, attemptCount: 2 },
    ],
    capture: {
      warnings: [{ code: 'cut', text: HOSTILE }],
      files: [{ ...CAPTURE.files[0]!, path: HOSTILE }],
    },
  });
  return [records, end];
}

describe.each(FORMATS)('%s', (format) => {
  test('the same records give the same bytes, and some', async () => {
    const records = [DELIVERED, UNANSWERED, REFUSED, SPARSE];
    const first = await report(format, records);
    expect(first.length).toBeGreaterThan(0);
    expect((await report(format, records)).equals(first)).toBe(true);
  });

  test('a capture without a transaction has its report too', async () => {
    expect((await report(format, [], {}, NOTHING)).length).toBeGreaterThan(0);
  });

  test('--only leaves out the others', async () => {
    const marked = (record: TransactionRecord, mark: string) =>
      transaction({
        ...record,
        id: mark,
        request: { ...DELIVERED.request!, url: `http://${mark}.example/` },
      });
    const records = [marked(DELIVERED, '771.1'), marked(UNANSWERED, '772.1')];
    const text = (await report(format, records, { only: ['unanswered'] })).toString();
    expect(text).not.toContain('771.1');
  });
});

describe.each(FORMATS.filter((format) => !isBinary(format)))('%s, a text', (format) => {
  test('ends with a line end, and is valid UTF-8', async () => {
    const printed = await report(format, [DELIVERED, UNANSWERED], { language: zh });
    expect(printed.at(-1)).toBe(0x0a);
    expect(Buffer.from(printed.toString()).equals(printed)).toBe(true);
  });

  test('holds no control or format character, whatever the packets say', async () => {
    const [records, end] = hostile();
    for (const only of [null, ['delivered']] as const) {
      const printed = (await report(format, records, { only, verbose: true }, end)).toString();
      // RFC 4180 §2: lines of CSV end with both.
      expect(printed.replaceAll(format === 'csv' ? '\r\n' : '\n', '')).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u,
      );
    }
  });
});

test.each([
  ['a.txt', 'text'],
  ['a.b.NDJSON', 'ndjson'],
  ['dir.json/a.jsonl', 'ndjson'],
  ['a.json', 'json'],
  ['dir.json/a', null],
  ['.json', null],
  ['dir/.json', null],
  ['json', null],
  ['a.constructor', null],
  ['', null],
])('the name %j is %s', (path, format) => {
  expect(formatOf(path)).toBe(format);
});
