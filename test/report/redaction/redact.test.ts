/** Records in, records without secrets out; what is no secret stays, and the record that came in too. */
import { expect, test } from 'vitest';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { redacted } from '../../../src/report/redaction/redact.ts';
import type {
  DeliveryRecord,
  DeliveryRecords,
  Findings,
  TransactionRecord,
} from '../../../src/verdict/verdict.ts';
import { DELIVERED, DELIVERY, findings, REFUSED, transaction } from '../records.ts';

function passed(
  records: readonly TransactionRecord[],
  deliveries: DeliveryRecords = [],
  names: readonly string[] = [],
): { records: TransactionRecord[]; findings: Findings } {
  const out: TransactionRecord[] = [];
  let end = findings();
  const sink = redacted(
    {
      transaction: (record) => out.push(record),
      end: (given) => {
        end = given;
      },
    },
    new SecretNames(names),
  );
  for (const record of records) sink.transaction(record);
  sink.end(findings({ deliveries }));
  return { records: out, findings: end };
}

const SECRET = 'Zx9Secret';

test('every place of a record', () => {
  const record = transaction({
    request: {
      target: `/n?token=${SECRET}&order=1`,
      url: `http://u:${SECRET}@pay.example/n?token=${SECRET}&order=1`,
      host: `u:${SECRET}@pay.example`,
      headers: [
        { name: 'Host', value: `u:${SECRET}@pay.example` },
        { name: 'Authorization', value: `Bearer ${SECRET}` },
        { name: 'Referer', value: `http://h/?sign=${SECRET}` },
        { name: 'Content-Type', value: 'application/x-www-form-urlencoded; charset=utf-8' },
      ],
      body: `order=1&password=${SECRET} and more ${SECRET}&x=1`,
    },
    response: {
      reason: `token=${SECRET}`,
      headers: [{ name: 'Set-Cookie', value: `s=${SECRET}` }],
      body: `{"result":"success","sign":"${SECRET}"}`,
    },
  });
  const before = JSON.stringify(record);
  const [out] = passed([record]).records;
  expect(JSON.stringify(record)).toBe(before);
  expect(JSON.stringify(out)).not.toContain(SECRET);
  expect(out?.request).toMatchObject({
    target: '/n?token=REDACTED&order=1',
    url: 'http://REDACTED@pay.example/n?token=REDACTED&order=1',
    host: 'REDACTED@pay.example',
    body: 'order=1&password=REDACTED&x=1',
  });
  expect(out?.request?.headers[1]).toEqual({ name: 'Authorization', value: 'Bearer REDACTED' });
  expect(out?.response).toMatchObject({
    headers: [{ name: 'Set-Cookie', value: 'REDACTED' }],
    body: '{"result":"success","sign":"REDACTED"}',
  });
});

test('what holds no secret is handed on as it is', () => {
  const clean = transaction({ request: { body: 'order=1' } });
  expect(passed([clean, REFUSED]).records).toEqual([clean, REFUSED]);
});

test('names that were added, in headers as in fields', () => {
  const record = transaction({
    request: { headers: [{ name: 'X-Shop', value: '7' }], body: '{"x_shop":"8","order":"1"}' },
  });
  expect(passed([record], [], ['xShop']).records[0]?.request).toMatchObject({
    headers: [{ name: 'X-Shop', value: 'REDACTED' }],
    body: '{"x_shop":"REDACTED","order":"1"}',
  });
});

test('deliveries of several attempts are named as among all of them', () => {
  const CARDS = ['4111111111111111', '5500000000000004', '340000000000009'];
  const all = ['7', ...CARDS, '8'].map((key) => ({ ...DELIVERY, key, keyFrom: 'json:/order_id' }));
  for (const several of [[0, 4], [3], [0, 2], []]) {
    let looked = 0;
    const { deliveries } = passed([], {
      length: all.length,
      *[Symbol.iterator]() {
        for (const record of all) {
          looked++;
          yield record;
        }
      },
      several: () => several.map((i) => all[i]!),
    }).findings;
    const shown = [...(deliveries.several?.() ?? [])].map(({ key }) => key);
    const secret = several.some((i) => i > 0 && i < 4);
    // All are looked at where one has to be named, and only there.
    expect(looked).toBe(secret ? all.length : 0);
    const names = secret
      ? ['7', 'REDACTED-1', 'REDACTED-2', 'REDACTED-3', '8']
      : several.map((i) => all[i]!.key);
    expect(shown).toEqual(names);
  }
});

test('a key of deliveries that is a secret has another name, the same each time', () => {
  const delivery = (key: string): DeliveryRecord => ({ ...DELIVERY, key });
  const attempt = (id: string, key: string, body: string) =>
    transaction({
      ...DELIVERED,
      id,
      request: { ...DELIVERED.request!, body },
      delivery: { key, attempt: 1, of: 2 },
    });
  const out = passed(
    [
      attempt('1.1', 'tok-1', 'token=tok-1&order=7'),
      attempt('2.1', 'tok-2', 'token=tok-2&order=8'),
      attempt('3.1', 'tok-1', 'token=tok-1&order=7'),
      attempt('4.1', '9', 'token=tok-1&order=9'),
      attempt('5.1', '4111111111111111', 'a=1'),
    ],
    ['tok-1', 'tok-2', '9', '4111111111111111'].map(delivery),
  );
  const names = ['REDACTED-1', 'REDACTED-2', 'REDACTED-1', '9', 'REDACTED-3'];
  expect(out.records.map((record) => record.delivery?.key)).toEqual(names);
  expect(Array.from(out.findings.deliveries, ({ key }) => key)).toEqual([
    'REDACTED-1',
    'REDACTED-2',
    '9',
    'REDACTED-3',
  ]);
});
