/** Deliveries in the text report: which are told, in which order, and each kind of sentence in both languages. */
import { describe, expect, test } from 'vitest';
import { createReporter } from '../../src/report/create.ts';
import { en } from '../../src/report/summary/en.ts';
import type { Language } from '../../src/report/summary/language.ts';
import { zh } from '../../src/report/summary/zh.ts';
import type { DeliveryRecord, Outcome } from '../../src/verdict/verdict.ts';
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
