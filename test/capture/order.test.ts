/**
 * Packets come in time order: inside of a file, across files that overlap, across sections of a pcapng file. File
 * indices and frame numbers stay those of the file. A pipe is taken as it comes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { needs, sharedCaptures } from '../support/needs.ts';
import { blocksIn, ORDERS, pcap } from '../support/pcap-files.ts';
import { codes, collect, type Kept, type Reading } from './collect.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A capture of packets at these milliseconds. */
function captureAt(...times: number[]): Buffer {
  return pcap(
    times.map((ms) => ({
      seconds: 1000 + Math.floor(ms / 1000),
      fraction: (ms % 1000) * 1000,
      bytes: Buffer.from(String(ms)),
    })),
  );
}

/** `file:frame@milliseconds` of each packet; the bytes must be those of that time. */
function places({ packets, facts }: Reading): string[] {
  return packets.map(({ file, frame, time, bytes }) => {
    const at = Number((facts.epoch ?? 0n) / 1_000_000n) + time / 1e6 - 1_000_000;
    expect(Buffer.from(bytes, 'hex').toString()).toBe(String(at));
    return `${file}:${frame}@${at}`;
  });
}

test('two halves in the wrong order are put right; Time 0 is the earliest packet', async () => {
  const reading = await collect(openCapture([file('halves.pcap', captureAt(5000, 6000, 0, 1000, 5500))]));
  expect(places(reading)).toEqual(['0:3@0', '0:4@1000', '0:1@5000', '0:5@5500', '0:2@6000']);
  expect(reading.packets[0]?.time).toBe(0);
  expect(reading.facts).toMatchObject({ packets: 5, firstTime: 0, lastTime: 6e9, warnings: [] });
  expect(reading.facts.files[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('disorder of a few milliseconds is left to the stages that know what it means', async () => {
  const reading = await collect(openCapture([file('slight.pcap', captureAt(0, 20, 10, 30))]));
  expect(places(reading)).toEqual(['0:1@0', '0:2@20', '0:3@10', '0:4@30']);
  const more = await collect(openCapture([file('more.pcap', captureAt(0, 21, 10, 30))]));
  expect(places(more)).toEqual(['0:1@0', '0:3@10', '0:2@21', '0:4@30']);
});

test('files of one moment are merged, equal times in the order of the files', async () => {
  const a = file('a.pcap', captureAt(0, 200, 300, 900));
  const b = file('b.pcap', captureAt(100, 200, 800, 1000));
  const c = file('c.pcap', captureAt(5000));
  const reading = await collect(openCapture([c, b, a]));
  expect(places(reading).join(' ')).toBe(
    '0:1@0 1:1@100 0:2@200 1:2@200 0:3@300 1:3@800 0:4@900 1:4@1000 2:1@5000',
  );
  expect(reading.facts.files.map(({ path, packets }) => [path, packets])).toEqual([
    [a, 4],
    [b, 4],
    [c, 1],
  ]);
});

test('a file in disorder is merged with one that overlaps it', async () => {
  const a = file('disordered.pcap', captureAt(500, 0, 700));
  const b = file('ordered.pcap', captureAt(100, 600));
  const reading = await collect(openCapture([b, a]));
  expect(places(reading)).toEqual(['0:2@0', '1:1@100', '0:1@500', '1:2@600', '0:3@700']);
});

test('one packet with a time of 1970 does not cost the others their digits', async () => {
  const bytes = captureAt(1, 2, 3);
  bytes.writeUInt32LE(0, 24 + 2 * 17);
  const far = Buffer.from(bytes);
  for (const record of [24, 24 + 17]) far.writeUInt32LE(1_700_000_000, record);
  const { packets, facts } = await collect(openCapture([file('far.pcap', far)]));
  expect(packets.map(({ frame }) => frame)).toEqual([3, 1, 2]);
  expect(facts.epoch).toBe(1_700_000_000_001_000_000n);
  expect(packets[2]?.time).toBe(1e6);
});

describe.each(ORDERS)('pcapng, %s endian', (order) => {
  const b = blocksIn(order);
  const at = (ms: number, of = 0) =>
    b.enhanced({ interface: of, ticks: BigInt(1_000_000 + ms) * 1000n, bytes: Buffer.from(String(ms)) });

  test('interfaces and sections are those of the packet, not of its turn', async () => {
    const other = blocksIn(order === 'big' ? 'little' : 'big');
    const bytes = Buffer.concat([
      b.section(),
      b.interface({ link: 1 }),
      at(900),
      b.interface({ link: 113 }),
      at(300, 1),
      b.block(0xbad, Buffer.from('frame')),
      at(950, 0),
      other.section(),
      other.interface({ link: 101 }, other.option(9, Buffer.of(9))),
      other.enhanced({ ticks: 1_000_100_000_000n, bytes: Buffer.from('100') }),
      other.simple(Buffer.from('100')),
      b.section(),
      b.interface({ link: 12 }),
      at(400),
    ]);
    const reading = await collect(openCapture([file('sections.pcapng', bytes)]));
    expect(places(reading)).toEqual(['0:5@100', '0:6@100', '0:2@300', '0:7@400', '0:1@900', '0:4@950']);
    expect(reading.packets.map(({ link, interfaceIndex }) => [link, interfaceIndex])).toEqual([
      [101, 2],
      [101, 2],
      [113, 1],
      [12, 3],
      [1, 0],
      [1, 0],
    ]);
    expect(reading.facts).toMatchObject({ packets: 6, digits: 9 });
    expect(reading.facts.interfaces).toHaveLength(4);
    expect(codes(reading.facts)).toEqual(['no_timestamps']);
  });

  test('drops that are told at the end are known at the first packet, and counted once', async () => {
    const end = [b.statistics(0, b.option(5, b.u64(3n)), b.option(7, b.u64(4n)))];
    for (const times of [
      [1, 2],
      [900, 1],
    ]) {
      const packets = times.map((ms) => at(ms));
      const path = file('drops.pcapng', Buffer.concat([b.section(), b.interface(), ...packets, ...end]));
      const source = openCapture([path, file('other.pcap', captureAt(100_000))]);
      const seen: (number | null)[] = [];
      await source.run(() => seen.push(source.facts.dropped));
      expect(seen).toEqual([7, 7, 7]);
      expect(source.facts.dropped).toBe(7);
    }
  });
});

test('any files: every packet once, in time order, as it stands in its file', async () => {
  const times = fc.array(
    fc.integer({ min: 0, max: 300 }).map((n) => n * 20),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(times, { minLength: 1, maxLength: 4 }), async (files) => {
      const paths = files.map((each, i) => file(`any${i}.pcap`, captureAt(...each)));
      const { packets, facts } = await collect(openCapture(paths));
      const key = ({ file, frame, bytes }: Kept) => `${file}:${frame} ${bytes}`;
      const alone: Kept[] = [];
      for (const [index, { path }] of facts.files.entries()) {
        const one = await collect(bufferSource(captureAt(...files[paths.indexOf(path)]!)));
        alone.push(...one.packets.map((packet) => ({ ...packet, file: index })));
      }
      expect(packets.map(key).sort()).toEqual(alone.map(key).sort());
      expect(packets.every(({ time }, i) => i === 0 || time >= packets[i - 1]!.time)).toBe(true);
      expect(facts.packets).toBe(packets.length);
    }),
    { numRuns: 60 },
  );
});

test('a merge that is ended counts what was delivered', async () => {
  const path = file('ended.pcap', captureAt(5000, 0, 1000, 2000));
  const stop = new AbortController();
  let delivered = 0;
  const facts = await openCapture([path]).run(() => {
    delivered++;
    stop.abort();
  }, stop.signal);
  expect(facts.packets).toBe(delivered);
  expect(facts.files[0]?.packets).toBe(delivered);
  expect(delivered).toBeLessThan(4);
});

test('what cannot be read twice is taken as it comes, with a warning', async () => {
  const reading = await collect(bufferSource(captureAt(5000, 0), { name: 'pipe' }));
  expect(places(reading)).toEqual(['0:1@5000', '0:2@0']);
  expect(codes(reading.facts)).toEqual(['time_backwards']);
});

needs('shared-captures').test('a capture whose halves were joined in the wrong order', async () => {
  const path = join(sharedCaptures, 'lab/16-capture-problems/out-of-time-order.pcap');
  const { packets, facts } = await collect(openCapture([path]));
  expect(packets).toHaveLength(40);
  expect(packets.every(({ time }, i) => i === 0 || time >= packets[i - 1]!.time)).toBe(true);
  expect(facts.warnings).toEqual([]);
});
