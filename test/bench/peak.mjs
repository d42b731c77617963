/**
 * Preloaded into the program that is measured (`node --import`): writes its peak memory, in bytes, where the
 * benchmark asks for it. The system's own account of a child is not readable from Node on all systems.
 */
import { writeFileSync } from 'node:fs';

const path = process.env.WIREWITNESS_BENCH_PEAK;
if (path) {
  // maxRSS is in kibibytes on every system (libuv).
  process.on('exit', () => writeFileSync(path, String(process.resourceUsage().maxRSS * 1024)));
}
