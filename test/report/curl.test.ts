/** The script is run, against a server that keeps every byte: what arrives is what was captured. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestRecord, TransactionRecord } from '../../src/verdict/verdict.ts';
import { needs } from '../support/needs.ts';
import { DELIVERED, REFUSED, transaction, UNANSWERED } from './records.ts';
import { report } from './run-format.ts';

let directory = '';
let server: Server;
let port = 0;
let arrived: string[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'curl-test-'));
  arrived = [];
  server = createServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      arrived.push(text);
      socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

function failed(request: Partial<RequestRecord>): TransactionRecord {
  const record = transaction({
    ...UNANSWERED,
    request: { ...UNANSWERED.request!, headers: [], body: null, bodyBytes: 0, bodyCaptured: 0, ...request },
    connection: { receiver: { ip: '127.0.0.1', port } },
  });
  const { body } = record.request!;
  const bodyBytes = body === null ? 0 : Buffer.byteLength(body);
  return transaction({
    ...record,
    request: { ...record.request!, url: `http://127.0.0.1:${port}/`, bodyBytes, bodyCaptured: bodyBytes },
  });
}

async function run(
  script: string,
  env: Record<string, string> = {},
): Promise<{ status: number; out: string; err: string }> {
  const path = join(directory, 'repeat.sh');
  writeFileSync(path, script);
  return new Promise((resolve) => {
    execFile(
      'sh',
      [path],
      { cwd: directory, env: { PATH: process.env['PATH'] ?? '', ...env } },
      (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err });
      },
    );
  });
}

const HOSTILE = `'; touch pwned; '"$(touch pwned)\`touch pwned\`\\n\\0 %s%n$HOME;&|<>(){}[]!#~*?`;

needs('curl').test('hostile headers, target, method and body arrive as they were', async () => {
  const headers = [
    { name: 'Host', value: "h'ost" },
    { name: 'X-Hostile', value: HOSTILE },
    { name: 'X-Empty', value: '' },
    { name: 'x-twice', value: '@/etc/passwd' },
    { name: 'x-twice', value: '\tcaf\xe9 \xff' },
    { name: "X'$(id)".replace(/[()]/g, ''), value: '-o pwned' },
    { name: 'Accept', value: 'text/*' },
    { name: 'Content-Type', value: 'application/json' },
  ];
  const target = `/a'b"$(touch\tpwned)\`x\`/../%2e%zz;[1-3]{a,b}?q=\\n&'#f`.replace('\t', '');
  const body = `@file\r\n${HOSTILE}\n支付\t%%\x1b[2J\x7f\n\n`;
  const script = (await report('curl', [failed({ method: "P'$T", target, headers, body })])).toString();
  const { status, out, err } = await run(script);
  expect([status, out, err]).toEqual([0, '2.1: 204\n', '']);
  const [head = '', ...rest] = (arrived[0] ?? '').split('\r\n\r\n');
  const [line, ...fields] = head.split('\r\n');
  expect(line).toBe(`P'$T ${target} HTTP/1.1`);
  const length = Buffer.byteLength(body);
  // White space around a value is no part of it (RFC 9110 §5.5).
  const expected = headers.map(({ name, value }) => `${name}: ${value}`.trim());
  expect(
    fields
      .filter((field) => field !== `Content-Length: ${length}`)
      .map((field) => field.replace(/:\s+/, ': ').trim()),
  ).toEqual(expected.map((field) => field.replace(/:\s+/, ': ')));
  expect(rest.join('\r\n\r\n')).toBe(Buffer.from(body).toString('latin1'));
  expect(readdirSync(directory)).toEqual(['repeat.sh']);
});

needs('curl').test('nothing is sent that was not: no header of curl, no body', async () => {
  await run((await report('curl', [failed({ method: 'GET', target: '*' })])).toString());
  expect(arrived).toEqual(['GET * HTTP/1.1\r\n\r\n']);
});

needs('curl').test('secrets are variables, and nothing runs before they are filled in', async () => {
  const record = failed({
    method: 'POST',
    target: '/n?token=REDACTED&a=1',
    headers: [{ name: 'Authorization', value: 'Bearer REDACTED' }],
    body: '{"sign":"REDACTED","order":"1"}',
  });
  const script = (await report('curl', [record])).toString();
  const empty = await run(script);
  expect([empty.status, arrived]).toEqual([2, []]);
  expect(empty.err).toMatch(/SECRET_1: fill in the secret of the target\n$/);
  const secrets = { SECRET_1: "t'1", SECRET_2: 'b"$(x)', SECRET_3: '%s\\n' };
  expect((await run(script, secrets)).status).toBe(0);
  expect(arrived[0]).toContain("POST /n?token=t'1&a=1 HTTP/1.1\r\n");
  expect(arrived[0]).toContain('\r\nAuthorization: Bearer b"$(x)\r\n');
  expect(arrived[0]).toContain('{"sign":"%s\\n","order":"1"}');
  // Where nothing was masked the word is only a word.
  arrived = [];
  await run((await report('curl', [record], { secrets: null })).toString());
  expect(arrived[0]).toContain('Bearer REDACTED');
});

test('failed ones only, or those asked for; what cannot be repeated is told', async () => {
  const cut = failed({ complete: false });
  const odd = failed({ headers: [{ name: '@/etc/passwd', value: 'x' }] });
  const spaced = failed({ target: '/a b' });
  const coded = transaction({
    ...UNANSWERED,
    request: { ...UNANSWERED.request!, headers: [{ name: 'Content-Encoding', value: 'gzip' }] },
  });
  const text = (await report('curl', [DELIVERED, REFUSED, cut, odd, spaced, coded])).toString();
  expect(text.match(/^# .*/gm)?.slice(2)).toEqual([
    '# 3.1 connect_refused: 10.0.8.15:40112 tried to connect to [2001:db8::1]:443 at 2017-01-04 09:23:57.123 UTC; the SYN was answered by an RST after 3 ms, so the connection was refused.',
    '# Not repeated: no request was sent.',
    expect.stringMatching(/^# 2\.1 no_response_sender_closed: POST /),
    '# Not repeated: the request was not captured whole.',
    expect.stringMatching(/^# 2\.1 /),
    '# Not repeated: the header @/etc/passwd is no valid one.',
    expect.stringMatching(/^# 2\.1 /),
    '# Not repeated: its target holds white space or control characters.',
    expect.stringMatching(/^# 2\.1 /),
    '# Not repeated: its body was compressed.',
  ]);
  expect(text).not.toMatch(/^[^#]*curl/m);
  const asked = (await report('curl', [DELIVERED, UNANSWERED], { only: ['delivered'] })).toString();
  expect(asked).toContain('# 1.1 delivered');
  expect(asked).not.toContain('# 2.1');
});
