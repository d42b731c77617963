/**
 * Whatever a capture, a file name or an argument carries: nothing that could move a cursor, reorder a line or write into a
 * page reaches the output, in any format, nor standard error. The whole command runs, on real bytes.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyze, retrace } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { run } from '../../src/cli/run.ts';
import { FORMATS } from '../../src/report/create.ts';
import { conversation } from '../support/conversation.ts';
import { harmfulIn } from '../support/harmful.ts';
import type { Frame } from '../support/packets-source.ts';
import { blocksIn } from '../support/pcap-files.ts';

/** Controls of both sets, a title and a clear sequence, bidi, zero-width, a tag, a lone surrogate, no UTF-8 at all. */
const hostile = (mark: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `${mark}\x1b]0;t\x07\x1b[2J\x08\x7f\u0085\u009b31m\u202e\u2066\u200b\u00ad\ufeff\u2028\u{e0041}<xss-mark>'"&`,
    ),
    Buffer.from([0xed, 0xa0, 0x80, 0xff, 0xfe, 0xc0, 0xaf, 0x9b]),
  ]);
const HOSTILE = hostile('MARK');
/** In a head, bytes are read as latin1; a line feed would end the line. */
const WIRE = `${HOSTILE.toString('latin1')}\0`;
const PAGE_TAG = '<xss-mark';
/** Formats that a browser shows. */
const PAGES: readonly string[] = ['html'];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wirewitness-harmless-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly status: number;
  readonly out: Buffer;
  readonly err: Buffer;
}

async function ran(argv: readonly string[], terminal = false): Promise<Ran> {
  const paths = ['out', 'err'].map((name) => join(folder, `.${name}`));
  const [out, err] = paths.map((path) => openSync(path, 'w'));
  const stream = (fd: number) => ({ fd, terminal, columns: () => (terminal ? 80 : null) });
  const io = {
    env: { NO_COLOR: '1' },
    stdin: { terminal: true },
    stdout: stream(out!),
    stderr: stream(err!),
  };
  try {
    const status = await run(argv, io, () => Promise.resolve({ openCapture, analyze, retrace }));
    return { status, out: readFileSync(paths[0]!), err: readFileSync(paths[1]!) };
  } finally {
    closeSync(out!);
    closeSync(err!);
  }
}

function expectHarmless(bytes: Buffer): void {
  expect(isUtf8(bytes)).toBe(true);
  expect(harmfulIn(bytes.toString('utf8'))).toEqual([]);
}

const isPcapng = (bytes: Buffer) => bytes.length >= 4 && bytes.readUInt32LE(0) === 0x0a0d0d0a;

const exchange = (request: string | Buffer, response: string | Buffer): Frame[] =>
  conversation()
    .handshake()
    .clientSends(Buffer.from(request as string, 'latin1'))
    .ack('server')
    .wait(5)
    .serverSends(Buffer.from(response as string, 'latin1'))
    .ack('client')
    .close('server').frames;

const OK = 'HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n';
const withBody = (start: string, body: Buffer) =>
  `${start}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`;
const post = (fields: string) => `POST /notify HTTP/1.1\r\nHost: shop.example\r\n${fields}\r\n`;

/** A ClientHello that names this server and this protocol (RFC 8446 §4.1.2, RFC 6066 §3, RFC 7301 §3.1). */
function clientHello(name: Buffer): Buffer {
  const sized = (width: 1 | 2 | 3, body: Buffer) => {
    const length = Buffer.alloc(width);
    length.writeUIntBE(body.length, 0, width);
    return Buffer.concat([length, body]);
  };
  const serverName = Buffer.concat([
    Buffer.of(0, 0),
    sized(2, sized(2, Buffer.concat([Buffer.of(0), sized(2, name)]))),
  ]);
  const alpn = Buffer.concat([Buffer.of(0, 16), sized(2, sized(2, sized(1, name)))]);
  const hello = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    Buffer.of(0),
    sized(2, Buffer.of(0x13, 0x01)),
    Buffer.of(1, 0),
    sized(2, Buffer.concat([serverName, alpn])),
  ]);
  return Buffer.concat([Buffer.of(22, 3, 1), sized(2, Buffer.concat([Buffer.of(1), sized(3, hello)]))]);
}

const FORM = 'application/x-www-form-urlencoded';

/** By the field that carries the text. `told`: NDJSON has to say it. */
const CAPTURES: readonly (readonly [field: string, frames: () => Frame[], told: boolean])[] = [
  ['method', () => exchange(`P${WIRE} /notify HTTP/1.1\r\nHost: a\r\n\r\n`, OK), false],
  ['target', () => exchange(`POST /a${WIRE} HTTP/1.1\r\nHost: a\r\n\r\n`, OK), true],
  ['target in absolute form', () => exchange(`POST http://h${WIRE}/ HTTP/1.1\r\n\r\n`, OK), true],
  ['version', () => exchange(`POST / HTTP/1.1${WIRE}\r\nHost: a\r\n\r\n`, OK), false],
  ['host', () => exchange(`POST / HTTP/1.1\r\nHost: ${WIRE}:80\r\n\r\n`, OK), true],
  ['name of a header field', () => exchange(post(`X${WIRE}: v\r\n`), OK), true],
  ['value of a header field', () => exchange(post(`X: ${WIRE}\r\n`), OK), true],
  ['line that is no field', () => exchange(post(`${WIRE}\r\n`), OK), true],
  ['content type', () => exchange(withBody(`POST / HTTP/1.1\r\nContent-Type: ${WIRE}`, HOSTILE), OK), true],
  ['body of a request', () => exchange(withBody('POST / HTTP/1.1', HOSTILE), OK), true],
  [
    'body in another charset',
    () => exchange(withBody('POST / HTTP/1.1\r\nContent-Type: x;charset=gb18030', HOSTILE), OK),
    true,
  ],
  [
    'form',
    () =>
      exchange(
        withBody(
          `POST / HTTP/1.1\r\nContent-Type: ${FORM}`,
          Buffer.concat([Buffer.from('a=%1b%e2%80%ae&b='), HOSTILE]),
        ),
        OK,
      ),
    true,
  ],
  ['reason', () => exchange(post(''), `HTTP/1.1 500 ${WIRE}\r\nContent-Length: 0\r\n\r\n`), true],
  [
    'location',
    () => exchange(post(''), `HTTP/1.1 302 Found\r\nLocation: ${WIRE}\r\nContent-Length: 0\r\n\r\n`),
    true,
  ],
  ['body of a response', () => exchange(post(''), withBody('HTTP/1.1 500 Oh no', HOSTILE)), true],
  ['garbage instead of a response', () => exchange(post(''), HOSTILE), false],
  ['another protocol', () => exchange(HOSTILE, HOSTILE), false],
  ['server name and ALPN', () => exchange(clientHello(HOSTILE.subarray(0, 60)), HOSTILE), false],
];

describe.each(FORMATS)('%s', (format) => {
  test.each(CAPTURES)('in the %s', async (field, frames, told) => {
    const path = join(folder, 'capture.pcapng');
    writeFileSync(path, captureOf(frames()));
    for (const lang of ['en', 'zh']) {
      const { out, err, status } = await ran([
        'analyze',
        '-v',
        '--no-redact',
        '--key',
        'body:/(MARK.*)/',
        '--lang',
        lang,
        '--format',
        format,
        path,
      ]);
      expect([0, 1, 3], field).toContain(status);
      expectHarmless(err);
      if (isPcapng(out)) continue;
      expectHarmless(out);
      if (PAGES.includes(format)) expect(out.toString()).not.toContain(PAGE_TAG);
      if (told && (format === 'ndjson' || format === 'json')) expect(out.toString(), field).toContain('MARK');
      // The interface's name.
      if (format === 'ndjson') expect(out.toString(), field).toContain('"NOTE');
    }
  });
});

/** pcapng whose every text is hostile: of the section, the interface, the packets, names, and what nobody reads. */
function captureOf(frames: readonly Frame[]): Buffer {
  const blocks = blocksIn('little');
  const note = hostile('NOTE');
  const options = (...codes: number[]) => [
    ...codes.map((code) => blocks.option(code, note)),
    blocks.endOfOptions,
  ];
  const name = Buffer.concat([Buffer.of(1, 0, 4 + note.length + 1, 0, 10, 0, 0, 1), note, Buffer.of(0)]);
  return Buffer.concat([
    blocks.section(1, ...options(1, 2, 3, 4)),
    blocks.interface({}, ...options(1, 2, 3, 11, 12, 15)),
    blocks.block(4, name, Buffer.alloc(-name.length & 3), Buffer.alloc(4)),
    blocks.block(0xbad, Buffer.of(0, 0, 0, 1), note),
    ...frames.map(({ timeNs, bytes }) =>
      blocks.enhanced({
        ticks: 1_483_521_837_000_000n + BigInt(Math.floor(timeNs / 1000)),
        bytes,
        options: options(1),
      }),
    ),
    blocks.statistics(0, ...options(1)),
  ]);
}

/** As far as a file system takes it: no NUL, no slash. */
const NAME = 'MARK\x1b]0;t\x07\x1b[2J\n\r\t\x7f\u0085\u009b\u202e\u2066\u200b\ufeff\u2028<xss-mark>';

describe('file names', () => {
  test('of captures, also cut ones, in every format', async () => {
    const bytes = captureOf(exchange(post(''), OK));
    const paths = [`${NAME}.pcapng`, `${NAME}2.pcapng`, `${NAME}.gz`].map((name) => join(folder, name));
    writeFileSync(paths[0]!, bytes);
    writeFileSync(paths[1]!, bytes.subarray(0, bytes.length - 7));
    writeFileSync(paths[2]!, gzipSync(bytes).subarray(0, 200));
    for (const format of FORMATS) {
      const { out, err } = await ran(['analyze', '--format', format, ...paths]);
      expectHarmless(err);
      if (isPcapng(out)) continue;
      expectHarmless(out);
      if (PAGES.includes(format)) expect(out.toString()).not.toContain(PAGE_TAG);
      if (format === 'ndjson')
        expect(JSON.stringify(parsed(out))).toContain(JSON.stringify(paths[0]).slice(1, -1));
    }
    expect((await ran(['analyze', '--format', 'ndjson', paths[1]!])).err.toString()).toContain('MARK');
  });

  test('of what is no capture, is not there, or cannot be written', async () => {
    const directory = join(folder, `d${NAME}`);
    mkdirSync(directory);
    writeFileSync(join(directory, NAME), 'no capture');
    const good = join(folder, 'good.pcapng');
    writeFileSync(good, captureOf(exchange(post(''), OK)));
    for (const argv of [
      ['analyze', join(directory, NAME)],
      ['analyze', directory],
      ['analyze', join(folder, `absent${NAME}`)],
      ['analyze', '-o', join(folder, `absent${NAME}`, 'x'), good],
      ['analyze', '--key', NAME, good],
    ]) {
      const { status, out, err } = await ran(argv);
      expect(status).toBe(2);
      expect(out.length).toBe(0);
      expectHarmless(err);
      expect(err.toString()).toContain('MARK');
      expect(err.toString().trimEnd().split('\n')).toHaveLength(1);
    }
  });
});

describe('arguments', () => {
  const flags = [
    'format',
    'host',
    'port',
    'method',
    'timeout',
    'only',
    'accept-body',
    'accept-status',
    'lang',
    'filter',
  ];
  const given: (readonly [title: string, argv: readonly string[]])[] = [
    ...flags.map((flag) => [`--${flag}`, ['analyze', `--${flag}`, `(${NAME}`, 'x']] as const),
    ['an unknown flag', ['analyze', `--${NAME}`, 'x']],
    ['a code to explain', ['explain', NAME]],
    ['a command', [NAME]],
  ];
  test.each(given)('%s', async (_, argv) => {
    const { status, out, err } = await ran(argv, true);
    expect(status).toBe(2);
    expect(out.length).toBe(0);
    expectHarmless(err);
    expect(err.length).toBeGreaterThan(0);
  });
});

const parsed = (ndjson: Buffer): unknown[] =>
  ndjson
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
