/**
 * pcap-filter(7) expressions to BPF programs, by libpcap's own compiler: an expression and a link type in, a program
 * out. tcpdump is asked to print the program for a capture without packets that it reads from its standard input, so
 * no privilege is needed and no interface is opened.
 */
import { spawnSync } from 'node:child_process';
import { UserError } from '../error.ts';
import { BpfProgram } from './bpf.ts';
import { pcapHeader } from './pcap.ts';

/** Milliseconds: names in an expression are looked up, which may take a while. */
const PATIENCE = 30_000;
/** What tcpdump says besides what is wrong. */
const CHATTER = /^(?:reading from file|Warning:)|^$/;

/** Makes the program for packets of a link type (LINKTYPE_*). */
export type CompileFilter = (expression: string, link: number) => BpfProgram;

/** @throws UserError('flag') without tcpdump, and in libpcap's words where the expression does not compile. */
export const compileFilter: CompileFilter = (expression, link) => {
  // Behind `--`, since an expression may begin with a dash.
  const asked = spawnSync('tcpdump', ['-ddd', '-r', '-', '--', expression], {
    input: pcapHeader(link),
    encoding: 'utf8',
    timeout: PATIENCE,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (asked.error !== undefined) throw new UserError('flag', reasonOf(asked.error), { cause: asked.error });
  if (asked.status !== 0) {
    const said = asked.stderr.split('\n').filter((line) => !CHATTER.test(line));
    const text = said.map((line) => line.replace(/^tcpdump: /, '').trim()).join(' ');
    throw new UserError('flag', `--filter: ${text || `tcpdump ended with ${asked.status ?? asked.signal}`}`);
  }
  return new BpfProgram(asked.stdout);
};

function reasonOf(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') {
    return '--filter needs tcpdump, which has the compiler of such expressions, and it is not installed; --host and --port work without';
  }
  if (code === 'ETIMEDOUT') {
    return `--filter: tcpdump did not compile it within ${PATIENCE / 1000} s; a name in it may not be known`;
  }
  return `--filter: tcpdump cannot be run (${String(code ?? error.message)})`;
}
