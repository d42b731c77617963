/**
 * What live capture costs and loses at so many requests a second, or at the highest load this machine gives: each backend in
 * turn beside a `tcpdump -w` of the same traffic, on a veth between two network namespaces. Run as root, after `npm run build`:
 * `npx tsx test/live/bench.ts [seconds] [connections] [rate]`. Prints a row of native-notes/live.md each.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKENDS } from '../../src/capture/live-backend.ts';
import { LINK, MERCHANT, type Network, openNetwork, type Program, start } from '../lab/live/network.ts';
import { ending, here, typescript } from '../lab/live/tools.ts';
import { projectRoot } from '../support/needs.ts';

const PORT = 8000;
const [seconds = 60, connections = 64, rate = Number.POSITIVE_INFINITY] = process.argv.slice(2).map(Number);
const TICKS = 100;

const network = openNetwork();
const directory = mkdtempSync(join(tmpdir(), 'live-bench-'));
const running: Program[] = [];
try {
  const server = begin(network, 'merchant', typescript(here('load.ts'), 'serve', String(PORT)));
  await server.line('out', (line) => line === 'listening');
  const load = rate === Number.POSITIVE_INFINITY ? 'as fast as it goes' : `${rate} requests/s`;
  console.log(`${seconds} s each, ${connections} connections, ${load}`);
  console.log(
    '| backend | requests/s | transactions | packets | dropped | tcpdump -w: packets | dropped | CPU, wirewitness | CPU, child | peak memory |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|');
  for (const backend of BACKENDS) console.log(await measured(backend));
} finally {
  for (const program of running) program.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  network.close();
  rmSync(directory, { recursive: true, force: true });
}

function begin(where: Network, place: 'sender' | 'merchant', command: readonly string[]): Program {
  const program = start(where.command(place, ...command), { cwd: projectRoot });
  running.push(program);
  return program;
}

async function measured(backend: string): Promise<string> {
  const live = [
    'live',
    '-i',
    LINK,
    '--port',
    String(PORT),
    '--backend',
    backend,
    '--only',
    'failed',
    '--format',
    'ndjson',
  ];
  const program = begin(network, 'sender', [process.execPath, 'dist/cli.js', ...live]);
  await program.line('err', (line) => line.startsWith('wirewitness: capturing on'));
  const file = join(directory, `${backend}.pcap`);
  const tcpdump = begin(network, 'sender', [
    'tcpdump',
    '-i',
    LINK,
    '-B',
    '16384',
    '-s',
    '0',
    '-w',
    file,
    'tcp',
    'port',
    String(PORT),
  ]);
  await tcpdump.line('err', (line) => line.includes('listening on'));
  const child = childOf(program.pid);
  const before = [cpuOf(program.pid), cpuOf(child)] as const;
  const load = begin(
    network,
    'sender',
    typescript(here('load.ts'), 'ask', MERCHANT, ...[PORT, connections, seconds, rate].map(String)),
  );
  await load.ended;
  const { answered } = JSON.parse(load.out[0] ?? '{"answered":0}');
  tcpdump.kill('SIGINT');
  await tcpdump.ended;
  const cpu = [cpuOf(program.pid) - before[0], cpuOf(child) - before[1]];
  const memory =
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1]) / 1024;
  program.kill('SIGINT');
  await program.ended;
  rmSync(file);
  const { packets, dropped } = ending(program, 'capture');
  const { transactions } = ending(program, 'summary');
  const counter = (name: string) =>
    Number(new RegExp(`(\\d+) packets? ${name}`).exec(tcpdump.err.join('\n'))?.[1]);
  const share = (time: number) => `${Math.round((100 * time) / seconds)} %`;
  return `| ${[
    backend,
    Math.round(answered / seconds),
    `${transactions} of ${answered}`,
    packets,
    dropped ?? 'not told',
    counter('captured'),
    counter('dropped by kernel'),
    share(cpu[0]!),
    share(cpu[1]!),
    `${Math.round(memory)} MB`,
  ].join(' | ')} |`;
}

/** Seconds of processor time so far. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function childOf(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
  );
  return Number(children[0]);
}
