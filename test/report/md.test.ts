/** Markdown as a ticket shows it. */
import { expect, test } from 'vitest';
import { zh } from '../../src/report/summary/zh.ts';
import {
  DELIVERED,
  DELIVERY,
  findings,
  NOTHING_FAILED,
  REFUSED,
  transaction,
  UNANSWERED,
} from './records.ts';
import { report } from './run-format.ts';

test('failed transactions by host and verdict, hosts, totals, warnings', async () => {
  const end = findings({ capture: { warnings: [{ code: 'cut', text: 'a_b.pcap is cut' }] } });
  expect((await report('md', [DELIVERED, UNANSWERED, REFUSED], {}, end)).toString()).toBe(
    `Read 1,234 packets from notify.pcap, 2017-01-04 09:23:57.123 UTC to 2017-01-04 09:24:07.134 UTC.

## 2 transactions failed

### pay.shop.example:80  unanswered: no\\_response\\_sender\\_closed (1), fault: receiver

| transaction | what happened | proof |
| --- | --- | --- |
| 2.1 | POST http://pay.shop.example/notify (210 bytes of headers, 402 of body) was sent from 10.0.8.15:40112 to 203.0.113.44:80 at 2017-01-04 09:23:57.134 UTC and was acknowledged in full by the TCP endpoint at 203.0.113.44:80, 12 ms after its last byte; no byte of a response came before the sender closed the connection (FIN) at 2017-01-04 09:24:07.134 UTC, 10.0 s after the last byte of the request. | strong; frames 12 15 19 |

### \\[2001:db8::1\\]:443  unsent: connect\\_refused (1), fault: receiver

| transaction | what happened | proof |
| --- | --- | --- |
| 3.1 | 10.0.8.15:40112 tried to connect to \\[2001:db8::1\\]:443 at 2017-01-04 09:23:57.123 UTC; the SYN was answered by an RST after 3 ms, so the connection was refused. | proven; frames 20 21 |

## Hosts

| host | attempts | delivered | refused | unanswered | unsent | no SYN-ACK | resets | wait p50 | wait p95 |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
| pay.shop.example:80 | 12 | 9 | 1 | 2 | 0 | 0 | 3 | 120ms | 1.8s |

3 transactions to 1 host: 1 delivered, 1 unanswered, 1 unsent.

- warning: a\\_b.pcap is cut
`,
  );
});

test('nothing failed', async () => {
  const text = (await report('md', [DELIVERED], {}, NOTHING_FAILED)).toString();
  expect(text).toContain('\n\nNo transaction failed.\n\n## Hosts\n');
});

test('in Chinese', async () => {
  const text = (await report('md', [UNANSWERED], { language: zh })).toString();
  expect(text).toContain('\n| 事务 | 经过 | 证据 |\n');
});

test('many of one kind are counted', async () => {
  const many = Array.from({ length: 42 }, (_, i) => transaction({ ...UNANSWERED, id: `${i + 1}.1` }));
  expect((await report('md', many)).toString()).toContain('\n... and 37 more (--format ndjson prints all)\n');
});

test('--only lists what was asked for', async () => {
  const text = (await report('md', [DELIVERED, UNANSWERED], { only: ['delivered'] })).toString();
  expect(text).toContain('\n## 1 transaction delivered\n');
  expect(text).not.toContain('no\\_response');
  expect((await report('md', [DELIVERED], { only: ['missing'] })).toString()).toContain('No transaction has');
});

test('deliveries of several attempts, what was not delivered first', async () => {
  const late = { ...DELIVERY, key: 'a|b', attemptCount: 3, outcome: 'unanswered' as const };
  const end = findings({ deliveries: [{ ...DELIVERY, attemptCount: 2 }, late] });
  const lines = (await report('md', [UNANSWERED], {}, end)).toString().split('\n');
  const at = lines.indexOf('## 2 deliveries of several attempts');
  expect(lines[at + 2]).toMatch(/^- .*a\\\|b/);
  expect(lines[at + 3]).toMatch(/^- .*order-1/);
});

test('markup from packets is text: no cell, link, image, HTML, code, mention or formula', async () => {
  const url = 'http://h/`a`*b*_c_[d](e)![f](g)<b>|x|~~y~~$z$@user#1&amp;\\';
  const record = transaction({ ...UNANSWERED, request: { ...UNANSWERED.request!, url } });
  const text = (await report('md', [record])).toString();
  const row = text.split('\n').find((line) => line.startsWith('| 2.1'));
  expect(row).toContain(
    'http://h/\\`a\\`\\*b\\*\\_c\\_\\[d\\](e)!\\[f\\](g)\\<b\\>\\|x\\|\\~\\~y\\~\\~\\$z\\$&#64;user&#35;1&amp;amp;\\\\',
  );
  // Bars that part cells have no backslash before them.
  expect(row?.match(/(?<!\\)\|/g)).toHaveLength(4);
});
