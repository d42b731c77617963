/**
 * Classic pcap: every variant of the format, and what wrong lengths do.
 */
import { describe, expect, test } from 'vitest';
import { Delivery, newFacts } from '../../src/capture/delivery.ts';
import { Intake } from '../../src/capture/intake.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { LIMITS } from '../../src/limits.ts';
import { ORDERS, type PcapOptions, pcap, type Record } from '../support/pcap-files.ts';
import { codes, collect } from './collect.ts';

const RECORDS: readonly Record[] = [
  { seconds: 1_700_000_000, fraction: 999_999, bytes: Buffer.from('first') },
  { seconds: 1_700_000_001, fraction: 1, bytes: Buffer.alloc(0) },
  { seconds: 1_699_999_999, fraction: 0, bytes: Buffer.from([1, 2, 3]), wireLength: 1500 },
];

/** What `RECORDS` are read as, but for their times. */
const PACKETS = [
  { file: 0, frame: 1, link: 113, interfaceIndex: 0, wireLength: 5, bytes: '6669727374' },
  { file: 0, frame: 2, link: 113, interfaceIndex: 0, wireLength: 0, bytes: '' },
  { file: 0, frame: 3, link: 113, interfaceIndex: 0, wireLength: 1500, bytes: '010203' },
];

function timed(...times: number[]) {
  return PACKETS.map((packet, i) => ({ ...packet, time: times[i] }));
}

function read(records: readonly Record[], options: PcapOptions = {}) {
  return collect(bufferSource(pcap([...records], { link: 113, ...options }), { name: 'x.pcap' }));
}

describe.each(ORDERS)('%s endian', (order) => {
  test('microseconds', async () => {
    const { packets, facts } = await read(RECORDS, { order });
    expect(packets).toEqual(timed(0, 2000, -1_999_999_000));
    expect(facts).toMatchObject({
      epoch: 1_700_000_000_999_999_000n,
      digits: 6,
      packets: 3,
      firstTime: -1_999_999_000,
      lastTime: 2000,
      dropped: null,
      interfaces: [{ name: null, link: 113 }],
      warnings: [{ code: 'time_backwards' }],
      files: [
        {
          path: 'x.pcap',
          format: 'pcap',
          packets: 3,
          firstTime: -1_999_999_000,
          lastTime: 2000,
          truncated: false,
        },
      ],
    });
  });

  test('nanoseconds', async () => {
    const { packets, facts } = await read(RECORDS, { order, kind: 'nanoseconds' });
    expect(packets).toEqual(timed(0, 999_000_002, -1_000_999_999));
    expect(facts.epoch).toBe(1_700_000_000_000_999_999n);
    expect(facts.digits).toBe(9);
  });

  test('the modified format with longer record headers', async () => {
    const { packets, facts } = await read(RECORDS, { order, kind: 'modified' });
    expect(packets).toEqual(timed(0, 2000, -1_999_999_000));
    expect(codes(facts)).toEqual(['time_backwards']);
  });
});

test('what the link type field says about frame check sequences is no part of the link type', async () => {
  const { packets, facts } = await read(RECORDS, { link: 0x5400_0071 });
  expect(packets.map(({ link }) => link)).toEqual([113, 113, 113]);
  expect(facts.interfaces).toEqual([{ name: null, link: 113 }]);
});

test('dates beyond 2038 and far apart keep their nanoseconds', async () => {
  const bytes = Buffer.from([0]);
  const { packets, facts } = await read(
    [
      { seconds: 4_294_967_000, fraction: 1, bytes },
      { seconds: 4_294_967_000 - 103 * 86_400, fraction: 999_999_999, bytes },
    ],
    { kind: 'nanoseconds' },
  );
  expect(facts.epoch).toBe(4_294_967_000_000_000_001n);
  expect(packets.map(({ time }) => time)).toEqual([0, -103 * 86_400_000_000_000 + 999_999_998]);
});

describe('versions', () => {
  test('before 2.3 the lengths were swapped', async () => {
    const { packets } = await read(RECORDS, { minor: 2 });
    expect(packets).toEqual(timed(0, 2000, -1_999_999_000));
    const wrong = { seconds: 0, fraction: 0, bytes: Buffer.from('abc'), wireLength: 1 };
    expect((await read([wrong], { minor: 2 })).packets).toMatchObject([{ bytes: '616263', wireLength: 3 }]);
  });

  test('2.3 is told apart by which length is larger', async () => {
    const file = pcap([...RECORDS], { minor: 3, link: 113 });
    const straight = await collect(bufferSource(file));
    expect(straight.packets).toEqual(timed(0, 2000, -1_999_999_000));
    const third = file.length - 3 - 8;
    file.writeUInt32LE(1500, third);
    file.writeUInt32LE(3, third + 4);
    expect((await collect(bufferSource(file))).packets).toEqual(straight.packets);
  });

  test.each([0, 1])(
    'major version %i, which never was, is read as 2.4 where the first record fits',
    async (major) => {
      const { packets, facts } = await read(RECORDS, { major, minor: 9 });
      expect(packets).toEqual(timed(0, 2000, -1_999_999_000));
      expect(facts.warnings.slice(0, 1)).toEqual([
        {
          code: 'version_unknown',
          text: `x.pcap says that it is of pcap version ${major}.9, which does not exist; it is read as 2.4, as its first record fits that`,
        },
      ]);
    },
  );

  test.each<[string, Record]>([
    ['a fraction of more than a second', { seconds: 1, fraction: 1_000_000, bytes: Buffer.alloc(8) }],
    ['more captured than sent', { seconds: 1, fraction: 0, bytes: Buffer.alloc(8), wireLength: 7 }],
  ])('major version 1 is refused where the first record has %s', async (_, record) => {
    await expect(read([record], { major: 1 })).rejects.toThrow('only 2.x');
  });

  test('major version 1 without a whole record header is cut', async () => {
    const whole = pcap([...RECORDS], { major: 1 });
    const { facts } = await collect(bufferSource(whole.subarray(0, 39)));
    expect(codes(facts)).toEqual(['file_truncated']);
  });

  test.each([3, 0x200])('major version %i is refused', async (major) => {
    await expect(read(RECORDS, { major })).rejects.toMatchObject({
      name: 'UserError',
      code: 'file',
      message: `x.pcap: pcap version ${major}.4 cannot be read, only 2.x`,
    });
  });
});

describe('lengths', () => {
  const bytes = Buffer.alloc(300_000, 7);

  test('a wire length below the captured one is corrected', async () => {
    const { packets } = await read([{ seconds: 0, fraction: 0, bytes: Buffer.from('abc'), wireLength: 1 }]);
    expect(packets[0]?.wireLength).toBe(3);
  });

  test.each([0, 0xffff_ffff])('snapshot length %i means none', async (snaplen) => {
    const { packets, facts } = await read([{ seconds: 0, fraction: 0, bytes }], { snaplen });
    expect(packets.map((packet) => packet.bytes.length / 2)).toEqual([300_000]);
    expect(facts.warnings).toEqual([]);
  });

  test('a snapshot length that is smaller than the packets is not believed below 256 KiB', async () => {
    const record = { seconds: 0, fraction: 0, bytes: bytes.subarray(0, 262_144) };
    const { facts } = await read([record, record], { snaplen: 96 });
    expect(facts.packets).toBe(2);
  });

  test.each([
    { snaplen: 96, length: 262_145, most: 262_144 },
    { snaplen: 300_000, length: 300_001, most: 300_000 },
    { snaplen: 0, length: LIMITS.packetBytes + 1, most: LIMITS.packetBytes },
    { snaplen: 0xffff_ffff, length: 0xffff_ffff, most: LIMITS.packetBytes },
  ])(
    'a packet of $length bytes stops a file with snapshot length $snaplen',
    async ({ snaplen, length, most }) => {
      const file = pcap([...RECORDS, { seconds: 0, fraction: 0, bytes: Buffer.from('rest') }], { snaplen });
      const at = file.length - 20;
      file.writeUInt32LE(length, at + 8);
      const limits: string[] = [];
      const source = bufferSource(file, { name: 'x.pcap', onLimit: (name) => limits.push(name) });
      const { facts } = await collect(source);
      expect(facts.packets).toBe(3);
      expect(facts.files[0]).toMatchObject({ truncated: true, bytes: file.length });
      expect(facts.files[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(facts.warnings.slice(1)).toEqual([
        {
          code: 'file_damaged',
          text:
            `x.pcap is damaged at byte ${at}: a packet with a captured length of ${length} bytes, where ${most} is the most; ` +
            'the 3 whole packets before it were read and reading stopped there',
        },
      ]);
      expect(limits).toEqual(most === LIMITS.packetBytes ? ['packetBytes'] : []);
    },
  );

  test('a length within the limits but beyond the end is a cut file', async () => {
    const file = pcap([...RECORDS]);
    const { facts } = await collect(bufferSource(file.subarray(0, file.length - 1), { name: 'x.pcap' }));
    expect(codes(facts)).toEqual(['file_truncated']);
    expect(facts.warnings[0]?.text).toBe(
      `x.pcap ends at byte ${file.length - 1}, inside a record that starts at byte ${file.length - 19} ` +
        '(cut, or still being written); the 2 whole packets before it were read',
    );
  });
});

/** What is skimmed before the analysis must be what the analysis then meets, or packets would be put in a wrong order. */
describe.each(ORDERS)('skimmed, %s endian', (order) => {
  const many = Array.from({ length: 40 }, (_, i) => RECORDS[(i * i) % 3]!);
  const wrong = { seconds: 1, fraction: 0, bytes: Buffer.alloc(300_000) };
  test.each<[string, readonly Record[], PcapOptions]>([
    ['microseconds', many, {}],
    ['nanoseconds', many, { kind: 'nanoseconds' }],
    ['modified', many, { kind: 'modified' }],
    ['version 2.2', many, { minor: 2 }],
    ['damaged at its end', [...many, wrong, ...many], {}],
  ])('%s', (_, records, options) => {
    const file = pcap(records, { ...options, order });
    const reading = (skims: boolean, piece: number) => {
      const seen: [time: number, position: number][] = [];
      const delivery = new Delivery(
        newFacts(),
        ({ time }) => seen.push([time, intake.position]),
        () => {},
      );
      const intake = new Intake(delivery, 64);
      if (skims) intake.skim({ note: (time, position) => seen.push([time, position]) });
      intake.open('x.pcap', false);
      for (let at = 0; at < file.length; at += piece) intake.pour(file.subarray(at, at + piece));
      intake.close(true);
      return seen;
    };
    const delivered = reading(false, file.length);
    expect(delivered).toHaveLength(many.length);
    for (const piece of [file.length, 61, 7]) expect(reading(true, piece)).toEqual(delivered);
  });
});
