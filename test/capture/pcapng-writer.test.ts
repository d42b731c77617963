/** What the writer writes is what the reader reads, and what tshark reads. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bufferSource } from '../../src/capture/memory.ts';
import { PcapngWriter } from '../../src/capture/pcapng-writer.ts';
import { needs } from '../support/needs.ts';
import { absolute, collect } from './collect.ts';

const ETHERNET = { name: 'eth0', link: 1, snaplen: 0, filter: null };
/** 2017-01-04T09:23:57.123456789Z */
const EPOCH = 1_483_521_837_123_456_789n;

function written(clock: { epoch: bigint; digits: 6 | 9 }, write: (writer: PcapngWriter) => void): Buffer {
  const blocks: Buffer[] = [];
  write(new PcapngWriter((bytes) => blocks.push(bytes), clock));
  return Buffer.concat(blocks);
}

function packet(bytes: Buffer, time: number, wireLength = bytes.length) {
  // As sources lend them: somewhere in a larger buffer.
  const buffer = Buffer.concat([Buffer.alloc(3, 0xee), bytes, Buffer.alloc(5, 0xee)]);
  return { bytes: buffer, start: 3, end: 3 + bytes.length, time, wireLength };
}

test('every packet comes back as it was: bytes, time, interface, length on the wire', async () => {
  const frames = fc.array(
    fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 70 }),
      // Forwards: a reader may put what is out of order right.
      step: fc.integer({ min: 0, max: 3_600e9 }),
      cut: fc.nat(2000),
      id: fc.nat(1),
    }),
    { minLength: 1, maxLength: 20 },
  );
  const digits = fc.constantFrom(6 as const, 9 as const);
  // From before 1970 to the last year that RFC 3339 can write.
  const epochs = fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_000n });
  await fc.assert(
    fc.asyncProperty(frames, digits, epochs, async (given, precision, seconds) => {
      const tick = precision === 9 ? 1 : 1000;
      let now = 0;
      const sent = given.map(({ bytes, step, cut, id }) => {
        now += Math.floor(step / tick) * tick;
        return { ...packet(Buffer.from(bytes), now, bytes.length + cut), id };
      });
      const clock = { epoch: seconds * 1_000_000_000n, digits: precision };
      const file = written(clock, (writer) => {
        writer.section('test');
        writer.addInterface({ ...ETHERNET, snaplen: 96, filter: 'tcp port 80' });
        writer.addInterface({ ...ETHERNET, name: null, link: 276 });
        for (const one of sent) writer.packet(one.id, one, ['a comment', '']);
      });
      const { packets, facts } = await collect(bufferSource(file));
      expect(facts.warnings).toEqual([]);
      expect(facts.interfaces).toEqual([
        { name: 'eth0', link: 1 },
        { name: null, link: 276 },
      ]);
      expect(facts.digits).toBe(precision);
      expect(packets.map((one) => ({ ...one, time: absolute(facts, one.time), file: 0, frame: 0 }))).toEqual(
        sent.map((one) => ({
          time: clock.epoch + BigInt(one.time),
          file: 0,
          frame: 0,
          link: one.id === 0 ? 1 : 276,
          interfaceIndex: one.id,
          wireLength: one.wireLength,
          bytes: one.bytes.toString('hex', one.start, one.end),
        })),
      );
    }),
    { numRuns: 60 },
  );
});

test('drops are told by the statistics', async () => {
  const counts = { received: 9, droppedByInterface: 2, droppedBySystem: 5, first: 0, last: 7e9 };
  const file = written({ epoch: EPOCH, digits: 9 }, (writer) => {
    writer.section('test');
    const id = writer.addInterface(ETHERNET);
    writer.packet(id, packet(Buffer.alloc(60), 0));
    writer.statistics(id, 8e9, counts);
  });
  expect((await collect(bufferSource(file))).facts.dropped).toBe(7);
});

test('a comment longer than an option can be is cut between two characters', async () => {
  const file = written({ epoch: EPOCH, digits: 9 }, (writer) => {
    writer.section('test', ['支'.repeat(30_000)]);
    writer.packet(writer.addInterface(ETHERNET), packet(Buffer.from('whole'), 0));
  });
  // 21 845 characters of three bytes each fill an option to its last byte.
  expect(
    file
      .toString()
      .match(/支+/g)
      ?.map((run) => run.length),
  ).toEqual([21_845]);
  expect(file.includes('\ufffd')).toBe(false);
  expect((await collect(bufferSource(file))).packets[0]?.bytes).toBe(Buffer.from('whole').toString('hex'));
});

describe('tshark', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'writer-test-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  needs('tshark').test('reads comments, times, names, drops and lengths', () => {
    const path = join(directory, 'a.pcapng');
    const counts = { received: 9, droppedByInterface: 2, droppedBySystem: 5, first: 0, last: 7e9 };
    const file = written({ epoch: EPOCH, digits: 9 }, (writer) => {
      writer.section('wirewitness 1', ['the story', 'told 支 twice']);
      const id = writer.addInterface({ ...ETHERNET, filter: 'tcp' });
      writer.secrets(Buffer.from('CLIENT_RANDOM 00 00\n'));
      writer.packet(id, packet(Buffer.alloc(60), 1, 90), ['first', 'second\nline']);
      writer.statistics(id, 8e9, counts, ['end']);
    });
    writeFileSync(path, file);
    const fields = [
      'frame.comment',
      'frame.time_epoch',
      'frame.interface_name',
      'frame.cap_len',
      'frame.len',
    ];
    const line = execFileSync(
      'tshark',
      ['-r', path, '-T', 'fields', ...fields.flatMap((name) => ['-e', name])],
      {
        encoding: 'utf8',
      },
    );
    expect(line).toBe('first,second\\nline\t1483521837.123456790\teth0\t60\t90\n');
    const sections = execFileSync('tshark', ['-r', path, '-X', 'read_format:MIME Files Format', '-V'], {
      encoding: 'utf8',
    });
    for (const text of ['the story', 'told 支 twice', 'wirewitness 1', 'end', 'Secrets Type: TLS Key Log']) {
      expect(sections).toContain(text);
    }
    expect(sections).not.toMatch(/malformed|\[Expert/i);
  });
});
