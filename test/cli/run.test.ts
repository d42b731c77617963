/** Whole runs in this process, over an engine that is told what to find: what is written where, and the status. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/cli/analyze.ts';
import type { Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/run.ts';
import { UserError } from '../../src/error.ts';
import type { AnalysisOptions, Findings, RecordSink } from '../../src/verdict/verdict.ts';
import { CLOCK, DELIVERED, findings, NOTHING_FAILED, REFUSED, UNANSWERED } from '../report/records.ts';

let directory = '';
let descriptors: number[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-test-'));
});

afterEach(() => {
  for (const fd of descriptors) closeSync(fd);
  descriptors = [];
  rmSync(directory, { recursive: true, force: true });
});

interface World {
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly stdinTerminal?: boolean;
  readonly env?: Io['env'];
  readonly end?: Findings;
  /** Instead of the three transactions. */
  readonly find?: (sink: RecordSink, signal: AbortSignal) => void | Promise<void>;
  readonly open?: () => void;
  /** Of stdout, instead of a file. */
  readonly fd?: number;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly paths: readonly string[];
  readonly options: AnalysisOptions | null;
}

async function ran(line: string, world: World = {}): Promise<Ran> {
  const stream = (name: string) => {
    const fd = openSync(join(directory, name), 'w');
    descriptors.push(fd);
    return {
      fd,
      terminal: world.terminal ?? false,
      columns: () => (world.terminal ? (world.columns ?? 80) : null),
    };
  };
  const out = stream('out');
  const io: Io = {
    env: world.env ?? {},
    stdin: { terminal: world.stdinTerminal ?? false },
    stdout: { ...out, fd: world.fd ?? out.fd },
    stderr: stream('err'),
  };
  let paths: readonly string[] = [];
  let options: AnalysisOptions | null = null;
  const facts = {
    ...CLOCK,
    files: [],
    interfaces: [],
    warnings: [],
    packets: 0,
    firstTime: null,
    lastTime: null,
    dropped: null,
  };
  const engine: Engine = {
    openCapture(given, { onProgress }) {
      world.open?.();
      paths = given;
      onProgress(2_000_000, 2_000_000);
      return { facts, run: () => Promise.resolve(facts) };
    },
    retrace: () => Promise.resolve(facts),
    async analyze(_, given, sink, signal) {
      options = given;
      if (world.find === undefined)
        for (const record of [DELIVERED, UNANSWERED, REFUSED]) sink.transaction(record);
      else await world.find(sink, signal);
      const end = world.end ?? findings();
      sink.end(end);
      return end;
    },
  };
  const status = await run(line.split(' '), io, () => Promise.resolve(engine));
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return { status, out: read('out'), err: read('err'), paths, options };
}

const ids = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map((record) => record.id ?? record.type);

describe('exit status', () => {
  const withStatus = (exitStatus: 0 | 1 | 3) => findings({ summary: { exitStatus } });

  test.each([
    ['analyze a', withStatus(0), 0],
    ['analyze a', withStatus(1), 1],
    ['analyze a', withStatus(3), 3],
    ['analyze --exit-zero a', withStatus(1), 0],
    ['analyze --exit-zero a', withStatus(3), 0],
    // What is printed does not change what was found.
    ['analyze --only delivered a', withStatus(1), 1],
  ])('%s', async (line, end, status) => {
    expect((await ran(line, { end })).status).toBe(status);
  });

  test.each(['analyze --bogus a', 'frobnicate', 'analyze --timeout x a', 'explain no_such_code'])(
    '2 and one line on stderr, nothing on stdout: %s',
    async (line) => {
      const { status, out, err } = await ran(line);
      expect([status, out]).toEqual([2, '']);
      expect(err).toMatch(/^wirewitness: [^\n]+\n$/);
    },
  );

  test('2 for an input that cannot be read, its name escaped; --exit-zero does not hide it', async () => {
    const find = () => {
      throw new UserError('file', 'a\x1b[2J: no such file');
    };
    const { status, out, err } = await ran('analyze --exit-zero a', { find });
    expect([status, out, err]).toEqual([2, '', 'wirewitness: a\\x1b[2J: no such file\n']);
  });

  test('70 and the stack for a bug, never 1', async () => {
    const find = () => {
      throw new TypeError('bug \x1b[2J');
    };
    const { status, err } = await ran('analyze a', { find });
    expect(status).toBe(70);
    expect(err).toMatch(/^TypeError: bug \\x1b\[2J\n {4}at .*run\.test\.ts/);
  });
});

describe('format', () => {
  test('ndjson into a pipe or file, text on a terminal', async () => {
    const piped = await ran('analyze a');
    expect(ids(piped.out)).toEqual(['1.1', '2.1', '3.1', 'host', 'capture', 'summary']);
    const shown = await ran('analyze a', { terminal: true });
    expect(shown.out).toContain('2 transactions failed');
    // A terminal that is not where the output goes changes nothing.
    const path = join(directory, 'file');
    await ran(`analyze -o ${path} a`, { terminal: true });
    expect(readFileSync(path, 'utf8')).toBe(piped.out);
  });

  test('--format and --only', async () => {
    expect(JSON.parse((await ran('analyze --format json --only failed a')).out).transactions).toHaveLength(2);
    expect(
      ids((await ran('analyze --only delivered,unsent a', { terminal: false })).out).slice(0, 2),
    ).toEqual(['1.1', '3.1']);
    expect((await ran('analyze --format text a')).out).toMatch(/^Read [^{]*\n\n2 transactions failed\n/);
  });

  test('no packets on a terminal, and none that could be read only once', async () => {
    const shown = await ran('analyze --format pcapng a', { terminal: true });
    expect([shown.status, shown.out]).toEqual([2, '']);
    expect(shown.err).toBe('wirewitness: pcapng is nothing for a terminal: write it to a file with -o\n');
    const piped = await ran(`analyze -o ${directory}/a.pcapng -`);
    expect(piped.status).toBe(2);
    expect(piped.err).toBe(
      'wirewitness: pcapng needs files that can be read twice: save the packets to a file first (tcpdump -w FILE), and analyze that\n',
    );
    expect(existsSync(join(directory, 'a.pcapng'))).toBe(false);
  });

  test('width of the terminal, 100 columns elsewhere', async () => {
    const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));
    const plain = { env: { NO_COLOR: '1' } };
    const at60 = widest((await ran('analyze a', { terminal: true, columns: 60, ...plain })).out);
    const at200 = widest((await ran('analyze a', { terminal: true, columns: 200, ...plain })).out);
    const elsewhere = widest((await ran('analyze --format text a')).out);
    expect(at60).toBeLessThanOrEqual(60);
    expect(at200).toBeGreaterThan(150);
    expect(elsewhere).toBeGreaterThan(80);
    expect(elsewhere).toBeLessThanOrEqual(100);
  });

  test.each([
    ['analyze a', {}, true, true],
    ['analyze a', { NO_COLOR: '' }, true, true],
    ['analyze a', { NO_COLOR: '1' }, true, false],
    ['analyze a', { TERM: 'dumb' }, true, false],
    ['analyze --no-color a', {}, true, false],
    ['analyze --format text a', {}, false, false],
  ])('%s with %j on a terminal: %s, colour: %s', async (line, env, terminal, colour) => {
    expect((await ran(line, { env, terminal })).out.includes('\x1b[')).toBe(colour);
  });
});

describe('input', () => {
  test('files as given; standard input without any', async () => {
    expect((await ran('analyze -r a b -')).paths).toEqual(['a', 'b', '-']);
    expect((await ran('analyze')).paths).toEqual(['-']);
  });

  test('no file and nobody who pipes one in', async () => {
    const { status, out, err } = await ran('analyze', { stdinTerminal: true });
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe(
      'wirewitness: no capture given: name a file, or pipe one in (tcpdump -w - | wirewitness analyze)\n',
    );
  });

  test('options reach the engine', async () => {
    const { options } = await ran('analyze --timeout 2m --port 80 --accept-status 204 a');
    expect(options).toMatchObject({ timeout: 120e9, ports: [80], accept: { statuses: [204] } });
  });
});

describe('standard error', () => {
  const end = findings({ capture: { warnings: [{ code: 'cut', text: 'a\x1b is cut' }] } });

  test('warnings, where the report does not say them', async () => {
    expect((await ran('analyze a', { end })).err).toBe('wirewitness: warning: a\\x1b is cut\n');
    expect((await ran('analyze -q a', { end })).err).toBe('');
    const shown = await ran('analyze --format text a', { end });
    expect([shown.err, shown.out.includes('warning: a\\x1b is cut\n')]).toEqual(['', true]);
  });

  test('-v tells what was read', async () => {
    expect((await ran('analyze -v a')).err).toMatch(
      /^wirewitness: 1234 packets, 2\.0 MB in \d\.\d\d s \(.*\/s\)\n$/,
    );
  });
});

describe('-o', () => {
  test('replaces a file, and leaves stdout empty', async () => {
    const path = join(directory, 'report.json');
    writeFileSync(path, 'x'.repeat(100_000));
    const { status, out } = await ran(`analyze -o ${path} --format json a`);
    expect([status, out]).toEqual([1, '']);
    expect(JSON.parse(readFileSync(path, 'utf8')).transactions).toHaveLength(3);
  });

  test('an input that cannot be read leaves it as it was', async () => {
    const find = () => {
      throw new UserError('file', 'no');
    };
    const old = join(directory, 'old');
    writeFileSync(old, 'kept');
    expect((await ran(`analyze -o ${old} a`, { find })).status).toBe(2);
    expect(readFileSync(old, 'utf8')).toBe('kept');
    const fresh = join(directory, 'fresh');
    expect((await ran(`analyze -o ${fresh} a`, { find })).status).toBe(2);
    expect(existsSync(fresh)).toBe(false);
  });

  test('never over the capture itself', async () => {
    const path = join(directory, 'a.pcap');
    writeFileSync(path, 'evidence');
    const { status, err } = await ran(`analyze ${path} -o ${directory}/./a.pcap`);
    expect([status, readFileSync(path, 'utf8')]).toEqual([2, 'evidence']);
    expect(err).toMatch(/^wirewitness: -o .*a\.pcap is a capture that is to be read: name another file\n$/);
  });

  test('several at once, each in the format of its name, and standard output', async () => {
    const at = (name: string) => join(directory, name);
    const { status, out } = await ran(
      `analyze -o ${at('a.json')} -o - -o ${at('b.txt')} -o ${at('c.ndjson')} a`,
    );
    expect(status).toBe(1);
    expect(ids(out)).toEqual(['1.1', '2.1', '3.1', 'host', 'capture', 'summary']);
    expect(JSON.parse(readFileSync(at('a.json'), 'utf8')).transactions).toHaveLength(3);
    expect(readFileSync(at('b.txt'), 'utf8')).toMatch(/^Read [^{]*\n\n2 transactions failed\n/);
    expect(readFileSync(at('c.ndjson'), 'utf8')).toBe(out);
    expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('packets go to the page, to others only when they are asked for', async () => {
    const packets = [
      {
        file: 'a.pcap',
        frame: 1,
        time: 0,
        from: 'sender',
        flags: ['SYN'],
        seq: 0,
        ack: null,
        length: 0,
        window: 64_240,
        note: null,
        icmp: null,
        roles: [],
        leftOut: 0,
        payload: null,
      },
    ] as const;
    const asked: (boolean | undefined)[] = [];
    const find = (sink: RecordSink) => {
      asked.push(sink.packets);
      sink.transaction({ ...UNANSWERED, packets });
      sink.end(findings());
    };
    const html = join(directory, 'a.html');
    const lines = join(directory, 'a.ndjson');
    const kept = (path: string) => readFileSync(path, 'utf8').includes('"flags":["SYN"]');
    await ran(`analyze -o ${html} -o ${lines} a.pcap`, { find });
    expect([kept(html), kept(lines)]).toEqual([true, false]);
    await ran(`analyze --packets -o ${html} -o ${lines} a.pcap`, { find });
    expect([kept(html), kept(lines)]).toEqual([true, true]);
    await ran(`analyze -o ${lines} a.pcap`, { find });
    expect(asked).toEqual([true, true, false]);
  });

  test('one that cannot be written leaves the others theirs', async () => {
    const path = join(directory, 'a.ndjson');
    const fd = openSync('/dev/null', 'r');
    descriptors.push(fd);
    const { status, err } = await ran(`analyze -o - -o ${path} a`, { fd });
    expect(status).toBe(2);
    expect(err).toMatch(/^wirewitness: cannot write standard output: EBADF[^\n]*\n$/);
    expect(ids(readFileSync(path, 'utf8'))).toHaveLength(6);
  });

  test('a report appears when it is whole; lines appear as they are written', async () => {
    const old = join(directory, 'a.json');
    writeFileSync(old, 'kept');
    symlinkSync(old, join(directory, 'link.json'));
    chmodSync(old, 0o640);
    const lines = join(directory, 'a.ndjson');
    let seen: string[] = [];
    const find = async (sink: RecordSink) => {
      // More than is gathered before a write.
      for (let i = 0; i < 200; i++) sink.transaction(DELIVERED);
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen = [readFileSync(old, 'utf8'), readFileSync(lines, 'utf8')];
    };
    await ran(`analyze -o ${directory}/link.json -o ${lines} a`, { find });
    expect(seen[0]).toBe('kept');
    expect(ids(seen[1] ?? '')).toHaveLength(200);
    expect(JSON.parse(readFileSync(old, 'utf8')).transactions).toHaveLength(200);
    expect(lstatSync(join(directory, 'link.json')).isSymbolicLink()).toBe(true);
    expect(statSync(old).mode & 0o777).toBe(0o640);
  });

  test('a run that fails after it has written leaves no half report', async () => {
    const path = join(directory, 'a.json');
    const reporter = () => {
      throw new UserError('output', 'no space for a temporary file');
    };
    const end = {
      ...findings(),
      get summary(): Findings['summary'] {
        return reporter();
      },
    };
    const { status } = await ran(`analyze -o ${path} a`, { end });
    expect(status).toBe(2);
    expect(readdirSync(directory).sort()).toEqual(['err', 'out']);
  });

  test.each([
    ['/absent/report', 'its directory does not exist'],
    ['', 'it is a directory'],
    ['/out/report', 'its directory does not exist'],
  ])('%s cannot be written, told before anything is read', async (path, reason) => {
    let opened = false;
    const open = () => {
      opened = true;
    };
    const { status, err } = await ran(`analyze -o ${directory}${path} a`, { open });
    expect([status, opened]).toEqual([2, false]);
    expect(err).toBe(`wirewitness: cannot write ${directory}${path}: ${reason}\n`);
  });
});

test('output that cannot be written ends the run and is the user’s to mend', async () => {
  // A descriptor for reading only refuses every write.
  const fd = openSync('/dev/null', 'r');
  descriptors.push(fd);
  let aborted = false;
  const find = (sink: RecordSink, signal: AbortSignal) => {
    for (let i = 0; i < 100; i++) sink.transaction(DELIVERED);
    aborted = signal.aborted;
  };
  const { status, err } = await ran('analyze a', { fd, find, end: NOTHING_FAILED });
  expect([status, aborted]).toEqual([2, true]);
  expect(err).toMatch(/^wirewitness: cannot write standard output: EBADF[^\n]*\n$/);
});

test('a reader that leaves ends the run without a word', async () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  descriptors.push(fd);
  closeSync(reader);
  let aborted = false;
  const find = (sink: RecordSink, signal: AbortSignal) => {
    for (let i = 0; i < 100; i++) sink.transaction(DELIVERED);
    aborted = signal.aborted;
  };
  const end = findings({ capture: { warnings: [{ code: 'ended', text: 'read in part only' }] } });
  const { status, err } = await ran('analyze -v a', { fd, find, end });
  expect([status, err, aborted]).toEqual([1, '', true]);
});

test('a record is written while the analysis waits for more', async () => {
  let seen = '';
  const find = async (sink: RecordSink) => {
    sink.transaction(DELIVERED);
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen = readFileSync(join(directory, 'out'), 'utf8');
  };
  await ran('analyze a', { find });
  expect(ids(seen)).toEqual(['1.1']);
});

test('help, version and explain go to stdout with status 0', async () => {
  expect(await ran('--help')).toMatchObject({ status: 0, err: '', out: expect.stringContaining('analyze') });
  expect((await ran('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await ran('-v --version')).err).toMatch(/unknown flag -v/);
  expect(await ran('explain')).toMatchObject({
    status: 0,
    out: expect.stringContaining('no_response_reset'),
  });
});
