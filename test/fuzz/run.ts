/**
 * `npm run fuzz -- 60s [--seed N] [--out DIR] [--from N]`: mutates all fixtures (and the lab's captures where they lie
 * beside the project) for so long. `npm run fuzz -- --replay FILE…` holds every target against files, together as one
 * input. Exit status 1 when something was found.
 *
 * The inputs are run by a child, so that one that never ends is found as well.
 */
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { duration } from '../../src/cli/values.ts';
import { escapeText } from '../../src/report/escape.ts';
import { FOLDER } from '../fixtures/files.ts';
import { sharedCaptures } from '../support/needs.ts';
import { type Finding, fuzz, inputOf, keep } from './loop.ts';
import { samplesIn } from './packets.ts';
import { type Corpus, corpusOf, TARGETS } from './targets.ts';

/** An input that has not come to its end in so many seconds of CPU never will. */
const HANG = 60;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    out: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    replay: { type: 'boolean' },
    child: { type: 'boolean' },
  },
});

if (values.replay) await replay(positionals);
else if (values.child) await work();
else await watch();

async function corpus(): Promise<Corpus> {
  const lab = join(sharedCaptures, 'lab');
  return corpusOf([...(await samplesIn(FOLDER)), ...(existsSync(lab) ? await samplesIn(lab) : [])]);
}

/** The child that runs the inputs, and a dog that bites when one does not end. */
async function watch(): Promise<void> {
  const seed = values.seed ?? String(Date.now() % 1_000_000);
  const out = values.out ?? join(tmpdir(), 'wirewitness-fuzz');
  const given = ['--seed', seed, '--out', out, '--from', values.from ?? '0'];
  if (values.to !== undefined) given.push('--to', values.to);
  console.log(`seed ${seed}; what fails is kept in ${out}`);
  const child = fork(fileURLToPath(import.meta.url), ['--child', ...given, ...positionals], {
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  let index = 0;
  let since = 0;
  child.on('message', (message) => {
    index = Number(message);
    since = secondsOf(child.pid);
  });
  const dog = setInterval(async () => {
    if (secondsOf(child.pid) - since < HANG) return;
    clearInterval(dog);
    child.kill('SIGKILL');
    const { target, files } = inputOf(Number(seed), index, await corpus());
    console.log(
      `input ${index} (${target.name}) does not end: ${keep(out, `hang.${seed}-${index}`, target, files).join(' ')}`,
    );
  }, 1000);
  child.on('exit', (status) => {
    clearInterval(dog);
    process.exitCode = status ?? 1;
  });
}

/**
 * What a process has had of the CPU: on a machine with much else to do, the clock would accuse any input. Where the system
 * does not tell (proc(5): the 14th and 15th field, in hundredths), the clock has to do.
 */
function secondsOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}

async function work(): Promise<void> {
  const seed = Number(values.seed);
  const samples = await corpus();
  const started = performance.now();
  const { inputs, findings, byTarget } = await fuzz(samples, {
    seed,
    from: Number(values.from),
    to: Number(values.to ?? Number.POSITIVE_INFINITY),
    until: started + duration('the time', positionals[0] ?? '60s'),
    out: values.out ?? null,
    onInput: (index) => process.send?.(index),
    onFinding: (finding) => console.log(sentence(finding, seed)),
  });
  const { user, system } = process.cpuUsage();
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const each = Object.entries(byTarget).map(([name, count]) => `${name} ${count}`);
  console.log(
    `${inputs} inputs in ${seconds} s (${((user + system) / 1e6).toFixed(0)} s of CPU): ${each.join(', ')}`,
  );
  console.log(findings.length === 0 ? 'nothing found' : `${findings.length} found`);
  process.exitCode = findings.length === 0 ? 0 : 1;
  process.disconnect?.();
}

function sentence({ rule, detail, target, index, kept }: Finding, seed: number): string {
  const again = `npm run fuzz -- --seed ${seed} --from ${index} --to ${index + 1}`;
  const files = kept.length > 0 ? `\n  npm run fuzz -- --replay ${kept.join(' ')}` : '';
  return `\nNOT SO: ${rule} (${target})\n${detail.split('\n').map(escapeText).join('\n  ')}\n  ${again}${files}`;
}

async function replay(paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => readFileSync(path));
  for (const target of TARGETS) {
    for (const { rule, detail } of await target.check(files)) {
      console.log(`${target.name}: ${rule}\n  ${detail.split('\n').map(escapeText).join('\n  ')}`);
      process.exitCode = 1;
    }
  }
}
