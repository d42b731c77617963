/**
 * The order in which several inputs are opened, looked at and read, with inputs that only say what happens to them.
 */
import { expect, test } from 'vitest';
import { Delivery, newFacts } from '../../src/capture/delivery.ts';
import { Intake } from '../../src/capture/intake.ts';
import { type Input, inTimeOrder, readThrough } from '../../src/capture/series.ts';
import { LIMITS } from '../../src/limits.ts';
import { blocksIn, pcap } from '../support/pcap-files.ts';

const quiet = (): void => {};

function input(path: string, bytes: Buffer, log: string[] = []): Input {
  let at = 0;
  const note = (what: string) => log.push(`${what} ${path}`);
  return {
    path,
    size: null,
    async read(into) {
      if (at === 0) note('read');
      const length = bytes.copy(into, 0, at);
      at += length;
      return length;
    },
    remember: () => void note('remember'),
    async rewind() {
      note('rewind');
      at = 0;
    },
    async close() {
      note('close');
    },
  };
}

function captureAt(seconds: number): Buffer {
  return pcap([{ seconds, fraction: 0, bytes: Buffer.of(1) }]);
}

test('no input is open while another one is looked at or read', async () => {
  const log: string[] = [];
  const inputs = [input('late', captureAt(9), log), input('early', captureAt(3), log)];
  const intake = new Intake(new Delivery(newFacts(), quiet, quiet));
  for (const each of await inTimeOrder(inputs, newFacts(), quiet, undefined)) {
    await readThrough(each, intake, quiet, undefined);
  }
  expect(log).toEqual([
    ...['remember late', 'read late', 'rewind late'],
    ...['remember early', 'read early', 'rewind early'],
    ...['read early', 'close early'],
    ...['read late', 'close late'],
  ]);
});

test('an input without a packet near its start is not searched to its end', async () => {
  const b = blocksIn('little');
  const block = b.block(0x7777, Buffer.alloc(1024 * 1024));
  const endless = Buffer.concat([b.section(), b.interface(), ...Array.from({ length: 6 }, () => block)]);
  let read = 0;
  const inner = input('endless', Buffer.concat([endless, b.enhanced({ ticks: 1n, bytes: Buffer.of(1) })]));
  const counted: Input = {
    ...inner,
    async read(into, signal) {
      const length = await inner.read(into, signal);
      read += length;
      return length;
    },
  };
  const limits: string[] = [];
  const order = await inTimeOrder(
    [counted, input('usual', captureAt(9))],
    newFacts(),
    (name) => limits.push(name),
    undefined,
  );
  expect(order.map(({ path }) => path)).toEqual(['usual', 'endless']);
  expect(limits).toEqual(['peekBytes']);
  expect(read).toBeLessThan(LIMITS.peekBytes + 2 * 1024 * 1024);
});
