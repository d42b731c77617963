/**
 * One case for each name of ANOMALIES: what is on the wire, what is told, and what is still made of it. Each runs
 * whole and byte by byte. A name without a case fails, and so does a case that tells anything else.
 */
import { describe, expect, test } from 'vitest';
import { ANOMALIES, type Anomaly, type RequestHead, type ResponseHead } from '../../src/http/message.ts';
import type { Odd } from './odd.ts';
import { FRAMINGS } from './odd-framing.ts';
import { REQUESTS } from './odd-requests.ts';
import { RESPONSES } from './odd-responses.ts';
import { bytewise, feed, outcome, type Recorder, requests, responses } from './recorder.ts';

function check(odd: Odd, recorder: Recorder<RequestHead> | Recorder<ResponseHead>): void {
  const told = [...new Set([...recorder.messages.flatMap((m) => m.anomalies), ...recorder.anomalies])];
  expect(told.sort()).toEqual([...odd.tells].sort());
  const first = recorder.messages[0];
  if (odd.head) expect(first?.head).toMatchObject(odd.head);
  if (odd.fields)
    expect(first?.head?.headers.map(({ name, value }) => `${name}: ${value}`)).toEqual(odd.fields);
  if (odd.body !== undefined) expect(first?.body).toBe(odd.body);
  if (odd.end) expect(first?.end).toBe(odd.end);
  if (odd.other) expect(recorder.other()).toBe(odd.other);
  if (odd.count !== undefined) expect(recorder.messages.length).toBe(odd.count);
}

describe.each([
  { kind: 'request', cases: [...REQUESTS, ...FRAMINGS], make: () => requests() },
  { kind: 'response', cases: RESPONSES, make: () => responses() },
])('odd $kind', ({ cases, make }) => {
  test.each(cases)('$what', (odd) => {
    const whole = feed(make(), [odd.wire]);
    check(odd, whole);
    if (odd.long) return;
    expect(outcome(feed(make(), bytewise(odd.wire)))).toEqual(outcome(whole));
  });
});

describe('the table of anomalies', () => {
  test('each name is told by some case', () => {
    const told = new Set([...REQUESTS, ...FRAMINGS, ...RESPONSES].flatMap(({ tells }) => tells));
    const silent = Object.keys(ANOMALIES).filter((name) => !told.has(name as Anomaly));
    // Told by pairing, which alone knows that no request waits, and what a stream of HTTP/2 carried.
    expect(silent).toEqual(['content_length_mismatch', 'unsolicited_response']);
  });

  test('names are sorted snake_case, meanings one line', () => {
    const names = Object.keys(ANOMALIES);
    expect(names).toEqual([...names].sort());
    for (const [name, meaning] of Object.entries(ANOMALIES)) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      expect(meaning).toMatch(/^[^\n]{10,110}$/);
    }
  });

  test('each limit that fires is told by its name', () => {
    const fired = (name: string) => {
      const odd = [...REQUESTS, ...FRAMINGS].find(({ what }) => what === name)!;
      return feed(requests(), [odd.wire]).limits;
    };
    expect(fired('too many fields')).toEqual(['headFields']);
    expect(fired('a head without end')).toEqual(['headBytes']);
    expect(fired('a start line without end')).toEqual(['headBytes']);
    expect(fired('an endless chunk-size line')).toEqual(['chunkLineBytes']);
    expect(fired('too many trailers')).toEqual(['headFields']);
    expect(fired('an endless trailer')).toEqual(['headBytes']);
  });
});
