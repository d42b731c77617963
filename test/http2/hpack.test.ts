/** RFC 7541: its own examples, what it forbids, and what is left to know where blocks were lost. */
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '../../src/http2/hpack.ts';
import { fromHuffman } from '../../src/http2/huffman.ts';
import { LIMITS, type LimitName, Stored } from '../../src/limits.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

interface Opened {
  readonly decoder: HpackDecoder;
  readonly stored: Stored;
  readonly limits: LimitName[];
}

function opened(): Opened {
  const stored = new Stored();
  const limits: LimitName[] = [];
  return { stored, limits, decoder: new HpackDecoder((name) => limits.push(name), stored) };
}

/** Lines of `name: value`; what is not known as `?`. */
function lines(decoder: HpackDecoder, block: Buffer, whole = true): string[] {
  const { fields, complete, anomaly } = decoder.decode(block, 0, block.length, whole);
  const text = fields.map(({ name, value }) => `${name ?? '?'}: ${value ?? '?'}`);
  if (anomaly !== null) text.push(anomaly);
  else if (!complete) text.push('…');
  return text;
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
];
const RESPONSES = [
  [
    ':status: 302',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 307',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ],
  [
    ':status: 200',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:22 GMT',
    'location: https://www.example.com',
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

/** A size update of 256, which the examples of responses take as agreed. */
const SIZE_256 = '3fe101';

const EXAMPLES: readonly { name: string; blocks: readonly string[]; lists: readonly string[][] }[] = [
  {
    name: 'C.3 requests without Huffman coding',
    blocks: [
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
    lists: REQUESTS,
  },
  {
    name: 'C.4 requests with Huffman coding',
    blocks: [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
    lists: REQUESTS,
  },
  {
    name: 'C.5 responses without Huffman coding, and eviction',
    blocks: [
      `${SIZE_256}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      '4803333037c1c0bf',
      '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
    ],
    lists: RESPONSES,
  },
  {
    name: 'C.6 responses with Huffman coding, and eviction',
    blocks: [
      `${SIZE_256}488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
      '4883640effc1c0bf',
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ],
    lists: RESPONSES,
  },
];

describe('the examples of RFC 7541', () => {
  for (const { name, blocks, lists } of EXAMPLES) {
    test(name, () => {
      const { decoder } = opened();
      expect(blocks.map((block) => lines(decoder, hex(block)))).toEqual(lists);
    });

    test(`${name}, each cut anywhere: a prefix of the fields, and nothing invented`, () => {
      for (const [number, block] of blocks.entries()) {
        const bytes = hex(block);
        for (let end = 0; end < bytes.length; end++) {
          const { decoder } = opened();
          for (const before of blocks.slice(0, number)) lines(decoder, hex(before));
          const cut = lines(decoder, bytes.subarray(0, end), false);
          expect(cut.pop()).toBe('…');
          expect(cut).toEqual(lists[number]?.slice(0, cut.length));
        }
      }
    });

    test(`${name}, after the loss of any of them: what is told is true`, () => {
      for (let lost = 0; lost < blocks.length - 1; lost++) {
        const { decoder } = opened();
        for (const [number, block] of blocks.entries()) {
          if (number === lost) {
            decoder.lose();
            continue;
          }
          const { fields, complete } = decoder.decode(hex(block), 0, hex(block).length, true);
          expect(complete).toBe(true);
          expect(fields).toHaveLength(lists[number]?.length ?? 0);
          for (const [i, field] of fields.entries()) {
            const [, name, value] = /^(:?[^:]+): (.*)$/.exec(lists[number]?.[i] ?? '') ?? [];
            expect([name, null]).toContain(field.name);
            expect([value, null]).toContain(field.value);
          }
        }
      }
    });
  }

  test('C.2 each kind of literal, and whether it may be indexed', () => {
    const { decoder } = opened();
    const literals = hex(
      '400a637573746f6d2d6b65790d637573746f6d2d686561646572 040c2f73616d706c652f70617468 100870617373776f726406736563726574 82',
    );
    expect(decoder.decode(literals, 0, literals.length, true).fields).toEqual([
      { name: 'custom-key', value: 'custom-header', neverIndexed: false },
      { name: ':path', value: '/sample/path', neverIndexed: false },
      { name: 'password', value: 'secret', neverIndexed: true },
      { name: ':method', value: 'GET', neverIndexed: false },
    ]);
  });

  test('C.1 integers go on over several octets', () => {
    const { decoder } = opened();
    decoder.allow(1337);
    // 1337 with a prefix of five bits, as the size of the table; then one more is too much.
    expect(lines(decoder, hex('3f9a0a 82'))).toEqual([':method: GET']);
    expect(lines(decoder, hex('3f9b0a 82'))).toEqual(['compression_error']);
  });
});

describe('Huffman coding', () => {
  const text = (code: string) => fromHuffman(hex(code), 0, code.length / 2);

  test('ends with at most seven bits of ones', () => {
    expect(text('')).toBe('');
    expect(text('1f')).toBe('a');
    expect(text('1fff')).toBeNull();
    expect(text('1e')).toBeNull();
    expect(text('00')).toBeNull();
    // Eight bits that end with the last octet.
    expect(text('f8')).toBe('&');
    expect(text('f8ff')).toBeNull();
  });

  test('never contains the end of the string', () => {
    expect(text('fffffffc')).toBeNull();
    expect(text('ffffffff')).toBeNull();
    expect(text('1ffffffff0')).toBeNull();
  });
});

describe('what breaks the compression', () => {
  const BROKEN: Readonly<Record<string, string>> = {
    'index 0': '80',
    'an index beyond the table': 'be',
    'a name beyond the table': '7e0161',
    'an index of 2^32': 'ff81ffffff0f',
    'an integer that never ends': `ff${'80'.repeat(20)}01`,
    'an integer that is cut': 'ffff',
    'a string longer than the block': '00016105',
    'a string that is cut': '0001610361',
    'a missing value': '000161',
    'Huffman coding against its rules': '000161821fff',
    'a size update beyond what is allowed': '3fe21f',
    'a size update behind a field': '8220',
  };

  for (const [name, block] of Object.entries(BROKEN)) {
    test(`${name} ends the direction`, () => {
      const { decoder } = opened();
      const told = lines(decoder, Buffer.concat([hex('3fe11f'), hex('82'), hex(block)]));
      expect(told.slice(-1)).toEqual(['compression_error']);
      expect(decoder.broken).toBe(true);
      expect(lines(decoder, hex('82'))).toEqual(['…']);
    });
  }

  test('behind lost blocks it costs that block alone', () => {
    const { decoder } = opened();
    decoder.lose();
    expect(lines(decoder, hex('40016101628280'))).toEqual(['a: b', ':method: GET', 'compression_error']);
    // What it had added may have been nothing of the kind.
    expect(lines(decoder, hex('82be'))).toEqual([':method: GET', '?: ?']);
  });

  test('size updates are fine at the beginning of a block, also several', () => {
    const { decoder } = opened();
    expect(lines(decoder, hex('20 3fe11f 82'))).toEqual([':method: GET']);
  });
});

describe('after lost blocks', () => {
  test('what is said in full, by the static table or by newer entries is known, and nothing else', () => {
    const { decoder } = opened();
    lines(decoder, hex('4001610131'));
    decoder.lose();
    expect(lines(decoder, hex('82 be 7e0132 4001620133 be bf c0'))).toEqual([
      ':method: GET',
      '?: ?',
      '?: 2',
      'b: 3',
      'b: 3',
      '?: 2',
      '?: ?',
    ]);
  });

  test('a table that was emptied is known again', () => {
    const { decoder } = opened();
    decoder.lose();
    expect(lines(decoder, hex('20 3fe11f 4001610131 be'))).toEqual(['a: 1', 'a: 1']);
    expect(lines(decoder, hex('bf'))).toEqual(['compression_error']);
  });

  test('an index that no table of the allowed size has is an error still', () => {
    const { decoder } = opened();
    decoder.lose();
    // 4096 / 32 entries at most.
    expect(lines(decoder, hex('ff3e'))).toEqual(['?: ?']);
    expect(lines(decoder, hex('ff3f'))).toEqual(['compression_error']);
  });
});

describe('bounds', () => {
  test('a list of fields larger than the limit is cut, and the table goes on', () => {
    const { decoder, limits } = opened();
    const value = 'x'.repeat(4_000);
    const large = Buffer.concat([hex('400161 7fa11e'), Buffer.from(value), Buffer.alloc(100_000, 0xbe)]);
    const { fields, complete, anomaly } = decoder.decode(large, 0, large.length, true);
    expect(fields.length).toBe(Math.floor(LIMITS.headBytes / (value.length + 1)));
    expect({ complete, anomaly, limits }).toEqual({
      complete: false,
      anomaly: 'field_list_too_large',
      limits: ['headFields'],
    });
    const [again] = decoder.decode(hex('be'), 0, 1, true).fields;
    expect(again?.value).toBe(value);
  });

  test('so is one of too many fields', () => {
    const { decoder } = opened();
    const many = Buffer.alloc(LIMITS.headFields + 1, 0x82);
    const { fields, anomaly } = decoder.decode(many, 0, many.length, true);
    expect(fields).toHaveLength(LIMITS.headFields);
    expect(anomaly).toBe('field_list_too_large');
  });

  test('a table larger than the limit forgets its oldest, told once, and gives all back', () => {
    const { decoder, limits, stored } = opened();
    decoder.allow(0xffff_ffff);
    lines(decoder, hex('3fe0ffffff0f'));
    const entry = (i: number) =>
      Buffer.concat([hex('4001617fe906'), Buffer.from(String(i).padStart(1_000, 'x'))]);
    for (let i = 0; i < 1_000; i++) lines(decoder, entry(i));
    expect(limits).toEqual(['http2TableBytes']);
    expect(stored.bytes).toBeLessThan(1.5 * LIMITS.http2TableBytes);
    expect(stored.bytes).toBeGreaterThan(0.5 * LIMITS.http2TableBytes);
    expect(lines(decoder, hex('be'))).toEqual([`a: ${'999'.padStart(1_000, 'x')}`]);
    expect(lines(decoder, hex('ffa806'))).toEqual(['?: ?']);
    decoder.letGo();
    expect(stored.bytes).toBe(0);
  });

  test('what the size of the table evicts is given back', () => {
    const { decoder, stored } = opened();
    for (let i = 0; i < 10_000; i++) lines(decoder, hex('4001610131'));
    const full = stored.bytes;
    lines(decoder, hex('4001610131'));
    expect(stored.bytes).toBe(full);
    lines(decoder, hex('20'));
    expect(stored.bytes).toBe(0);
  });
});
