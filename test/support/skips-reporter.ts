/**
 * A vitest reporter for what the default one hides: lists every skipped test with its reason, fails the run
 * under CI when there is one (this catches a bare `it.skip` too), and closes with the counts alone on the last
 * line, for machines: `N passed, N failed, N skipped`.
 */
import type { SerializedError } from 'vitest';
import type { Reporter } from 'vitest/node';
import { underCi } from './ci.ts';

/** Where the reporter meets the outside; tests give their own. */
interface Outside {
  readonly env: Readonly<Record<string, string | undefined>>;
  print(line: string): void;
  fail(): void;
}

const realOutside: Outside = {
  env: process.env,
  print: (line) => console.log(line),
  fail: () => {
    process.exitCode = 1;
  },
};

export class SkipsReporter implements Reporter {
  private readonly outside: Outside;

  constructor(outside: Outside = realOutside) {
    this.outside = outside;
  }

  onTestRunEnd(modules: readonly Module[], unhandled: readonly Pick<SerializedError, 'message'>[]): void {
    const { env, print, fail } = this.outside;
    let passed = 0;
    // An error outside any test belongs to none, and still must not be summed up as "0 failed".
    let failed = unhandled.length;
    const skips: string[] = [];
    for (const module of modules) {
      // A file that could not be loaded, or a group whose hook failed, has no failed tests to count.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') failed++;
        else skips.push(`${module.relativeModuleId} > ${test.fullName}: ${reason(result)}`);
      }
    }
    for (const skip of skips) print(`skipped  ${skip}`);
    if (skips.length > 0 && underCi(env)) {
      print('A skipped test is a failure under CI.');
      fail();
    }
    print(`${passed} passed, ${failed} failed, ${skips.length} skipped`);
  }
}

/** What is used of vitest's TestModule, so that a test can make one. */
interface Module {
  readonly relativeModuleId: string;
  errors(): readonly unknown[];
  readonly children: {
    allSuites(): Iterable<{ errors(): readonly unknown[] }>;
    allTests(): Iterable<{
      readonly fullName: string;
      result(): { readonly state: string; readonly note?: string | undefined };
    }>;
  };
}

function reason(result: { readonly state: string; readonly note?: string | undefined }): string {
  // A test is still pending when the run was interrupted, or a hook before it failed.
  if (result.state === 'pending') return 'never ran';
  return result.note ?? 'no reason given';
}
