/**
 * Solaris' snoop format (RFC 1761): packets, link types, drops, and what wrong lengths do.
 */
import { expect, test } from 'vitest';
import { bufferSource } from '../../src/capture/memory.ts';
import { codes, collect } from './collect.ts';

interface Fields {
  readonly bytes?: Buffer;
  readonly wire?: number;
  readonly captured?: number;
  readonly length?: number;
  readonly drops?: number;
  readonly seconds?: number;
  readonly micros?: number;
}

function header(link = 4, version = 2): Buffer {
  const bytes = Buffer.from('snoop\0\0\0........', 'latin1');
  bytes.writeUInt32BE(version, 8);
  bytes.writeUInt32BE(link, 12);
  return bytes;
}

/** Padded to four bytes as snoop writes it, unless `length` says another thing. */
function record(fields: Fields): Buffer {
  const { bytes = Buffer.from('packet'), wire = bytes.length, captured = bytes.length } = fields;
  const head = Buffer.alloc(24);
  const padding = Buffer.alloc(-bytes.length & 3, 0xee);
  const length = fields.length ?? head.length + bytes.length + padding.length;
  const words = [
    wire,
    captured,
    length,
    fields.drops ?? 0,
    fields.seconds ?? 900_000_000,
    fields.micros ?? 0,
  ];
  for (const [i, word] of words.entries()) head.writeUInt32BE(word, 4 * i);
  return Buffer.concat([head, bytes, padding]);
}

function read(...parts: Buffer[]) {
  return collect(bufferSource(Buffer.concat(parts), { name: 'x.snoop' }));
}

test('packets with their times, lengths and padding', async () => {
  const { packets, facts } = await read(
    header(),
    record({ bytes: Buffer.from([1, 2, 3, 4, 5]), wire: 1500, micros: 999_999 }),
    record({ bytes: Buffer.alloc(0), seconds: 900_000_001 }),
    record({ bytes: Buffer.from([6, 7, 8, 9]), seconds: 899_999_999, micros: 7 }),
  );
  const common = { file: 0, link: 1, interfaceIndex: 0 };
  expect(packets).toEqual([
    { ...common, frame: 1, time: 0, wireLength: 1500, bytes: '0102030405' },
    { ...common, frame: 2, time: 1000, wireLength: 0, bytes: '' },
    { ...common, frame: 3, time: -1_999_992_000, wireLength: 4, bytes: '06070809' },
  ]);
  expect(facts).toMatchObject({
    epoch: 900_000_000_999_999_000n,
    digits: 6,
    dropped: 0,
    files: [{ format: 'snoop', packets: 3, truncated: false }],
  });
});

test.each([
  [0, 1],
  [4, 1],
  [2, 6],
  [8, 10],
  [3, -1],
  [9, -1],
])('datalink type %i is link type %i', async (datalink, link) => {
  const { packets } = await read(header(datalink), record({}));
  expect(packets).toMatchObject([{ link }]);
});

test('drops count from the start of the capture', async () => {
  const { facts } = await read(header(), record({ drops: 3 }), record({ drops: 3 }), record({ drops: 10 }));
  expect(facts.dropped).toBe(10);
});

test.each([
  [
    'shorter than its packet',
    { bytes: Buffer.alloc(8), length: 31 },
    'a record of 31 bytes with a captured length of 8 bytes',
    {},
  ],
  ['of no length', { length: 0 }, 'a record of 0 bytes with a captured length of 6 bytes', {}],
  [
    'of a length beyond the limit',
    { length: 0xffffffff },
    'a record of 4294967295 bytes',
    { packetBytes: 1 },
  ],
])('a record %s is damage', async (_, fields, found, limitsHit) => {
  const { packets, facts } = await read(header(), record({}), record(fields), record({}));
  expect(packets).toHaveLength(1);
  expect(codes(facts)).toEqual(['file_damaged']);
  expect(facts.warnings[0]?.text).toContain(`x.snoop is damaged at byte 48: ${found}`);
  expect(facts.limitsHit).toEqual(limitsHit);
});

test('cut at any byte it gives the whole packets before', async () => {
  const whole = Buffer.concat([header(), record({}), record({})]);
  for (let length = 1; length < whole.length; length++) {
    const { packets, facts } = await read(whole.subarray(0, length));
    expect(packets).toHaveLength(length < 48 ? 0 : 1);
    expect(codes(facts)).toEqual(length === 16 || length === 48 ? [] : ['file_truncated']);
  }
});

test('other versions and what only begins alike are refused', async () => {
  await expect(read(header(4, 3))).rejects.toThrow('x.snoop: snoop version 3 cannot be read, only 2');
  await expect(read(Buffer.from('snooping is no capture'))).rejects.toThrow(
    'x.snoop: not a pcap, pcapng or snoop file (starts with 73 6e 6f 6f)',
  );
});
