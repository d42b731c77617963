/**
 * gzip and zstd are told by content; what is said about the file is said about it as it is stored. Damage costs what
 * comes after it. The zstd files are made by hand or by the zstd tool (stored in hexadecimal).
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { LIMITS } from '../../src/limits.ts';
import { pcap } from '../support/pcap-files.ts';
import { type Block, zstd } from '../support/zstd.ts';
import { codes, collect } from './collect.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, ...parts: readonly Uint8Array[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** Bytes that no compressor makes smaller, the same on every run. */
function noise(length: number, seed: number): Buffer {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256').update(`${seed} ${i}`).digest(),
  );
  return Buffer.concat(parts).subarray(0, length);
}

function capture(packets: number, length = 40): Buffer {
  return pcap(
    Array.from({ length: packets }, (_, i) => ({ seconds: 1000 + i, fraction: 0, bytes: noise(length, i) })),
  );
}

const skippable = Buffer.concat([Buffer.from('5a2a4d1805000000', 'hex'), Buffer.from('hello')]);

/** Parts of at most 100 KiB as raw blocks. */
function stored(bytes: Buffer): Block[] {
  const parts: Block[] = [];
  for (let at = 0; at < bytes.length; at += 100_000) parts.push({ raw: bytes.subarray(at, at + 100_000) });
  return parts;
}

const plain = capture(5000);
const cutAt = plain.length - 100;

describe.each<[string, readonly Uint8Array[]]>([
  ['gzip', [gzipSync(plain)]],
  ['gzip in two members', [gzipSync(plain.subarray(0, 1001)), gzipSync(plain.subarray(1001))]],
  ['gzip with zeros after it', [gzipSync(plain), Buffer.alloc(600)]],
  ['zstd', [zstd(stored(plain))]],
  ['zstd in two frames', [zstd(stored(plain.subarray(0, 1001))), zstd(stored(plain.subarray(1001)))]],
  ['zstd between skippable frames', [skippable, zstd(stored(plain)), skippable]],
])('%s', (_, parts) => {
  const bytes = Buffer.concat(parts);

  test('reads as what it holds, whatever its name', async () => {
    const told: (number | null)[][] = [];
    const path = file('some.name', bytes);
    const { packets, facts } = await collect(
      openCapture([path], { onProgress: (...args) => told.push(args) }),
    );
    const { packets: expected, facts: without } = await collect(openCapture([file('plain', plain)]));
    expect(packets).toEqual(expected);
    expect(facts).toEqual({
      ...without,
      files: [
        {
          ...without.files[0],
          path,
          bytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      ],
    });
    expect(told.at(-1)).toEqual([expect.any(Number), bytes.length]);
    expect(told.at(-1)?.[0]).toBeLessThanOrEqual(bytes.length);
  });

  test('is merged with files that overlap', async () => {
    const other = file('other.pcap', pcap([{ seconds: 1002, fraction: 500_000, bytes: Buffer.of(1) }]));
    const { packets, facts } = await collect(openCapture([other, file('z', bytes)]));
    expect(packets.slice(0, 5).map(({ file, frame }) => `${file}:${frame}`)).toEqual([
      '0:1',
      '0:2',
      '0:3',
      '1:1',
      '0:4',
    ]);
    expect(facts.files[0]?.bytes).toBe(bytes.length);
  });
});

describe('what the zstd tool wrote', () => {
  // 200 packets of one byte; `zstd -19` and `zstd -1 --no-check`
  const small = pcap(
    Array.from({ length: 200 }, (_, i) => ({ seconds: i, fraction: 0, bytes: Buffer.of(7) })),
  );

  test.each([
    ['-19', zstd19()],
    ['-1 --no-check', zstd1()],
  ])('%s', async (_, hex) => {
    const { packets, facts } = await collect(openCapture([file('tool.zst', Buffer.from(hex, 'hex'))]));
    expect(packets).toEqual((await collect(openCapture([file('small', small)]))).packets);
    expect(facts.warnings).toEqual([]);
  });
});

describe('damage', () => {
  const reading = async (...parts: readonly Uint8Array[]) => {
    const { facts } = await collect(openCapture([file('damaged', ...parts)]));
    return { packets: facts.packets, codes: codes(facts), text: facts.warnings[0]?.text ?? '', facts };
  };

  test('gzip that was cut gives the packets before', async () => {
    const bytes = gzipSync(plain);
    const half = Math.floor(bytes.length / 2);
    const { packets, codes, text, facts } = await reading(bytes.subarray(0, half));
    expect(packets).toBeGreaterThan(2400);
    expect(packets).toBeLessThan(2600);
    expect(codes).toEqual(['file_truncated']);
    expect(text).toMatch(
      /gzip: the compressed data stop before their end\); the \d+ whole packets before it were read$/,
    );
    expect(facts.files[0]).toMatchObject({ truncated: true, bytes: half });
  });

  test('gzip with a wrong check sum gives all packets, however small the file is', async () => {
    const bytes = gzipSync(capture(20));
    bytes[bytes.length - 8]! ^= 1;
    const { packets, codes, text } = await reading(bytes);
    expect([packets, codes]).toEqual([20, ['file_damaged']]);
    expect(text).toContain('(gzip: incorrect data check)');
  });

  test('a second gzip member that is none gives the packets of the first', async () => {
    const { packets, codes } = await reading(gzipSync(plain), Buffer.from('garbage'));
    expect([packets, codes]).toEqual([5000, ['file_damaged']]);
  });

  test('zstd that was cut gives its whole blocks', async () => {
    const bytes = zstd(stored(plain));
    const { packets, codes } = await reading(bytes.subarray(0, bytes.length - 10));
    expect([packets, codes]).toEqual([Math.floor((200_000 - 24) / 56), ['file_truncated']]);
  });

  test.each<[string, Buffer, RegExp]>([
    ['is followed by something else', Buffer.from('garbage'), /what follows is no zstd frame/],
    ['needs a dictionary', Buffer.from('28b52ffd015001', 'hex'), /a dictionary is needed/],
    ['has a block of no type', Buffer.from('28b52ffd0050070000', 'hex'), /invalid/],
    ['has too long a block', Buffer.from('28b52ffd0050ffffff', 'hex'), /a block of 2097151 bytes/],
    ['has too wide a window', Buffer.from('28b52ffd00a0000000', 'hex'), /a window of 1073741824 bytes/],
  ])('zstd that %s', async (_, after, text) => {
    const { packets, codes, text: found, facts } = await reading(zstd(stored(plain)), after);
    expect([packets, codes]).toEqual([5000, ['file_damaged']]);
    expect(found).toMatch(text);
    expect(facts.limitsHit).toEqual(String(text).includes('window') ? { zstdWindowBytes: 1 } : {});
  });

  test('inside of the capture is told by its place there', async () => {
    const { codes, text } = await reading(gzipSync(plain.subarray(0, cutAt)));
    expect(codes).toEqual(['file_truncated']);
    expect(text).toContain(`ends at byte ${cutAt} of the decompressed data, inside a record`);
  });

  test('what is no capture when decompressed is refused', async () => {
    await expect(reading(gzipSync('hello'))).rejects.toMatchObject({ name: 'UserError', code: 'file' });
  });
});

describe('bombs', () => {
  const header = pcap([]);

  test('twelve kilobytes of zstd that stand for 400 megabytes are not held in memory', async () => {
    const blocks = Array.from({ length: 3000 }, () => ({ run: 128 * 1024 }));
    const before = process.memoryUsage().rss;
    const { facts } = await collect(
      openCapture([
        file('bomb.zst', zstd([{ raw: Buffer.concat([header, Buffer.alloc(16, 255)]) }, ...blocks])),
      ]),
    );
    expect(codes(facts)).toEqual(['file_damaged']);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  test('tiny blocks with a huge window end early', async () => {
    const blocks = Array.from({ length: 100_000 }, () => ({ run: 1 }));
    const { facts } = await collect(openCapture([file('tiny.zst', zstd([{ raw: header }, ...blocks], 27))]));
    expect(facts.warnings.at(-1)?.text).toContain('(zstd: blocks much smaller than their window)');
    expect(LIMITS.zstdWindowBytes).toBe(2 ** 27);
  });
});

function zstd19(): string {
  return [
    '28b52ffd0468c50700640dd4c3b2a102000400040001000100070102030405060708090a0b0c0d0e0f10111213141516',
    '1718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40414243444546',
    '4748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f70717273747576',
    '7778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6',
    'a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c780caa810f04273f0590310144111ee',
    '0324120989441212896e28e900b8f2ea14078aec83',
  ].join('');
}

function zstd1(): string {
  return [
    '28b52ffd00481d0800d40dd4c3b2a10200040004000100010000000100000007010702030405060708090a0b0c0d0e0f',
    '101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f',
    '404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f',
    '707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c780caa810e80ad301',
    'e0e71046888008f701082208210821042104112e9416507893dbaec9',
  ].join('');
}
