/** The command as a lab runs it: the sources, in any of the lab's places. */
import { fileURLToPath } from 'node:url';
import type { TransactionRecord } from '../../../src/verdict/verdict.ts';
import { projectRoot } from '../../support/needs.ts';
import { type Network, type Place, type Program, start } from './network.ts';

/** What runs a TypeScript file. */
export function typescript(path: string, ...args: readonly string[]): string[] {
  return [process.execPath, '--import', 'tsx', path, ...args];
}

export function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function wirewitness(network: Network, place: Place, ...args: readonly string[]): Program {
  const command = network.command(place, ...typescript('src/cli.ts', ...args));
  return start(command, { cwd: projectRoot, env: { ...process.env, NO_COLOR: '1' } });
}

/** One that captures already. */
export async function live(network: Network, ...args: readonly string[]): Promise<Program> {
  const program = wirewitness(network, 'sender', 'live', ...args);
  await program.line('err', (line) => line.startsWith('wirewitness: capturing on'));
  return program;
}

/** As they are in NDJSON: `T` is how a line looks that was parsed. */
export function transactions({ out }: Program): TransactionRecord[] {
  return out.filter((line) => line.startsWith('{"type":"transaction"')).map((line) => JSON.parse(line));
}

/** Waits until so many transactions were reported. */
export async function reported(program: Program, count: number): Promise<void> {
  await program.line('out', () => transactions(program).length >= count);
}

/** The report that ends a run, by type of record. */
export function ending(program: Program, type: 'capture' | 'summary') {
  return JSON.parse(program.out.find((line) => line.startsWith(`{"type":"${type}"`)) ?? 'null');
}
