/** The evidence says what the capture said, of the captures of other projects too: same verdict, fault, confidence and facts. */
import { expect } from 'vitest';
import { DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { again } from '../report/evidence/again.ts';
import { needs, sharedCaptures } from '../support/needs.ts';
import { capturesIn, keysOf } from './compare.ts';

const directory = `${sharedCaptures}public`;

/** Captures whose transactions are told alike, but not at the same time. */
const OTHER_TIMES: ReadonlyMap<string, string> = new Map([
  [
    'seladb+PcapPlusPlus/Pcap++Test__PcapExamples__pcapng-example.pcapng',
    'its packets are of the years 2015 and 586524: nanoseconds in 64 bits tell 584 years, and a Time is exact for days',
  ],
]);

needs('shared-captures').test(
  'public captures: the evidence of all transactions gives the same verdicts',
  async () => {
    const different: string[] = [];
    let transactions = 0;
    for (const name of capturesIn(directory)) {
      const path = `${directory}/${name}`;
      const analysis = { ...DEFAULT_OPTIONS, secrets: keysOf(path) };
      const timed = !OTHER_TIMES.has(name);
      const { before, after } = await again(() => openCapture([path]), { all: true, analysis, timed });
      transactions += before.length;
      if (JSON.stringify(after) !== JSON.stringify(before)) different.push(name);
    }
    expect(different).toEqual([]);
    expect(transactions).toBeGreaterThan(1_300);
  },
  120_000,
);
