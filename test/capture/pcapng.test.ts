/**
 * pcapng: sections, interfaces, every kind of block, drop counts, and what wrong lengths do.
 */
import { describe, expect, test } from 'vitest';
import { bufferSource } from '../../src/capture/memory.ts';
import { LIMITS } from '../../src/limits.ts';
import { BLOCK, blocksIn, ORDERS } from '../support/pcap-files.ts';
import { codes, collect } from './collect.ts';

const EPOCH = 1_700_000_000_000_000_000n;
/** The same moment in microseconds, the default resolution. */
const TICKS = EPOCH / 1000n;
const one = Buffer.from('packet 1');
const two = Buffer.from('second packet');

function read(...blocks: readonly Buffer[]) {
  return collect(bufferSource(Buffer.concat(blocks), { name: 'x.pcapng' }));
}

const little = blocksIn('little');

describe.each(ORDERS)('%s endian', (order) => {
  const b = blocksIn(order);

  test('enhanced packets', async () => {
    const { packets, facts } = await read(
      b.section(),
      b.interface({ link: 113, snaplen: 96 }, b.option(2, Buffer.from('any')), b.endOfOptions),
      b.enhanced({ ticks: TICKS, bytes: one }),
      b.enhanced({ ticks: TICKS + 7n, bytes: two, wireLength: 1500 }),
      b.enhanced({
        ticks: TICKS - 1n,
        bytes: Buffer.alloc(0),
        options: [b.option(1, Buffer.from('a comment'))],
      }),
    );
    const common = { file: 0, link: 113, interfaceIndex: 0 };
    expect(packets).toEqual([
      { ...common, time: 0, frame: 1, wireLength: one.length, bytes: one.toString('hex') },
      { ...common, time: 7000, frame: 2, wireLength: 1500, bytes: two.toString('hex') },
      { ...common, time: -1000, frame: 3, wireLength: 0, bytes: '' },
    ]);
    expect(facts).toMatchObject({
      epoch: EPOCH,
      digits: 6,
      firstTime: -1000,
      lastTime: 7000,
      dropped: null,
      interfaces: [{ name: 'any', link: 113 }],
      files: [{ format: 'pcapng', packets: 3, truncated: false }],
      warnings: [],
    });
  });

  test('time resolution and offset', async () => {
    const resolution = (value: number) => b.option(9, Buffer.from([value]));
    const { packets, facts } = await read(
      b.section(),
      b.interface({}, resolution(9)),
      b.interface({}, resolution(3)),
      b.interface({}, resolution(0x80 | 20), b.endOfOptions),
      b.interface({}, resolution(6), b.option(14, b.u64(-50n))),
      b.enhanced({ interface: 0, ticks: EPOCH + 1n, bytes: one }),
      b.enhanced({ interface: 1, ticks: EPOCH / 1_000_000n + 5n, bytes: one }),
      b.enhanced({ interface: 2, ticks: 1_700_000_000n * 2n ** 20n + 2n ** 19n + 1n, bytes: one }),
      b.enhanced({ interface: 3, ticks: TICKS + 50_000_000n, bytes: one }),
    );
    expect(facts.epoch).toBe(EPOCH + 1n);
    expect(facts.digits).toBe(9);
    // 2^-20 s is 953.67… ns
    expect(packets.map(({ time }) => time)).toEqual([0, 4_999_999, 500_000_952, -1]);
  });

  test('interface statistics', async () => {
    const drops = (interfaceDrops: bigint, systemDrops: bigint) => [
      b.option(4, b.u64(1000n)),
      b.option(5, b.u64(interfaceDrops)),
      b.option(7, b.u64(systemDrops)),
      b.endOfOptions,
    ];
    const { facts } = await read(
      b.section(),
      b.interface(),
      b.interface(),
      b.statistics(0, ...drops(1n, 2n)),
      b.statistics(1, ...drops(10n, 0n)),
      b.statistics(0, ...drops(4n, 2n ** 33n)),
    );
    expect(facts.dropped).toBe(4 + 2 ** 33 + 10);
  });

  test('drop counts told with packets', async () => {
    const dropcount = (n: bigint) => [b.option(4, b.u64(n)), b.endOfOptions];
    const packets = [
      b.section(),
      b.interface(),
      b.interface(),
      b.enhanced({ ticks: TICKS, bytes: one, options: dropcount(3n) }),
      b.enhanced({ ticks: TICKS, bytes: one, options: dropcount(4n) }),
      b.obsolete({ interface: 1, ticks: TICKS, bytes: one, drops: 5 }),
      b.obsolete({ interface: 1, ticks: TICKS, bytes: one }),
    ];
    expect((await read(...packets)).facts.dropped).toBe(3 + 4 + 5);
    // The same seven, and one more that no packet told of
    const statistics = b.statistics(0, b.option(5, b.u64(8n)));
    const { facts } = await read(...packets, statistics);
    expect(facts.dropped).toBe(8 + 5);
  });

  test('obsolete packets', async () => {
    const { packets, facts } = await read(
      b.section(),
      b.interface({ link: 12 }),
      b.interface({ link: 1 }),
      b.obsolete({ interface: 1, ticks: TICKS, bytes: one, wireLength: 99 }),
    );
    expect(packets).toEqual([
      { time: 0, file: 0, frame: 1, link: 1, interfaceIndex: 1, wireLength: 99, bytes: one.toString('hex') },
    ]);
    expect(facts.dropped).toBeNull();
  });

  test('simple packets end where the snapshot length says and have the time of the packet before', async () => {
    const long = Buffer.alloc(100, 5);
    const { packets, facts } = await read(
      b.section(),
      b.interface({ snaplen: 96 }),
      b.simple(one),
      b.enhanced({ ticks: TICKS, bytes: one }),
      b.enhanced({ ticks: TICKS + 3n, bytes: one }),
      b.simple(long.subarray(0, 96), 100),
    );
    expect(packets.map(({ time }) => time)).toEqual([0, 0, 3000, 3000]);
    expect(packets[3]).toMatchObject({ wireLength: 100, bytes: long.toString('hex', 0, 96) });
    expect(facts.epoch).toBe(EPOCH);
    expect(facts.warnings).toEqual([
      {
        code: 'no_timestamps',
        text: 'x.pcapng has 2 packets without a timestamp (simple packet blocks); each is dated like the packet before it',
      },
    ]);
  });

  test('simple packets alone: the epoch is 1970', async () => {
    const { packets, facts } = await read(b.section(), b.interface(), b.simple(one), b.simple(two));
    expect(packets.map(({ time, bytes }) => ({ time, bytes }))).toEqual([
      { time: 0, bytes: one.toString('hex') },
      { time: 0, bytes: two.toString('hex') },
    ]);
    expect(facts.epoch).toBe(0n);
  });
});

test('both byte orders give the same packets, also in one file', async () => {
  const section = (order: 'big' | 'little') => {
    const b = blocksIn(order);
    return Buffer.concat([
      b.section(),
      b.interface({ link: 1 }, b.option(2, Buffer.from('eth0')), b.option(9, Buffer.from([9]))),
      b.enhanced({ ticks: EPOCH + 9n, bytes: one }),
      b.obsolete({ ticks: EPOCH + 8n, bytes: two, wireLength: 400 }),
      b.simple(two),
    ]);
  };
  const [big, small, both] = await Promise.all([
    read(section('big')),
    read(section('little')),
    read(section('big'), section('little')),
  ]);
  expect(big.packets).toEqual(small.packets);
  expect(both.packets.slice(0, 3)).toEqual(big.packets);
  expect(both.packets.slice(3)).toEqual(
    big.packets.map((packet) => ({ ...packet, frame: packet.frame + 3, interfaceIndex: 1 })),
  );
});

test('each section has its own interfaces', async () => {
  const named = (name: string, link: number) =>
    little.interface({ link }, little.option(2, Buffer.from(name)));
  const { packets, facts } = await read(
    little.section(),
    named('eth0', 1),
    named('lo', 0),
    little.enhanced({ interface: 1, ticks: TICKS, bytes: one }),
    little.section(),
    named('any', 276),
    little.enhanced({ interface: 0, ticks: TICKS, bytes: one }),
  );
  expect(facts.interfaces).toEqual([
    { name: 'eth0', link: 1 },
    { name: 'lo', link: 0 },
    { name: 'any', link: 276 },
  ]);
  expect(packets.map(({ link, interfaceIndex }) => [link, interfaceIndex])).toEqual([
    [0, 1],
    [276, 2],
  ]);
});

test('TLS secrets are handed on, in either byte order, as far as they are there', async () => {
  const log = Buffer.from('CLIENT_RANDOM 00 01\n');
  for (const order of ['big', 'little'] as const) {
    const b = blocksIn(order);
    const number = (value: number) => {
      const bytes = Buffer.alloc(4);
      if (order === 'big') bytes.writeUInt32BE(value);
      else bytes.writeUInt32LE(value);
      return bytes;
    };
    const secrets = (type: number, length: number, data: Buffer) =>
      b.block(BLOCK.secrets, Buffer.concat([number(type), number(length), data]));
    const { packets, facts } = await read(
      b.section(),
      secrets(0x544c534b, log.length, log),
      secrets(0x57474b4c, log.length, log),
      b.interface(),
      b.enhanced({ ticks: TICKS, bytes: one }),
      secrets(0x544c534b, 4_000_000, Buffer.from('CUT ')),
    );
    expect(packets).toHaveLength(1);
    expect(facts.warnings).toEqual([]);
    expect(facts.keyLogs).toEqual([log.toString(), 'CUT ']);
  }
});

test('other blocks are stepped over; frames are numbered as Wireshark does', async () => {
  const packet = little.enhanced({ ticks: TICKS, bytes: one });
  const { packets, facts } = await read(
    little.section(),
    little.block(BLOCK.nameResolution, Buffer.from([0, 0, 0, 0])),
    little.interface(),
    packet,
    little.block(BLOCK.secrets, Buffer.from('TLSK\0\0\0\0')),
    little.block(0x7777, Buffer.alloc(33, 1)),
    little.block(0x7778),
    packet,
    little.block(BLOCK.journal, Buffer.from('MESSAGE=x')),
    little.block(BLOCK.custom, Buffer.alloc(8)),
    little.block(0x4000_0bad, Buffer.alloc(8)),
    packet,
    little.block(0x7777),
  );
  expect(packets.map(({ frame }) => frame)).toEqual([1, 2, 6]);
  expect(facts).toMatchObject({ packets: 3, files: [{ packets: 3 }], warnings: [] });
});

test('a name ends at its first NUL and at the limit', async () => {
  const { facts } = await read(
    little.section(),
    little.interface({}, little.option(2, Buffer.from('eth0\0\0'))),
    little.interface({}, little.option(2, Buffer.alloc(60_000, 'x'))),
  );
  expect(facts.interfaces.map(({ name }) => name)).toEqual(['eth0', 'x'.repeat(LIMITS.interfaceNameBytes)]);
});

test('options that are longer than their block are not believed', async () => {
  const overrun = Buffer.from([9, 0, 200, 0, 9, 9, 9, 9]);
  const { packets, facts } = await read(
    little.section(),
    // So that offsets in the file are larger than the length that is claimed
    little.block(0x7777, Buffer.alloc(1000)),
    little.interface({}, overrun),
    little.enhanced({ ticks: TICKS, bytes: one, options: [overrun] }),
    little.statistics(0, overrun),
  );
  expect(packets).toHaveLength(1);
  expect(facts.epoch).toBe(EPOCH);
  expect(facts.dropped).toBeNull();
  expect(codes(facts)).toEqual(['options_damaged']);
});

test('options of another size than theirs are not believed', async () => {
  const { facts } = await read(
    little.section(),
    little.interface({}, little.option(9, Buffer.alloc(0)), little.option(14, Buffer.alloc(4, 1))),
    little.enhanced({ ticks: TICKS, bytes: one, options: [little.option(4, Buffer.alloc(4, 1))] }),
    little.statistics(0, little.option(5, Buffer.alloc(12, 1))),
  );
  expect(facts).toMatchObject({ epoch: EPOCH, dropped: null, warnings: [] });
});

test('more interfaces than the limit', async () => {
  const limits: string[] = [];
  const many = Buffer.concat([
    little.section(),
    ...Array.from({ length: LIMITS.interfaces + 2 }, () => little.interface()),
    little.enhanced({ interface: LIMITS.interfaces - 1, ticks: TICKS, bytes: one }),
    little.enhanced({ interface: LIMITS.interfaces, ticks: TICKS, bytes: one }),
    little.enhanced({ interface: LIMITS.interfaces + 1, ticks: TICKS, bytes: one }),
    little.enhanced({ interface: LIMITS.interfaces + 2, ticks: TICKS, bytes: one }),
  ]);
  const { packets, facts } = await collect(bufferSource(many, { onLimit: (name) => limits.push(name) }));
  expect(packets.map(({ link, interfaceIndex }) => [link, interfaceIndex])).toEqual([
    [1, LIMITS.interfaces - 1],
    [-1, LIMITS.interfaces],
    [-1, LIMITS.interfaces],
  ]);
  expect(facts.interfaces).toHaveLength(LIMITS.interfaces + 1);
  expect(limits).toEqual(['interfaces']);
  expect(codes(facts)).toEqual(['interface_limit', 'file_damaged']);
});

describe('damage', () => {
  const sound = Buffer.concat([
    little.section(),
    little.interface(),
    little.enhanced({ ticks: TICKS, bytes: one }),
  ]);
  const packet = little.enhanced({ ticks: TICKS, bytes: one });
  const patched = (block: Buffer, at: number, value: number): Buffer => {
    const copy = Buffer.from(block);
    copy.writeUInt32LE(value, at);
    return copy;
  };

  test.each([
    [
      'a length below that of any block',
      patched(packet, 4, 8),
      'a block of type 0x00000006 with a length of 8 bytes',
      [],
    ],
    [
      'a length below that of its type',
      little.block(6, Buffer.alloc(12)),
      'a block of type 0x00000006 with a length of 24 bytes',
      [],
    ],
    [
      'a length above the limit',
      patched(packet, 4, LIMITS.blockBytes + 4),
      `a block of type 0x00000006 with a length of ${LIMITS.blockBytes + 4} bytes`,
      ['blockBytes'],
    ],
    [
      'two lengths that differ',
      patched(packet, packet.length - 4, 99),
      'whose two lengths differ (40 and 99)',
      [],
    ],
    [
      'a captured length beyond the block',
      patched(packet, 20, 9),
      'a captured length of 9 bytes in a block that has 8 for it',
      [],
    ],
    [
      'an absurd captured length',
      patched(packet, 20, 0xffff_ffff),
      'a captured length of 4294967295 bytes',
      ['packetBytes'],
    ],
    [
      'an interface that was not described',
      patched(packet, 8, 1),
      'a block of interface 1, where the section has described 1',
      [],
    ],
    [
      'a simple packet without an interface',
      Buffer.concat([little.section(), little.simple(one)]),
      'a block of interface 0, where the section has described 0',
      [],
    ],
    [
      'a simple packet shorter than it says',
      little.simple(one, 9),
      'a captured length of 9 bytes in a block that has 8 for it',
      [],
    ],
    ['statistics of nobody', little.statistics(7), 'a block of interface 7', []],
    [
      'an obsolete packet of nobody',
      little.obsolete({ interface: 7, bytes: one }),
      'a block of interface 7',
      [],
    ],
    [
      'an obsolete packet longer than its block',
      little.obsolete({ bytes: one, captured: 12 }),
      'a captured length of 12 bytes in a block that has 8 for it',
      [],
    ],
    [
      'a section in no byte order',
      patched(little.section(), 8, 0x01020304),
      'a section header without a byte-order magic',
      [],
    ],
    ['a section of another version', little.section(2), 'a section of pcapng version 2', []],
  ] as [string, Buffer, string, string[]][])('%s', async (_, block, found, limits) => {
    const fired: string[] = [];
    const bytes = Buffer.concat([sound, block, packet]);
    const { packets, facts } = await collect(
      bufferSource(bytes, { name: 'x', onLimit: (name) => fired.push(name) }),
    );
    expect(packets).toHaveLength(1);
    expect(facts.files[0]).toMatchObject({ truncated: true, packets: 1, bytes: bytes.length });
    expect(codes(facts)).toEqual(['file_damaged']);
    expect(facts.warnings[0]?.text).toContain(found);
    expect(facts.warnings[0]?.text).toMatch(
      new RegExp(`^x is damaged at byte (${sound.length}|${sound.length + little.section().length}): `),
    );
    expect(fired).toEqual(limits);
  });

  test('before the first packet', async () => {
    const { facts } = await read(little.section(), patched(packet, 4, 8));
    expect(facts.warnings[0]?.text).toBe(
      'x.pcapng is damaged at byte 28: a block of type 0x00000006 with a length of 8 bytes; no packet comes before it and reading stopped there',
    );
  });
});

test('an unpadded packet at the end of its block', async () => {
  const block = Buffer.alloc(28 + 5 + 4);
  block.writeUInt32LE(6, 0);
  block.writeUInt32LE(block.length, 4);
  block.writeUInt32LE(5, 20);
  block.writeUInt32LE(5, 24);
  block.fill('a', 28, 33);
  block.writeUInt32LE(block.length, 33);
  const { packets, facts } = await read(little.section(), little.interface(), block, block);
  expect(packets.map(({ bytes }) => bytes)).toEqual(['6161616161', '6161616161']);
  expect(facts.warnings).toEqual([]);
});

test.each([
  [
    'another byte-order magic',
    Buffer.concat([Buffer.from('0a0d0d0a1c000000ffffffff', 'hex'), Buffer.alloc(16)]),
    'x.pcapng: not a pcap, pcapng or snoop file (starts with 0a 0d 0d 0a)',
  ],
  ['another version', little.section(2), 'x.pcapng: pcapng version 2 cannot be read, only 1.x'],
])('%s at the start is no capture', async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toMatchObject({ name: 'UserError', code: 'file', message });
});
