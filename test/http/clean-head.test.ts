/**
 * A head in which nothing is odd is found in one look at its bytes. The careful parser is the oracle: it tells nothing of such
 * a head, and gives the same one.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanRequestHead, cleanResponseHead } from '../../src/http/clean-head.ts';
import { frameRequest, frameResponse } from '../../src/http/framing.ts';
import { parseRequestHead, parseResponseHead } from '../../src/http/grammar.ts';
import { type Anomaly, fieldOf, type RequestHead, type ResponseHead } from '../../src/http/message.ts';
import { LIMITS, type LimitName } from '../../src/limits.ts';

const NAMES = [
  'Host',
  'content-length',
  'Content-Type',
  'CONTENT-ENCODING',
  'Transfer-Encoding',
  'X-Order',
  'Webhook-Id',
  'Expect',
  'x_y~',
  'Cookie',
  'a',
];
const VALUES = [
  '',
  '3',
  ' 3 ',
  '\t0',
  '999999999999999',
  '9999999999999999',
  '3, 3',
  'chunked',
  'h:80',
  'é\xff',
  'a b',
];
const field = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(':', ': '), fc.constantFrom(...VALUES))
  .map((parts) => `${parts.join('')}\r\n`);
const fields = fc.array(field, { maxLength: 8 }).map((lines) => `${lines.join('')}\r\n`);
/** A byte put anywhere, and how many it stands for. */
const damage = fc.option(
  fc.tuple(
    fc.nat(),
    fc.nat(2),
    fc.constantFrom('', '\r', '\n', ' ', '\t', ':', '\0', '\x7f', 'a', '\xff', 'é', '/'),
  ),
  { freq: 2, nil: null },
);
const requestLine = fc
  .tuple(
    fc.constantFrom('POST', 'GET', 'PUT', 'CONNECT', 'M-SEARCH', 'Post', 'NONE', ''),
    fc.constantFrom('/', '/a?b=c', '*', 'http://h/', 'h:443', '', '/ä'),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'http/1.1', ''),
  )
  .map((words) => `${words.join(' ')}\r\n`);
const statusLine = fc
  .tuple(
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0'),
    fc.constantFrom('200', '204', '304', '101', '100', '000', '7', '2000', '20x'),
    fc.constantFrom('', 'OK', 'Not Found', ' ', 'ä\t'),
  )
  .map((words) => `${words.join(' ')}\r\n`);

function damaged(text: string, hit: readonly [number, number, string] | null): string {
  if (hit === null) return text;
  const at = hit[0] % text.length;
  return text.slice(0, at) + hit[2] + text.slice(at + hit[1]);
}

/** What lies around a head is another's, and is not looked at. */
const AROUND = 'x\r\n\r\n';

interface Seen {
  readonly clean: RequestHead | ResponseHead | null;
  readonly careful: RequestHead | ResponseHead;
  readonly told: readonly (Anomaly | LimitName)[];
}

function seen(of: 'request' | 'response', text: string): Seen {
  const bytes = Buffer.from(AROUND + text + AROUND, 'latin1');
  const told: (Anomaly | LimitName)[] = [];
  const note = (what: Anomaly | LimitName) => told.push(what);
  const [start, end] = [AROUND.length, AROUND.length + text.length];
  if (of === 'request') {
    const clean = cleanRequestHead(bytes, start, end);
    const careful = parseRequestHead(text.slice(0, clean?.headerBytes), true, true, note, note);
    return { clean, careful, told };
  }
  const clean = cleanResponseHead(bytes, start, end);
  const careful = parseResponseHead(text.slice(0, clean?.headerBytes), true, true, note, note);
  return { clean, careful, told };
}

function expectSame(clean: RequestHead | ResponseHead, careful: RequestHead | ResponseHead): void {
  for (const name of [...NAMES, 'svix-id', 'ce-id', 'x-y~']) {
    expect(fieldOf(clean, name.toLowerCase()), name).toBe(fieldOf(careful, name.toLowerCase()));
  }
  for (const key of Object.keys(careful) as (keyof typeof careful)[])
    expect(clean[key], key).toEqual(careful[key]);
}

describe('a clean head is what the careful parser makes of it, without a word', () => {
  test('requests', () => {
    let found = 0;
    fc.assert(
      fc.property(requestLine, fields, damage, (line, rest, hit) => {
        const { clean, careful, told } = seen('request', damaged(line + rest, hit));
        if (clean === null) return;
        found++;
        expect(told).toEqual([]);
        expectSame(clean, careful);
        const [ours, theirs] = [clean, careful].map((head) => {
          const oddities: Anomaly[] = [];
          return [frameRequest(head as RequestHead, (anomaly) => oddities.push(anomaly)), oddities];
        });
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(100);
  });

  test('responses', () => {
    let found = 0;
    fc.assert(
      fc.property(
        statusLine,
        fields,
        damage,
        fc.constantFrom('GET', 'HEAD', 'CONNECT', undefined),
        (line, rest, hit, method) => {
          const { clean, careful, told } = seen('response', damaged(line + rest, hit));
          if (clean === null) return;
          found++;
          expect(told).toEqual([]);
          expectSame(clean, careful);
          const [ours, theirs] = [clean, careful].map((head) => {
            const oddities: Anomaly[] = [];
            return [
              frameResponse(head as ResponseHead, method, (anomaly) => oddities.push(anomaly)),
              oddities,
            ];
          });
          expect(ours).toEqual(theirs);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(100);
  });
});

describe('is left to the careful parser', () => {
  const POST = 'POST / HTTP/1.1\r\nHost: h\r\n\r\n';
  test.each([
    ['a method in the wrong case', POST.replace('POST', 'Post')],
    ['a line feed alone', POST.replace('h\r\n', 'h\n')],
    ['a folded field', POST.replace('h\r\n', 'h\r\n b\r\n')],
    ['a name with a space', POST.replace('Host:', 'Host :')],
    ['two hosts', POST.replace('Host: h', 'Host: h\r\nhost: h')],
    ['what is cut', POST.slice(0, -1)],
    ['too many fields', POST.replace('h\r\n', `h\r\n${'a:\r\n'.repeat(LIMITS.headFields)}`)],
    ['too large a head', POST.replace('h\r\n', `${'h'.repeat(LIMITS.headBytes)}\r\n`)],
  ])('%s', (_name, text) => {
    expect(seen('request', text).clean).toBeNull();
  });

  test('but not the largest that is allowed', () => {
    const many = POST.replace('h\r\n', `h\r\n${'a:\r\n'.repeat(LIMITS.headFields - 1)}`);
    expect(seen('request', many).clean?.headers).toHaveLength(LIMITS.headFields);
    const large = POST.replace('h\r\n', `${'h'.repeat(LIMITS.headBytes - POST.length + 1)}\r\n`);
    expect(seen('request', large).clean?.headerBytes).toBe(LIMITS.headBytes);
  });
});
