/**
 * What every file of src/ and test/ keeps to. `faults` takes one file and returns a sentence for each fault; the
 * compiler and the linter watch the rest.
 */
import { type Token, tokens } from './tokens.ts';

const LONGEST = 500;

/** Words of work left undone, and comments that silence the compiler or the linter without a reason. */
const UNDONE =
  /\b(?:TODO|FIXME|XXX|HACK)\b|@ts-(?:ignore|nocheck|expect-error)|biome-ignore(?:-\w+)? \S+:\s*$/;

const RUNNERS: ReadonlySet<string> = new Set(['describe', 'test', 'it', 'suite']);

/** Ways to leave tests out that tell no reason; `needs` does. */
const OMITTERS: ReadonlySet<string> = new Set(['only', 'skip', 'todo', 'skipIf', 'runIf', 'fails']);

/** @param path relative to the project's root. */
export function faults(path: string, source: string): string[] {
  const all = tokens(source);
  const code = all.filter((token) => token.kind !== 'comment');
  const found: string[] = [];
  const lines = source.split('\n').length - 1;
  if (lines > LONGEST) found.push(`${path} has ${lines} lines, more than ${LONGEST}`);
  if (path.startsWith('src/') && !opensWithComment(all)) found.push(`${path} does not open with a comment`);
  for (const token of all) {
    if (token.kind === 'comment' && UNDONE.test(token.text))
      found.push(`${path}:${token.line} ${token.text}`);
  }
  for (const [i, token] of code.entries()) {
    if (isAny(code, i)) found.push(`${path}:${token.line} is typed any`);
    if (path.startsWith('test/') && leavesOut(code, i)) {
      found.push(`${path}:${token.line} ${token.text}.${code[i + 2]?.text}: use needs`);
    }
  }
  return found;
}

function opensWithComment(all: readonly Token[]): boolean {
  const first = all.find((token) => !token.text.startsWith('#!'));
  return first?.kind === 'comment';
}

/** The type, as against `expect.any(…)` and a key of that name. */
function isAny(code: readonly Token[], i: number): boolean {
  const token = code[i];
  if (token?.kind !== 'word' || token.text !== 'any') return false;
  const before = code[i - 1]?.text;
  const after = code[i + 1]?.text;
  return before !== '.' && before !== '?.' && after !== ':' && after !== '(';
}

function leavesOut(code: readonly Token[], i: number): boolean {
  const token = code[i];
  if (token?.kind !== 'word' || !RUNNERS.has(token.text) || code[i + 1]?.text !== '.') return false;
  const member = code[i + 2]?.text;
  // `test.each(…).skip` and the like are seen by the reporter when they run.
  return member !== undefined && OMITTERS.has(member);
}
