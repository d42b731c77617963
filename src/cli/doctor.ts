/**
 * `wirewitness doctor`: what this machine can capture with, what is missing, and the command that mends it. Each backend
 * is tried, not guessed: whoever may open an interface can capture on it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { interfaces } from '../capture/live-machine.ts';
import { escapeText } from '../report/escape.ts';
import { EXIT, type ExitStatus } from './exit.ts';

export interface Diagnosis {
  readonly text: string;
  /** 0 where something can capture here. */
  readonly status: ExitStatus;
}

interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'missing' | 'note';
  readonly text: string;
  /** Shell commands, one of which mends it. */
  readonly fixes: readonly string[];
}

/** Runs a program for a moment. @returns null where it does not exist. */
export type Try = (command: string, args: readonly string[]) => { status: number; text: string } | null;

/** Milliseconds: what only opens an interface has done so by then. */
const PATIENCE = 5000;

export function diagnose(run: Try = tried, read: (path: string) => string | null = contentOf): Diagnosis {
  const backends = [tcpdumpCheck(run), dumpcapCheck(run)];
  const checks = [...backends, ...libpcapChecks(run), ...interfaceChecks(), ...kernelChecks(read)];
  const able = backends.filter(({ verdict }) => verdict === 'ok').map(({ name }) => name);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, verdict, text, fixes }) => [
    `${verdict.padEnd(7)}  ${name.padEnd(width)}  ${escapeText(text)}`,
    ...fixes.map((fix) => `${' '.repeat(width + 11)}${fix}`),
  ]);
  lines.push(
    '',
    able.length === 0
      ? 'wirewitness live cannot capture here.'
      : `wirewitness live can capture here; --backend auto takes ${able[0]}.`,
  );
  return { text: `${lines.join('\n')}\n`, status: able.length === 0 ? EXIT.usage : EXIT.ok };
}

function tcpdumpCheck(run: Try): Check {
  const name = 'tcpdump';
  const version = run(name, ['--version']);
  if (version === null) {
    return { name, verdict: 'missing', text: 'not installed', fixes: ['sudo apt-get install tcpdump'] };
  }
  const which = firstMatch(/tcpdump version (\S+)/, version.text) ?? 'of unknown version';
  // Compiles a filter for the interface, for which it has to be opened; captures nothing.
  const opened = run(name, ['-i', 'lo', '-d']);
  if (opened?.status === 0) {
    const text = `${which}: kernel timestamps in nanoseconds, drops told while it runs`;
    return { name, verdict: 'ok', text, fixes: [] };
  }
  return {
    name,
    verdict: 'missing',
    text: `${which}, but it may not capture: ${lastLine(opened?.text ?? '')}`,
    fixes: ['sudo wirewitness live …', 'sudo setcap cap_net_raw+ep "$(command -v tcpdump)"'],
  };
}

function dumpcapCheck(run: Try): Check {
  const name = 'dumpcap';
  const version = run(name, ['--version']);
  if (version === null) {
    return {
      name,
      verdict: 'missing',
      text: 'not installed',
      fixes: ['sudo apt-get install wireshark-common'],
    };
  }
  const which = firstMatch(/\) (\d[\d.]*)/, version.text) ?? 'of unknown version';
  const opened = run(name, ['-i', 'lo', '-L']);
  if (opened?.status === 0) {
    return {
      name,
      verdict: 'ok',
      text: `${which}: kernel timestamps in nanoseconds, drops told at its end`,
      fixes: [],
    };
  }
  return {
    name,
    verdict: 'missing',
    text: `${which}, but it may not capture: ${lastLine(opened?.text ?? '')}`,
    fixes: ['sudo dpkg-reconfigure wireshark-common && sudo usermod -a -G wireshark "$USER"'],
  };
}

function libpcapChecks(run: Try): Check[] {
  const text = run('tcpdump', ['--version'])?.text ?? '';
  const version = firstMatch(/libpcap version (.+)/, text);
  if (version === null) return [];
  return [{ name: 'libpcap', verdict: 'ok', text: version, fixes: [] }];
}

function interfaceChecks(): Check[] {
  const up = interfaces().filter(({ state }) => state === 'up');
  return [
    { name: 'interfaces', verdict: 'ok', text: `up: ${up.map(({ name }) => name).join(' ')}`, fixes: [] },
  ];
}

/** What makes the kernel slow or forgetful. Linux only: elsewhere none of these files exist. */
function kernelChecks(read: (path: string) => string | null): Check[] {
  const found: Check[] = [];
  const jit = read('/proc/sys/net/core/bpf_jit_enable');
  if (jit === '0') {
    found.push({
      name: 'filters',
      verdict: 'note',
      text: 'the kernel interprets filters instead of compiling them',
      fixes: ['sudo sysctl -w net.core.bpf_jit_enable=1'],
    });
  }
  const optmem = Number(read('/proc/sys/net/core/optmem_max') ?? Number.NaN);
  if (optmem < SMALL_OPTMEM) {
    found.push({
      name: 'filters',
      verdict: 'note',
      text: `filters longer than ${Math.floor(optmem / INSTRUCTION)} instructions run outside of the kernel (many --host)`,
      fixes: [`sudo sysctl -w net.core.optmem_max=${SMALL_OPTMEM}`],
    });
  }
  return found;
}

/** Bytes of one BPF instruction (struct sock_filter), and room for the longest filter there is (BPF_MAXINSNS, 4096). */
const INSTRUCTION = 8;
const SMALL_OPTMEM = 65_536;

function tried(command: string, args: readonly string[]): { status: number; text: string } | null {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: PATIENCE });
  const missing = done.error !== undefined && 'code' in done.error && done.error.code === 'ENOENT';
  if (missing) return null;
  const said = done.error === undefined ? '' : done.error.message;
  return { status: done.status ?? -1, text: `${done.stdout ?? ''}${done.stderr ?? ''}${said}` };
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function firstMatch(pattern: RegExp, text: string): string | null {
  return pattern.exec(text)?.[1] ?? null;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
