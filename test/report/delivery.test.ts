/** Deliveries in the text report: which are told, in which order, and each kind of sentence in both languages. */
import { describe, expect, test } from 'vitest';
import { createReporter, type Format } from '../../src/report/create.ts';
import { completing, finalPlaces } from '../../src/report/places.ts';
import { en } from '../../src/report/summary/en.ts';
import type { Language } from '../../src/report/summary/language.ts';
import { zh } from '../../src/report/summary/zh.ts';
import type { DeliveryRecord, Outcome, UnseenRecord } from '../../src/verdict/verdict.ts';
import { collector, context, DELIVERED, DELIVERY, findings } from './records.ts';

const SEVERAL: DeliveryRecord = {
  ...DELIVERY,
  attempts: ['1.1', '2.1', '3.1'],
  attemptCount: 3,
  intervals: [15_000, 165_000],
};
const UNANSWERED: DeliveryRecord = {
  ...SEVERAL,
  key: '20170104',
  outcome: 'unanswered',
  verdict: 'no_response_sender_closed',
  firstAcked: 23e6,
  deliveredAt: null,
  duplicatesAfterAck: 2,
};

function printed(
  deliveries: readonly DeliveryRecord[],
  language: Language = en,
  only: Outcome[] | null = null,
) {
  const output = collector();
  const reporter = createReporter('text', output, context({ language, only, width: 300 }));
  reporter.transaction(DELIVERED);
  reporter.end(findings({ deliveries }));
  const lines = output.text.split('\n');
  const [heading] = language === en ? ['of several attempts'] : ['个通知有多次尝试'];
  const from = lines.findIndex((line) => line.includes(heading!));
  return from < 0 ? [] : lines.slice(from, lines.indexOf('', from));
}

describe('sentences', () => {
  const PLACE = 'POST pay.shop.example:80/notify';
  const TAKEN = '2017-01-04 09:23:57.146 UTC';
  const ANSWERED = '2017-01-04 09:23:57.254 UTC';
  test.each<[string, DeliveryRecord, string, string]>([
    [
      'never answered, repeated after it was taken',
      UNANSWERED,
      `20170104 (${PLACE}): 3 attempts in 3 min 0 s, never answered (no_response_sender_closed); taken by the receiver's TCP at ${TAKEN}; sent 2 times more after that.`,
      `20170104（${PLACE}）：3 分 0 秒内尝试 3 次，始终未得到应答（no_response_sender_closed），接收方的 TCP 于 ${TAKEN} 首次收下完整的请求，此后又发送 2 次。`,
    ],
    [
      'never taken',
      { ...UNANSWERED, verdict: 'request_not_acked', firstAcked: null, duplicatesAfterAck: 0 },
      `20170104 (${PLACE}): 3 attempts in 3 min 0 s, never answered (request_not_acked); never taken whole by the receiver's TCP.`,
      `20170104（${PLACE}）：3 分 0 秒内尝试 3 次，始终未得到应答（request_not_acked），接收方的 TCP 从未收下完整的请求。`,
    ],
    [
      'delivered, and sent again',
      { ...SEVERAL, duplicatesAfterDelivery: 1 },
      `order-1 (${PLACE}): 3 attempts in 3 min 0 s, delivered at ${ANSWERED}; sent once more after that.`,
      `order-1（${PLACE}）：3 分 0 秒内尝试 3 次，于 ${ANSWERED} 送达，此后又发送 1 次。`,
    ],
    [
      'without a key',
      { ...SEVERAL, key: 'sha256:abc', keyFrom: 'identical', intervals: [0, 0] },
      `${PLACE}, the same request: 3 attempts in 0 ms, delivered at ${ANSWERED}.`,
      `${PLACE}（完全相同的请求）：0 毫秒内尝试 3 次，于 ${ANSWERED} 送达。`,
    ],
  ])('%s', (_, record, english, chinese) => {
    expect(printed([record]).slice(1)).toEqual([`  ${english}`]);
    expect(printed([record], zh).slice(1)).toEqual([`  ${chinese}`]);
  });
});

test('one attempt is told by its transaction; what failed comes first; --only chooses', () => {
  const lines = printed([DELIVERY, SEVERAL, UNANSWERED]);
  expect(lines[0]).toBe('2 deliveries of several attempts');
  expect(lines.slice(1).map((line) => line.trim().split(' ')[0])).toEqual(['20170104', 'order-1']);
  expect(printed([DELIVERY])).toEqual([]);
  expect(printed([SEVERAL, UNANSWERED], en, ['unanswered']).slice(1)).toEqual([
    expect.stringMatching(/^ {2}20170104 /),
  ]);
});

test('a long list ends with a number', () => {
  const lines = printed(Array.from({ length: 25 }, (_, i) => ({ ...SEVERAL, key: `order-${i}` })));
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toBe('  ... and 5 deliveries more (--format ndjson prints all)');
});

describe('a list of expected deliveries', () => {
  const expected = { lines: [3, 9], firstTime: 0, lastTime: 5e9 };
  const unseenDelivery: DeliveryRecord = {
    ...DELIVERY,
    key: 'K-17',
    host: '2001:db8::1',
    port: 8080,
    path: '/n',
    outcome: 'missing',
    verdict: 'not_observed',
    attempts: [],
    attemptCount: 0,
    method: null,
    keyFrom: null,
    expected,
  };
  const missing: UnseenRecord = {
    type: 'transaction',
    id: '0.1',
    outcome: 'missing',
    verdict: 'not_observed',
    fault: ['sender'],
    confidence: 'probable',
    because: [{ reason: 'place_unseen' }],
    delivery: unseenDelivery,
  };
  const unknown: UnseenRecord = {
    ...missing,
    id: '0.2',
    outcome: 'unknown',
    verdict: 'capture_insufficient',
    fault: ['capture'],
    because: [{ reason: 'may_be', what: 'unreadable', ids: ['4.1', '5.1'], count: 7 }],
    delivery: { ...unseenDelivery, key: 'K-18', host: null, port: null, path: null, outcome: 'unknown' },
  };
  const refused: DeliveryRecord = {
    ...unseenDelivery,
    key: 'K-19',
    outcome: 'unsent',
    verdict: 'connect_refused',
    attempts: ['7.1', '8.1'],
    attemptCount: 2,
    inferred: true,
  };
  const end = findings({
    unseen: [missing, unknown],
    deliveries: [
      { ...DELIVERY, expected: { ...expected, lines: [] } },
      unseenDelivery,
      unknown.delivery,
      refused,
    ],
    summary: {
      expected: {
        lines: 5,
        deliveries: 3,
        outcomes: { missing: 1, unknown: 1, unsent: 1 },
        notExpected: 1,
      },
    },
  });

  function reported(format: Format, language: Language, only: Outcome[] | null = null): string {
    const output = collector();
    const reporter = createReporter(format, output, context({ language, only, width: 400 }));
    reporter.transaction(DELIVERED);
    reporter.end(end);
    return output.text;
  }

  test('in English', () => {
    const text = reported('text', en);
    expect(text).not.toContain('No transaction failed');
    expect(
      text,
    ).toContain(`Of 3 expected deliveries (5 lines): 1 unsent, 1 unknown, 1 missing; 1 delivery not on the list.

2 expected deliveries without a request in the capture
  No packet of the delivery K-17 to [2001:db8::1]:8080/n expected at 2017-01-04 09:23:57.123 UTC is in the capture (no connection to its host and port is in the capture). (not_observed, probable; lines 3 9 of the list)
  The capture does not tell what became of the delivery K-18 expected at 2017-01-04 09:23:57.123 UTC: it may be what cannot be read: 4.1 5.1 .... (capture_insufficient, probable; lines 3 9 of the list)

1 expected delivery never sent, as failed connections at their place and time show
  K-19 ([2001:db8::1]:8080/n): connect_refused 7.1 8.1 (lines 3 9 of the list)

1 delivery not on the list
  order-1 (pay.shop.example:80/notify): delivered
`);
  });

  test('in Chinese', () => {
    expect(
      reported('text', zh),
    ).toContain(`清单 5 行、3 个通知：未发出 1，无法判定 1，缺失 1；另有 1 个不在清单中。

2 个应发通知在抓包中没有请求
  抓包中没有应于 2017-01-04 09:23:57.123 UTC 发往 [2001:db8::1]:8080/n 的通知 K-17 的任何数据包（抓包中没有到该主机和端口的连接）。 (not_observed, probable; 清单第 3、9 行)
  应于 2017-01-04 09:23:57.123 UTC 发送的通知 K-18 的结果无法由抓包判定：可能是无法解读的内容： 4.1 5.1 ...。 (capture_insufficient, probable; 清单第 3、9 行)
`);
  });

  test('--only chooses', () => {
    const text = reported('text', en, ['missing']);
    expect(text).toContain('K-17');
    expect(text).not.toMatch(/K-18|K-19|order-1 \(/);
    expect(reported('ndjson', en, ['delivered'])).not.toContain('"id":"0.1"');
  });

  test.each<Format>(['ndjson', 'json'])(
    '%s has each in the shape of a transaction, with its fields',
    (format) => {
      const text = reported(format, en);
      const lines =
        format === 'json'
          ? JSON.parse(text).transactions
          : text.split('\n').flatMap((line) => (line.startsWith('{"type":"tr') ? [JSON.parse(line)] : []));
      const [seen, ...unseen] = lines;
      for (const record of unseen) expect(Object.keys(record)).toEqual(Object.keys(seen));
      expect(unseen).toMatchObject([
        {
          id: '0.1',
          outcome: 'missing',
          verdict: 'not_observed',
          fault: ['sender'],
          facts: { sent: 'none', responded: 'none' },
          request: null,
          connection: null,
          delivery: { key: 'K-17', attempt: null, of: 0 },
          missing: [],
          evidence: [],
        },
        { id: '0.2', outcome: 'unknown', facts: { sent: 'unknown' }, missing: ['request'] },
      ]);
    },
  );

  test.each<Format>(['md', 'csv'])('%s tells them too', (format) => {
    const text = reported(format, en);
    expect(text).toContain('K-17');
    expect(text).toMatch(/not\\?_observed/);
  });
});

test('lines are completed however they are cut', () => {
  const line = '{"type":"transaction","id":"1.2","delivery":{"key":"a","attempt":2,"of":null},"signals":[]}';
  const whole = `x\n${line},\n${line}`;
  const places = finalPlaces([{ ...DELIVERY, attempts: ['1.2'], attemptCount: 12 }]);
  for (let cut = 0; cut <= whole.length; cut++) {
    const output = collector();
    const completed = completing(output, places);
    completed.write(whole.slice(0, cut));
    completed.write(whole.slice(cut));
    completed.flush();
    expect(output.text).toBe(whole.replaceAll('"attempt":2,"of":null', '"attempt":1,"of":12'));
  }
});
