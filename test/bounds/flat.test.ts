/** Memory does not follow the length of a capture: what is alive after eight times the packets is no more. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Figures that reach their bound only now. What is lost with each connection of a flood would be more. */
const SLACK = 4 * 2 ** 20;

test('memory is flat in every flood', () => {
  const script = fileURLToPath(new URL('flat.ts', import.meta.url));
  const child = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  const found = JSON.parse(child.stdout) as Record<string, [few: number, many: number]>;
  expect(Object.keys(found)).toContain('half-open');
  const growing = Object.entries(found).filter(([, [few, many]]) => many > few * 1.25 + SLACK);
  expect(growing).toEqual([]);
}, 300_000);
