/** What V8 may use is bounded in the process itself; each case is one of its own, as flags cannot be taken back. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MIB = 1024 * 1024;

/** The largest young generation, in bytes, of a process that keeps ever more alive, asked between turns of its event loop. */
function largestYoung(bound: boolean): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { boundHeap } from '${new URL('../../src/cli/heap.ts', import.meta.url).href}';
    if (${bound}) boundHeap();
    let most = 0;
    const kept = [];
    for (let round = 0; round < 60; round++) {
      kept[round % 20] = Array.from({ length: 20_000 }, (_, i) => ({ i, list: [i] }));
      await new Promise((resolve) => setTimeout(resolve, 25));
      most = Math.max(most, getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);
    }
    console.log(most);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('keeps the young generation at half of what V8 would let it grow to', () => {
  const unbound = largestYoung(false);
  expect(unbound).toBeGreaterThan(24 * MIB);
  expect(largestYoung(true)).toBeLessThanOrEqual(unbound / 2);
});
