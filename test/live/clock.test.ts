/** The two clocks of a live capture: what counts as a step, and how far time has come. */
import { expect, test } from 'vitest';
import { LiveClock, SLACK } from '../../src/capture/live-clock.ts';

const S = 1e9;

function started(): LiveClock {
  const clock = new LiveClock();
  clock.start(0, 0);
  clock.onPacket(0, 0);
  return clock;
}

test('nothing is known before the first packet', () => {
  const clock = new LiveClock();
  expect(clock.now(5 * S)).toBeNull();
  expect(clock.watermark(5 * S)).toBeNull();
});

test('time goes on with the clock that is never set', () => {
  const clock = started();
  expect(clock.now(7 * S)).toBe(7 * S);
  expect(clock.watermark(7 * S)).toBe(7 * S - SLACK);
});

test('what holds packets up holds the watermark up', () => {
  const clock = started();
  // Twenty seconds of traffic come at once, nineteen seconds late at first.
  expect(clock.onPacket(1 * S, 20 * S)).toBe(0);
  expect(clock.now(20 * S)).toBe(1 * S);
  expect(clock.onPacket(20 * S, 20 * S)).toBe(0);
  expect(clock.now(20 * S)).toBe(20 * S);
});

test('a step forward, and back again, is told and taken out', () => {
  const clock = started();
  expect(clock.onPacket(3610 * S, 10 * S)).toBe(3600 * S);
  expect(clock.correction).toBe(-3600 * S);
  expect(clock.now(10 * S)).toBe(10 * S);
  expect(clock.onPacket(3611 * S, 11 * S)).toBe(0);
  expect(clock.onPacket(12 * S, 12 * S)).toBe(-3600 * S);
  expect(clock.correction).toBe(0);
  expect(clock.now(12 * S)).toBe(12 * S);
});

test('a step back during silence looks like a delay, and times nothing out early', () => {
  const clock = started();
  expect(clock.onPacket(55 * S, 60 * S)).toBe(0);
  expect(clock.now(61 * S)).toBe(56 * S);
});

test('neither drift nor the disorder of several queues is a step', () => {
  const clock = started();
  for (let second = 1; second < 5000; second++) {
    expect(clock.onPacket(second * S * 1.0004, second * S)).toBe(0);
    expect(clock.onPacket(second * S * 1.0004 - 10e6, second * S)).toBe(0);
  }
  // Going slow for so long does not make the clock look set when it is right again.
  const slow = started();
  for (let second = 1; second < 5000; second++) {
    expect(slow.onPacket(second * S * 0.9996, second * S)).toBe(0);
  }
});
