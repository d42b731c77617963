/**
 * Preloaded into the program that is measured (`node --import`): writes its peak memory and its processor time where the
 * benchmark asks for it. The system's own account of a child is not readable from Node on all systems.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const path = process.env.WIREWITNESS_BENCH_PEAK;
if (path) process.on('exit', () => writeFileSync(path, JSON.stringify(usage())));

function usage() {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return { peakBytes: peakBytes(), processorSeconds: (userCPUTime + systemCPUTime) / 1e6 };
}

/**
 * On Linux the peak since the program was loaded: `maxRSS` there begins with that of the process it was forked from,
 * and the benchmark itself grows large while it writes the captures.
 */
function peakBytes() {
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(linuxStatus())?.[1];
  return Number(kibibytes ?? process.resourceUsage().maxRSS) * 1024;
}

function linuxStatus() {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
