/**
 * Files, pipes and standard input as one capture: order, errors, progress, the end of a run.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { needs, projectRoot } from '../support/needs.ts';
import { blocksIn, pcap } from '../support/pcap-files.ts';
import { codes, collect } from './collect.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, bytes: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A capture of packets at these seconds, each with one byte that tells which. */
function captureAt(...seconds: number[]): Buffer {
  return pcap(seconds.map((second) => ({ seconds: second, fraction: 0, bytes: Buffer.of(second) })));
}

test('what is told about a file', async () => {
  const bytes = captureAt(100, 101);
  const path = file('one.pcap', bytes);
  const { packets, facts } = await collect(openCapture([path]));
  expect(packets.map(({ time, frame }) => [time, frame])).toEqual([
    [0, 1],
    [1e9, 2],
  ]);
  expect(facts.files).toEqual([
    {
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      format: 'pcap',
      bytes: bytes.length,
      packets: 2,
      firstTime: 0,
      lastTime: 1e9,
      truncated: false,
    },
  ]);
});

describe('several files', () => {
  test('are read in the order of their packets, those without any last', async () => {
    const late = file('late.pcap', captureAt(50, 51));
    const none = file('none.pcap', captureAt());
    const early = file('early.pcap', captureAt(10, 70));
    const empty = file('empty.pcap', '');
    const { packets, facts } = await collect(openCapture([late, none, empty, early]));
    expect(
      packets.map(({ file, frame, time, bytes }) => [file, frame, time / 1e9, Number(`0x${bytes}`)]),
    ).toEqual([
      [0, 1, 0, 10],
      [1, 1, 40, 50],
      [1, 2, 41, 51],
      [0, 2, 60, 70],
    ]);
    expect(facts.files.map(({ path }) => path)).toEqual([early, late, none, empty]);
    expect(facts).toMatchObject({ packets: 4, firstTime: 0, lastTime: 60e9, epoch: 10_000_000_000n });
    expect(facts.files[1]).toMatchObject({ firstTime: 40e9, lastTime: 41e9 });
    expect(facts.interfaces).toHaveLength(3);
    expect(codes(facts)).toEqual(['file_empty']);
  });

  test('of equal times keep the order they were given in', async () => {
    const paths = ['c', 'a', 'b'].map((name) => file(`${name}.pcap`, captureAt(9)));
    const { facts } = await collect(openCapture(paths));
    expect(facts.files.map(({ path }) => path)).toEqual(paths);
  });

  test('are ordered by their first packets that have a time', async () => {
    const b = blocksIn('little');
    const untimed = Buffer.concat([
      b.section(),
      b.interface(),
      b.block(0x77, Buffer.alloc(100_000)),
      b.simple(Buffer.of(1)),
      b.enhanced({ ticks: 5_000_000n, bytes: Buffer.of(5) }),
    ]);
    const first = file('timed.pcap', captureAt(6));
    const second = file('untimed.pcapng', untimed);
    const { facts } = await collect(openCapture([first, second]));
    expect(facts.files.map(({ path }) => path)).toEqual([second, first]);
  });

  test('with nanoseconds in a later one are printed with nine digits from the start', async () => {
    const coarse = file('coarse.pcap', captureAt(1));
    const fine = file(
      'fine.pcap',
      pcap([{ seconds: 2, fraction: 0, bytes: Buffer.of(2) }], { kind: 'nanoseconds' }),
    );
    const source = openCapture([fine, coarse]);
    const digits: number[] = [];
    await source.run(() => digits.push(source.facts.digits));
    expect(digits).toEqual([9, 9]);
  });

  test('are each told what is wrong with them', async () => {
    const b = blocksIn('little');
    const wrong = Buffer.concat([b.section(), b.interface({}, Buffer.from([9, 0, 200, 0]))]);
    const paths = [file('wrong1.pcapng', wrong), file('wrong2.pcapng', wrong)];
    const { facts } = await collect(openCapture(paths));
    expect(facts.warnings.map(({ code, text }) => [code, text.split(' ')[0]])).toEqual(
      paths.map((path) => ['options_damaged', path]),
    );
  });

  test('report progress over all of them', async () => {
    const paths = [file('p1.pcap', captureAt(1, 2)), file('p2.pcap', captureAt(3))];
    const told: (number | null)[][] = [];
    await collect(openCapture(paths, { onProgress: (...args) => told.push(args) }));
    expect(told).toEqual([
      [58, 99],
      [99, 99],
    ]);
  });
});

describe('a path that is no capture', () => {
  const message = async (...paths: string[]) => {
    const delivered: number[] = [];
    const error = await openCapture(paths)
      .run(({ frame }) => delivered.push(frame))
      .catch((reason: unknown) => reason);
    expect(delivered).toEqual([]);
    return error;
  };

  test('text', async () => {
    const path = file('x.txt', 'hello');
    expect(await message(path)).toMatchObject({
      name: 'UserError',
      code: 'file',
      message: `${path}: not a pcap, pcapng or snoop file (starts with 68 65 6c 6c)`,
    });
  });

  test('text shorter than a magic number', async () => {
    expect(String(await message(file('y.txt', 'hi')))).toMatch(
      /y\.txt: not a pcap, pcapng or snoop file \(starts with 68 69\)$/,
    );
  });

  test('missing', async () => {
    const path = join(folder, 'missing.pcap');
    expect(await message(path)).toMatchObject({
      name: 'UserError',
      code: 'file',
      message: `${path}: no such file`,
    });
  });

  test('an empty directory', async () => {
    const path = join(folder, 'directory');
    mkdirSync(path);
    expect(await message(path)).toMatchObject({
      code: 'file',
      message: `${path}: no capture is in this directory`,
    });
  });

  test('below a file', async () => {
    const path = join(file('not-a-folder', ''), 'x.pcap');
    expect(await message(path)).toMatchObject({ code: 'file', message: `${path}: cannot be read (ENOTDIR)` });
  });

  test('among good ones is found before the first packet', async () => {
    expect(await message(file('good.pcap', captureAt(1)), file('bad.pcap', 'nonsense'))).toMatchObject({
      code: 'file',
    });
  });

  test('standard input twice', async () => {
    expect(await message('-', '-')).toMatchObject({ code: 'flag', message: 'standard input is given twice' });
  });
});

needs('root').test('a file that may not be read', async () => {
  const path = file('secret.pcap', captureAt(1));
  execFileSync('chmod', ['0', path]);
  execFileSync('chmod', ['755', folder]);
  // Root reads everything, so this process is somebody else for a moment.
  process.seteuid?.(65_534);
  try {
    await expect(collect(openCapture([path]))).rejects.toMatchObject({
      name: 'UserError',
      code: 'permission',
      message: `${path}: permission denied; run as a user who may read it`,
    });
  } finally {
    process.seteuid?.(0);
  }
});

test('a file that grows while it is read is read to its last whole packet', async () => {
  const path = file('growing.pcap', captureAt(1, 2));
  const more = captureAt(3, 4).subarray(24);
  const source = openCapture([path]);
  let packets = 0;
  await source.run(() => {
    packets++;
    if (packets === 2) appendFileSync(path, more.subarray(0, 17 + 16));
  });
  expect(packets).toBe(3);
  expect(codes(source.facts)).toEqual(['file_truncated']);
  expect(source.facts.files).toMatchObject([{ packets: 3, bytes: 24 + 3 * 17 + 16, truncated: true }]);
});

test('a run can be ended between refills; the facts say how far it got', async () => {
  const big = (second: number) => {
    const records = captureAt(...Array.from({ length: 1000 }, () => second)).subarray(24);
    return Buffer.concat([captureAt(), ...Array.from({ length: 100 }, () => records)]);
  };
  const paths = [file('big1.pcap', big(1)), file('big2.pcap', big(2))];
  const stop = new AbortController();
  let packets = 0;
  const { warnings, files, lastTime } = await openCapture(paths).run(() => {
    packets++;
    stop.abort();
  }, stop.signal);
  expect(files).toMatchObject([
    { path: paths[0], sha256: null, bytes: 1024 * 1024, packets, truncated: false },
  ]);
  expect(packets).toBe(Math.floor((1024 * 1024 - 24) / 17));
  expect(lastTime).toBe(0);
  expect(warnings).toEqual([
    { code: 'reading_stopped', text: `${paths[0]} was read up to byte 1048576 only: the run was ended` },
    { code: 'reading_stopped', text: '1 more file not read: the run was ended' },
  ]);
});

test('a run that was ended before it began reads nothing', async () => {
  const path = file('unread.pcap', captureAt(1));
  const { packets, facts } = await collect(openCapture([path]), AbortSignal.abort());
  expect(packets).toEqual([]);
  expect(facts.files).toEqual([]);
  expect(codes(facts)).toEqual(['reading_stopped']);
});

test('a source runs once', async () => {
  const source = openCapture([file('once.pcap', captureAt(1))]);
  await collect(source);
  await expect(collect(source)).rejects.toThrow('a packet source runs once');
});

test('a device that gives nothing is an empty file', async () => {
  const { facts } = await collect(openCapture(['/dev/null']));
  expect(codes(facts)).toEqual(['file_empty']);
});

test('digests are left out where nobody asks for them', async () => {
  const path = file('undigested.pcap', captureAt(1, 2));
  const { facts, packets } = await collect(openCapture([path], { digests: false }));
  expect([packets.length, facts.files[0]?.sha256]).toEqual([2, null]);
});

describe('a named pipe', () => {
  function pipe(name: string): string {
    const path = join(folder, name);
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    return path;
  }

  test('is put in order with files, though its start can be read only once', async () => {
    const path = pipe('pipe1');
    const writing = writeFile(path, captureAt(20, 21, 90));
    const after = file('after.pcap', captureAt(30));
    const before = file('before.pcap', captureAt(10));
    const told: (number | null)[] = [];
    const source = openCapture([after, path, before], { onProgress: (_, total) => told.push(total) });
    const { packets, facts } = await collect(source);
    await writing;
    expect(packets.map(({ bytes }) => Number(`0x${bytes}`))).toEqual([10, 20, 21, 30, 90]);
    expect(facts.files.map((each) => each.path)).toEqual([before, path, after]);
    expect(facts.files[1]?.sha256).toBe(
      createHash('sha256')
        .update(captureAt(20, 21, 90))
        .digest('hex'),
    );
    expect(new Set(told)).toEqual(new Set([null]));
  });

  const b = blocksIn('little');
  const packetAt = (second: number, length: number) =>
    b.enhanced({ ticks: BigInt(second) * 1_000_000n, bytes: Buffer.alloc(length, second) });

  test.each([
    ['far', [b.block(0x7777, Buffer.alloc(300_000, 'far')), packetAt(20, 1), packetAt(21, 1)]],
    // 48 bytes of headers and this packet end 44 bytes into the second 64 KiB that a pipe gives
    ['long', [packetAt(20, 65_500), packetAt(21, 1000)]],
  ])('whose first packet is %s', async (name, blocks) => {
    const bytes = Buffer.concat([b.section(), b.interface(), ...blocks]);
    const path = pipe(name);
    const writing = writeFile(path, bytes);
    const { packets, facts } = await collect(openCapture([file('later.pcap', captureAt(30)), path]));
    await writing;
    expect(packets.map((packet) => Number(`0x${packet.bytes.slice(0, 2)}`))).toEqual([20, 21, 30]);
    expect(facts.files[0]).toMatchObject({
      path,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  test('that gives no more does not hold a run that is ended', async () => {
    const path = pipe('pipe2');
    const stop = new AbortController();
    const source = openCapture([path]);
    const run = source.run(() => setTimeout(() => stop.abort(), 20), stop.signal);
    // Kept open for writing: the end of the pipe never comes.
    const writer = openSync(path, 'r+');
    writeFileSync(writer, captureAt(1));
    const { packets, warnings } = await run;
    expect(packets).toBe(1);
    expect(warnings.map(({ code }) => code)).toEqual(['reading_stopped']);
  });
});

describe('standard input', () => {
  interface Told {
    packets: number;
    files: { path: string; bytes: number; sha256: string | null }[];
    warnings: { code: string; text: string }[];
    last: (number | null)[] | null;
    error?: string;
  }

  const child = (stdin: 'pipe' | number, ...args: string[]): ChildProcess =>
    spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('stdin-child.ts', import.meta.url)), ...args],
      { cwd: projectRoot, stdio: [stdin, 'pipe', 'inherit'] },
    );
  const told = async (from: ChildProcess): Promise<Told> => {
    let text = '';
    for await (const chunk of from.stdout!) text += chunk;
    return JSON.parse(text);
  };

  test('in pieces of one byte', async () => {
    const bytes = captureAt(1, 2, 3);
    const running = child('pipe');
    const answer = told(running);
    for (const byte of bytes.subarray(0, -1)) {
      await new Promise((resolve) => running.stdin!.write(Buffer.of(byte), resolve));
    }
    running.stdin!.end();
    expect(await answer).toMatchObject({
      packets: 2,
      files: [{ path: '-', bytes: bytes.length - 1 }],
      warnings: [
        { code: 'file_truncated', text: expect.stringMatching(/^standard input ends at byte 74, /) },
      ],
      last: [bytes.length - 1, null],
    });
  });

  test('from a file', async () => {
    const bytes = captureAt(1, 2, 3);
    const running = child(openSync(file('stdin.pcap', bytes), 'r'));
    expect(await told(running)).toMatchObject({
      packets: 3,
      warnings: [],
      last: [bytes.length, bytes.length],
    });
  });

  test('that is no capture', async () => {
    const running = child('pipe');
    running.stdin!.end('GET / HTTP/1.1');
    expect((await told(running)).error).toBe(
      'UserError: standard input: not a pcap, pcapng or snoop file (starts with 47 45 54 20)',
    );
  });

  test('that stays open does not hold a run that is ended', async () => {
    const running = child('pipe', 'stop');
    running.stdin!.write(captureAt(1));
    const answer = await told(running);
    const exit = await new Promise((resolve) => running.once('exit', resolve));
    expect(answer).toMatchObject({
      packets: 1,
      files: [{ sha256: null }],
      warnings: [{ code: 'reading_stopped' }],
    });
    expect(exit).toBe(0);
  });
});
