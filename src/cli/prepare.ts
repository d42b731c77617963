/**
 * What a command that judges packets reads before it begins: the configuration, the list of expected deliveries. In: the command as it was
 * typed. Out: the same, complete.
 */
import { UserError } from '../error.ts';
import type { AnalyzeCommand, LiveCommand } from './command.ts';
import type { Io } from './io.ts';

/** @throws UserError */
export async function prepare<C extends AnalyzeCommand | LiveCommand>(command: C, io: Io): Promise<C> {
  const { expect, config, timeout } = command;
  const { withConfig } = await import('./config.ts');
  const analysis = withConfig(command.analysis, config, timeout);
  if (expect === null) return { ...command, analysis };
  if (expect.path === '-' && readsStandardInput(command)) {
    throw new UserError(
      'flag',
      '--expect -: the capture is read from standard input; name a file for one of them',
    );
  }
  if (expect.path === '-' && io.stdin.terminal) {
    throw new UserError('flag', '--expect -: nothing is piped into standard input');
  }
  const { readExpected } = await import('./expect-list.ts');
  return { ...command, analysis: { ...analysis, expected: readExpected(expect.path, expect.zone) } };
}

function readsStandardInput(command: AnalyzeCommand | LiveCommand): boolean {
  return command.name === 'analyze' && (command.files.length === 0 || command.files.includes('-'));
}
