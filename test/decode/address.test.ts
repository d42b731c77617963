import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressTexts, formatAddress, inNetwork, parseAddress, parseNetwork } from '../../src/address.ts';

function canonical(text: string): string | undefined {
  const address = parseAddress(text);
  return address && formatAddress(address.version, ...address.words);
}

describe('formatAddress', () => {
  test.each([
    // RFC 5952 §1, §2 and §4
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:db8:0000:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:0:1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd::1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1::', '1::'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['0:1:0:1:0:1:0:1', '0:1:0:1:0:1:0:1'],
    ['1:0:0:2:3:4:0:0', '1::2:3:4:0:0'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['203.0.113.44', '203.0.113.44'],
  ])('%s is written %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test('every address survives text, and node agrees that it is one', () => {
    const word = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer());
    fc.assert(
      fc.property(word, word, word, word, fc.constantFrom(4 as const, 6 as const), (a, b, c, d, version) => {
        const words = version === 4 ? ([0, 0, 0xffff, d] as const) : ([a, b, c, d] as const);
        const text = formatAddress(version, ...words);
        expect(isIP(text)).toBe(version);
        expect(parseAddress(text)).toEqual({ version, words });
      }),
    );
  });
});

describe('parseAddress', () => {
  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    '1.2.3.0x4',
    '1..2.3',
    'example.com',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    'g::',
    ':1::2',
    '1::2:',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '[::1]',
    'fe80::1%eth0',
    '::1/64',
  ])('refuses "%s"', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('accepts exactly what node accepts, zones aside', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      '00',
      'ff',
      '255',
      '256',
      '01',
      '12345',
      'abcd',
      '',
      '.',
      ':',
      '::',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.constantFrom('', ':', '.'), (parts, glue) => {
        const text = parts.join(glue);
        expect(parseAddress(text)?.version ?? 0).toBe(isIP(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseNetwork', () => {
  function holds(network: string, address: string): boolean | undefined {
    const range = parseNetwork(network);
    const { version, words } = parseAddress(address)!;
    return range && inNetwork(range, version, ...words);
  }

  test.each([
    ['203.0.113.44', '203.0.113.44', true],
    ['203.0.113.44', '203.0.113.45', false],
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.44/24', '203.0.113.1', true],
    ['128.0.0.0/1', '200.1.2.3', true],
    ['128.0.0.0/1', '100.1.2.3', false],
    ['203.0.113.44/31', '203.0.113.45', true],
    ['203.0.113.44/31', '203.0.113.46', false],
    ['0.0.0.0/0', '203.0.113.44', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '203.0.113.44', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:db8::1', '2001:db8::1', true],
    ['2001:db8::1/127', '2001:db8::', true],
    ['::ffff:203.0.113.44', '203.0.113.44', true],
    ['::ffff:203.0.113.0/120', '203.0.113.7', true],
    ['::ffff:203.0.113.0/120', '203.0.114.7', false],
  ])('%s holds %s: %s', (network, address, expected) => {
    expect(holds(network, address)).toBe(expected);
  });

  test.each([
    '',
    '/',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/-1',
    '::/129',
    '::/1000',
    '1.2.3.4/24/8',
    'a/8',
    '1.2.3.4/ 8',
  ])('refuses "%s"', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

test('texts that are remembered are those of the addresses, also where several share a place', () => {
  const texts = new AddressTexts();
  const word = fc.oneof(
    fc.integer(),
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom(0x0a000001, 0x0b000100),
  );
  const version = fc.constantFrom(4, 6);
  fc.assert(
    fc.property(version, word, word, (ipVersion, w2, w3) => {
      expect(texts.of(ipVersion, 0, 0, w2, w3)).toBe(formatAddress(ipVersion, 0, 0, w2, w3));
    }),
    { numRuns: 2_000 },
  );
});
