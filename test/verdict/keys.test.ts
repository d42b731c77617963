/** Business keys: where they stand in a request, which of several counts, and that a value that was cut is none. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keySpec } from '../../src/cli/values.ts';
import { LIMITS } from '../../src/limits.ts';
import { KeySearch, type Searched } from '../../src/verdict/keys/find.ts';
import { scanJson } from '../../src/verdict/keys/json.ts';
import { plainKeys, scalarsOf } from './plain-keys.ts';

const search = new KeySearch();

function searched(body: string | null, given: Partial<Searched> = {}): Searched {
  return { head: { headers: [] }, query: '', body, whole: true, ...given };
}

const first = (request: Searched, ...specs: string[]) => {
  const asked = specs.map((spec) => keySpec('--key', spec));
  const key = search.first(request, asked);
  expect(search.all(request, asked)[0] ?? null).toEqual(key);
  return key === null ? null : `${key.from} = ${key.value}`;
};

describe('the usual names', () => {
  test.each([
    ['form', 'merchant=1&out_trade_no=P%2017&x=2', 'form:out_trade_no = P 17'],
    ['form of other names', 'NotifyId=n-1', 'form:NotifyId = n-1'],
    ['JSON', '{"a":{"b":[1]},"out_trade_no":"P17"}', 'json:/out_trade_no = P17'],
    ['JSON in an object', '{"data":{"orderNo":"P17"}}', 'json:/data/orderNo = P17'],
    [
      'JSON in a string',
      '{"biz_content":"{\\"out_trade_no\\":\\"P17\\"}"}',
      'json:/biz_content json:/out_trade_no = P17',
    ],
    ['JSON in a form', 'app=1&data=%7B%22order_id%22%3A%22P17%22%7D', 'form:data json:/order_id = P17'],
    [
      'a number too long to be one',
      '{"order_id":20170104000000000123}',
      'json:/order_id = 20170104000000000123',
    ],
    ['XML', '<xml><a>1</a>\n<out_trade_no><![CDATA[P17]]></out_trade_no></xml>', 'xml:out_trade_no = P17'],
    ['XML text', '<xml><order_id> P&amp;17 </order_id></xml>', 'xml:order_id = P&17'],
    [
      'multipart',
      '--b1\r\nContent-Disposition: form-data; name="order_id"\r\n\r\nP17\r\n--b1--\r\n',
      'form:order_id = P17',
    ],
    ['earlier names before later ones', 'order_id=2&notify_id=1&out_trade_no=3', 'form:out_trade_no = 3'],
    ['empty values are none', 'out_trade_no=&order_id=2', 'form:order_id = 2'],
    ['null is none', '{"out_trade_no":null,"order_id":"2"}', 'json:/order_id = 2'],
    ['deeper than one wrapper', '{"data":{"data":{"order_id":"2"}}}', null],
    ['inside anything else', '{"merchant":{"order_id":"2"}}', null],
    ['none', '{"id":"2"}', null],
    ['no form', 'hello world', null],
  ])('%s', (_, body, expected) => {
    expect(first(searched(body))).toBe(expected);
  });

  test('headers before all else, then the query', () => {
    const headers = [
      { name: 'Idempotency-Key', value: 'i-1' },
      { name: 'Webhook-Id', value: 'w-1' },
    ];
    expect(first(searched('order_id=1', { head: { headers } }))).toBe('header:webhook-id = w-1');
    expect(first(searched('order_id=1', { query: 'order_id=7' }))).toBe('query:order_id = 7');
    expect(first(searched(null, { query: 'order_id=7' }))).toBe('query:order_id = 7');
  });
});

describe('asked for', () => {
  const json = searched('{"data":[{"id":"x/~"},{"id":7.50}],"a/b":{"c~d":"e"}}');
  test.each([
    ['json:/data/0/id', 'x/~'],
    ['json:/data/1/id', '7.50'],
    ['json:/a~1b/c~0d', 'e'],
    ['body:/"id":([0-9.]+)/', '7.50'],
    ['body:"id"', '"id"'],
  ])('%s', (spec, value) => {
    expect(first(json, spec)).toBe(`${spec} = ${value}`);
  });

  test('form, query and header by their exact names; the first that is there counts', () => {
    const request = searched('a=1&A=2', { query: 'b=3', head: { headers: [{ name: 'X-Id', value: '4' }] } });
    expect(first(request, 'form:A')).toBe('form:A = 2');
    expect(first(request, 'query:b')).toBe('query:b = 3');
    expect(first(request, 'header:x-ID')).toBe('header:x-ID = 4');
    expect(first(request, 'form:c', 'query:b', 'form:a')).toBe('query:b = 3');
  });

  test('the usual names are then not looked for', () => {
    expect(first(searched('out_trade_no=1'), 'form:id')).toBeNull();
  });
});

describe('a body that was cut', () => {
  const BODIES: readonly (readonly [string, string])[] = [
    ['a=1&order_id=P17&b=2', 'P17'],
    ['{"a":[{},"x"],"order_id":"P17","b":2}', 'P17'],
    ['{"order_id":20170104, "b":2}', '20170104'],
    ['<xml><order_id><![CDATA[P17]]></order_id></xml>', 'P17'],
    ['--b\r\nContent-Disposition: form-data; name="order_id"\r\n\r\nP17\r\n--b--\r\n', 'P17'],
  ];

  test('gives the key or none, never a part of it', () => {
    for (const [body, key] of BODIES) {
      for (let length = 0; length < body.length; length++) {
        const found = search.first(searched(body.slice(0, length), { whole: false }), []) ?? undefined;
        expect([undefined, key]).toContain(found?.value);
      }
      expect(search.first(searched(body), [])?.value).toBe(key);
    }
  });

  test('what a pattern matches up to the cut may go on behind it', () => {
    const spec = 'body:/id=(\\d+)/';
    expect(first(searched('id=2017', { whole: false }), spec)).toBeNull();
    expect(first(searched('id=2017 ', { whole: false }), spec)).toBe(`${spec} = 2017`);
    expect(first(searched('id=2017'), spec)).toBe(`${spec} = 2017`);
  });
});

describe('JSON', () => {
  /** The scalars that are no booleans, by `JSON.parse`. */
  function scalars(value: unknown, pointer = ''): [string, string][] {
    if (typeof value === 'string' || typeof value === 'number') return [[pointer, String(value)]];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) =>
      scalars(inner, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
  }

  test('is read as JSON.parse reads it', () => {
    // Without floats and names of digits, whose text and order JavaScript changes.
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().map((name) => `n${name}`),
          tie('value'),
          { maxKeys: 4 },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const found: [string, string][] = [];
        // A number as the whole text may have been cut.
        scanJson(`${JSON.stringify(value, null, space)} `, (pointer, text) => {
          found.push([pointer, text]);
          return false;
        });
        expect(found).toEqual(scalars(JSON.parse(JSON.stringify(value))));
      }),
    );
  });

  test('nothing makes it throw or hang', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      'true',
      ' ',
      '\ufeff',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        scanJson(pieces.join(''), () => false);
      }),
      { numRuns: 500 },
    );
    let visited = 0;
    scanJson(`${'['.repeat(100_000)}1`, () => visited++ < 0);
    scanJson(`{"a":${'['.repeat(LIMITS.keyDepth)}1,2`, () => visited++ < 0);
    expect(visited).toBe(0);
  });
});

describe('the search cuts out only what may count, and finds what looking at all of it finds', () => {
  const NAMES = [
    'out_trade_no',
    'outTradeNo',
    'ORDER-ID',
    'order_id',
    'order\\u005fid',
    'payment_id',
    'id',
    'data',
    'biz_content',
    '__proto__',
    'a/~b',
    'order_id_that_is_much_longer_than_any_key',
    '\\u006f\\u0072\\u0064\\u0065\\u0072\\u005f\\u0069\\u0064',
  ];
  const name = fc.constantFrom(...NAMES);
  const scalar = fc.oneof(
    fc.constantFrom(
      '""',
      '"7"',
      '"x\\"y"',
      '"\\u0041"',
      '"\\q"',
      '-1.5e+3',
      '1e',
      '.5',
      '007',
      'true',
      'nul',
      '"{"',
    ),
    fc.string().map((text) => JSON.stringify(text)),
    fc.integer().map(String),
  );
  const space = fc.constantFrom('', '', '', ' ', '\r\n\t', '\u00a0');
  const inString = (text: string) => JSON.stringify(text);
  const { value, object } = fc.letrec<{ value: string; object: string }>((tie) => ({
    object: fc
      .array(fc.tuple(name, space, fc.oneof({ maxDepth: 4 }, tie('value'), scalar)), { maxLength: 4 })
      .map(
        (members) => `{${members.map(([key, gap, text]) => `${gap}"${key}"${gap}:${gap}${text}`).join(',')}}`,
      ),
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      tie('object'),
      tie('object').map(inString),
      fc
        .tuple(space, fc.array(tie('value'), { maxLength: 3 }))
        .map(([gap, all]) => `[${gap}${all.join(',')}${gap}]`),
    ),
  }));
  const pair = fc
    .tuple(fc.constantFrom(...NAMES, 'order%5Fid', 'order+id', '', '?'), value)
    .map(([key, text]) => {
      return `${key}=${new URLSearchParams({ '': text }).toString().slice(1)}`;
    });
  const form = fc.array(fc.oneof(pair, fc.string(), name), { maxLength: 5 }).map((pairs) => pairs.join('&'));
  const body = fc.oneof(
    object,
    value,
    form,
    fc.tuple(space, object).map((both) => both.join('')),
  );
  /** Cut somewhere, or with another character somewhere. */
  const damage = fc.tuple(
    fc.nat(400),
    fc.constantFrom('', '', 'cut', ',', '"', '}', ']', '\\', ' ', '0', '%', '\ud800'),
  );

  function damaged(text: string, [at, what]: readonly [number, string]): string {
    if (what === '') return text;
    return what === 'cut' ? text.slice(0, at) : text.slice(0, at) + what + text.slice(at + 1);
  }

  test('of any body and query', () => {
    const header = fc.record({
      name: fc.constantFrom('Host', 'Webhook-ID', 'idempotency-key', 'User-Agent'),
      value: fc.string(),
    });
    let keys = 0;
    fc.assert(
      fc.property(
        fc.option(body),
        damage,
        fc.oneof(fc.constant(''), form),
        fc.array(header, { maxLength: 2 }),
        fc.boolean(),
        (text, harm, query, headers, whole) => {
          const request = {
            head: { headers },
            query,
            body: text === null ? null : damaged(text, harm),
            whole,
          };
          const expected = plainKeys(request);
          keys += expected.length;
          expect(search.all(request, [])).toEqual(expected);
          expect(search.first(request, [])).toEqual(expected[0] ?? null);
        },
      ),
      { numRuns: 3000 },
    );
    expect(keys).toBeGreaterThan(1000);
  });

  test('every string and number of any JSON', () => {
    fc.assert(
      fc.property(value, damage, (text, harm) => {
        const given = damaged(text, harm);
        const found: [string, string][] = [];
        scanJson(given, (pointer, scalarText) => found.push([pointer, scalarText]) < 0);
        const expected = scalarsOf(given).map(({ path, value: scalarText }) => [
          path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
          scalarText,
        ]);
        expect(found).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});
