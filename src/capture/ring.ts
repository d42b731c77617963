/**
 * Holes in a ring of rotated files: the files' names come in, in the order of their times; a warning goes out where
 * their numbers skip. A hole in time alone tells nothing, a network may be quiet.
 * Names: `tcpdump -C` appends 1, 2, 3 … (`x.pcap`, `x.pcap1`; with -W zeros in front, and it begins again at 0),
 * `dumpcap -b` puts five digits and the date before the extension (`x_00001_20240131235959.pcapng`).
 */
import { nameOf } from './delivery.ts';
import type { Warning } from './packet.ts';
import type { Survey } from './survey.ts';

interface Numbered {
  /** What all files of the ring have in common. */
  readonly ring: string;
  readonly number: number;
}

const DUMPCAP = /^(.*)_(\d{5,})_(\d{14})(\.[^/]*)?$/s;
const TCPDUMP = /^(.*\.(?:pcap|cap|dmp|dump))(\d{0,9})(\.gz|\.zst)?$/s;

/** @param surveys in time order; those without packets last. */
export function warnOfGaps(surveys: readonly Survey[], warnings: Warning[]): void {
  const last = new Map<string, { number: number; survey: Survey }>();
  for (const survey of surveys) {
    if (survey.earliest === null) continue;
    const found = numberOf(survey.input.path);
    if (found === null) continue;
    const { ring, number } = found;
    const before = last.get(ring);
    last.set(ring, { number, survey });
    // A lower number is where the ring begins again.
    if (before === undefined || number <= before.number + 1) continue;
    const missing = number - before.number - 1;
    const what = missing === 1 ? 'a file is' : `${missing} files are`;
    warnings.push({
      code: 'file_gap',
      text: `${nameOf(survey.input.path)} follows ${nameOf(before.survey.input.path)}, but by their numbers ${what} missing between them${lasting(before.survey.latest, survey.earliest)}`,
    });
  }
}

function numberOf(path: string): Numbered | null {
  const dumpcap = DUMPCAP.exec(path);
  if (dumpcap !== null) return { ring: `${dumpcap[1]}${dumpcap[4] ?? ''}`, number: Number(dumpcap[2]) };
  const tcpdump = TCPDUMP.exec(path);
  if (tcpdump === null) return null;
  return { ring: tcpdump[1]!, number: Number(tcpdump[2] === '' ? 0 : tcpdump[2]) };
}

function lasting(from: bigint | null, to: bigint): string {
  if (from === null || to <= from) return '';
  return ` (${(Number(to - from) / 1e9).toFixed(3)} s without packets)`;
}
