/**
 * Directories and rings of rotated files: one capture in time order, with what is missing told.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { pcap } from '../support/pcap-files.ts';
import { codes, collect } from './collect.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function captureAt(...seconds: number[]): Buffer {
  return pcap(seconds.map((second) => ({ seconds: second, fraction: 0, bytes: Buffer.of(second) })));
}

/** A directory of these files. @returns its path. */
function directory(name: string, files: Readonly<Record<string, Buffer | string>>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [each, bytes] of Object.entries(files)) writeFileSync(join(path, each), bytes);
  return path;
}

/** The packets' bytes and the files' names. */
async function read(...paths: string[]) {
  const { packets, facts } = await collect(openCapture(paths));
  return {
    seconds: packets.map(({ bytes }) => Number(`0x${bytes}`)),
    names: facts.files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
    facts,
  };
}

test('a directory is the captures in it, oldest first, whatever they are called', async () => {
  const path = directory('mixed', {
    'b.pcap': captureAt(1, 2),
    'a.pcap.gz': gzipSync(captureAt(5)),
    c: captureAt(3, 4),
    'empty.pcap': '',
    'notes.txt': 'written by hand',
    'README.md': '# captures',
  });
  mkdirSync(join(path, 'below'));
  const { seconds, names, facts } = await read(path);
  expect(seconds).toEqual([1, 2, 3, 4, 5]);
  expect(names).toEqual(['b.pcap', 'c', 'a.pcap.gz', 'empty.pcap']);
  expect(facts.warnings.map(({ code, text }) => [code, text])).toEqual([
    ['not_a_capture', `${path}: 2 files left out, being no captures (README.md, notes.txt)`],
    ['file_empty', expect.stringContaining('empty.pcap is empty')],
  ]);
});

test('a directory and files beside it are one capture', async () => {
  const path = directory('beside', { 'x.pcap': captureAt(2, 9) });
  const { seconds } = await read(path, join(directory('single', { 'y.pcap': captureAt(1, 5) }), 'y.pcap'));
  expect(seconds).toEqual([1, 2, 5, 9]);
});

test('a directory without a capture is a mistake', async () => {
  const path = directory('none', { 'notes.txt': 'written by hand' });
  await expect(read(path)).rejects.toMatchObject({
    name: 'UserError',
    code: 'file',
    message: `${path}: no capture is in this directory`,
  });
});

test('a file that is named must be a capture, also beside a directory', async () => {
  const path = directory('strict', { 'x.pcap': captureAt(1), 'notes.txt': 'written by hand' });
  await expect(read(path, join(path, 'notes.txt'))).rejects.toThrow('not a pcap, pcapng or snoop file');
});

test.each<[string, Record<string, number[]>, string[]]>([
  ['tcpdump -C', { 'x.pcap': [1], 'x.pcap1': [2], 'x.pcap2': [3], 'x.pcap10': [60] }, ['x.pcap10 7']],
  [
    'tcpdump -C -W that began again',
    { 'x.pcap0': [50], 'x.pcap1': [60], 'x.pcap2': [30], 'x.pcap3': [40] },
    [],
  ],
  ['tcpdump -W with a hole', { 'x.pcap00': [50], 'x.pcap02': [60], 'x.pcap09': [30] }, ['x.pcap02 1']],
  [
    'dumpcap -b',
    {
      'x_00001_20240101000000.pcapng': [1],
      'x_00002_20240101000001.pcapng': [2],
      'x_00005_20240101000004.pcapng': [9],
      'y_00009_20240101000004.pcapng': [10],
    },
    ['x_00005_20240101000004.pcapng 2'],
  ],
  ['tcpdump -G, whose names are times', { 'x-1200.pcap': [1], 'x-1300.pcap': [2], 'x-1700.pcap': [60] }, []],
])('holes in a ring of %s', async (name, files, expected) => {
  const content = Object.fromEntries(Object.entries(files).map(([file, at]) => [file, captureAt(...at)]));
  const { seconds, facts } = await read(directory(name, content));
  expect(seconds).toEqual(
    Object.values(files)
      .flat()
      .sort((a, b) => a - b),
  );
  const gaps = facts.warnings.map(({ text }) => {
    const found = /\/([^/]+) follows .*by their numbers (a file is|(\d+) files are) missing/.exec(text);
    return `${found?.[1]} ${found?.[3] ?? 1}`;
  });
  expect(gaps).toEqual(expected);
  expect(new Set(codes(facts))).toEqual(new Set(expected.length > 0 ? ['file_gap'] : []));
});
