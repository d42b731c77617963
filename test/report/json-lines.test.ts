/** Lines that are put together from pieces say what turning the whole record into JSON says, field by field. */
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { escapeJson } from '../../src/report/escape.ts';
import { deliveryJson } from '../../src/report/json-deliveries.ts';
import { transactionJson } from '../../src/report/json-transactions.ts';
import { SecretNames } from '../../src/report/redaction/names.ts';
import { redacted } from '../../src/report/redaction/redact.ts';
import { en } from '../../src/report/summary/en.ts';
import { zh } from '../../src/report/summary/zh.ts';
import { type Clock, milliseconds, rfc3339 } from '../../src/report/time.ts';
import type { TlsRecord } from '../../src/tls/tls.ts';
import type { DeliveryRecord, RecordSink, TransactionRecord } from '../../src/verdict/verdict.ts';
import { needs, sharedCaptures } from '../support/needs.ts';
import { ANY_RECORD } from './any-record.ts';
import { CLOCK, CLOCK_NS, DELIVERED, DELIVERY, transaction } from './records.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;

/** Whatever fields a record has, in its own order: one that is new is missed where it is left out. */
function whole(record: TransactionRecord, clock: Clock): string {
  const { type, id, outcome, verdict, fault, confidence, because, ...rest } = record;
  const time = (value: number | null) => rfc3339(value, clock);
  const timed = <T extends { time: number }>(one: T) => ({ ...one, time: time(one.time) });
  return escapeJson(
    JSON.stringify({
      ...{ type, id, outcome, verdict, fault, confidence },
      because: because.map(en.reason),
      summary: en.summarize(record, clock),
      ...rest,
      times: each(record.times, time),
      timings: each(record.timings, (value) => milliseconds(value, clock)),
      connection: {
        ...record.connection,
        idleBefore: milliseconds(record.connection.idleBefore, clock),
        rtt: milliseconds(record.connection.rtt, clock),
      },
      evidence: record.evidence.map(timed),
      packets: record.packets?.map(timed) ?? null,
    }),
  );
}

function capturesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.pcap(?:ng)?$/.test(name))
    .map((name) => folder + name);
}

/** @param mask as reports get the records: those are other objects, and remembered ones come again. */
async function compare(paths: readonly string[], mask: boolean) {
  const seen = { packets: 0, deliveries: 0 };
  for (const path of paths) {
    const source = openCapture([path]);
    const sink: RecordSink = {
      packets: true,
      transaction(record) {
        expect(transactionJson(record, source.facts, en)).toBe(whole(record, source.facts));
        if (record.packets !== null) seen.packets++;
      },
      end({ deliveries }) {
        for (const record of deliveries) {
          expect(deliveryJson(record, source.facts)).toBe(wholeDelivery(record, source.facts));
          seen.deliveries++;
        }
      },
    };
    await analyze(source, DEFAULT_OPTIONS, mask ? redacted(sink, new SecretNames()) : sink);
  }
  return seen;
}

function each(values: object, print: (value: number | null) => unknown): object {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, print(value)]));
}

function wholeDelivery(record: DeliveryRecord, clock: Clock): string {
  const { expected } = record;
  const time = (value: number | null) => rfc3339(value, clock);
  return escapeJson(
    JSON.stringify({
      ...record,
      intervals: record.intervals.map((interval) => milliseconds(interval, clock)),
      ...each(
        { firstSent: record.firstSent, firstAcked: record.firstAcked, deliveredAt: record.deliveredAt },
        time,
      ),
      expected: expected && {
        ...expected,
        firstTime: time(expected.firstTime),
        lastTime: time(expected.lastTime),
      },
    }),
  );
}

describe('a line is the record in JSON', () => {
  test('of transactions with any facts and hostile text', () => {
    fc.assert(
      fc.property(ANY_RECORD, fc.constantFrom(CLOCK, CLOCK_NS), (record, clock) => {
        expect(transactionJson(record, clock, en)).toBe(whole(record, clock));
      }),
    );
  });

  test('of the transactions and deliveries of all fixtures, with their packets', async () => {
    const seen = await compare(capturesIn(FIXTURES), false);
    expect(seen.packets).toBeGreaterThan(0);
    expect(seen.deliveries).toBeGreaterThan(0);
  });

  needs('shared-captures').test('of all that the lab captured, masked', async () => {
    const seen = await compare(capturesIn(`${sharedCaptures}lab/`), true);
    expect(seen.deliveries).toBeGreaterThan(0);
  });

  test('of a transaction over TLS', () => {
    const tls: TlsRecord = {
      sni: 'pay.shop.example\u202e',
      version: 'TLS 1.2',
      offered: ['TLS 1.2', 'TLS 1.3'],
      cipher: null,
      alpn: null,
      alpnOffered: ['h2'],
      resumed: false,
      alert: 'unknown_ca',
      alerts: [{ by: 'sender', fatal: true, name: 'unknown_ca' }],
      certificate: null,
      decrypted: false,
    };
    const record = transaction({ connection: { ...DELIVERED.connection, tls } });
    expect(transactionJson(record, CLOCK, en)).toBe(whole(record, CLOCK));
  });

  test('of deliveries with any key and path, listed or not', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u202e', '支', '\ud800') });
    const time = fc.option(fc.integer({ min: -1e9, max: 1e13 }), { nil: null });
    const changes = fc.record({
      key: text,
      host: fc.option(text, { nil: null }),
      path: fc.option(text, { nil: null }),
      attempts: fc.array(text, { maxLength: 3 }),
      intervals: fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 3 }),
      firstAcked: time,
      expected: fc.option(fc.record({ lines: fc.array(fc.nat()), firstTime: time, lastTime: time }), {
        nil: null,
      }),
    });
    fc.assert(
      fc.property(changes, fc.constantFrom(CLOCK, CLOCK_NS), (change, clock) => {
        const record: DeliveryRecord = { ...DELIVERY, ...change };
        expect(deliveryJson(record, clock)).toBe(wholeDelivery(record, clock));
      }),
    );
  });

  test('with the words of the language', () => {
    fc.assert(
      fc.property(ANY_RECORD, (record) => {
        expect(JSON.parse(transactionJson(record, CLOCK, zh))).toMatchObject({
          summary: zh.summarize(record, CLOCK),
          because: record.because.map(zh.reason),
        });
      }),
    );
  });
});
