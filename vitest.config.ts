import { defineConfig } from 'vitest/config';
import { SkipsReporter } from './test/support/skips-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // The skips come last, so that the closing line is the counts.
    reporters: ['default', new SkipsReporter()],
  },
});
