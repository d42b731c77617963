/** Memory does not follow the length of a capture: what is alive after eight times the packets is no more. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Figures that reach their bound only now. What is lost with each connection of a flood would be more. */
const SLACK = 4 * 2 ** 20;
/** A row is 90, its key 40, and its host has figures that grow; an object each took 900 more. */
const BYTES_OF_DELIVERY = 450;

test('memory is flat in every flood, and a delivery takes little', () => {
  const script = fileURLToPath(new URL('flat.ts', import.meta.url));
  const child = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  const { found, bytesOfDelivery } = JSON.parse(child.stdout) as {
    readonly found: Record<string, [few: number, many: number]>;
    readonly bytesOfDelivery: number;
  };
  expect(Object.keys(found)).toContain('half-open');
  const growing = Object.entries(found).filter(([, [few, many]]) => many > few * 1.25 + SLACK);
  expect(growing).toEqual([]);
  expect(bytesOfDelivery).toBeGreaterThan(20);
  expect(bytesOfDelivery).toBeLessThan(BYTES_OF_DELIVERY);
}, 300_000);
