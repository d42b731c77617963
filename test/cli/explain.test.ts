/** The catalogue as people read it. */
import { expect, test } from 'vitest';
import { explain } from '../../src/cli/explain.ts';
import { suggest } from '../../src/cli/suggest.ts';
import { ANOMALIES } from '../../src/http/message.ts';
import { HTTP2_ANOMALIES } from '../../src/http2/http2.ts';
import { en } from '../../src/report/summary/en.ts';
import { zh } from '../../src/report/summary/zh.ts';
import { TLS_ANOMALIES } from '../../src/tls/tls.ts';
import { CATALOGUE } from '../../src/verdict/codes.ts';
import { SIGNALS } from '../../src/verdict/verdict.ts';

test('one code', () => {
  expect(explain('connect_refused', 60, en)).toBe(`connect_refused: Connection refused

The sender's SYN was answered by an RST that acknowledges
it, and no SYN-ACK came: nothing listens on that port, or a
device in front of it answers for it.

outcome:     unsent
fault:       receiver
confidence:  proven, before the health of the capture is weighed

What to do: Ask the receiver to check that the service is
running and listens on this address and port, and that no
firewall rejects the sender.
`);
  expect(explain('delivered', 80, en)).toContain('\nfault:       none\n');
});

test('all codes, one a line: verdicts, then signals with the anomalies of HTTP and TLS', () => {
  const [verdicts = [], signals = []] = explain(null, 80, en)
    .trimEnd()
    .split('\n\n')
    .map((part) => part.split('\n'));
  expect(verdicts.map((line) => line.split(' ')[0])).toEqual(CATALOGUE.map((entry) => entry.code));
  expect(verdicts[0]).toBe('connect_refused              unsent      Connection refused');
  expect(signals.map((line) => line.split(' ')[0])).toEqual([
    ...Object.keys(SIGNALS),
    ...Object.keys(ANOMALIES).map((name) => `http_anomaly:${name}`),
    ...Object.keys(HTTP2_ANOMALIES).map((name) => `http2_anomaly:${name}`),
    ...Object.keys(TLS_ANOMALIES).map((name) => `tls_anomaly:${name}`),
  ]);
  for (const line of signals) expect(line).toMatch(/^\S+ {2,}\S.{10}/);
});

test('a signal, by its code or the name behind the colon; all of a kind', () => {
  const one = `tls_anomaly:key_does_not_fit: the key log has secrets for
this connection, and they do not open its records

A signal: it tells what else was seen, and decides nothing
by itself.
`;
  expect(explain('tls_anomaly:key_does_not_fit', 60, en)).toBe(one);
  expect(explain('key_does_not_fit', 60, en)).toBe(one);
  expect(explain('mid_stream', 80, en)).toContain('mid_stream: no handshake');
  const all = explain('tls_anomaly', 80, en).trimEnd().split('\n');
  expect(all.length).toBe(Object.keys(TLS_ANOMALIES).length);
});

test('in Chinese too', () => {
  expect(explain('connect_no_reply', 60, zh)).toBe(`connect_no_reply: SYN 没有应答

发出一个或多个 SYN，没有收到 SYN-ACK、RST 或 ICMP 错误。

结果：    unsent
责任方：  network, receiver
可信度：  strong（尚未考虑抓包的完整程度）

处理建议：请接收方确认 SYN 是否到达：静默丢弃的防火墙、白名
单缺少发送方，或主机已停机。
`);
  for (const code of [null, 'http_anomaly', ...CATALOGUE.map((entry) => entry.code)]) {
    const english = explain(code, 400, en).split('\n');
    const same = explain(code, 400, zh)
      .split('\n')
      .filter((line) => line !== '' && english.includes(line));
    expect(same).toEqual([]);
  }
});

test.each([
  ['no_respons_reset', 'unknown code no_respons_reset: did you mean no_response_reset?'],
  ['REDIRECTED', 'unknown code REDIRECTED: did you mean redirected?'],
  ['gateway', 'unknown code gateway: did you mean gateway_error?'],
  [
    'tls_anomaly:key_doesnt_fit',
    'unknown code tls_anomaly:key_doesnt_fit: did you mean tls_anomaly:key_does_not_fit?',
  ],
  ['xyzzy', 'unknown code xyzzy: wirewitness explain lists all'],
  ['\x1b', 'unknown code \\x1b: wirewitness explain lists all'],
])('%j is no code', (code, message) => {
  expect(() => explain(code, 80, en)).toThrow(message);
});

test('nothing is suggested for what is not near, however long', () => {
  expect(suggest('a'.repeat(100_000), ['aaaa'])).toBeNull();
  expect(suggest('q', ['quiet', 'verbose'])).toBeNull();
});
