/** Memory does not follow the length of a capture: what is alive after eight times the packets is no more. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Figures that reach their bound only now. What is lost with each connection of a flood would be more. */
const SLACK = 4 * 2 ** 20;
/**
 * Its place in columns that are not promised at once, its key, and figures of its host that grow: 20 to 80 were measured.
 * As an object each took 900 more.
 */
const BYTES_OF_DELIVERY = 200;

test('memory is flat in every flood, and a delivery takes little', () => {
  const script = fileURLToPath(new URL('flat.ts', import.meta.url));
  const child = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  const { found, more, bytesOfDelivery } = JSON.parse(child.stdout) as {
    readonly found: Record<string, [few: number, many: number]>;
    readonly more: number;
    readonly bytesOfDelivery: number;
  };
  expect(Object.keys(found)).toContain('half-open');
  const growing = Object.entries(found).filter(([, [few, many]]) => many > few * 1.25 + SLACK);
  expect(growing).toEqual([]);
  expect(more).toBeGreaterThan(8_000);
  expect(bytesOfDelivery).toBeLessThan(BYTES_OF_DELIVERY);
}, 300_000);
