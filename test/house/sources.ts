/** Every TypeScript file below one of the project's folders, in a stable order. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { projectRoot } from '../support/needs.ts';

export interface Source {
  /** Relative to the folder asked for, with `/`. */
  readonly path: string;
  readonly text: string;
}

export function sources(folder: 'src' | 'test'): Source[] {
  const root = join(projectRoot, folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({
      path: path.split(sep).join('/'),
      text: readFileSync(join(root, path), 'utf8'),
    }));
}
