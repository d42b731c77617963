/**
 * The cases published with llhttp. Where llhttp accepts, our messages are the same: boundaries, heads, bodies. Where
 * it refuses, nothing throws and the refusal's cause is seen: an anomaly, other bytes, or a message that is not whole.
 * Every difference is in one of the tables below, with its reason.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RequestHead, ResponseHead } from '../../src/http/message.ts';
import { needs, vectors } from '../support/needs.ts';
import { bytewise, feed, type Message, outcome, type Recorder, requests, responses } from './recorder.ts';

interface Case {
  suite: string;
  title: string;
  type: string;
  input: string;
  messages: {
    headers: [string, string | null][];
    body: string;
    complete: boolean;
    begin: number;
    end?: number;
    method?: string;
    url?: string;
    version?: string;
    status?: string;
    status_code?: number;
    headers_complete?: number;
  }[];
  error: { code: number; reason: string; offset: number } | null;
  paused: string | null;
}

/** Cases whose recorded answer is not compared. Each still must not throw and must not depend on its segments. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'CRLF between requests, implicit `keep-alive`':
    'the recorded spans are those of another input: they begin in the middle of names',
  'CRLF between requests, explicit `close`':
    'the recorded spans are those of another input: they begin in the middle of names',
  'Google 301': 'the recorded spans are those of another input: they begin in the middle of names',
  'PRI request HTTP2':
    'the HTTP/2 preface says HTTP/2.0 (RFC 9113 §3.4); with HTTP/1.1 it is an unknown method, parsed as such',
  'ANNOUNCE request with RTSP': 'RTSP is another protocol: only methods that HTTP has too are taken for HTTP',
  'RTSP response': 'RTSP is another protocol: its responses go to onOther',
};

/** Requests after which llhttp stops to ask; a witness goes on, and what follows is no message. */
const PAUSED_REST: Readonly<Record<string, string>> = {
  'CONNECT with body': 'blarfcicle"',
  'Upgrade GET request': 'Hot diggity dogg',
  'Upgrade POST request': 'Hot diggity dogg',
};

function load(): Case[] {
  return JSON.parse(readFileSync(join(vectors, 'llhttp.json'), 'utf8')) as Case[];
}

function make({ type }: Case): Recorder<RequestHead> | Recorder<ResponseHead> {
  return type.startsWith('request') ? requests() : responses();
}

const blanks = (text: string) => text.replace(/^[ \t]+|[ \t]+$/g, '');

/** Ours in the words of the vectors. RFC 9112 §5 takes white space off both ends; llhttp leaves it at the end. */
function ours(message: Message<RequestHead | ResponseHead>): object {
  const head = message.head!;
  return {
    begin: message.begin,
    ...('method' in head
      ? { method: head.method, url: head.target }
      : { status_code: head.status, status: head.reason }),
    version: head.version.replace(/^[A-Z]+\//, ''),
    headers: head.headers.map(({ name, value }) => [name, value]),
    headers_complete: head.complete ? message.headEnd : undefined,
    body: message.body,
    complete: message.end === 'complete',
    end: message.end === 'complete' ? message.finish : undefined,
  };
}

function theirs(message: Case['messages'][number]): object {
  const { begin, method, url, status_code, status, version, headers_complete, complete, end } = message;
  return {
    begin,
    ...(method === undefined ? { status_code, status: status ?? '' } : { method, url }),
    version,
    headers: message.headers.map(([name, value]) => [name, blanks(value ?? '')]),
    headers_complete,
    body: Buffer.from(message.body, 'base64').toString('latin1'),
    complete,
    end,
  };
}

/** llhttp tells no status for a status line that the input cuts. */
function cutHead(message: Case['messages'][number]): boolean {
  return message.headers_complete === undefined && message.status_code === undefined && !message.method;
}

needs('vectors').describe('llhttp', () => {
  const cases = load();

  test('every listed difference is a case', () => {
    const titles = cases.map(({ title }) => title);
    for (const title of [...Object.keys(DIFFERENCES), ...Object.keys(PAUSED_REST)]) {
      expect(titles).toContain(title);
    }
  });

  test.each(cases.map((c, i) => ({ name: `${i} ${c.suite}: ${c.title}`, c })))('$name', ({ c }) => {
    const input = Buffer.from(c.input, 'base64');
    const whole = feed(make(c), [input]);

    // The same for every way to cut it in two, and byte by byte.
    const expected = outcome(whole);
    if (restartsInside(whole)) {
      feed(make(c), bytewise(input));
    } else {
      expect(outcome(feed(make(c), bytewise(input)))).toEqual(expected);
      for (let cut = 1; cut < input.length; cut++) {
        const halves = [input.subarray(0, cut), input.subarray(cut)];
        expect(outcome(feed(make(c), halves)), `cut at ${cut}`).toEqual(expected);
      }
    }
    if (c.title in DIFFERENCES) return;

    if (c.error !== null) {
      const seen =
        whole.anomalies.length > 0 ||
        whole.other() !== '' ||
        whole.messages.some(({ anomalies, end }) => anomalies.length > 0 || end !== 'complete');
      expect(seen, 'the refusal leaves a trace').toBe(true);
      // What llhttp had accepted before it refused is the same.
      const before = c.messages.filter(({ complete }) => complete);
      expect(whole.messages.slice(0, before.length).map(ours)).toEqual(before.map(theirs));
      return;
    }
    expect(whole.messages.length).toBe(c.messages.length);
    for (const [i, message] of c.messages.entries()) {
      const [a, b] = [ours(whole.messages[i]!), theirs(message)];
      if (cutHead(message)) {
        expect({ ...a, status_code: 0 }).toEqual({ ...b, status_code: 0 });
      } else {
        expect(a).toEqual(b);
      }
    }
    expect(whole.other()).toBe(PAUSED_REST[c.title] ?? '');

    // With bytes after it: the messages stay, and what is added is a message or other bytes, never part of them.
    const last = c.messages.at(-1);
    if (last?.complete === true && c.paused === null && last.end === input.length) {
      const more = 'GET /trailing HTTP/1.1\r\n\r\n';
      const longer = feed(make(c), [Buffer.concat([input, Buffer.from(more)])]);
      expect(longer.messages.slice(0, c.messages.length)).toEqual(whole.messages);
      const added = longer.messages[c.messages.length]?.head;
      if (c.type.startsWith('request')) expect(added).toMatchObject({ target: '/trailing', complete: true });
      else expect(longer.other()).toBe(more);
    }
  });
});

/**
 * After lost synchronisation the start of each delivered run is looked at, so there the cut is allowed to matter:
 * only such cases are not compared across cuts.
 */
function restartsInside(recorder: Recorder<RequestHead> | Recorder<ResponseHead>): boolean {
  return recorder.other() !== '';
}
