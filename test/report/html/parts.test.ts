/** The page's logic without a page: what is filtered, gathered, drawn on a time line, and how times and bytes read. */
import { describe, expect, test } from 'vitest';
import { EVERYTHING, filtered } from '../../../src/report/html/client/filter.ts';
import { findingsOf } from '../../../src/report/html/client/findings.ts';
import { hexLines } from '../../../src/report/html/client/hex.ts';
import type { DeliveryRecord } from '../../../src/report/html/client/records.ts';
import {
  between,
  clockAfter,
  clockTime,
  duration,
  fullTime,
  ticks,
} from '../../../src/report/html/client/time.ts';
import { MARK, timelineOf } from '../../../src/report/html/client/timeline.ts';
import { row } from './records.ts';

const FIRST = '2017-01-04T09:23:57.123456Z';

describe('filter', () => {
  const rows = [
    row({ id: '1.1', start: 0 }),
    row({ id: '2.1', start: 500, outcome: 'delivered', host: 'b.example:80' }),
    row({ id: '3.1', start: null, outcome: 'refused' }),
  ];
  const ids = (change: Partial<typeof EVERYTHING>) =>
    filtered(rows, { ...EVERYTHING, ...change }, ({ id }) => `text of ${id} order-7`).map(({ id }) => id);

  test('nothing chosen shows all', () => {
    expect(ids({})).toEqual(['1.1', '2.1', '3.1']);
  });
  test('outcomes, host and span each leave out', () => {
    expect(ids({ outcomes: new Set(['refused', 'delivered']) })).toEqual(['2.1', '3.1']);
    expect(ids({ host: 'b.example:80' })).toEqual(['2.1']);
    expect(ids({ span: { from: 0, to: 100 } })).toEqual(['1.1']);
  });
  test('every word of a search must be there, in any order and case', () => {
    expect(ids({ search: ' ORDER-7  2.1 ' })).toEqual(['2.1']);
    expect(ids({ search: 'order-7 9.9' })).toEqual([]);
  });
});

describe('findings', () => {
  const delivery = (change: Partial<DeliveryRecord>): DeliveryRecord => ({
    key: 'k',
    host: 'pay.shop.example:80',
    outcome: 'unanswered',
    verdict: 'no_response_sender_closed',
    attempts: [],
    attemptCount: 0,
    intervals: [],
    firstSent: null,
    firstAcked: null,
    deliveredAt: null,
    duplicatesAfterAck: 0,
    method: 'POST',
    path: '/notify',
    keyFrom: 'form:order_id',
    ...change,
  });

  test('attempts of one delivery are one item, and speak by the last that decided it', () => {
    const rows = [
      row({ id: '1.1' }),
      row({ id: '2.1', verdict: 'connect_no_reply', outcome: 'unsent' }),
      row({ id: '3.1' }),
    ];
    const { failed, recovered } = findingsOf(rows, [delivery({ attempts: ['1.1', '2.1', '3.1'] })]);
    expect(recovered).toEqual([]);
    expect(failed).toHaveLength(1);
    expect(failed[0]!.items[0]).toMatchObject({ key: 'k', decisive: { id: '3.1' } });
    expect(failed[0]!.items[0]!.attempts.map(({ id }) => id)).toEqual(['1.1', '2.1', '3.1']);
  });

  test('a delivery that a later attempt made is no failure', () => {
    const rows = [
      row({ id: '1.1' }),
      row({ id: '2.1', failed: false, outcome: 'delivered', verdict: 'delivered' }),
    ];
    const made = delivery({ attempts: ['1.1', '2.1'], outcome: 'delivered', verdict: 'delivered' });
    const { failed, recovered } = findingsOf(rows, [made]);
    expect(failed).toEqual([]);
    expect(recovered).toHaveLength(1);
  });

  test('single transactions are gathered by host and verdict, the most first', () => {
    const rows = [
      row({ id: '1.1', host: 'a:80' }),
      row({ id: '2.1' }),
      row({ id: '3.1' }),
      row({ id: '4.1', failed: false }),
    ];
    const { failed } = findingsOf(rows, []);
    expect(failed.map(({ host, items }) => [host, items.length])).toEqual([
      ['pay.shop.example:80', 2],
      ['a:80', 1],
    ]);
  });
});

describe('timeline', () => {
  test('attempts on the same pixels are one mark, as bad as the worst of them', () => {
    const rows = [
      row({ id: '1.1', start: 0, outcome: 'delivered', failed: false }),
      row({ id: '2.1', start: 1 }),
      row({ id: '3.1', start: 1000, took: 500 }),
    ];
    const [lane] = timelineOf(rows, 1500, 610);
    expect(lane!.marks).toMatchObject([
      { x: 0, count: 2, outcome: 'unanswered', from: 0, to: 1 },
      { x: 400, count: 1, length: 200 },
    ]);
  });

  test('however many there are, no more marks than there is room for', () => {
    const rows = [...new Array(20_000).keys()].map((i) =>
      row({ id: `${i}.1`, start: i, host: `h${i % 100}:80` }),
    );
    const lanes = timelineOf(rows, 20_000, 1000);
    expect(lanes).toHaveLength(14);
    expect(lanes.at(-1)!.host).toBeNull();
    expect(lanes.reduce((sum, lane) => sum + lane.attempts, 0)).toBe(20_000);
    for (const { marks } of lanes) expect(marks.length).toBeLessThanOrEqual(1000 / MARK);
  });

  test('a capture of one moment has its mark at the left', () => {
    expect(timelineOf([row({ start: 0 })], 0, 1000)[0]!.marks).toMatchObject([{ x: 0, length: 0 }]);
  });
});

describe('times', () => {
  test('differences are exact to the nanosecond', () => {
    expect(between('2017-01-04T09:23:57.999999999Z', '2017-01-04T09:23:58.000000001Z')).toBeCloseTo(2e-6, 12);
    expect(between(FIRST, '2017-01-05T09:23:57.123457Z')).toBeCloseTo(86_400_000.001, 6);
    expect(between(null, FIRST)).toBeNull();
  });
  test('are cut, not rounded', () => {
    expect(clockTime('2017-01-04T09:23:57.999999Z')).toBe('09:23:57.999');
    expect(fullTime(FIRST)).toBe('2017-01-04 09:23:57.123 UTC');
    expect(clockTime(null)).toBe('');
  });
  test('move on over midnight', () => {
    expect(clockAfter('2017-01-04T23:59:59.500000Z', 600)).toBe('00:00:00.100');
  });
  test.each([
    [0.0004, '0.000 ms'],
    [0.9996, '1.0 ms'],
    [12.34, '12.3 ms'],
    [999.4, '999 ms'],
    [5006.1, '5.01 s'],
    [12_040, '12.0 s'],
    [59_960, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [12_000_000, '3 h 20 min'],
    [null, ''],
  ])('%j reads %j', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
  test('an axis has round moments, and not too many', () => {
    const found = ticks(FIRST, 60_000, 8).map((after) => clockAfter(FIRST, after));
    expect(found).toEqual([
      '09:24:00.000',
      '09:24:10.000',
      '09:24:20.000',
      '09:24:30.000',
      '09:24:40.000',
      '09:24:50.000',
    ]);
    expect(ticks(FIRST, 30 * 86_400_000, 8).length).toBeLessThanOrEqual(9);
    expect(ticks(null, 1000, 8)).toEqual([]);
    expect(ticks(FIRST, 0, 8)).toEqual([]);
  });
});

test('bytes read as a hex dump', () => {
  const hex = Buffer.from('POST /notify HTTP\r\n\xff', 'latin1').toString('hex');
  expect(hexLines(hex)).toEqual([
    { offset: '0000', bytes: '50 4f 53 54 20 2f 6e 6f  74 69 66 79 20 48 54 54', text: 'POST /notify HTT' },
    { offset: '0010', bytes: '50 0d 0a ff'.padEnd(48), text: 'P\u00b7\u00b7\u00b7' },
  ]);
  expect(hexLines('')).toEqual([]);
});
