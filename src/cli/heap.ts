/**
 * How much memory V8 may use before it collects. Set while it runs: a command that is installed cannot bring flags for node along.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of both halves of the young generation from which on it does not grow: 8 MiB each, where V8 takes 16. */
const YOUNG = 16 * 1024 * 1024;
/** Milliseconds between looks at it, where the event loop turns as often: what it grows until the next one only costs memory. */
const LOOK = 20;

/** To be called before anything else is done. */
export function boundHeap(): void {
  // Left to itself V8 collects old objects only when the heap is four times what was alive: a capture that keeps many
  // connections open then takes twice the memory, and not less time (measured: 910 against 549 MiB).
  setFlagsFromString('--heap-growing-percent=50');
  // The limit itself can only be given at the start of the process, the factor it grows by at any time (measured: every record of
  // 160,000 transactions in 143 instead of 169 MB, in the same time).
  const looking = setInterval(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young !== undefined && young.space_size < YOUNG) return;
    clearInterval(looking);
    setFlagsFromString('--semi-space-growth-factor=1');
  }, LOOK);
  looking.unref();
}
