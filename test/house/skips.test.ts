/** A test whose needs are not met must be seen to be skipped, and under CI it must fail. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { underCi } from '../support/ci.ts';
import { absentTest, needs, projectRoot, sharedCaptures, vectors } from '../support/needs.ts';
import { SkipsReporter } from '../support/skips-reporter.ts';

test('the paths lie beside the project', () => {
  expect(existsSync(join(projectRoot, 'package.json'))).toBe(true);
  expect(dirname(sharedCaptures)).toBe(join(projectRoot, '..', 'shared'));
  expect([basename(sharedCaptures), basename(vectors)]).toEqual(['captures', 'vectors']);
});

describe('CI', () => {
  test.each([{ CI: 'true' }, { CI: '1' }])('is meant by %j', (env) => {
    expect(underCi(env)).toBe(true);
  });
  test.each([{}, { CI: '' }, { CI: '0' }, { CI: 'false' }])('is not meant by %j', (env) => {
    expect(underCi(env)).toBe(false);
  });
});

describe('what stands in for a test whose needs are not met', () => {
  const notes: string[] = [];
  const context = { skip: (note: string) => notes.push(note) };

  test('skips with the reason', () => {
    absentTest('tshark is not installed', {})(context);
    expect(notes).toEqual(['tshark is not installed']);
  });

  test('fails under CI', () => {
    expect(() => absentTest('tshark is not installed', { CI: 'true' })(context)).toThrow(
      /CI machine.*tshark is not installed/,
    );
  });
});

describe('needs', () => {
  let ran = false;
  needs().describe('nothing', () => {
    test('runs its body', () => {
      ran = true;
    });
  });
  test('ran it', () => {
    expect(ran).toBe(true);
  });
});

describe('the reporter', () => {
  const passed = { fullName: 'a > b', result: () => ({ state: 'passed' }) };
  const failed = { fullName: 'a > c', result: () => ({ state: 'failed' }) };
  const skipped = { fullName: 'a > d', result: () => ({ state: 'skipped', note: 'no tshark' }) };
  const bare = { fullName: 'a > e', result: () => ({ state: 'skipped' }) };
  const pending = { fullName: 'a > f', result: () => ({ state: 'pending' }) };

  function report(tests: (typeof skipped | typeof bare)[], env: Record<string, string>, broken = [0, 0]) {
    const lines: string[] = [];
    let failures = 0;
    const reporter = new SkipsReporter({
      env,
      print: (line) => lines.push(line),
      fail: () => failures++,
    });
    reporter.onTestRunEnd(
      [
        {
          relativeModuleId: 'test/a.test.ts',
          errors: () => new Array(broken[0]).fill('cannot load'),
          children: {
            allSuites: () => [{ errors: () => new Array(broken[1]).fill('beforeAll threw') }],
            allTests: () => tests,
          },
        },
      ],
      [],
    );
    return { lines, failures };
  }

  test('closes with the counts', () => {
    expect(report([passed, passed, failed], {})).toEqual({
      lines: ['2 passed, 1 failed, 0 skipped'],
      failures: 0,
    });
  });

  test('lists what was skipped and why', () => {
    expect(report([passed, skipped, bare, pending], {})).toEqual({
      lines: [
        'skipped  test/a.test.ts > a > d: no tshark',
        'skipped  test/a.test.ts > a > e: no reason given',
        'skipped  test/a.test.ts > a > f: never ran',
        '1 passed, 0 failed, 3 skipped',
      ],
      failures: 0,
    });
  });

  test('fails the run under CI when anything was skipped', () => {
    const { lines, failures } = report([passed, bare], { CI: 'true' });
    expect(failures).toBe(1);
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped');
    expect(report([passed], { CI: 'true' }).failures).toBe(0);
  });

  test('counts a file that could not be loaded and a hook that threw as failed', () => {
    expect(report([], {}, [1, 0]).lines).toEqual(['0 passed, 1 failed, 0 skipped']);
    expect(report([], {}, [0, 1]).lines).toEqual(['0 passed, 1 failed, 0 skipped']);
  });
});
