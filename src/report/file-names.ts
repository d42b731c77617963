/**
 * Paths of the files that were read in, short names for a report out: none at all where there is one file only, which
 * the first line names, else as many of a path's last parts as tell it from the others.
 */
import { escapeText } from './escape.ts';

export interface FileNames {
  /** Fit for a line. Null: no need to say which. */
  readonly nameOf: (path: string) => string | null;
}

/** @param standardInput what the path `-` is called. */
export function fileNames(paths: readonly string[], standardInput: string): FileNames {
  const only = new Set(paths).size === 1 ? paths[0] : null;
  const names = new Map<string, string>();
  // A part more of those that are alike so far, until none are. A whole path is told from all others.
  for (let alike = [...new Set(paths)], parts = 1; alike.length > 0; parts++) {
    const byTail = new Map<string, string[]>();
    for (const path of alike) {
      const tail = path.split('/').slice(-parts).join('/');
      const same = byTail.get(tail);
      if (same === undefined) byTail.set(tail, [path]);
      else same.push(path);
    }
    alike = [];
    for (const [tail, same] of byTail) {
      if (same.length === 1) names.set(same[0]!, tail);
      else alike.push(...same);
    }
  }
  names.set('-', standardInput);
  return { nameOf: (path) => (path === only ? null : escapeText(names.get(path) ?? path)) };
}
