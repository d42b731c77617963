/**
 * Those who capture, as children that write a capture file to a pipe: tcpdump and dumpcap, whose are the privileges, the
 * kernel's timestamps and drop counts, and this program itself with libpcap in it. A request in, bytes and counters out; the end of a child comes with its own last words.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Backend, BackendEvents, CaptureRequest, Ended, Running } from './live-backend.ts';

/** Milliseconds until a child that was asked to end is ended. */
const PATIENCE = 5000;
/** Of what a child says, kept to tell why it ended. dumpcap explains itself at length. */
const LAST_LINES = 32;
const LONGEST_LINE = 500;

/** The signal by which tcpdump prints its counters; where it has the BSD one, the other ends it. */
const ASK: NodeJS.Signals = process.platform === 'linux' ? 'SIGUSR1' : 'SIGINFO';

interface Program {
  readonly command: string;
  arguments(request: CaptureRequest): string[];
  /** Packets dropped, by a line on stderr; null for all other lines. */
  dropped(line: string): number | null;
  /** Lines with counters that people look for. */
  readonly counters: RegExp;
  /** Lines that say nothing about how the child ended. */
  readonly chatter: RegExp;
  readonly ask: NodeJS.Signals | null;
  /** The line after which that signal is understood; before it would end the child. */
  readonly ready: RegExp;
}

const TCPDUMP: Program = {
  command: 'tcpdump',
  arguments: (request) => [
    '-n',
    ...['-i', request.interface],
    ...['-s', String(request.snaplen)],
    ...['-B', String(request.bufferSize)],
    ...(request.promiscuous ? [] : ['-p']),
    '--time-stamp-precision=nano',
    '-U',
    ...['-w', '-'],
    ...expressionArguments(request.filter),
  ],
  dropped: (line) => numberIn(/(\d+) packets? dropped by kernel/, line),
  counters: /^\d+ packets? (?:captured|received by filter|dropped by (?:kernel|interface))$/,
  chatter: /^tcpdump: (?:listening on|data link type|\d+ packets? captured|verbose output|Warning:)/,
  ask: ASK,
  ready: /^tcpdump: listening on/,
};

const DUMPCAP: Program = {
  command: 'dumpcap',
  arguments: (request) => [
    '-q',
    ...['-i', request.interface],
    ...['-s', String(request.snaplen)],
    // In MiB, and not less than one.
    ...['-B', String(Math.max(1, Math.round(request.bufferSize / 1024)))],
    ...(request.promiscuous ? [] : ['-p']),
    ...(request.filter === '' ? [] : ['-f', request.filter]),
    ...['-w', '-'],
  ],
  // The same drops are in the file it writes, but only there are they counted by interface.
  dropped: () => null,
  counters: /^Packets (?:captured|received\/dropped)/,
  chatter: /^(?:Capturing on|File:)/,
  ask: null,
  ready: /^File:/,
};

/** From the sources, and from whichever part of a bundle this has become: both have the folder beside their own. */
const CAP_CHILD = fileURLToPath(
  new URL(`../capture/live-cap-child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** This very program again, with another file to begin with; the sources run as they are where the parent runs them so. */
const CAP: Program = {
  command: process.execPath,
  arguments: (request) => [...process.execArgv, CAP_CHILD, JSON.stringify(request)],
  dropped: () => null,
  counters: /^$/,
  chatter: /^Warning:/,
  ask: null,
  ready: /^$/,
};

const tcpdump: Backend = { name: 'tcpdump', clockArrival: false, start: starting(TCPDUMP) };
const dumpcap: Backend = { name: 'dumpcap', clockArrival: false, start: starting(DUMPCAP) };

/** libpcap by the package `cap`, if it was built: times are those of arrival here, and drops are not told. */
const cap: Backend = { name: 'cap', clockArrival: true, start: starting(CAP) };

/** Those that prove most come first: tcpdump tells drops while it runs, dumpcap at its end, cap never. */
export const BY_PROOF: readonly Backend[] = [tcpdump, dumpcap, cap];

/** A filter may begin with a dash. */
function expressionArguments(filter: string): string[] {
  return filter === '' ? [] : ['--', filter];
}

function starting(program: Program): Backend['start'] {
  return (request, events) => run(program, request, events);
}

function run(program: Program, request: CaptureRequest, events: BackendEvents): Running {
  // In a group of its own: Ctrl-C on a terminal is for this process, which ends the child when it is ready to.
  const child = spawn(program.command, program.arguments(request), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
  });
  let stopping = false;
  let ready = false;
  let failure: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const said: string[] = [];
  child.stdout.on('data', (bytes: Buffer) => events.onBytes(bytes));
  eachLine(child.stderr, (line) => {
    if (line === '') return;
    ready ||= program.ready.test(line);
    const dropped = program.dropped(line);
    if (dropped !== null) events.onDropped(dropped);
    if (program.counters.test(line)) events.onCounters(line);
    else if (!program.chatter.test(line)) {
      said.push(line);
      if (said.length > LAST_LINES) said.shift();
    }
  });
  child.on('error', (error) => {
    failure = `${program.command} cannot be run: ${error.message}`;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit status ${status}` : `signal ${signal}`;
      resolve({ reason: stopping ? null : (failure ?? reasonIn(said) ?? `it ended with ${how}`) });
    });
  });
  return {
    ended,
    askDropped() {
      if (program.ask !== null && ready && !stopping) child.kill(program.ask);
    },
    stop() {
      if (stopping) return;
      stopping = true;
      child.kill('SIGINT');
      timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    },
  };
}

/** From the last line that has the program's name in front, and the one behind it: what follows is advice. */
function reasonIn(said: readonly string[]): string | null {
  const at = said.findLastIndex((line) => /^\w+: /.test(line));
  return said.length === 0 ? null : said.slice(Math.max(0, at)).slice(0, 2).join(' ');
}

function numberIn(pattern: RegExp, line: string): number | null {
  const found = pattern.exec(line)?.[1];
  return found === undefined ? null : Number(found);
}

/** What a child writes to stderr is for people, and may be of any length. */
function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  // dumpcap overwrites its own lines as on a terminal.
  const tell = (line: string) =>
    onLine(line.slice(line.trimEnd().lastIndexOf('\r') + 1, LONGEST_LINE).trimEnd());
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!.slice(0, LONGEST_LINE);
    for (const line of lines) tell(line);
  });
  stream.on('end', () => {
    if (rest !== '') tell(rest);
  });
}
