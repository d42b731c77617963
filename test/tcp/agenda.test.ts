/** The agenda against a list that is sorted anew each time, and against clocks that jump. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Agenda } from '../../src/agenda.ts';

const SECOND = 1e9;

describe('agenda', () => {
  test('runs what is due in order of due time, as a sorted list does', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('schedule' as const), at: fc.integer({ min: 0, max: 500 }) }),
      fc.record({ kind: fc.constant('advance' as const), at: fc.integer({ min: 0, max: 500 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const agenda = new Agenda();
        const ran: number[] = [];
        const expected: number[] = [];
        let waiting: number[] = [];
        let now = Number.NEGATIVE_INFINITY;
        for (const { kind, at } of steps) {
          if (kind === 'schedule') {
            agenda.schedule(at, { run: () => ran.push(at) });
            waiting.push(at);
          } else {
            agenda.advance(at);
            now = Math.max(now, at);
            expected.push(...waiting.filter((due) => due <= now).sort((a, b) => a - b));
            waiting = waiting.filter((due) => due > now);
          }
          expect(ran).toEqual(expected);
          expect(agenda.next).toBe(waiting.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...waiting));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('tells a task the time of the packet that made it due, not the time it was due', () => {
    const agenda = new Agenda();
    const told: number[] = [];
    agenda.schedule(5, { run: (now) => told.push(now) });
    agenda.advance(4);
    expect(told).toEqual([]);
    agenda.advance(9);
    expect(told).toEqual([9]);
  });

  test('runs what a task schedules for later as soon as that is passed', () => {
    const agenda = new Agenda();
    const told: number[] = [];
    agenda.schedule(1, { run: (now) => agenda.schedule(now + 10, { run: (later) => told.push(later) }) });
    agenda.advance(2);
    agenda.advance(11);
    expect(told).toEqual([]);
    agenda.advance(12);
    expect(told).toEqual([12]);
  });

  test('does not go round for ever on a task that schedules itself for now', () => {
    const agenda = new Agenda();
    let runs = 0;
    // So far from zero that a second more is the same number.
    const far = 2 ** 90;
    const task = {
      run(now: number) {
        runs++;
        agenda.schedule(now + SECOND, task);
      },
    };
    agenda.schedule(0, task);
    agenda.advance(far);
    expect(runs).toBe(1);
    agenda.advance(far);
    expect(runs).toBe(2);
  });

  test('keeps its time for packets out of order, and follows a clock that was set back', () => {
    const agenda = new Agenda();
    agenda.advance(100 * SECOND);
    agenda.advance(99.5 * SECOND);
    expect(agenda.now).toBe(100 * SECOND);
    agenda.advance(5 * SECOND);
    expect(agenda.now).toBe(5 * SECOND);
    const told: number[] = [];
    agenda.schedule(35 * SECOND, { run: (now) => told.push(now) });
    agenda.advance(34 * SECOND);
    expect(told).toEqual([]);
    agenda.advance(36 * SECOND);
    expect(told).toEqual([36 * SECOND]);
  });
});
