/**
 * Where results go and in which format: `-o` as often as it is given and one `--format` in, one target an output out.
 * A file's name tells its format; `--format` tells that of standard output, or of a lone file whose name tells nothing.
 */
import { resolve } from 'node:path';
import { UserError } from '../error.ts';
import { FORMATS, type Format, formatOf } from '../report/create.ts';
import { escapeText } from '../report/escape.ts';

export interface Target {
  /** Null: standard output. */
  readonly path: string | null;
  /** Null: by what standard output is. */
  readonly format: Format | null;
}

/**
 * @param paths as given to `-o`; `-` is standard output, and no path at all means it too.
 * @throws UserError
 */
export function targets(paths: readonly string[], format: Format | null): Target[] {
  refuseRepeats(paths);
  if (paths.length === 0) return [{ path: null, format }];
  const found = paths.map((path): Target => {
    if (path === '-') return { path: null, format };
    const named = formatOf(path);
    // Others than a lone file take nothing from --format: one of them would not be what its name says.
    const given = paths.length === 1 ? format : null;
    if (named === null && given === null && paths.length > 1) throw unknownName(path);
    if (named !== null && given !== null && named !== given) throw conflict(path, named, given);
    return { path, format: named ?? given ?? 'ndjson' };
  });
  if (format !== null && paths.length > 1 && !paths.includes('-')) {
    const hint = `the files are written by their names; add -o - to print ${format} as well`;
    throw new UserError('flag', `--format ${format} with several -o: ${hint}`);
  }
  return found;
}

function refuseRepeats(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    const same = path === '-' ? path : resolve(path);
    if (seen.has(same)) throw new UserError('flag', `-o ${escapeText(path)} is given more than once`);
    seen.add(same);
  }
}

function unknownName(path: string): UserError {
  const known = FORMATS.join(', ');
  return new UserError('flag', `-o ${escapeText(path)}: its name tells no format (of ${known})`);
}

function conflict(path: string, named: Format, given: Format): UserError {
  const hint = `rename it, leave out --format, or add -o - to print ${given} as well`;
  return new UserError('flag', `--format ${given} with -o ${escapeText(path)}, which is ${named}: ${hint}`);
}
