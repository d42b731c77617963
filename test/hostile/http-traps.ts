/** Heads, bodies and pipelines that are made to cost more than their bytes. */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { answered, client, head, lines, OK, opened, POST, send, server, type Trap, times } from './trap.ts';

export const HTTP_TRAPS: readonly Trap[] = [
  {
    name: 'requests without an answer',
    from: 1500,
    files: (size) => [send(opened(), client, POST.repeat(size), 14_000).file()],
  },
  {
    name: 'requests that are all answered at the end',
    from: 1500,
    files(size) {
      const capture = send(opened(), client, POST.repeat(size), 14_000);
      return [send(capture, server, OK.repeat(size), 14_000, POST.length * size).file()];
    },
  },
  {
    name: 'requests of one connection, one after the other',
    from: 250,
    files(size) {
      const capture = opened();
      for (let i = 0; i < size; i++) {
        capture.add(client(i * POST.length, POST, i * OK.length));
        capture.add(server(i * OK.length, OK, (i + 1) * POST.length), 500);
      }
      return [capture.file()];
    },
  },
  {
    name: 'answers that nobody asked for',
    from: 2000,
    files: (size) => [send(opened(), server, OK.repeat(size), 14_000).file()],
  },
  {
    name: 'interim responses',
    from: 4000,
    files(size) {
      const interim = 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(size);
      return [send(send(opened(), client, POST), server, `${interim}${OK}`, 1460, POST.length).file()];
    },
  },
  {
    name: 'header lines',
    from: 4000,
    reported: true,
    files: (size) => answered(head(lines(size, (i) => `h${i}: v\r\n`)).repeat(10)),
  },
  {
    name: 'folded lines',
    from: 3000,
    files: (size) => answered(head(`X: a\r\n${' b\r\n'.repeat(size)}`).repeat(10)),
  },
  {
    name: 'empty lines before a request',
    from: 40000,
    files: (size) => answered('\r\n'.repeat(size) + POST),
  },
  {
    name: 'lengths in one field',
    from: 8000,
    files: (size) => answered(head(`Content-Length: 0${', 0'.repeat(size)}\r\n`).repeat(10)),
  },
  {
    name: 'codings in one field',
    from: 8000,
    files: (size) =>
      answered(`${head(`Content-Encoding: ${'gzip, '.repeat(size)}\r\nContent-Length: 5\r\n`)}hello`),
  },
  {
    name: 'blanks in a field',
    from: 20_000,
    files: (size) =>
      answered(
        `${head(`Content-Type: a;${'; '.repeat(size)}${' '.repeat(size)}\r\nContent-Length: 5\r\n`)}hello`,
      ),
  },
  {
    name: 'control characters in a target',
    from: 4000,
    reported: true,
    files: (size) => answered(POST.replace('/notify', `/${'\x1b\u00ad'.repeat(size)}`)),
  },
  {
    name: 'blanks and colons in a host',
    from: 10_000,
    files: (size) => answered(POST.replace('shop.example', `${'['.repeat(size)}${' :'.repeat(size)}`)),
  },
  { name: 'garbage', from: 100000, files: (size) => answered('\0\n'.repeat(size)) },
  {
    name: 'chunks of one byte',
    from: 4000,
    files: (size) =>
      answered(`${head('Transfer-Encoding: chunked\r\n')}${'1\r\nx\r\n'.repeat(size)}0\r\n\r\n`),
  },
  {
    name: 'chunk extensions byte by byte',
    from: 2000,
    files: (size) =>
      answered(
        `${head('Transfer-Encoding: chunked\r\n')}${`1;${'x=y;'.repeat(250)}\r\nx\r\n`.repeat(size / 1000)}0\r\n\r\n`,
        1,
      ),
  },
  {
    name: 'trailer lines',
    from: 4000,
    files: (size) =>
      answered(`${head('Transfer-Encoding: chunked\r\n')}0\r\n${lines(size, (i) => `t${i}: v\r\n`)}\r\n`),
  },
  { name: 'a body that expands', from: 8, files: (size) => answered(...codedBy('gzip', gzipSync, size, 1)) },
  {
    name: 'a body that expands in several codings',
    from: 8,
    files: (size) => answered(...codedBy('gzip', gzipSync, size, 3)),
  },
  {
    name: 'a body that is raw deflate',
    from: 8,
    files: (size) => answered(...codedBy('deflate', deflateRawSync, size, 2)),
  },
];

/** A request whose body is this many times 32 KiB of zeros, coded so often. */
function codedBy(name: string, encode: (bytes: Buffer) => Buffer, size: number, codings: number): [string] {
  let body = Buffer.alloc(size * 32_768);
  for (let i = 0; i < codings; i++) body = Buffer.from(encode(body));
  const fields = `Content-Encoding: ${times(codings, () => name).join(', ')}\r\nContent-Length: ${body.length}\r\n`;
  return [(head(fields) + body.toString('latin1')).repeat(4)];
}
