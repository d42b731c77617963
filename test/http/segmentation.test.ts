/**
 * How a stream is cut into segments is no property of its messages: any cutting gives the same calls, and the work is
 * proportional to the bytes. Gaps, wherever they are, throw nothing and hide no message that begins after them.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { builtRequest, builtResponse, cuts } from './messages.ts';
import { bytewise, cutAt, feed, outcome, type Piece, request, requests, responses } from './recorder.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const POST = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc';
const NEXT = 'PUT /next HTTP/1.1\r\n\r\n';

describe('any segmentation', () => {
  test('of requests', () => {
    fc.assert(
      fc.property(fc.array(builtRequest, { minLength: 1, maxLength: 4 }), cuts, (all, at) => {
        const wire = latin1(all.map((m) => m.wire).join(''));
        const whole = outcome(feed(requests(), [wire]));
        expect(outcome(feed(requests(), cutAt(wire, at)))).toEqual(whole);
        expect(outcome(feed(requests(), bytewise(wire)))).toEqual(whole);
      }),
      { numRuns: 100 },
    );
  });

  test('of responses', () => {
    fc.assert(
      fc.property(fc.array(builtResponse, { minLength: 1, maxLength: 4 }), cuts, (all, at) => {
        const wire = latin1(all.map((m) => m.wire).join(''));
        const whole = outcome(feed(responses(), [wire]));
        expect(outcome(feed(responses(), cutAt(wire, at)))).toEqual(whole);
        expect(outcome(feed(responses(), bytewise(wire)))).toEqual(whole);
      }),
      { numRuns: 100 },
    );
  });

  test('of a stream that is cut short anywhere', () => {
    const wire = latin1(
      `${POST}POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n2;x\r\nab\r\n0\r\nT: u\r\n\r\n`,
    );
    for (let length = 0; length <= wire.length; length++) {
      const cut = wire.subarray(0, length);
      const whole = outcome(feed(requests(), [cut]));
      expect(outcome(feed(requests(), bytewise(cut))), `${length} bytes`).toEqual(whole);
      // From the first byte on there is a message, and none is lost.
      const { messages } = feed(requests(), [cut]);
      expect(messages.length).toBe(length === 0 ? 0 : length <= POST.length ? 1 : 2);
      for (const [i, { end }] of messages.entries()) {
        const all = i === 0 ? POST.length : wire.length;
        expect(end).toBe(length >= all ? 'complete' : 'cut');
      }
    }
  });

  test('of garbage: nothing throws, and every byte is somewhere', () => {
    const noise = fc.string({
      unit: fc.constantFrom(
        'GET ',
        '/',
        ' HTTP/1.1',
        '\r\n',
        '\n',
        '\r',
        'a',
        ':',
        ' ',
        '\0',
        '\x16\x03',
        'HTTP/1.1 200',
        '0',
        ';',
        'Transfer-Encoding: chunked',
        'Content-Length: 3',
      ),
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, cuts, fc.boolean(), (text, at, midStream) => {
        const pieces = cutAt(latin1(text), at);
        for (const recorder of [requests({ midStream }), responses([], { midStream })]) {
          feed(recorder, pieces);
          expect(recorder.parser.position).toBe(text.length);
          let position = 0;
          for (const message of recorder.messages) {
            expect(message.end).toBeDefined();
            expect(message.begin).toBeGreaterThanOrEqual(position);
            expect(message.headEnd - message.begin).toBe(message.head!.headerBytes);
            expect(message.finish).toBeGreaterThanOrEqual(message.headEnd);
            position = message.finish;
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('the packet of the first byte is told, also when the start line is recognised later', () => {
    const { messages } = feed(requests(), [POST, 'G', 'ET /b HT', 'TP/1.1\r\n\r\n']);
    expect(messages.map(({ frame }) => frame)).toEqual([0, POST.length]);
  });
});

describe('gaps', () => {
  test('anywhere: nothing throws, and the message after the next one that begins a segment is found', () => {
    fc.assert(
      fc.property(
        fc.array(builtRequest, { minLength: 1, maxLength: 3 }),
        fc.nat({ max: 2000 }),
        fc.integer({ min: 1, max: 300 }),
        cuts,
        (all, where, length, at) => {
          const wire = latin1(all.map((m) => m.wire).join(''));
          const start = where % wire.length;
          const end = Math.min(wire.length, start + length);
          const pieces: Piece[] = [
            ...cutAt(wire.subarray(0, start), at),
            end - start,
            ...cutAt(wire.subarray(end), at),
            NEXT,
          ];
          const recorder = feed(requests(), pieces);
          expect(recorder.parser.position).toBe(wire.length + NEXT.length);
          expect(recorder.messages.every((m) => m.end !== undefined)).toBe(true);
          const last = recorder.messages.at(-1)!;
          // A generated body may hold a start line of its own, which a parser that lost its place must believe.
          const misled = recorder.messages.some(
            (m) => m.head!.target === '/' && m.head!.headers.length === 0,
          );
          if (!misled)
            expect({ target: last.head!.target, end: last.end }).toEqual({
              target: '/next',
              end: 'complete',
            });
        },
      ),
      { numRuns: 300 },
    );
  });

  const chunkedHead = 'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  test.each<[string, Piece[], object[], string]>([
    [
      'inside a body of known length',
      [POST.slice(0, -2), 1, `c${NEXT}`],
      [
        { target: '/a', body: 'ac', gap: 1, end: 'complete' },
        { target: '/next', end: 'complete' },
      ],
      '',
    ],
    [
      'that ends with the body',
      [POST.slice(0, -2), 2, NEXT],
      [{ target: '/a', gap: 2, end: 'complete' }, { target: '/next' }],
      '',
    ],
    [
      'over the whole body',
      [POST.slice(0, -3), 3, NEXT],
      [{ target: '/a', body: '', gap: 3, end: 'complete' }, { target: '/next' }],
      '',
    ],
    [
      'beyond the body',
      [POST.slice(0, -2), 30, NEXT],
      [{ target: '/a', gap: 2, end: 'complete' }, { target: '/next' }],
      '',
    ],
    [
      'inside chunk data',
      [`${chunkedHead}5\r\na`, 3, `e\r\n0\r\n\r\n${NEXT}`],
      [{ target: '/c', body: 'ae', gap: 3, end: 'complete' }, { target: '/next' }],
      '',
    ],
    [
      'that ends with the chunk data',
      [`${chunkedHead}5\r\na`, 4, `\r\n0\r\n\r\n${NEXT}`],
      [{ target: '/c', body: 'a', gap: 4, end: 'complete' }, { target: '/next' }],
      '',
    ],
    [
      'over a chunk size',
      [`${chunkedHead}5\r\nabcde`, 4, `bc\r\n0\r\n\r\n`, NEXT],
      [{ target: '/c', body: 'abcde', gap: 0, end: 'lost' }, { target: '/next' }],
      'bc\r\n0\r\n\r\n',
    ],
    [
      'inside a chunk size',
      [`${chunkedHead}1`, 1, `\r\nabc\r\n${NEXT}`],
      [{ target: '/c', end: 'lost' }, { target: '/next' }],
      '\r\nabc\r\n',
    ],
    [
      'inside a trailer',
      [`${chunkedHead}0\r\nA`, 3, `b\r\n\r\n${NEXT}`],
      [{ target: '/c', end: 'lost' }, { target: '/next' }],
      'b\r\n\r\n',
    ],
    [
      'inside a header section',
      ['POST /h HTTP/1.1\r\nHost: h\r\nCont', 20, `\r\n\r\nabc`, NEXT],
      [{ target: '/h', end: 'lost', complete: false, fields: 1 }, { target: '/next' }],
      '\r\n\r\nabc',
    ],
    [
      'inside a start line',
      ['POST /h', 20, `abc\r\n${NEXT}`],
      [{ target: '/h', end: 'lost', complete: false }, { target: '/next' }],
      'abc\r\n',
    ],
    [
      'inside a method',
      ['PO', 20, NEXT],
      [{ target: '', end: 'lost', complete: false }, { target: '/next' }],
      '',
    ],
    ['between messages', [POST, 50, NEXT], [{ target: '/a', end: 'complete' }, { target: '/next' }], ''],
    ['before everything', [50, NEXT], [{ target: '/next', end: 'complete' }], ''],
    [
      'that swallows a whole message',
      [POST, POST.length, POST],
      [{ target: '/a' }, { target: '/a', end: 'complete' }],
      '',
    ],
    [
      'twice',
      [POST.slice(0, -2), 1, 1, NEXT],
      [{ target: '/a', gap: 2, end: 'complete' }, { target: '/next' }],
      '',
    ],
    [
      'in a start line in the middle of a stream',
      ['tail\r\nPUT /x HT', 5, NEXT],
      [
        { target: '/x', end: 'lost', complete: false },
        { target: '/next', end: 'complete' },
      ],
      'tail\r\n',
    ],
    [
      'in what might be a start line in the middle of a stream',
      ['tail\r\nPUT ', 5, NEXT],
      [{ target: '/next', end: 'complete' }],
      'tail\r\nPUT ',
    ],
  ])('%s', (what, pieces, expected, other) => {
    const recorder = feed(requests({ midStream: what.endsWith('in the middle of a stream') }), pieces);
    expect(
      recorder.messages.map((m) => ({
        ...m,
        target: m.head!.target,
        complete: m.head!.complete,
        fields: m.head!.headers.length,
      })),
    ).toMatchObject(expected);
    expect(recorder.other()).toBe(other);
  });

  test('in a body that ends with the connection', () => {
    const { messages } = feed(responses(), ['HTTP/1.1 200 OK\r\n\r\nab', 5, 'cd'], 'fin');
    expect(messages).toMatchObject([{ body: 'abcd', gap: 5, end: 'closed' }]);
  });

  test('a head cut by a gap is framed by nobody: its Content-Length may be half', () => {
    const { messages } = feed(requests(), [
      'POST /a HTTP/1.1\r\nContent-Length: 1',
      1,
      '\r\n\r\nabcdefghijk',
    ]);
    expect(messages).toMatchObject([{ framing: undefined, body: '', end: 'lost' }]);
  });
});

describe('the end', () => {
  test.each([
    ['fin', 'closed'],
    ['reset', 'cut'],
    ['captureEnd', 'cut'],
    ['idle', 'cut'],
    ['replaced', 'cut'],
    ['limit', 'cut'],
  ] as const)('%s ends a body without a length as %s', (cause, end) => {
    const { messages } = feed(responses(), ['HTTP/1.1 200 OK\r\n\r\nab'], cause);
    expect(messages[0]!.end).toBe(end);
  });

  test('nothing is told after it', () => {
    const recorder = request(POST);
    const before = outcome(recorder);
    feed(recorder, [POST, 5, POST]);
    expect(outcome(recorder)).toEqual(before);
  });
});

describe('growth', () => {
  function cost(run: () => void): number {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start);
  }

  /**
   * Least ratio of several pairs, because another process may take the time of one: noise makes single ratios of a
   * linear run larger than 9, but never all ratios of a quadratic one smaller.
   */
  function growthOf(small: () => void, large: () => void): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 8 && least > 6; i++) least = Math.min(least, cost(large) / cost(small));
    return least;
  }

  const at = { time: 0, file: 0, frame: 1 };
  function drip(wire: Buffer, make: () => ReturnType<typeof requests>): void {
    const { parser } = make();
    for (let i = 0; i < wire.length; i++) parser.onBytes(wire, i, i + 1, at);
    parser.onEnd('fin', at);
  }

  test.each<[string, (n: number) => string, boolean]>([
    ['a head of many fields', (n) => `GET / HTTP/1.1\r\n${'Name: value\r\n'.repeat(n / 13)}\r\n`, false],
    ['a head of one field', (n) => `GET / HTTP/1.1\r\nA: ${'x'.repeat(n)}\r\n\r\n`, false],
    ['a field folded over and over', (n) => `GET / HTTP/1.1\r\nA: x\r\n${' y\r\n'.repeat(n / 4)}\r\n`, false],
    ['a long target', (n) => `GET http://a/${'x'.repeat(n)} HTTP/1.1\r\n\r\n`, false],
    ['an unknown method', (n) => `WHAT ${'x'.repeat(n)} HTTP/1.1\r\n\r\n`, false],
    [
      'chunks of one byte',
      (n) => `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(n / 6)}0\r\n\r\n`,
      false,
    ],
    ['lines that nearly begin a request', (n) => `${'POST /x HTTP/1.\n'.repeat(n / 16)}`, true],
    ['one endless start line after a gap', (n) => `POST ${'x'.repeat(n)}`, true],
    ['empty lines', (n) => '\r\n'.repeat(n / 2), false],
  ])('%s, byte by byte, is linear', (_what, build, midStream) => {
    const make = () => requests({ midStream });
    const [small, large] = [50_000, 200_000].map((n) => latin1(build(n)));
    expect(large!.length).toBeLessThan(LIMITS.headBytes);
    drip(small!, make);
    // Four times the bytes: 4 when linear, 16 when every byte is searched again.
    expect(
      growthOf(
        () => drip(small!, make),
        () => drip(large!, make),
      ),
    ).toBeLessThan(9);
  });
});
