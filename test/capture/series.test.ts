/**
 * The order in which several inputs are opened, looked at and read, with inputs that only say what happens to them.
 */
import { expect, test } from 'vitest';
import { Delivery, newFacts } from '../../src/capture/delivery.ts';
import type { Input } from '../../src/capture/input.ts';
import { Intake } from '../../src/capture/intake.ts';
import { grouped, readGroup } from '../../src/capture/series.ts';
import { survey } from '../../src/capture/survey.ts';
import { LIMITS } from '../../src/limits.ts';
import { blocksIn, pcap } from '../support/pcap-files.ts';

const quiet = (): void => {};

function input(path: string, bytes: Buffer, log: string[] = [], seekable = false): Input {
  let at = 0;
  const note = (what: string) => log.push(`${what} ${path}`);
  return {
    path,
    size: null,
    stored: null,
    readAt: seekable ? async (into, position) => bytes.copy(into, 0, position) : null,
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

function captureAt(...seconds: number[]): Buffer {
  return pcap(seconds.map((second) => ({ seconds: second, fraction: 0, bytes: Buffer.of(second) })));
}

async function read(inputs: readonly Input[]) {
  const facts = newFacts();
  const seen: number[] = [];
  const onPacket = ({ bytes, start }: { bytes: Buffer; start: number }) => void seen.push(bytes[start]!);
  const delivery = new Delivery(facts, onPacket, quiet);
  const reader = {
    delivery,
    intake: new Intake(delivery),
    onPacket,
    onLimit: quiet,
    onRead: quiet,
    digests: true,
  };
  const surveys = [];
  for (const each of inputs) surveys.push(await survey(each, quiet, undefined));
  for (const group of grouped(surveys)) await readGroup(group, reader, undefined);
  return { facts, seen };
}

test('no input is open while another one is looked at or read', async () => {
  const log: string[] = [];
  await read([input('late', captureAt(9), log, true), input('early', captureAt(3), log, true)]);
  expect(log).toEqual([
    ...['remember late', 'read late', 'rewind late'],
    ...['remember early', 'read early', 'rewind early'],
    ...['read early', 'close early'],
    ...['read late', 'close late'],
  ]);
});

test('inputs of which only the start is known are read as one after the other if they are', async () => {
  const log: string[] = [];
  const { seen } = await read([input('late', captureAt(9, 10), log), input('early', captureAt(3, 4), log)]);
  expect(seen).toEqual([3, 4, 9, 10]);
  expect(log.slice(6)).toEqual(['read early', 'close early', 'read late', 'close late']);
});

test('an input without a packet near its start is not searched to its end', async () => {
  const b = blocksIn('little');
  const block = b.block(0x7777, Buffer.alloc(1024 * 1024));
  const endless = Buffer.concat([b.section(), b.interface(), ...Array.from({ length: 6 }, () => block)]);
  let total = 0;
  const inner = input('endless', Buffer.concat([endless, b.enhanced({ ticks: 1n, bytes: Buffer.of(1) })]));
  const counted: Input = {
    ...inner,
    async read(into, signal) {
      const length = await inner.read(into, signal);
      total += length;
      return length;
    },
  };
  const limits: string[] = [];
  const surveys = [
    await survey(counted, (name) => limits.push(name), undefined),
    await survey(input('usual', captureAt(9)), (name) => limits.push(name), undefined),
  ];
  expect(grouped(surveys).map((group) => group.map((each) => each.input.path))).toEqual([
    ['usual'],
    ['endless'],
  ]);
  expect(limits).toEqual(['peekBytes']);
  expect(total).toBeLessThan(LIMITS.peekBytes + 2 * 1024 * 1024);
});
