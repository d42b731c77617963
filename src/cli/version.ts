/**
 * The package's own version, read from its package.json: two folders up from here, in `src/` as in `dist/`.
 */
import { readFileSync } from 'node:fs';

export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version: found } = JSON.parse(text) as { version: string };
  return found;
}
