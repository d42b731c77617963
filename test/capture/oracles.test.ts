/**
 * The readers against two that were written by others: pcap-parser on every classic capture in microseconds
 * (each packet's time, lengths and bytes), capinfos on every capture (number of packets; on public ones also first and
 * last time). And the whole analysis on all of them: each packet is accounted for, none is refused.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse as parseByOracle } from 'pcap-parser';
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import type { CaptureFacts } from '../../src/capture/packet.ts';
import { needs, sharedCaptures } from '../support/needs.ts';
import { absolute, codes, collect } from './collect.ts';

/** Where capinfos has another answer or none: what this reader says instead, and why. */
const CAPINFOS_DIFFERS: Readonly<Record<string, { reason: string; says: Partial<Answer> }>> = {
  'OISF+suricata-verify/bug-1450-04__tls_DER-incomplete-header.pcap': {
    reason: 'stops at the seventh record with an error; its message says that it had read six packets',
    says: { packets: '6', warnings: ['file_damaged'] },
  },
  'the-tcpdump-group+libpcap/shb-option-too-long.pcapng': {
    reason: 'an error in place of an answer; there is no packet before the damage',
    says: { packets: '0', warnings: ['file_damaged'] },
  },
  'the-tcpdump-group+libpcap/pcap-invalid-version-1.pcap': {
    reason:
      'capinfos refuses version 1.4, which never was; the one record fits 2.4, and 2.4 is what editing two bytes makes of it',
    says: {
      packets: '1',
      first: '1338986423.226395',
      last: '1338986423.226395',
      warnings: ['version_unknown'],
    },
  },
  'the-tcpdump-group+tcpdump/atm-oam-loopback-print-overrun.pcap': {
    reason:
      'the fraction field holds 1159821166 µs; capinfos overflows 32 bits of nanoseconds, here it carries',
    says: { packets: '1', first: '1544489736.821166', last: '1544489736.821166' },
  },
  'seladb+PcapPlusPlus/Pcap++Test__PcapExamples__pcapng-example.pcapng': {
    reason:
      "one interface's timestamps lie just below 2^64 µs: capinfos forgets the other interface (tshark does not), " +
      'and so far from the first packet a double has a step of 2 µs',
    says: { packets: '159', first: '1422527998.578402', last: '18446744073204.277454' },
  },
  'kbandla+dpkt/examples__data__truncated_dns_2.pcap': {
    reason: 'ends inside its last record; capinfos counts the same packets and says so on stderr only',
    says: { warnings: ['file_truncated'] },
  },
  'hadrielk+pcapng-test-generator/output_be__basic__test002.pcapng': {
    reason: 'no packets: capinfos writes n/a',
    says: { packets: '0', first: null, last: null },
  },
  ...Object.fromEntries(
    [
      ['output_be__advanced__test102.pcapng', '5', '1340954905.301858'],
      ['output_be__difficult__test202.pcapng', '8', '1340954905.301858'],
      ['output_le__difficult__test202.pcapng', '8', '1340954905.301858'],
      ['output_le__basic__test016.pcapng', '4', '1340954905.300858'],
    ].map(([name, packets, last]) => [
      `hadrielk+pcapng-test-generator/${name}`,
      {
        reason: 'has simple packet blocks, which carry no time: capinfos then tells no time at all',
        says: { packets, first: '1340954905.298858', last, warnings: ['no_timestamps'] },
      },
    ]),
  ),
};

interface Answer {
  readonly packets: string;
  /** Seconds as capinfos prints them, null where there is no packet. */
  readonly first: string | null;
  readonly last: string | null;
  readonly warnings: readonly string[];
}

function captures(folder: string): string[] {
  return readdirSync(join(sharedCaptures, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pcap|pcapng|snoop|gz)$/.test(entry.name))
    .map((entry) => relative(sharedCaptures, join(entry.parentPath, entry.name)))
    .sort();
}

function isClassicMicroseconds(path: string): boolean {
  const magic = readFileSync(join(sharedCaptures, path)).toString('hex', 0, 4);
  return magic === 'a1b2c3d4' || magic === 'd4c3b2a1';
}

function readByOracle(path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const packets: string[] = [];
    parseByOracle(path)
      .on('packet', ({ header, data }) => {
        const time = BigInt(header.timestampSeconds) * 1_000_000n + BigInt(header.timestampMicroseconds);
        const wire = Math.max(header.originalLength, header.capturedLength);
        packets.push(`${time} ${wire} ${data.toString('hex')}`);
      })
      .on('error', reject)
      .on('end', () => resolve(packets));
  });
}

needs('shared-captures').describe('pcap-parser', () => {
  const paths = [...captures('lab'), ...captures('public')].filter(isClassicMicroseconds);

  test('has captures to compare', () => {
    expect(paths.length).toBeGreaterThan(200);
  });

  test.each(paths)('agrees on %s', async (path) => {
    const { packets, facts } = await collect(openCapture([join(sharedCaptures, path)]));
    // The oracle gives the file's own order, which is not always that of time.
    const inFileOrder = packets.toSorted((a, b) => a.frame - b.frame);
    const ours = inFileOrder.map(
      ({ time, wireLength, bytes }) => `${microseconds(facts, time)} ${wireLength} ${bytes}`,
    );
    expect(ours).toEqual(await readByOracle(join(sharedCaptures, path)));
    expect(facts.packets).toBe(ours.length);
  });
});

/** A Time further than 104 days from the first packet is exact to half a microsecond only. */
function microseconds(facts: CaptureFacts, time: number): bigint {
  if (Math.abs(time) < Number.MAX_SAFE_INTEGER) expect(Number.isInteger(time / 1000)).toBe(true);
  return (facts.epoch ?? 0n) / 1000n + BigInt(Math.round(time / 1000));
}

interface Capinfos {
  readonly 'Number of packets'?: string;
  readonly 'Start time'?: string;
  readonly 'End time'?: string;
}

needs('shared-captures').describe('capinfos', () => {
  test('agrees but for a list of known files', () => {
    const names = captures('public').map((path) => relative('public', path));
    expect(names.length).toBeGreaterThan(110);
    expect(Object.keys(CAPINFOS_DIFFERS).filter((name) => !names.includes(name))).toEqual([]);
  });

  test.each(captures('public'))('%s', async (path) => {
    const file = join(sharedCaptures, path);
    const told = JSON.parse(readFileSync(`${file}.oracle.json`, 'utf8'));
    const { sha256, size, capinfos } = told.file as { sha256: string; size: number; capinfos: Capinfos };
    const differs = CAPINFOS_DIFFERS[relative('public', path)];
    const source = path.endsWith('.gz') ? bufferSource(gunzipSync(readFileSync(file))) : openCapture([file]);
    const { facts } = await collect(source);
    if (!path.endsWith('.gz')) expect(facts.files).toMatchObject([{ sha256, bytes: size }]);
    const digits = capinfos['Start time']?.split('.')[1]?.length ?? 6;
    const ours: Answer = {
      packets: String(facts.packets),
      first: seconds(facts, facts.firstTime, digits),
      last: seconds(facts, facts.lastTime, digits),
      warnings: codes(facts),
    };
    const theirs = {
      packets: capinfos['Number of packets'],
      first: capinfos['Start time'],
      last: capinfos['End time'],
      warnings: [],
    };
    expect(ours).toEqual(differs === undefined ? theirs : { ...ours, ...differs.says });
    if (differs !== undefined) expect(ours).not.toEqual(theirs);
  });
});

needs('shared-captures').describe('the analysis', () => {
  test.each([...captures('lab'), ...captures('public')])('accounts for every packet of %s', async (path) => {
    const nobody = { transaction() {}, end() {} };
    const { capture, summary } = await analyze(
      openCapture([join(sharedCaptures, path)]),
      DEFAULT_OPTIONS,
      nobody,
    );
    expect([0, 1, 3]).toContain(summary.exitStatus);
    const outcomes = Object.values(capture.decoded).reduce((sum, packets) => sum + packets, 0);
    expect(outcomes).toBe(capture.packets);
  });
});

needs('shared-captures', 'tshark').test(
  'capinfos counts the packets of every lab capture alike',
  async () => {
    // Of a file that ends inside its header capinfos says so and nothing else.
    const paths = captures('lab').filter((path) => !path.endsWith('/cut-file-header.pcap'));
    expect(paths.length).toBeGreaterThan(100);
    const asked = spawnSync('capinfos', ['-T', '-r', '-c', ...paths], {
      cwd: sharedCaptures,
      encoding: 'utf8',
    });
    const theirs = asked.stdout.split('\n').filter((line) => line !== '');
    const ours: string[] = [];
    for (const path of paths) {
      const { facts } = await collect(openCapture([join(sharedCaptures, path)]));
      ours.push(`${path}\t${facts.packets}`);
    }
    expect(ours).toEqual(theirs);
  },
);

function seconds(facts: CaptureFacts, time: number | null, digits: number): string | null {
  if (time === null) return null;
  const unit = 10n ** BigInt(9 - digits);
  // Beyond 104 days a Time is rounded, so cutting digits off could fall into the unit before.
  const half = Number.isSafeInteger(time) ? 0n : unit / 2n;
  const text = ((absolute(facts, time) + half) / unit).toString().padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
