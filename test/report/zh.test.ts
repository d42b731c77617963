/** The Chinese sentences: those that matter word by word, all of them for what they may never say and how they are set. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReporter } from '../../src/report/create.ts';
import { en } from '../../src/report/summary/en.ts';
import { zh } from '../../src/report/summary/zh.ts';
import { captureWarnings } from '../../src/report/summary/zh-explain.ts';
import { reasons as REASONS } from '../../src/report/summary/zh-reasons.ts';
import { widthOf } from '../../src/report/terminal.ts';
import { CATALOGUE } from '../../src/verdict/codes.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { sources } from '../house/sources.ts';
import { ANY_RECORD } from './any-record.ts';
import {
  CLOCK,
  collector,
  context,
  DELIVERED,
  findings,
  REFUSED,
  SPARSE,
  transaction,
  UNANSWERED,
} from './records.ts';

const summarize = (record: TransactionRecord) => zh.summarize(record, CLOCK);

const SENT =
  'POST http://pay.shop.example/notify（头部 210 字节，正文 402 字节）由 10.0.8.15:40112 于' +
  ' 2017-01-04 09:23:57.134 UTC 发往 203.0.113.44:80';
const ACKED = `${SENT}，最后一个字节发出 12 毫秒后被 203.0.113.44:80 的 TCP 端点全部确认（ACK）`;

describe('sentences', () => {
  const cases: [what: string, record: TransactionRecord, sentence: string][] = [
    ['delivered', DELIVERED, `${ACKED}；接收方在请求发完 120 毫秒后返回响应 200 OK，正文 7 字节。`],
    [
      'given up by the sender',
      UNANSWERED,
      `${ACKED}；发送方于 2017-01-04 09:24:07.134 UTC 关闭了连接（FIN），距请求的最后一个字节发出 10.0 秒，此前没有收到任何响应字节。`,
    ],
    [
      'connection refused, IPv6',
      REFUSED,
      '10.0.8.15:40112 于 2017-01-04 09:23:57.123 UTC 尝试连接 [2001:db8::1]:443；3 毫秒后收到对该 SYN 的 RST 应答，连接被拒绝。',
    ],
    [
      'no reply to several SYNs',
      transaction({
        ...REFUSED,
        verdict: 'connect_no_reply',
        evidence: [
          { file: 'a', frame: 1, time: 0, role: 'syn' },
          { file: 'a', frame: 9, time: 15_000e6, role: 'syn' },
        ],
      }),
      '10.0.8.15:40112 于 2017-01-04 09:23:57.123 UTC 尝试连接 [2001:db8::1]:443；首次发出 15.0 秒后仍在重发 SYN，始终没有收到 SYN-ACK、RST 或 ICMP 错误。',
    ],
    [
      'never acknowledged',
      transaction({
        verdict: 'request_not_acked',
        facts: { acked: 'none', closedBy: 'sender_rst' },
        connection: { retransmissions: 6 },
      }),
      `${SENT}，重传 6 次；直到发送方重置了连接（RST），203.0.113.44:80 的 TCP 端点没有确认其中任何一个字节。`,
    ],
    [
      'too late',
      transaction({ verdict: 'response_late', timings: { gaveUpAfter: 100 } }),
      `${ACKED}；发送方在请求发完 100 毫秒后放弃，接收方在请求发完 120 毫秒后才返回响应 200 OK，已经太晚。`,
    ],
    [
      'on a stale connection',
      transaction({ verdict: 'stale_connection', connection: { reused: true, idleBefore: 65_000 } }),
      `${SENT}，使用的是复用连接（此前静默 1 分 5 秒）；203.0.113.44:80 的 TCP 端点当时已经关闭或正在关闭该连接，因此在这条连接上不可能再有响应。`,
    ],
    [
      'redirected',
      transaction({
        verdict: 'redirected',
        response: { status: 302, reason: '', headers: [{ name: 'LOCATION', value: '/login\x1b' }] },
      }),
      `${ACKED}；接收方在请求发完 120 毫秒后返回响应 302，重定向到 "/login\\x1b"。`,
    ],
    [
      'opaque',
      transaction({
        verdict: 'opaque',
        request: null,
        likely: 'delivered',
        connection: {
          tls: { sni: 'pay.shop.example', version: null, alpn: null, alert: null, decrypted: false },
        },
      }),
      '从 10.0.8.15:40112 到 203.0.113.44:80 的连接（于 2017-01-04 09:23:57.123 UTC）承载的是 TLS 数据（pay.shop.example），' +
        '没有密钥无法读取；从数据的形态看可能是 delivered。',
    ],
  ];
  test.each(cases)('%s', (_, record, sentence) => {
    expect(summarize(record)).toBe(sentence);
  });
});

/** Where two scripts meet without a space, and spaces beside full-width punctuation. */
const BADLY_SET =
  /\p{sc=Han}[\w"[]|[\w"\]]\p{sc=Han}| [，。；：、（）]|[，。；：、（）] | {2}|[，；：、（][，。；：、）]/u;

describe.each(CATALOGUE.map((entry) => entry.code))('%s', (verdict) => {
  const extremes = [
    { ...SPARSE, verdict },
    transaction({ verdict }),
    transaction({
      verdict,
      facts: { acked: 'none' },
      times: { syn: null, established: null },
      response: null,
    }),
    { ...REFUSED, verdict },
    transaction({ verdict, signals: ['half_closed'], missing: ['response'], likely: 'delivered' }),
  ];

  test('is one sentence, well set, with whatever facts there are', () => {
    for (const record of extremes) {
      const sentence = summarize(record);
      expect(sentence).toMatch(/^[^。\n]{15,}[^，；：、]。$/u);
      expect(sentence).not.toMatch(/undefined|null|NaN|Infinity|\[object/);
      expect(sentence).not.toMatch(BADLY_SET);
      // No more is claimed than an address: an application was never seen.
      expect(sentence).not.toMatch(/商户|应用/u);
    }
  });

  test('tells the same facts as the English one', () => {
    for (const record of extremes) {
      // Endpoints, times and codes are in both, whatever the words between them are.
      const facts = (sentence: string) =>
        new Set(
          sentence.match(/\d{4}-\d\d-\d\d [\d:.]+ UTC|\[?[\da-f.:]{6,}\]?:\d{2,5}|\b(?:FIN|RST|ICMP|100)\b/g),
        );
      expect(facts(summarize(record))).toEqual(facts(en.summarize(record, CLOCK)));
    }
  });
});

test('any mix of facts gives one line, safe to print and of a bounded length', () => {
  fc.assert(
    fc.property(ANY_RECORD, (record) => {
      const sentence = summarize(record);
      expect(sentence).not.toMatch(/undefined|null|NaN|Infinity|\[object/);
      expect(sentence).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(sentence.length).toBeLessThan(4000);
    }),
    { numRuns: 1000 },
  );
});

describe('the text report', () => {
  const report = (width: number, verbose = false) => {
    const output = collector();
    const reporter = createReporter('text', output, context({ language: zh, width, verbose }));
    for (const record of [DELIVERED, UNANSWERED, { ...REFUSED, signals: ['a', 'b'] }])
      reporter.transaction(record);
    reporter.end(findings({ capture: { dropped: 7, oneDirection: true } }));
    return output.text;
  };

  test('word by word', () => {
    expect(report(80)).toBe(`读取 notify.pcap：1,234 个数据包，2017-01-04 09:23:57.123 UTC 至 2017-01-04
09:24:07.134 UTC。

2 个事务失败

pay.shop.example:80  unanswered（未应答）: no_response_sender_closed（1 个），责
任方：接收方
  2.1  POST http://pay.shop.example/notify（头部 210 字节，正文 402 字节）由
       10.0.8.15:40112 于 2017-01-04 09:23:57.134 UTC 发往 203.0.113.44:80，最后
       一个字节发出 12 毫秒后被 203.0.113.44:80 的 TCP 端点全部确认（ACK）；发送
       方于 2017-01-04 09:24:07.134 UTC 关闭了连接（FIN），距请求的最后一个字节
       发出 10.0 秒，此前没有收到任何响应字节。
       可信度 strong；帧 12 15 19

[2001:db8::1]:443  unsent（未发出）: connect_refused（1 个），责任方：接收方
  3.1  10.0.8.15:40112 于 2017-01-04 09:23:57.123 UTC 尝试连接
       [2001:db8::1]:443；3 毫秒后收到对该 SYN 的 RST 应答，连接被拒绝。
       可信度 proven；帧 20 21

判定代码的含义和处理建议：wirewitness explain --lang zh CODE。

主机
                                                 无 SYN       等待 等待
主机                尝试 送达 拒绝 未应答 未发出   -ACK 重置   p50  p95
pay.shop.example:80   12    9    1      2      0      0    3 120ms 1.8s

共 3 个事务，涉及 1 个主机：已送达 1，未应答 1，未发出 1。
警告：抓包记录显示有 7 个数据包被丢弃：没有看到的数据包可能存在过
警告：只抓到一个方向的流量：不能断定某个数据包没有出现
`);
  });

  test('the table becomes sentences where it has no room', () => {
    expect(report(60)).toContain(`
pay.shop.example:80：尝试 12 次，已送达 9，被拒绝 1，未应
  答 2，重置 3，等待 p50 120ms、p95 1.8s
`);
  });

  test('reasons and signals', () => {
    expect(report(80, true)).toContain('\n       依据：发送方等待了 5.200 秒后关闭连接\n');
    expect(report(80, true)).toContain('\n       另见：a、b\n');
  });

  test('every reason is worded, in its own words', () => {
    const values = {
      seconds: 1,
      bytes: 1,
      syns: 1,
      packets: 1,
      side: 'sender',
      protocol: 'tls',
      reporter: '::1',
      ids: ['1.1'],
      count: 2,
      what: 'mention',
      host: 'b.example',
      error: 'CANCEL',
      value: '14',
      debug: 'calm',
      lastStream: 1,
      stream: 3,
      open: 3,
      allowed: 2,
      by: 'stream',
    };
    const worded = Object.keys(REASONS).map((reason) =>
      zh.reason({
        ...values,
        how: 'reset',
        usual: 1,
        rst: 2,
        type: 3,
        code: 1,
        mtu: 1280,
        version: 4,
        status: 204,
        atMost: true,
        name: 'unknown_ca',
        line: 'HTTP/1.1 400',
        reason,
      } as never),
    );
    for (const text of worded) expect(text).toMatch(/\p{Script=Han}/u);
    for (const text of worded) expect(text).not.toMatch(/undefined|NaN/);
    expect(new Set(worded).size).toBe(worded.length);
  });

  test.each([40, 60, 80, 120])('no line is wider than %d columns', (width) => {
    const widths = report(width).split('\n').map(widthOf);
    expect(Math.max(...widths)).toBeLessThanOrEqual(width);
    expect(Math.max(...widths)).toBeGreaterThan(width - 12);
  });

  test('columns stand under their headings', () => {
    const lines = report(80).split('\n');
    const last = lines.findIndex((line) => line.startsWith('pay.shop.example:80   '));
    expect(widthOf(lines[last - 1]!)).toBe(widthOf(lines[last]!));
    expect(widthOf(lines[last - 2]!)).toBe(widthOf(lines[last]!));
  });
});

test('every warning of the reading begins with what it means', () => {
  // As they are written down: an object's `code`, or the first argument of `warn`.
  const CODES = /(?:\bcode: |\b#?warn(?:Once)?\(\s*(?:\w+ === \w+ \? )?)'([a-z_]+)'(?: : '([a-z_]+)')?/g;
  const told = sources('src')
    .filter(({ path }) => /^(?:capture|decode)\//.test(path))
    .flatMap(({ text }) => [...text.matchAll(CODES)].flatMap(([, ...codes]) => codes))
    .filter((code) => code !== undefined);
  expect(told.length).toBeGreaterThan(15);
  expect([...new Set(told)].sort()).toEqual(Object.keys(captureWarnings).sort());
  expect(zh.report.captureWarning('file_empty', 'x.pcap is empty')).toBe('文件是空的（x.pcap is empty）');
  expect(zh.report.captureWarning('unheard_of', 'x')).toBe('x');
});
