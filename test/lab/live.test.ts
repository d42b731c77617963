/**
 * Real clients, real servers, real faults, captured live by each backend at once: every verdict is held against what both
 * ends logged, and against what `analyze` says of the same traffic saved by tcpdump.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { needs, projectRoot } from '../support/needs.ts';
import { LINK, type Network, openNetwork, type Program, start } from './live/network.ts';
import { type Attempt, DEADLINE, FIREWALL, PORTS, type Story, TRUTHS } from './live/story.ts';
import { ending, here, live, reported, transactions, typescript } from './live/tools.ts';

interface MerchantLine {
  readonly event: string;
  readonly port: number;
  readonly client: number;
}

/** Who captures, and on what. */
const CAPTURES = {
  tcpdump: ['-i', LINK, '--backend', 'tcpdump'],
  dumpcap: ['-i', LINK, '--backend', 'dumpcap'],
  cap: ['-i', LINK, '--backend', 'cap'],
  any: ['-i', 'any', '--backend', 'auto'],
} as const;
type CaptureName = keyof typeof CAPTURES;
const NAMES = Object.keys(CAPTURES) as CaptureName[];

const STORIES = [...(Object.keys(PORTS) as Story[]), 'stale2'] as const;

needs('root', 'ip', 'nft', 'tcpdump', 'dumpcap', 'cap').describe('the lab', () => {
  let network: Network;
  const directory = mkdtempSync(join(tmpdir(), 'live-lab-'));
  const saved = join(directory, 'saved.pcap');
  const programs: Program[] = [];
  const lives = new Map<CaptureName, Program>();
  let attempts: Attempt[] = [];
  let merchant: MerchantLine[] = [];
  let analyzed: TransactionRecord[] = [];

  beforeAll(async () => {
    network = openNetwork();
    const [nft, args] = network.command('router', 'nft', '-f', '-');
    execFileSync(nft, args, { input: FIREWALL });
    const server = start(network.command('merchant', ...typescript(here('merchant.ts'))), {
      cwd: projectRoot,
    });
    programs.push(server);
    const ports = Object.values(PORTS).flatMap((port) => ['--port', String(port)]);
    const starting = NAMES.map(async (name) => {
      const program = await live(network, ...CAPTURES[name], ...ports, '--timeout', `${DEADLINE}ms`);
      lives.set(name, program);
      programs.push(program);
    });
    const tcpdump = start(network.command('sender', 'tcpdump', '-i', LINK, '-U', '-w', saved));
    programs.push(tcpdump);
    await Promise.all([
      ...starting,
      server.line('out', (line) => line.includes('listening')),
      tcpdump.line('err', (line) => line.includes('listening on')),
    ]);

    const sender = start(network.command('sender', ...typescript(here('sender.ts'))), { cwd: projectRoot });
    programs.push(sender);
    await Promise.all([...lives.values()].map((program) => reported(program, 2 * STORIES.length)));
    sender.tell();
    await sender.ended;
    attempts = sender.out.map((line) => JSON.parse(line));
    for (const program of lives.values()) program.kill('SIGINT');
    await Promise.all([...lives.values()].map(({ ended }) => ended));
    // They wait until the kernel has handed over its last packets; tcpdump would forget those.
    tcpdump.kill('SIGINT');
    await tcpdump.ended;
    merchant = server.out.slice(1).map((line) => JSON.parse(line));
    const [node, ...argv] = typescript(
      'src/cli.ts',
      'analyze',
      saved,
      '--exit-zero',
      '--timeout',
      `${DEADLINE}ms`,
    );
    const text = execFileSync(node!, [...argv, ...ports], { cwd: projectRoot, encoding: 'utf8' });
    analyzed = text
      .split('\n')
      .filter((line) => line.startsWith('{"type":"transaction"'))
      .map((line) => JSON.parse(line));
  }, 120_000);

  afterAll(async () => {
    for (const program of programs) program.kill('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
    network?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The attempt of a story; `stale2` is the second request of one connection. */
  const attemptOf = (story: Story | 'stale2', family: 4 | 6): Attempt | undefined =>
    attempts.find(
      (attempt) =>
        attempt.family === family &&
        attempt.story === (story === 'stale2' ? 'stale' : story) &&
        attempt.index === (story === 'stale2' ? 2 : 1),
    );
  const judged = (records: readonly TransactionRecord[], { client, index }: Attempt) =>
    records.filter(({ connection }) => connection.sender.port === client && connection.index === index);

  test.each([4, 6] as const)('went as it was meant to, by the logs of both ends, over IPv%i', (family) => {
    for (const story of STORIES) {
      const attempt = attemptOf(story, family);
      const { result, merchant: events } = TRUTHS[story];
      expect(attempt?.result, story).toMatch(result);
      const seen = merchant.filter(({ client, event }) => client === attempt?.client && event !== 'error');
      expect(
        seen.map(({ event }) => event),
        story,
      ).toEqual(events);
    }
  });

  test.each(NAMES)('each attempt has the verdict that the logs bear out, captured by %s', (name) => {
    const records = transactions(lives.get(name)!);
    const found = attempts.map((attempt) => {
      const story = attempt.story === 'stale' && attempt.index === 2 ? 'stale2' : attempt.story;
      const verdicts = judged(records, attempt).map(({ verdict }) => verdict);
      return [story, attempt.family, verdicts];
    });
    const expected = attempts.map((attempt) => {
      const story = attempt.story === 'stale' && attempt.index === 2 ? 'stale2' : attempt.story;
      return [story, attempt.family, [TRUTHS[story].verdict]];
    });
    expect(found).toEqual(expected);
    expect(attempts).toHaveLength(2 * STORIES.length);
  });

  test.each(NAMES)('the same traffic, saved, gives the same verdicts as %s', (name) => {
    const records = transactions(lives.get(name)!);
    const of = (from: readonly TransactionRecord[]) =>
      attempts.map((attempt) =>
        judged(from, attempt).map(({ verdict, fault, outcome }) => [verdict, fault, outcome]),
      );
    expect(of(analyzed)).toEqual(of(records));
  });

  test('each run ends with its report, its counters and the status of a failure', async () => {
    for (const name of NAMES) {
      const program = lives.get(name)!;
      expect((await program.ended).status, name).toBe(1);
      expect(ending(program, 'summary').transactions, name).toBe(attempts.length);
      expect(ending(program, 'capture'), name).toMatchObject({
        dropped: name === 'cap' ? null : 0,
        warnings: [],
      });
    }
    expect(lives.get('tcpdump')!.err.some((line) => /^\d+ packets captured$/.test(line))).toBe(true);
    expect(
      lives.get('dumpcap')!.err.some((line) => /^Packets received\/dropped on interface/.test(line)),
    ).toBe(true);
  });

  test('times are the kernel’s, to the nanosecond, but for cap, which says so', () => {
    const digits = (name: CaptureName) =>
      transactions(lives.get(name)!).map(({ times }) => String(times.syn ?? times.requestFirstByte).length);
    for (const name of ['tcpdump', 'dumpcap', 'any'] as const) {
      expect(new Set(digits(name)), name).toEqual(new Set(['2026-11-23T00:00:00.123456789Z'.length]));
    }
    expect(new Set(digits('cap'))).toEqual(new Set(['2026-11-23T00:00:00.123456Z'.length]));
    const signals = (name: CaptureName) => transactions(lives.get(name)!).map((record) => record.signals);
    expect(signals('cap').every((codes) => codes.includes('clock_arrival'))).toBe(true);
    expect(signals('tcpdump').some((codes) => codes.includes('clock_arrival'))).toBe(false);
  });

  test('an absence is claimed with the confidence that the backend bears', () => {
    const confidence = (name: CaptureName) =>
      judged(transactions(lives.get(name)!), attemptOf('silentLong', 4)!).map((record) => record.confidence);
    expect(confidence('tcpdump')).toEqual(['strong']);
    expect(confidence('any')).toEqual(['strong']);
    expect(confidence('cap')).toEqual(['probable']);
    expect(confidence('dumpcap')).toEqual(['probable']);
  });
});
