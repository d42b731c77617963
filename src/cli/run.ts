/**
 * From the arguments to the exit status. A user's mistake is one line on stderr and status 2; anything else that
 * is thrown is a bug: its stack and status 70. What a command does not need is not loaded, so that the small
 * ones answer at once.
 */
import { inspect } from 'node:util';
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import { VERSION } from '../version.ts';
import type { Engine } from './analyze.ts';
import { EXIT, type ExitStatus } from './exit.ts';
import { boundHeap } from './heap.ts';
import { type Io, processIo } from './io.ts';
import { openStdout, writeAll } from './output.ts';
import { prepare } from './prepare.ts';

const HELP_WIDTH = 80;

/** Runs the process's own command line and exits with its status. */
export async function main(): Promise<never> {
  boundHeap();
  const io = processIo();
  // node's own status for a crash is 1, which means a finding here.
  process.on('uncaughtException', (error) => process.exit(failure(error, io)));
  // Results are written synchronously: nothing is lost here, and a pipe left open cannot hold the process.
  process.exit(await run(process.argv.slice(2), io, loadEngine));
}

async function loadEngine(): Promise<Engine> {
  const [{ openCapture }, { analyze, retrace }] = await Promise.all([
    import('../capture/file.ts'),
    import('../analyzer.ts'),
  ]);
  return { openCapture, analyze, retrace };
}

/** @param load gives the stages below when a command needs them. */
export async function run(argv: readonly string[], io: Io, load: () => Promise<Engine>): Promise<ExitStatus> {
  try {
    return await dispatch(argv, io, load);
  } catch (error) {
    return failure(error, io);
  }
}

async function dispatch(argv: readonly string[], io: Io, load: () => Promise<Engine>): Promise<ExitStatus> {
  if (argv.length === 1 && argv[0] === '--version') return print(`${VERSION}\n`, io);
  const columns = io.stdout.columns() ?? HELP_WIDTH;
  const { parseFlags } = await import('./flags.ts');
  const command = await parseFlags(argv, columns);
  switch (command.name) {
    case 'help':
      return print(`${command.text}\n`, io);
    case 'version':
      return print(`${VERSION}\n`, io);
    case 'explain': {
      const { explain } = await import('./explain.ts');
      const { LANGUAGES } = await import('../report/summary/languages.ts');
      return print(explain(command.code, columns, LANGUAGES[command.language]), io);
    }
    case 'filter': {
      const { filterText } = await import('./filter.ts');
      return print(await filterText(command.filter), io);
    }
    case 'interfaces': {
      const { interfacesText } = await import('./interfaces.ts');
      return print(interfacesText(), io);
    }
    case 'doctor': {
      const { diagnose, thisMachine } = await import('./doctor.ts');
      const { BY_PROOF } = await import('../capture/live-child.ts');
      const { text, status } = await diagnose(thisMachine(BY_PROOF));
      print(text, io);
      return status;
    }
    case 'live': {
      const { liveCommand } = await import('./live.ts');
      return liveCommand(await prepare(command, io), io);
    }
    case 'analyze': {
      const { analyzeCommand } = await import('./analyze.ts');
      return analyzeCommand(await prepare(command, io), io, await load());
    }
  }
}

function print(text: string, io: Io): ExitStatus {
  const output = openStdout(io.stdout.fd, () => {});
  output.write(text);
  output.close();
  return EXIT.ok;
}

/** Tells what went wrong. Messages may quote what was read, so they are escaped. */
function failure(error: unknown, io: Io): ExitStatus {
  const mistake = error instanceof UserError;
  const lines = mistake ? [error.message] : inspect(error, { depth: 1 }).split('\n');
  const text = lines.map((line) => `${escapeText(line)}\n`).join('');
  try {
    writeAll(io.stderr.fd, Buffer.from(mistake ? `wirewitness: ${text}` : text));
  } catch {
    // Nobody listens on stderr; the status still tells.
  }
  return mistake ? EXIT.usage : EXIT.bug;
}
