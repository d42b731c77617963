/** The agenda against a list that is sorted anew each time, and against clocks that jump. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Agenda } from '../../src/agenda.ts';

const SECOND = 1e9;

describe('agenda', () => {
  test('runs what is due in order of due time, then of scheduling, as a sorted list does', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('schedule' as const), at: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ kind: fc.constant('advance' as const), at: fc.integer({ min: 0, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const agenda = new Agenda();
        const ran: number[] = [];
        const expected: number[] = [];
        let waiting: { due: number; name: number }[] = [];
        let now = Number.NEGATIVE_INFINITY;
        for (const [name, { kind, at }] of steps.entries()) {
          if (kind === 'schedule') {
            agenda.schedule(at, { run: () => ran.push(name) });
            waiting.push({ due: at, name });
          } else {
            agenda.advance(at);
            now = Math.max(now, at);
            const over = waiting.filter(({ due }) => due <= now);
            // A sort leaves equal ones as they were.
            expected.push(...over.sort((a, b) => a.due - b.due).map(({ name }) => name));
            waiting = waiting.filter(({ due }) => due > now);
          }
          expect(ran).toEqual(expected);
          const next = Math.min(...waiting.map(({ due }) => due));
          expect(agenda.next).toBe(next);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('keeps that order where the cancelled ones are thrown out', () => {
    const agenda = new Agenda();
    const ran: number[] = [];
    const tasks = Array.from({ length: 5000 }, (_, name) => ({
      cancelled: false,
      run: () => ran.push(name),
    }));
    for (const [name, task] of tasks.entries()) agenda.schedule(name % 3, task);
    for (const [name, task] of tasks.entries()) {
      if (name % 10 === 0) continue;
      task.cancelled = true;
      agenda.onCancel();
    }
    agenda.advance(3);
    const names = tasks.flatMap(({ cancelled }, name) => (cancelled ? [] : [name]));
    const kept = ran.filter((name) => name % 10 === 0);
    expect(kept).toEqual(names.sort((a, b) => (a % 3) - (b % 3) || a - b));
    expect(ran.length).toBeLessThan(names.length + 2048);
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
