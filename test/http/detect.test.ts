/**
 * HTTP is recognised by its bytes on any port, as soon as they can tell and never before.
 */
import { describe, expect, test } from 'vitest';
import { looksLikeRequest, looksLikeResponse } from '../../src/http/detect.ts';
import { bytewise, feed, requests, responses } from './recorder.ts';

type Look = typeof looksLikeRequest;

/** Inside a larger buffer, so that a look past the end would show. */
function look(is: Look, text: string): string {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${text} HTTP/1.1\r\nHTTP/1.1 200 OK\r\n`, 'latin1');
  return is(bytes, 16, 16 + text.length);
}

const PROTOCOLS: [string, string][] = [
  ['TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['MySQL', 'J\0\0\0\n8.0.36\0'],
  ['PostgreSQL', '\0\0\0\x08\x04\xd2\x16\x2f'],
  ['Redis', '*1\r\n$4\r\nPING\r\n'],
  ['Redis inline', 'PING\r\n'],
  ['memcached', 'get key\r\n'],
  ['SMTP from a client', 'EHLO mail.example\r\n'],
  ['FTP', 'USER anonymous\r\n'],
  ['NATS', 'CONNECT {"verbose":false}\r\n'],
  ['STOMP', 'CONNECT\naccept-version:1.2\n\n\0'],
  ['SIP', 'INVITE sip:bob@b.example SIP/2.0\r\n'],
  ['PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n'],
  ['MQTT', '\x10\x10\0\x04MQTT\x04\x02\0\x3c'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n'],
];

describe('requests', () => {
  test.each([
    'GET /',
    'POST /notify HTTP/1.1\r\n',
    'OPTIONS *',
    'GET http://a.example/ HTTP/1.1\r\n',
    'CONNECT a.example:443 HTTP/1.1\r\n',
    'FROB x HTTP/1.1\r\n',
    'post /x HTTP/1.0\n',
    'GET /x\r\n',
  ])('%j is one, and each shorter prefix may be', (text) => {
    expect(look(looksLikeRequest, text)).toBe('yes');
    const seen = Array.from(text, (_, i) => look(looksLikeRequest, text.slice(0, i)));
    const turn = seen.indexOf('yes');
    for (const [i, verdict] of seen.entries()) expect(verdict).toBe(turn < 0 || i < turn ? 'maybe' : 'yes');
  });

  test.each(PROTOCOLS)('%s is none, and goes to onOther whole', (name, text) => {
    expect(look(looksLikeRequest, text)).toBe('no');
    for (const pieces of [[text, text], bytewise(text)]) {
      const recorder = feed(requests(), pieces);
      expect(recorder.messages).toEqual([]);
      expect(recorder.other()).toBe(pieces.map((p) => p.toString('latin1' as never)).join(''));
      expect(recorder.anomalies).toEqual(name === 'HTTP/2' ? ['http2_preface'] : []);
    }
  });

  test('a word of more letters than any method has is none: base64 is not held', () => {
    const word = 'A'.repeat(32);
    expect(look(looksLikeRequest, word)).toBe('maybe');
    expect(look(looksLikeRequest, `${word} / HTTP/1.1\r\n`)).toBe('yes');
    expect(look(looksLikeRequest, `${word}A`)).toBe('no');
    const start = `${word}A / HTTP/1.1\r\n\r\n`;
    for (const midStream of [true, false]) {
      expect(feed(requests({ midStream }), [start]).messages).toEqual([]);
      expect(feed(requests({ midStream }), [start.slice(1)]).messages.length).toBe(1);
    }
  });

  test('a stream that was no HTTP becomes it only by an exact start line at the start of a segment', () => {
    const start = 'GET /x HTTP/1.1\r\n\r\n';
    expect(feed(requests(), ['\x16\x03', start]).messages.length).toBe(1);
    expect(feed(requests(), ['\x16\x03', 'GET ', '/x HTTP/1.1\r\n\r\n']).messages.length).toBe(1);
    expect(feed(requests(), ['\x16\x03', `\n${start}`]).messages.length).toBe(0);
    expect(feed(requests(), ['\x16\x03', 'GET /x\r\n\r\n']).messages.length).toBe(0);
    expect(feed(requests(), ['\x16\x03', 'get /x HTTP/1.1\r\n\r\n']).messages.length).toBe(0);
  });

  test('a candidate that fails gives way to the segment that follows it', () => {
    const recorder = feed(requests({ midStream: true }), ['GET ', 'POST /x HTTP/1.1\r\n\r\n']);
    expect(recorder.messages.map((m) => m.head!.method)).toEqual(['POST']);
    expect(recorder.other()).toBe('GET ');
  });
});

describe('responses', () => {
  test('HTTP/ and a digit', () => {
    const prefixes = ['', 'H', 'HT', 'HTT', 'HTTP', 'HTTP/', 'HTTP/1'].map((text) =>
      look(looksLikeResponse, text),
    );
    expect(prefixes).toEqual([...Array(6).fill('maybe'), 'yes']);
    expect(look(looksLikeResponse, 'HTTPER/1.1 200 OK\r\n')).toBe('no');
    expect(look(looksLikeResponse, 'http/1.1 200 OK\r\n')).toBe('no');
  });

  test.each([...PROTOCOLS, ['ICY', 'ICY 200 OK\r\n'], ['SMTP', '220 mail ESMTP\r\n']])(
    '%s is none',
    (_name, text) => {
      expect(look(looksLikeResponse, text)).toBe('no');
      const recorder = feed(responses(), [text]);
      expect(recorder.messages).toEqual([]);
      expect(recorder.other()).toBe(text);
    },
  );
});
