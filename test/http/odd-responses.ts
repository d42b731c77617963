/**
 * Responses against the grammar, or at its edge.
 */
import { get, type Odd, OK } from './odd.ts';

export const RESPONSES: Odd[] = [
  { what: 'no reason', wire: 'HTTP/1.1 204 \r\n\r\n', tells: [], head: { status: 204, reason: '' } },
  {
    what: 'no space after the code',
    wire: 'HTTP/1.1 204\r\n\r\n',
    tells: ['reason_space_missing'],
    head: { status: 204, reason: '' },
  },
  {
    what: 'a reason of several words and bytes',
    wire: 'HTTP/1.1 204  All \xfcber\t now \r\n\r\n',
    tells: [],
    head: { status: 204, reason: ' All \xfcber\t now ' },
  },
  {
    what: 'a control character in a reason',
    wire: 'HTTP/1.1 204 a\x07b\r\n\r\n',
    tells: ['control_character'],
    head: { status: 204 },
  },
  {
    what: 'a code of one digit',
    wire: get('HTTP/1.1 2 OK'),
    tells: ['status_invalid'],
    head: { status: 0, reason: 'OK' },
  },
  {
    what: 'a code of four digits',
    wire: get('HTTP/1.1 2000 OK'),
    tells: ['status_invalid'],
    head: { status: 0 },
  },
  {
    what: 'a code that runs into its reason',
    wire: get('HTTP/1.1 204OK'),
    tells: ['status_invalid'],
    head: { status: 204, reason: 'OK' },
  },
  {
    what: 'two spaces before the code',
    wire: get('HTTP/1.1  204 OK'),
    tells: ['start_line_whitespace'],
    head: { status: 204 },
  },
  {
    what: 'a tab before the code',
    wire: get('HTTP/1.1\t204 OK'),
    tells: ['start_line_whitespace'],
    head: { status: 204 },
  },
  {
    what: 'a strange version',
    wire: get('HTTP/01.1 204 OK'),
    tells: ['version_unknown'],
    head: { version: 'HTTP/01.1' },
  },
  {
    what: 'LF lines',
    wire: 'HTTP/1.1 200 OK\nContent-Length: 1\n\na',
    tells: ['bare_lf'],
    body: 'a',
    end: 'complete',
  },
  {
    what: 'no usable length',
    wire: `${get(OK, 'Content-Length: x')}abc`,
    tells: ['content_length_invalid'],
    body: 'abc',
    end: 'closed',
  },
  {
    what: 'chunked not last',
    wire: `${get(OK, 'Transfer-Encoding: chunked, gzip', 'Content-Length: 1')}abc`,
    tells: ['transfer_encoding_with_content_length', 'transfer_encoding_not_chunked'],
    body: 'abc',
    end: 'closed',
  },
  {
    what: '204 with a length',
    wire: get('HTTP/1.1 204 No Content', 'Content-Length: 3'),
    tells: ['framing_without_body'],
    end: 'complete',
  },
  {
    what: '204 with length 0',
    wire: get('HTTP/1.1 204 No Content', 'Content-Length: 0'),
    tells: [],
    end: 'complete',
  },
  {
    what: '100 with chunked',
    wire: get('HTTP/1.1 100 Continue', 'Transfer-Encoding: chunked'),
    tells: ['framing_without_body'],
    end: 'complete',
  },
  {
    what: 'a second answer that is none',
    wire: `${get('HTTP/1.1 204 No Content')}abc\n`,
    tells: ['unexpected_bytes'],
    other: 'abc\n',
    count: 1,
  },
  { what: 'no HTTP at all', wire: 'SSH-2.0-x\r\n', tells: [], other: 'SSH-2.0-x\r\n', count: 0 },
];
