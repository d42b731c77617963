/**
 * A long life: who captures dies, the interface goes and comes back, the shell is closed, the process is killed. Each on a
 * real interface, with real packets; what is waited for is always something that is seen.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { LINK, MERCHANT, type Network, openNetwork, type Program, start } from '../lab/live/network.ts';
import { PORTS } from '../lab/live/story.ts';
import { ending, here, live, reported, transactions, typescript } from '../lab/live/tools.ts';
import { needs, projectRoot } from '../support/needs.ts';

needs('root', 'ip', 'tcpdump').describe('a live run', () => {
  let network: Network;
  const directory = mkdtempSync(join(tmpdir(), 'live-life-'));
  const programs: Program[] = [];

  beforeAll(async () => {
    network = openNetwork();
    const server = start(network.command('merchant', ...typescript(here('merchant.ts'))), {
      cwd: projectRoot,
    });
    programs.push(server);
    await server.line('out', (line) => line.includes('listening'));
  }, 60_000);

  afterAll(async () => {
    for (const program of programs) program.kill('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
    network?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const begin = async (...args: readonly string[]): Promise<Program> => {
    const program = await live(network, '-i', LINK, '--host', MERCHANT, '--timeout', '1s', ...args);
    programs.push(program);
    return program;
  };
  /** One that is answered. */
  const post = () => {
    const url = `http://${MERCHANT}:${PORTS.answered}/notify`;
    const script = `fetch('${url}', { method: 'POST', body: 'order=1', headers: { connection: 'close' } }).then((r) => r.text())`;
    network.run('sender', process.execPath, '-e', script);
  };
  /** Posts until the run has reported so many: a capture that is being taken up again may miss some. */
  const postUntil = async (program: Program, count: number) => {
    const done = reported(program, count);
    let over = false;
    void done.then(() => {
      over = true;
    });
    while (!over) {
      post();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await done;
  };
  const childrenOf = (pid: number) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const end = async (program: Program) => {
    program.kill('SIGTERM');
    return program.ended;
  };

  test('goes on when the one who captures is killed, and records the gap', async () => {
    const program = await begin();
    post();
    await reported(program, 1);
    process.kill(childrenOf(program.pid)[0]!, 'SIGKILL');
    await program.line('err', (line) =>
      line.includes('tcpdump ended: it ended with signal SIGKILL; the capture is taken up'),
    );
    await program.line('err', (line) => line.includes('nothing was captured from'));
    await postUntil(program, 2);
    expect((await end(program)).status).toBe(0);
    expect(ending(program, 'capture').warnings.map(({ code }: { code: string }) => code)).toEqual([
      'capture_gap',
    ]);
  });

  test('survives that the interface goes down, and is removed, and comes back', async () => {
    // One of its own, beside the one that the default route needs.
    const spare = (line: string) => network.run('sender', 'ip', ...line.split(' '));
    // A neighbour that is known, so that SYNs leave although nobody is there.
    const add = () => {
      spare('link add spare0 type veth peer name spare1');
      spare('link set spare1 up');
      spare('link set spare0 up');
      spare('address add 198.51.100.1/24 dev spare0');
      spare('neigh replace 198.51.100.9 lladdr 02:00:00:00:00:09 dev spare0 nud permanent');
    };
    add();
    const program = await live(network, '-i', 'spare0', '--timeout', '1s');
    programs.push(program);
    spare('link set spare0 down');
    spare('link set spare0 up');
    const unanswered = () => {
      const script = `require('net').connect(80, '198.51.100.9').on('error', () => {}).setTimeout(100, function () { this.destroy() })`;
      network.run('sender', process.execPath, '-e', script);
    };
    spare('neigh replace 198.51.100.9 lladdr 02:00:00:00:00:09 dev spare0 nud permanent');
    unanswered();
    await reported(program, 1);
    spare('link delete spare0');
    await program.line('err', (line) => line.includes('the capture is taken up again'));
    add();
    await program.line('err', (line) => line.includes('nothing was captured from'));
    unanswered();
    await reported(program, 2);
    await end(program);
    expect(transactions(program).map(({ verdict }) => verdict)).toEqual([
      'connect_no_reply',
      'connect_no_reply',
    ]);
  });

  test('outlives its shell, tells its counters and its metrics', async () => {
    const program = await begin('--metrics', '127.0.0.1:0');
    const told = await program.line('err', (line) => line.includes('metrics at'));
    program.kill('SIGHUP');
    post();
    await reported(program, 1);
    program.kill('SIGUSR1');
    const counters = await program.line('err', (line) => / transactions, /.test(line));
    // Unknown until the child has been asked for the first time.
    expect(counters).toMatch(
      /^wirewitness: \d+ packets, (\d+ dropped|drops unknown), \d+ open connections, 1 transactions, 0 failed$/,
    );
    const url = /http:\S+/.exec(told)![0];
    const text = network.run(
      'sender',
      process.execPath,
      '-e',
      `fetch('${url}').then((r) => r.text()).then(console.log)`,
    );
    expect(text).toContain(`verdict="delivered",party="none",host="${MERCHANT}:${PORTS.answered}"} 1`);
    expect((await end(program)).status).toBe(0);
  });

  test('that is killed has lost no more than its last block, and the next one overwrites nothing', async () => {
    const path = join(directory, 'kept.pcapng');
    const first = await begin('-w', path);
    post();
    await reported(first, 1);
    // The block is written in time: the file grows until all of the exchange is in it.
    const packets = async () => {
      let count = 0;
      await openCapture([path]).run(() => count++);
      return count;
    };
    while (!readdirSync(directory).includes('kept.pcapng') || (await packets()) < 8) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // The command, not `ip netns exec`: that has become it.
    first.kill('SIGKILL');
    await first.ended;
    const before = readFileSync(path);
    const second = await begin('-w', path);
    post();
    await reported(second, 1);
    await end(second);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['kept-2.pcapng', 'kept.pcapng']);
    for (const name of ['kept.pcapng', 'kept-2.pcapng']) {
      const [node, ...argv] = typescript('src/cli.ts', 'analyze', join(directory, name), '--exit-zero');
      const text = execFileSync(node!, argv, { cwd: projectRoot, encoding: 'utf8' });
      expect(text).toContain('"verdict":"delivered"');
    }
    expect(transactions(second)[0]?.evidence[0]?.file).toBe(join(directory, 'kept-2.pcapng'));
  });
});
