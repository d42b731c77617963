/** Packets that are kept: which, where, with what comments, in files of which names; what a full disk and a kill leave. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { KeptFiles } from '../../src/report/keep/files.ts';
import { type Keep, Keeper } from '../../src/report/keep/keeper.ts';
import { KeptNames, type Rotation, strftime } from '../../src/report/keep/names.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { conversation } from '../support/conversation.ts';
import { needs } from '../support/needs.ts';
import { type Frame, merged, packetsSource } from '../support/packets-source.ts';

const NEVER: Rotation = { size: null, seconds: null, count: null };
const POST = 'POST /notify HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nok';

const good = (i: number) =>
  conversation({ client: `10.0.0.1:${20_000 + i}`, start: i * 1e8 })
    .handshake()
    .clientSends(POST)
    .ack('server')
    .serverSends('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    .ack('client')
    .fin('client')
    .fin('server').frames;
const bad = (i: number) =>
  conversation({ client: `10.0.0.1:${30_000 + i}`, start: i * 1e8 + 5e7 })
    .handshake()
    .clientSends(POST)
    .ack('server')
    .rst('server').frames;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keep-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Kept {
  readonly records: readonly TransactionRecord[];
  readonly paths: readonly string[];
  readonly failures: readonly string[];
  readonly overs: number;
}

async function kept(
  frames: readonly Frame[],
  keep: Keep,
  rotation: Rotation = NEVER,
  name = 'kept.pcapng',
  eachPacket: (files: KeptFiles) => void = () => {},
): Promise<Kept> {
  const source = packetsSource(frames);
  const failures: string[] = [];
  let overs = 0;
  const files = new KeptFiles({
    names: new KeptNames(join(directory, name), rotation),
    rotation,
    facts: source.facts,
    interfaceName: 'eth7',
    filter: () => 'tcp port 80',
    onOver: () => overs++,
    onFailure: (text) => failures.push(text),
  });
  const keeper = new Keeper(keep, files);
  const records: TransactionRecord[] = [];
  await analyze(
    source,
    DEFAULT_OPTIONS,
    keeper.around({ transaction: (record) => records.push(record), end() {} }),
    undefined,
    {
      onPacket: (packet) => keeper.onPacket(packet),
      onConnection(id) {
        keeper.onConnection(id);
        eachPacket(files);
      },
    },
  );
  return { records, paths: files.paths, failures, overs };
}

/** Bytes of each packet of these files, as hexadecimal. */
async function packetsIn(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  await openCapture(paths).run(({ bytes, start, end }) => found.push(bytes.toString('hex', start, end)));
  return found;
}

const hexOf = (frames: readonly Frame[]) => frames.map(({ bytes }) => bytes.toString('hex'));

describe('all packets', () => {
  test('are kept as they were, and evidence names the file and its frames', async () => {
    const frames = merged(good(0), bad(0), good(1));
    const { records, paths } = await kept(frames, 'all');
    expect(await packetsIn(paths)).toEqual(hexOf(frames));
    const again: TransactionRecord[] = [];
    const sink = { transaction: (record: TransactionRecord) => again.push(record), end() {} };
    await analyze(openCapture(paths), DEFAULT_OPTIONS, sink);
    expect(again.map(({ id, verdict, evidence }) => [id, verdict, evidence])).toEqual(
      records.map(({ id, verdict, evidence }) => [id, verdict, evidence]),
    );
    expect(new Set(records.flatMap(({ evidence }) => evidence.map(({ file }) => file)))).toEqual(
      new Set(paths),
    );
  });

  test('evidence finds its frame in rotated files', async () => {
    const frames = merged(...Array.from({ length: 40 }, (_, i) => [...good(i), ...bad(i)]));
    const { records, paths } = await kept(frames, 'all', { ...NEVER, size: 4000 });
    expect(paths.length).toBeGreaterThan(5);
    expect(await packetsIn(paths)).toEqual(hexOf(frames));
    for (const { evidence, connection } of records.filter(({ outcome }) => outcome === 'unanswered')) {
      const rst = evidence.find(({ role }) => role === 'receiver_rst');
      const inFile = await packetsIn([rst!.file]);
      const port = connection.sender.port.toString(16).padStart(4, '0');
      // A RST, to the sender's port.
      expect(inFile[rst!.frame - 1]?.slice(72, 76)).toBe(port);
      expect(Number.parseInt(inFile[rst!.frame - 1]!.slice(94, 96), 16) & 4).toBe(4);
    }
  });

  needs('tshark').test('carry comments where a verdict rests on them, on disk or not', async () => {
    const frames = merged(good(0), bad(0), good(100));
    for (const flush of [false, true]) {
      const { paths } = await kept(frames, 'all', NEVER, `kept-${flush}.pcapng`, (files) => {
        if (flush) files.flush();
      });
      const tshark = [
        '-r',
        paths[0]!,
        '-Y',
        'frame.comment',
        '-T',
        'fields',
        '-e',
        'frame.number',
        '-e',
        'frame.comment',
      ];
      const lines = execFileSync('tshark', tshark, { encoding: 'utf8' }).trim().split('\n');
      const text = lines.join('\n');
      expect(text).toContain('unanswered: no_response_reset (proven)');
      expect(text).toContain('receiver_rst');
      // All in memory: one a packet of the evidence. On disk: one on the next packet, which names the others.
      expect(lines.length > 1).toBe(!flush);
      if (flush) expect(text).toMatch(/request_acked \S+#\d+/);
      expect(execFileSync('capinfos', ['-I', paths[0]!], { encoding: 'utf8' })).toMatch(
        /Name = eth7[\s\S]*tcp port 80/,
      );
    }
  });
});

describe('packets of failed connections', () => {
  test('are kept whole, and no others', async () => {
    const frames = merged(...Array.from({ length: 20 }, (_, i) => good(i)), bad(3), bad(7));
    const { records, paths } = await kept(frames, 'failed');
    expect(new Set(await packetsIn(paths))).toEqual(new Set(hexOf([...bad(3), ...bad(7)])));
    const failed = records.filter(({ outcome }) => outcome === 'unanswered');
    expect(failed).toHaveLength(2);
    const inFile = await packetsIn(paths);
    expect(inFile).toHaveLength(bad(3).length * 2);
    for (const { evidence } of failed) {
      for (const { file, frame } of evidence)
        expect([file, frame <= inFile.length]).toEqual([paths[0], true]);
    }
    // What is not kept is named as it was captured.
    expect(records.find(({ outcome }) => outcome === 'delivered')?.evidence[0]?.file).toBe('memory.pcap');
  });

  test('make no file where nothing failed', async () => {
    const { paths } = await kept(good(0), 'failed');
    expect([paths, readdirSync(directory)]).toEqual([[], []]);
  });

  test('of a connection that went well before begin with its handshake', async () => {
    const talk = conversation().handshake();
    for (let i = 0; i < 50; i++) {
      talk
        .clientSends(POST)
        .ack('server')
        .serverSends('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        .ack('client');
    }
    talk.clientSends(POST).ack('server').rst('server');
    const { paths } = await kept(talk.frames, 'failed');
    const found = await packetsIn(paths);
    expect(found.slice(0, 3)).toEqual(hexOf(talk.frames.slice(0, 3)));
    expect(found.slice(-3)).toEqual(hexOf(talk.frames.slice(-3)));
    expect(found.length).toBeLessThan(12);
  });
});

describe('names', () => {
  const day = new Date(2026, 10, 23, 3, 4, 5);
  const named = (pattern: string, rotation: Rotation, count: number) => {
    const names = new KeptNames(join(directory, pattern), rotation);
    return Array.from({ length: count }, () => {
      const { path } = names.next(day);
      writeFileSync(path, '');
      return basename(path);
    });
  };

  test('are tcpdump’s', () => {
    expect(named('a.pcapng', { ...NEVER, size: 1e6 }, 3)).toEqual(['a.pcapng', 'a.pcapng1', 'a.pcapng2']);
    expect(named('b', { size: 1e6, seconds: null, count: 12 }, 14).slice(-4)).toEqual([
      'b10',
      'b11',
      'b00',
      'b01',
    ]);
    expect(named('c-%Y%m%d-%H%M%S.pcapng', { ...NEVER, seconds: 60 }, 2)).toEqual([
      'c-20261123-030405.pcapng',
      'c-20261123-030405-2.pcapng',
    ]);
    expect(strftime('%F %T %y %% %q', day)).toBe('2026-11-23 03:04:05 26 % %q');
  });

  test('never are those of a run before', () => {
    named('a.pcapng', { ...NEVER, size: 1e6 }, 2);
    expect(named('a.pcapng', { ...NEVER, size: 1e6 }, 2)).toEqual(['a-2.pcapng', 'a-2.pcapng1']);
    const ring = { size: 1e6, seconds: null, count: 3 };
    named('b.pcapng', ring, 2);
    expect(named('b.pcapng', ring, 4)).toEqual(['b-2.pcapng0', 'b-2.pcapng1', 'b-2.pcapng2', 'b-2.pcapng0']);
    expect(readdirSync(directory)).toHaveLength(9);
  });

  test('a ring holds the newest packets', async () => {
    const frames = merged(...Array.from({ length: 60 }, (_, i) => good(i)));
    await kept(frames, 'all', { size: 4000, seconds: null, count: 3 }, 'ring');
    expect(readdirSync(directory).sort()).toEqual(['ring0', 'ring1', 'ring2']);
    const found = await packetsIn([directory]);
    expect(found).toEqual(hexOf(frames).slice(-found.length));
  });

  test('with seconds and a count the run ends', async () => {
    const frames = merged(...Array.from({ length: 60 }, (_, i) => good(i)));
    const { paths, overs } = await kept(frames, 'all', { size: null, seconds: 1, count: 3 }, 'g');
    expect(paths.map((path) => basename(path))).toEqual(['g', 'g1', 'g2']);
    expect(overs).toBeGreaterThan(0);
  });
});

describe('trouble', () => {
  test('what is on disk is whole blocks at any time, for its owner only', async () => {
    const frames = merged(...Array.from({ length: 20 }, (_, i) => good(i)));
    let looks = 0;
    await kept(frames, 'all', NEVER, 'kept.pcapng', (files) => {
      files.flush();
      const path = files.paths[0]!;
      expect(statSync(path).mode & 0o077).toBe(0);
      const bytes = readFileSync(path);
      for (let at = 0; at < bytes.length; looks++) {
        const length = bytes.readUInt32LE(at + 4);
        expect(bytes.readUInt32LE(at + length - 4)).toBe(length);
        at += length;
      }
    });
    expect(looks).toBeGreaterThan(frames.length);
  });

  test('a directory that is not there is told at once', async () => {
    await expect(kept([], 'all', NEVER, 'absent/kept.pcapng')).rejects.toThrow('cannot keep packets in');
  });

  needs('root').test(
    'a full disk ends the writing with a warning, and neither the analysis nor what was written',
    async () => {
      const disk = join(directory, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'none', disk]);
      try {
        const frames = merged(...Array.from({ length: 200 }, (_, i) => good(i)));
        const { records, failures, paths } = await kept(frames, 'all', NEVER, 'disk/kept.pcapng', (files) =>
          files.flush(),
        );
        expect(records).toHaveLength(200);
        expect(failures).toHaveLength(1);
        expect(failures[0]).toMatch(
          /^no more packets are kept: .*kept\.pcapng cannot be written \(ENOSPC.*; the analysis goes on$/,
        );
        const source = openCapture(paths);
        const found: string[] = [];
        await source.run(({ bytes, start, end }) => found.push(bytes.toString('hex', start, end)));
        expect(source.facts.warnings).toEqual([]);
        expect(found.length).toBeGreaterThan(100);
        expect(found).toEqual(hexOf(frames).slice(0, found.length));
      } finally {
        execFileSync('umount', [disk]);
      }
      expect(existsSync(join(disk, 'kept.pcapng'))).toBe(false);
    },
  );
});
