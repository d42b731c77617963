/**
 * `wirewitness doctor`: what this machine can capture with, what is missing, and the command that mends it. Each backend
 * is tried, not guessed: whoever may open an interface can capture on it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Backend, BackendName } from '../capture/live-backend.ts';
import { interfaces } from '../capture/live-machine.ts';
import { escapeText } from '../report/escape.ts';
import { EXIT, type ExitStatus } from './exit.ts';

export interface Diagnosis {
  readonly text: string;
  /** 0 where something can capture here. */
  readonly status: ExitStatus;
}

/** The machine, so that tests can give another. */
export interface Patient {
  /** In order of preference. */
  readonly backends: readonly Backend[];
  /** What `command --version` prints; null where there is no such program. */
  versionOf(command: string): string | null;
  /** A file of the kernel's; null where it does not exist. */
  read(path: string): string | null;
}

interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'missing' | 'note';
  readonly text: string;
  /** Shell commands that mend it, each by itself. */
  readonly fixes: readonly string[];
}

/** Milliseconds: what only opens an interface has done so by then. */
const PATIENCE = 5000;

/** What each proves, how to get it, and how to be allowed to use it. */
const ABOUT: Readonly<Record<BackendName, { proves: string; install: string; allow: readonly string[] }>> = {
  tcpdump: {
    proves: 'kernel timestamps in nanoseconds, drops told while it runs',
    install: 'sudo apt-get install tcpdump',
    allow: ['sudo wirewitness live …', 'sudo setcap cap_net_raw+ep "$(command -v tcpdump)"'],
  },
  dumpcap: {
    proves: 'kernel timestamps in nanoseconds, drops told at its end',
    install: 'sudo apt-get install wireshark-common',
    allow: ['sudo dpkg-reconfigure wireshark-common && sudo usermod -a -G wireshark "$USER"'],
  },
  cap: {
    proves: 'times of arrival in microseconds, drops never told',
    install: 'sudo apt-get install libpcap-dev g++ make && npm rebuild cap',
    allow: ['sudo wirewitness live --backend cap …'],
  },
};

export async function diagnose(patient: Patient): Promise<Diagnosis> {
  const backends: Check[] = [];
  for (const backend of patient.backends) backends.push(await backendCheck(backend, patient));
  const checks = [...backends, ...libpcapCheck(patient), interfaceCheck(), ...kernelChecks(patient)];
  const able = backends.find(({ verdict }) => verdict === 'ok')?.name;
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, verdict, text, fixes }) => [
    `${verdict.padEnd(7)}  ${name.padEnd(width)}  ${escapeText(text)}`,
    ...fixes.map((fix) => `${' '.repeat(width + 11)}${fix}`),
  ]);
  const conclusion =
    able === undefined
      ? 'wirewitness live cannot capture here.'
      : `wirewitness live can capture here; --backend auto takes ${able}.`;
  return {
    text: `${[...lines, '', conclusion].join('\n')}\n`,
    status: able === undefined ? EXIT.usage : EXIT.ok,
  };
}

/** The machine this runs on. */
export function thisMachine(backends: readonly Backend[]): Patient {
  return {
    backends,
    versionOf(command) {
      const done = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: PATIENCE });
      return done.error === undefined ? `${done.stdout}${done.stderr}` : null;
    },
    read(path) {
      try {
        return readFileSync(path, 'utf8').trim();
      } catch {
        return null;
      }
    },
  };
}

async function backendCheck(backend: Backend, { versionOf }: Patient): Promise<Check> {
  const { name } = backend;
  const { proves, install, allow } = ABOUT[name];
  const reason = await refusal(backend);
  const version = name === 'cap' ? null : /(?:version|\)) (\d[\d.]*)/.exec(versionOf(name) ?? '')?.[1];
  const which = version == null ? '' : `${version}, `;
  if (reason === null) return { name, verdict: 'ok', text: `${which}${proves}`, fixes: [] };
  const absent = reason.includes('cannot be run');
  return { name, verdict: 'missing', text: `${which}${reason}`, fixes: absent ? [install] : allow };
}

/** Captures for a moment what nobody sends. @returns why it cannot; null when it can. */
async function refusal(backend: Backend): Promise<string | null> {
  const on = interfaces().find(({ state }) => state === 'up')?.name ?? 'lo';
  const filter = 'tcp port 1 and host 198.51.100.255';
  const request = { interface: on, filter, snaplen: 1500, promiscuous: true, bufferSize: 1024 };
  let began = false;
  const running = backend.start(request, {
    onBytes() {
      began = true;
      running.stop();
    },
    onDropped() {},
    onCounters() {},
  });
  const timer = setTimeout(() => running.stop(), PATIENCE);
  const { reason } = await running.ended;
  clearTimeout(timer);
  return began ? null : (reason ?? 'it did not begin in time');
}

function libpcapCheck({ versionOf }: Patient): Check[] {
  const version = /libpcap version (.+)/.exec(versionOf('tcpdump') ?? '')?.[1];
  return version === undefined ? [] : [{ name: 'libpcap', verdict: 'ok', text: version, fixes: [] }];
}

function interfaceCheck(): Check {
  const up = interfaces().filter(({ state }) => state === 'up');
  return {
    name: 'interfaces',
    verdict: 'ok',
    text: `up: ${up.map(({ name }) => name).join(' ')}`,
    fixes: [],
  };
}

/** What makes the kernel slow or forgetful. Linux only: elsewhere none of these files exist. */
function kernelChecks({ read }: Patient): Check[] {
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
