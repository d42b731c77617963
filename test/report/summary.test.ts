/** The English sentences: those that matter word by word, all of them for what they may never say. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { en } from '../../src/report/summary/en.ts';
import { duration } from '../../src/report/summary/en-phrases.ts';
import { endpoint } from '../../src/report/summary/facts.ts';
import { CATALOGUE } from '../../src/verdict/codes.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { ANY_RECORD } from './any-record.ts';
import { CLOCK, DELIVERED, REFUSED, SPARSE, transaction, UNANSWERED } from './records.ts';

const summarize = (record: TransactionRecord) => en.summarize(record, CLOCK);

const SENT =
  'POST http://pay.shop.example/notify (210 bytes of headers, 402 of body) was sent from 10.0.8.15:40112' +
  ' to 203.0.113.44:80 at 2017-01-04 09:23:57.134 UTC';
const ACKED = `${SENT} and was acknowledged in full by the TCP endpoint at 203.0.113.44:80, 12 ms after its last byte`;

describe('sentences', () => {
  const cases: [what: string, record: TransactionRecord, sentence: string][] = [
    [
      'delivered',
      DELIVERED,
      `${ACKED}; the answer 200 OK came from the receiver 120 ms after the request, with 7 bytes of body.`,
    ],
    [
      'given up by the sender',
      UNANSWERED,
      `${ACKED}; no byte of a response came before the sender closed the connection (FIN) at` +
        ' 2017-01-04 09:24:07.134 UTC, 10.0 s after the last byte of the request.',
    ],
    [
      'connection refused, IPv6',
      REFUSED,
      '10.0.8.15:40112 tried to connect to [2001:db8::1]:443 at 2017-01-04 09:23:57.123 UTC; the SYN was' +
        ' answered by an RST after 3 ms, so the connection was refused.',
    ],
    [
      'never acknowledged',
      transaction({
        verdict: 'request_not_acked',
        facts: { acked: 'none' },
        connection: { retransmissions: 6 },
      }),
      `${SENT}, with 6 retransmissions; no byte of it was acknowledged by the TCP endpoint at 203.0.113.44:80.`,
    ],
    [
      'answered before the whole request was sent',
      transaction({
        verdict: 'rejected_early',
        facts: { sent: 'partial' },
        response: { status: 413, reason: 'Payload Too Large' },
      }),
      `${SENT.replace('was sent', 'was sent in part')}; the TCP endpoint at 203.0.113.44:80 answered 413` +
        ' Payload Too Large at 2017-01-04 09:23:57.254 UTC, before the last byte of the request had been sent.',
    ],
    [
      'redirected',
      transaction({
        verdict: 'redirected',
        response: { status: 302, reason: '', headers: [{ name: 'LOCATION', value: '/login\x1b' }] },
      }),
      `${ACKED}; the answer 302 came from the receiver 120 ms after the request, a redirect to "/login\\x1b".`,
    ],
    [
      'not modified: a 3xx that leads nowhere',
      transaction({ verdict: 'redirected', response: { status: 304, reason: 'Not Modified', headers: [] } }),
      `${ACKED}; the answer 304 Not Modified came from the receiver 120 ms after the request.`,
    ],
    [
      "closed by the receiver after the sender's half-close",
      transaction({
        verdict: 'no_response_receiver_closed',
        facts: { responded: 'none', closedBy: 'sender_fin' },
        signals: ['half_closed'],
        response: null,
        times: { closed: 12e6 },
        evidence: [{ file: 'a', frame: 9, time: 2000e6, role: 'receiver_fin' }],
      }),
      `${ACKED}; the receiver closed the connection (FIN) at 2017-01-04 09:23:59.123 UTC without one byte of a response.`,
    ],
    [
      'only interim responses',
      transaction({
        verdict: 'no_response_timeout',
        response: { status: null, reason: null, interim: [100, 102] },
      }),
      `${ACKED}; no byte of a response had come (only the interim 100 and 102 came) when the deadline passed,` +
        ' with the connection still open.',
    ],
    [
      'the capture hides it',
      transaction({ verdict: 'capture_insufficient', missing: ['response', 'acked'] }),
      `${ACKED}; the capture does not hold what would decide it (response and acked).`,
    ],
    [
      'opaque',
      transaction({
        verdict: 'opaque',
        request: null,
        likely: 'delivered',
        connection: {
          tls: { sni: 'pay.shop.example', version: null, alpn: null, alert: null, decrypted: false },
        },
      }),
      'The connection from 10.0.8.15:40112 to 203.0.113.44:80 at 2017-01-04 09:23:57.123 UTC carried TLS data for' +
        ' pay.shop.example that cannot be read without keys; its shape suggests delivered.',
    ],
    [
      'a request of which the capture holds a few letters',
      transaction({
        verdict: 'capture_insufficient',
        facts: { acked: 'unknown' },
        request: { method: 'PO', target: '', url: '', headerBytes: 2, bodyBytes: 0 },
        missing: ['response_end'],
      }),
      'A request that begins with PO (2 bytes of headers) was sent from 10.0.8.15:40112 to 203.0.113.44:80 at' +
        ' 2017-01-04 09:23:57.134 UTC; the capture does not hold what would decide it (response_end).',
    ],
    [
      'a request of which only the start was seen',
      transaction({
        verdict: 'request_incomplete',
        facts: { sent: 'partial', closedBy: 'sender_rst' },
        request: { method: null, target: null, url: null, headerBytes: 1, bodyBytes: 0 },
        times: { closed: 50e6 },
        timings: { ack: null },
      }),
      'A request (1 byte of headers) was sent in part from 10.0.8.15:40112 to 203.0.113.44:80 at 2017-01-04' +
        ' 09:23:57.134 UTC and was acknowledged in full by the TCP endpoint at 203.0.113.44:80; the sender reset' +
        ' the connection (RST) at 2017-01-04 09:23:57.173 UTC before it had sent the rest.',
    ],
  ];
  test.each(cases)('%s', (_, record, sentence) => {
    expect(summarize(record)).toBe(sentence);
  });
});

describe.each(CATALOGUE.map((entry) => entry.code))('%s', (verdict) => {
  const extremes = [{ ...SPARSE, verdict }, transaction({ verdict }), { ...REFUSED, verdict }];

  test('is one sentence, with whatever facts there are', () => {
    for (const record of extremes) {
      const sentence = summarize(record);
      expect(sentence).toMatch(/^[A-Z0-9][^\n]{40,}[^.]\.$/);
      expect(sentence).not.toMatch(/undefined|null|NaN|Infinity|\[object| {2}| ,| ;|,,|\( |\(\)/);
      // No more is claimed than an address: an application was never seen.
      expect(sentence).not.toMatch(/merchant|application/i);
    }
  });
});

test('any mix of facts gives one line, safe to print and of a bounded length', () => {
  fc.assert(
    fc.property(ANY_RECORD, (record) => {
      const sentence = summarize(record);
      expect(sentence).not.toMatch(/undefined|null|NaN|Infinity|\[object/);
      expect(sentence).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(sentence.length).toBeLessThan(4000);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [0, '0 ms'],
  [0.0004, '0 ms'],
  [0.05, '0.05 ms'],
  [0.44, '0.4 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [9_994, '9.99 s'],
  [9_996, '10.0 s'],
  [59_960, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h 0 min'],
  [-1, ''],
  [Number.NaN, ''],
])('duration(%d) is %j', (value, text) => {
  expect(duration(value)).toBe(text);
});

test('IPv6 endpoints stand in brackets', () => {
  expect(endpoint({ ip: '2001:db8::1', port: 443 })).toBe('[2001:db8::1]:443');
  expect(endpoint({ ip: '203.0.113.44', port: 80 })).toBe('203.0.113.44:80');
});
