/** The command as its own process: what only a process has, namely pipes that break, signals and its status. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeAll } from '../../src/cli/output.ts';
import { conversation } from '../support/conversation.ts';
import { type Frame, pcapBytes } from '../support/packets-source.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CAPTURE = 'fixtures/one-order-never-answered-one-refused-one-delivered.pcap';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'process-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** One answered POST of its own connection. */
function exchange(i: number): readonly Frame[] {
  return conversation({ client: `10.0.0.1:${20_000 + i}`, start: i * 1e9 })
    .handshake()
    .clientSends('POST /notify HTTP/1.1\r\nHost: pay.example\r\nContent-Length: 2\r\n\r\nok')
    .ack()
    .serverSends('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess')
    .ack()
    .fin('client').frames;
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], { cwd: ROOT });
}

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

async function end(child: ChildProcess): Promise<Ended> {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    texts.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    texts.err += chunk;
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, ...texts };
}

describe.concurrent('the process', () => {
  test('judges a capture, from a file as from a pipe', async () => {
    const fromFile = await end(start(['analyze', CAPTURE]));
    expect(fromFile.err).toBe('');
    expect(fromFile.status).toBe(1);
    const summary = JSON.parse(fromFile.out.trimEnd().split('\n').at(-1)!);
    expect(summary).toMatchObject({ type: 'summary', outcomes: { delivered: 3, unsent: 0, unanswered: 6 } });

    const child = start(['analyze', '-']);
    child.stdin?.end(readFileSync(join(ROOT, CAPTURE)));
    const fromPipe = await end(child);
    const transactions = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{"type":"transaction"'))
        .map((line) => ({ ...JSON.parse(line), evidence: null }));
    expect(transactions(fromPipe.out)).toEqual(transactions(fromFile.out));
    expect(fromPipe.status).toBe(1);
  });

  test('a reader that leaves ends it quietly, with the status of what was found', async () => {
    const child = start(['analyze', CAPTURE, '--format', 'json']);
    child.stdout?.destroy();
    expect(await end(child)).toEqual({ status: 1, out: '', err: '' });
  });

  test('a large report read slowly is whole when the process ends', async () => {
    const path = join(directory, 'many.pcap');
    writeFileSync(path, pcapBytes(Array.from({ length: 150 }, (_, i) => exchange(i)).flat()));
    const child = start(['analyze', path]);
    // Longer than it takes to fill what lies between the two processes.
    child.stdout?.pause();
    setTimeout(() => child.stdout?.resume(), 2000);
    const { status, out } = await end(child);
    // More than a pipe or a pair of sockets holds.
    expect(out.length).toBeGreaterThan(256 * 1024);
    expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({ outcomes: { delivered: 150 } });
    expect(status).toBe(0);
  });

  test('a descriptor that is full and non-blocking is waited for', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const bytes = Buffer.alloc(1_000_000, 'wirewitness\n');
    // Into a file: this process reads nothing while it waits.
    const read = end(spawn('sh', ['-c', `sleep 0.3; head -c ${bytes.length} '${fifo}' >'${fifo}.read'`]));
    writeAll(fd, bytes);
    await read;
    closeSync(fd);
    expect(readFileSync(`${fifo}.read`).equals(bytes)).toBe(true);
  });

  test('SIGTERM while it waits for input gives the full report', async () => {
    const child = start(['analyze']);
    child.stdin?.write(readFileSync(join(ROOT, CAPTURE)));
    // The first record tells that the packets have been read.
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGTERM');
    const { status, out } = await end(child);
    expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({
      type: 'summary',
      exitStatus: status,
    });
    expect(status).toBe(1);
  });

  test('mistakes are one line and status 2', async () => {
    expect(await end(start(['analyze', join(directory, 'absent.pcap')]))).toMatchObject({
      status: 2,
      out: '',
    });
    const { status, out, err } = await end(start(['analyze', '--nope', CAPTURE]));
    expect([status, out, err]).toEqual([2, '', 'wirewitness: unknown flag --nope: see wirewitness --help\n']);
  });
});
