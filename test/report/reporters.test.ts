/** The three formats, word by word where it matters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReportContext } from '../../src/report/context.ts';
import { createReporter, type Format } from '../../src/report/create.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import {
  CAPTURE,
  CLOCK_NS,
  collector,
  context,
  DELIVERED,
  DELIVERY,
  findings,
  HOST,
  NOTHING_FAILED,
  REFUSED,
  transaction,
  UNANSWERED,
} from './records.ts';

function report(
  format: Format,
  transactions: readonly TransactionRecord[],
  change: Partial<ReportContext> = {},
  end: Findings = findings(),
): string {
  const output = collector();
  const reporter = createReporter(format, output, context(change));
  for (const record of transactions) reporter.transaction(record);
  reporter.end(end);
  return output.text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is one
const COLOURS = /\x1b\[(?:0|1|2|31|32|33)m/g;

/** How every text report begins. */
const READ =
  'Read 1,234 packets from notify.pcap, 2017-01-04 09:23:57.123 UTC to 2017-01-04 09:24:07.134 UTC.';
const READ_80 = READ.replace('2017-01-04 09:24', '2017-01-04\n09:24');

const ALL = [DELIVERED, UNANSWERED, REFUSED];

describe('text', () => {
  test('failed transactions first, then hosts, totals and the capture', () => {
    expect(report('text', ALL)).toBe(`${READ_80}

2 transactions failed

pay.shop.example:80  unanswered: no_response_sender_closed (1), fault: receiver
  2.1  POST http://pay.shop.example/notify (210 bytes of headers, 402 of body)
       was sent from 10.0.8.15:40112 to 203.0.113.44:80 at 2017-01-04
       09:23:57.134 UTC and was acknowledged in full by the TCP endpoint at
       203.0.113.44:80, 12 ms after its last byte; no byte of a response came
       before the sender closed the connection (FIN) at 2017-01-04 09:24:07.134
       UTC, 10.0 s after the last byte of the request.
       strong; frames 12 15 19

[2001:db8::1]:443  unsent: connect_refused (1), fault: receiver
  3.1  10.0.8.15:40112 tried to connect to [2001:db8::1]:443 at 2017-01-04
       09:23:57.123 UTC; the SYN was answered by an RST after 3 ms, so the
       connection was refused.
       proven; frames 20 21

wirewitness explain CODE tells what a verdict means and what to do about it.

Hosts
                       at- deliv-   re- unans-  un- no SYN         wait wait
host                tempts   ered fused  wered sent   -ACK resets   p50  p95
pay.shop.example:80     12      9     1      2    0      0      3 120ms 1.8s

3 transactions to 1 host: 1 delivered, 1 unanswered, 1 unsent.
`);
  });

  test('nothing failed', () => {
    expect(report('text', [DELIVERED], { width: 120 }, NOTHING_FAILED)).toBe(`${READ}

No transaction failed.

Hosts
host                 attempts  delivered  refused  unanswered  unsent  no SYN-ACK  resets  wait p50  wait p95
pay.shop.example:80        12          9        1           2       0           0       3     120ms      1.8s

1 transaction to 1 host: 1 delivered.
`);
  });

  test('nothing found at all', () => {
    const empty: Findings = {
      capture: { ...CAPTURE, packets: 0, firstTime: null, lastTime: null },
      deliveries: [],
      unseen: [],
      hosts: [],
      summary: {
        type: 'summary',
        transactions: 0,
        outcomes: {},
        verdicts: {},
        hosts: 0,
        deliveries: 0,
        expected: null,
        exitStatus: 0,
      },
    };
    expect(report('text', [], {}, empty)).toBe(
      'Read 0 packets from notify.pcap.\n\nNo HTTP transaction was found.\n',
    );
  });

  test('several files are named once, and told apart in the evidence', () => {
    const file = CAPTURE.files[0]!;
    const paths = ['/var/log/a/notify.pcap', '/var/log/b/notify.pcap', '-'];
    const end = findings({
      capture: { files: paths.map((path, i) => ({ ...file, path, packets: i + 1 })) },
    });
    const at = (i: number, frame: number) => ({ file: paths[i]!, frame, time: 0, role: 'syn' }) as const;
    const record = transaction({ ...UNANSWERED, evidence: [at(0, 7), at(1, 2), at(0, 3), at(0, 7)] });
    const text = report('text', [record, { ...REFUSED, evidence: [at(2, 4)] }], { width: 120 }, end);
    expect(text.replace('1,234 packets from 3 files', '1,234 packets from notify.pcap')).toMatch(
      new RegExp(`^${READ}\n`),
    );
    expect(text).toContain(`
  /var/log/a/notify.pcap: 1 packet
  /var/log/b/notify.pcap: 2 packets
  standard input: 3 packets

2 transactions failed
`);
    expect(text).toContain('\n       strong; frames 3 7 in a/notify.pcap; frame 2 in b/notify.pcap\n');
    expect(text).toContain('\n       proven; frame 4 in standard input\n');
    expect(text.match(/var/g)).toHaveLength(2);
  });

  test('there is an end to the names of files', () => {
    const files = Array.from({ length: 23 }, (_, i) => ({ ...CAPTURE.files[0]!, path: `${i}.pcap` }));
    const text = report('text', ALL, {}, findings({ capture: { files } }));
    expect(text).toContain('\n  19.pcap: 1,234 packets\n  ... and 3 files more\n\n');
  });

  test('transactions of a kind stand in the order of their ids', () => {
    const records = ['10.1', '9.2', '9.1'].map((id) => transaction({ ...UNANSWERED, id }));
    expect(report('text', records).match(/^ {2}\d+\.\d/gm)).toEqual(['  9.1', '  9.2', '  10.1']);
  });

  test('says what the capture cannot be trusted with', () => {
    const end = findings({
      capture: {
        dropped: 7,
        ackedUnseen: 1,
        snaplenCut: 2,
        oneDirection: true,
        limitsHit: { connections: 1 },
        warnings: [{ code: 'cut', text: 'a\x1b[2J.pcap is cut at byte 90' }],
      },
    });
    expect(report('text', ALL, { width: 120 }, end)).toContain(`1 unsent.
warning: a\\x1b[2J.pcap is cut at byte 90
warning: the capture says that 7 packets were dropped: what was not seen may have been there
warning: 1 byte was acknowledged but never captured: the capture has lost packets
warning: 2 segments were cut by the snapshot length (tcpdump -s)
warning: only one direction of the traffic was captured: no absence can be told
warning: the limit connections was reached 1 time: the result may be incomplete
`);
  });

  test('many of one kind are counted, not listed', () => {
    const many = Array.from({ length: 42 }, (_, i) => transaction({ ...UNANSWERED, id: `${i + 1}.1` }));
    const text = report('text', many);
    expect(text).toContain('no_response_sender_closed (42)');
    expect(text.match(/^ {2}\d+\.1 /gm)).toEqual(['  1.1 ', '  2.1 ', '  3.1 ', '  4.1 ', '  5.1 ']);
    expect(text).toContain('  ... and 37 more (--format ndjson prints all)\n');
  });

  test('kinds beyond the bound are counted too', () => {
    const kinds = Array.from({ length: 1003 }, (_, i) =>
      transaction({
        ...UNANSWERED,
        id: `${i}.1`,
        request: { ...UNANSWERED.request!, host: `h${i}.example` },
      }),
    );
    const text = report('text', kinds);
    expect(text).toContain('h999.example:80');
    expect(text).not.toContain('h1000.example:80');
    expect(text).toContain('... and 3 transactions of other kinds or hosts');
  });

  test('a connection closed unused is no failure; what is undecided comes after the failures', () => {
    const unused = transaction({ ...REFUSED, verdict: 'no_request_sent', id: '7.1' });
    const pending = transaction({
      outcome: 'pending',
      verdict: 'pending_at_capture_end',
      fault: ['capture'],
    });
    const text = report('text', [pending, unused]);
    expect(text).toMatch(/\n\nNo transaction failed\.\n\n1 transaction the capture does not decide\n/);
    expect(text).not.toContain('no_request_sent');
  });

  test('the host as the sender names it, with the port it gives', () => {
    const odd = [
      { ...UNANSWERED, request: { ...UNANSWERED.request!, host: 'Pay.Example:8080' } },
      { ...UNANSWERED, request: { ...UNANSWERED.request!, host: '[2001:db8::2]' } },
      { ...UNANSWERED, request: { ...UNANSWERED.request!, host: '' } },
    ];
    const text = report('text', odd);
    expect(text).toContain('\npay.example:8080  ');
    expect(text).toContain('\n[2001:db8::2]:80  ');
    expect(text).toContain('\n203.0.113.44:80  ');
  });

  test('verbose tells reasons and signals', () => {
    const record = transaction({
      ...UNANSWERED,
      signals: ['retransmitted'],
      because: [{ reason: 'limit_hit' }, { reason: 'packets_dropped', packets: 1 }],
    });
    const text = report('text', [record], { verbose: true });
    expect(text).toContain(
      '\n       because: a limit of the analysis was reached; the capture lost 1 packet\n       also seen: retransmitted\n',
    );
    expect(report('text', [record])).not.toContain('because');
  });

  test('no body is ever printed', () => {
    expect(report('text', ALL, { only: ['delivered', 'unanswered', 'unsent'] })).not.toMatch(
      /secret|success/,
    );
  });

  test('--only lists what was asked for, delivered or not; the rest is still counted', () => {
    const text = report('text', ALL, { only: ['delivered'] });
    expect(text).toMatch(
      /\n\n1 transaction delivered\n\npay\.shop\.example:80 {2}delivered: delivered \(1\), nobody at fault\n/,
    );
    expect(text).not.toContain('no_response_sender_closed');
    expect(text).toContain('3 transactions to 1 host: 1 delivered, 1 unanswered, 1 unsent.');
    expect(report('text', ALL, { only: ['missing'] })).toMatch(
      /\n\nNo transaction has the outcome asked for\.\n/,
    );
  });

  test.each([40, 60, 80, 100, 200])('no line is wider than %d columns', (width) => {
    const long = transaction({
      ...UNANSWERED,
      request: { ...UNANSWERED.request!, url: `http://pay.shop.example/${'x'.repeat(400)}` },
    });
    const hosts = [HOST, { ...HOST, host: 'a'.repeat(300), attempts: 1_234_567 }];
    const text = report('text', [long, REFUSED], { width }, findings({ hosts }));
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(width);
    expect(widest).toBeGreaterThan(width / 2);
  });

  test('the table becomes sentences where it has no room', () => {
    const idle = {
      ...HOST,
      host: 'idle.example',
      attempts: 1,
      outcomes: {},
      resets: { bySender: 1, byReceiver: 0 },
      wait: { p50: null, p95: null, max: null, p99: null },
    };
    expect(report('text', ALL, { width: 60 }, findings({ hosts: [HOST, idle] }))).toContain(`Hosts
pay.shop.example:80: 12 attempts, 9 delivered, 1 refused,
  2 unanswered, 3 resets, wait p50 120ms, p95 1.8s
idle.example:80: 1 attempt, 1 reset
`);
  });

  test('hosts with failures come first, and there is an end to them', () => {
    const fine = { ...HOST, host: 'fine.example', attempts: 99, outcomes: { delivered: 99 }, verdicts: {} };
    const unused = {
      ...HOST,
      host: 'unused.example',
      outcomes: { unsent: 9 },
      verdicts: { no_request_sent: 9 },
    };
    const text = report('text', [], {}, findings({ hosts: [unused, fine, HOST] }));
    const order = text.match(/^\S+\.example/gm);
    expect(order).toEqual(['pay.shop.example', 'fine.example', 'unused.example']);
    const many = Array.from({ length: 103 }, (_, i) => ({ ...HOST, host: `h${i}.example` }));
    expect(report('text', [], {}, findings({ hosts: many }))).toContain('\n... and 3 hosts more ');
  });

  test('colour adds SGR sequences and nothing else', () => {
    const painted = report('text', ALL, { colour: true });
    expect(painted).toContain('\x1b[31mpay.shop.example:80  unanswered');
    expect(painted.replace(COLOURS, '')).toBe(report('text', ALL));
  });
});

const HOSTILE = fc.string({
  unit: fc.constantFrom(
    '\x1b',
    '[',
    '2',
    'J',
    '\r',
    '\n',
    '\x9b',
    '\u202e',
    '\u2066',
    '\ud800',
    '\x07',
    'a',
    ' ',
    '支',
  ),
  minLength: 1,
  maxLength: 60,
});

describe('whatever the packets say', () => {
  const dirty = (text: string): [TransactionRecord[], Findings] => [
    ['unanswered', 'delivered'].map((outcome) =>
      transaction({
        id: text,
        outcome: outcome as 'unanswered' | 'delivered',
        verdict: 'redirected',
        because: [{ reason: 'icmp', reporter: text, version: 4, type: 3, code: 1 }],
        signals: [`http_anomaly:${text}`],
        request: { method: text, target: text, url: text, host: text, body: text },
        response: { reason: text, headers: [{ name: 'Location', value: text }] },
        connection: { sender: { ip: text }, receiver: { ip: text }, interface: text },
        evidence: [{ file: text, frame: 1, time: 0, role: 'syn' }],
      }),
    ),
    findings({
      hosts: [{ ...HOST, host: text }],
      capture: { warnings: [{ code: 'cut', text }], files: [{ ...CAPTURE.files[0]!, path: text }] },
    }),
  ];

  test('text holds no control or format character but line ends and its own colours', () => {
    fc.assert(
      fc.property(HOSTILE, fc.boolean(), (text, colour) => {
        const [records, end] = dirty(text);
        const printed = report(
          'text',
          records,
          { colour, verbose: true, only: colour ? null : ['delivered'] },
          end,
        );
        const rest = printed.replace(COLOURS, colour ? '' : '$&').replaceAll('\n', '');
        expect(rest).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('JSON holds none either, one record a line', () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        const [records, end] = dirty(text);
        const printed = report('ndjson', records, {}, end);
        expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        const lines = printed.trimEnd().split('\n');
        expect(lines).toHaveLength(5);
        expect(JSON.parse(lines[0]!)).toMatchObject({ request: { url: text, body: text } });
      }),
    );
  });
});

describe('ndjson', () => {
  test('fields in the order of the contract', () => {
    const line = report('ndjson', [REFUSED]).split('\n')[0];
    expect(line).toBe(
      '{"type":"transaction","id":"3.1","outcome":"unsent","verdict":"connect_refused","fault":["receiver"],' +
        '"confidence":"proven","because":[],"summary":"10.0.8.15:40112 tried to connect to [2001:db8::1]:443 at' +
        ' 2017-01-04 09:23:57.123 UTC; the SYN was answered by an RST after 3 ms, so the connection was refused.",' +
        '"facts":{"sent":"none","acked":"none","responded":"none","closedBy":"receiver_rst","accepted":"unknown"},' +
        '"request":null,"response":null,"times":{"syn":"2017-01-04T09:23:57.123456Z","synAck":null,' +
        '"established":null,"tlsDone":null,"requestFirstByte":null,"requestLastByte":null,"requestAcked":null,' +
        '"responseFirstByte":null,"responseLastByte":null,"closed":null},"timings":{"connect":null,"tls":null,' +
        '"send":null,"ack":null,"wait":null,"receive":null,"total":3,"gaveUpAfter":null},"connection":{"id":3,' +
        '"sender":{"ip":"10.0.8.15","port":40112},"receiver":{"ip":"2001:db8::1","port":443},"index":1,' +
        '"reused":false,"idleBefore":null,"history":"Sr","retransmissions":0,"rtt":null,"link":"EN10MB","vlan":null,' +
        '"interface":null,"tls":null,"stream":null},"delivery":null,"signals":[],"likely":null,"missing":[],"evidence":[' +
        '{"file":"notify.pcap","frame":20,"time":"2017-01-04T09:23:57.123456Z","role":"syn"},' +
        '{"file":"notify.pcap","frame":21,"time":"2017-01-04T09:23:57.126456Z","role":"receiver_rst"}],"packets":null}',
    );
  });

  test('transactions, deliveries, hosts, capture, and the summary last', () => {
    const lines = report('ndjson', ALL, {}, findings({ deliveries: [DELIVERY] }))
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual([
      'transaction',
      'transaction',
      'transaction',
      'delivery',
      'host',
      'capture',
      'summary',
    ]);
    expect(JSON.parse(lines[3]!)).toEqual({
      ...DELIVERY,
      firstSent: '2017-01-04T09:23:57.134456Z',
      deliveredAt: '2017-01-04T09:23:57.254456Z',
    });
    expect(lines[4]).toContain(
      '"retransmissionRate":0.333333,"wait":{"p50":120.4,"p95":1834.124,"p99":1999,"max":2000}',
    );
    expect(lines[5]).toContain(
      '"firstTime":"2017-01-04T09:23:57.123456Z","lastTime":"2017-01-04T09:24:07.134456Z"',
    );
  });

  test('a line is out as soon as its record is in', () => {
    const output = collector();
    const reporter = createReporter('ndjson', output, context());
    reporter.transaction(DELIVERED);
    expect(output.text).toMatch(/^\{.*\}\n$/);
  });

  test('--only leaves transactions out and nothing else', () => {
    const lines = report('ndjson', ALL, { only: ['unsent', 'delivered'] })
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).id ?? JSON.parse(line).type)).toEqual([
      '1.1',
      '3.1',
      'host',
      'capture',
      'summary',
    ]);
    expect(JSON.parse(lines.at(-1)!)).toEqual(findings().summary);
  });

  test('nanosecond captures give nine digits and finer durations', () => {
    const record = JSON.parse(
      report('ndjson', [transaction({ timings: { wait: 1.0000014 } })], { clock: CLOCK_NS }).split('\n')[0]!,
    );
    expect(record.times.requestFirstByte).toBe('2017-01-04T09:23:57.134456789Z');
    expect(record.timings.wait).toBe(1.000001);
  });
});

describe('json', () => {
  test('one document of the same records, in the contract’s order', () => {
    const end = findings({ deliveries: [DELIVERY] });
    const document = JSON.parse(report('json', ALL, {}, end));
    expect(Object.keys(document)).toEqual([
      'schema',
      'capture',
      'summary',
      'hosts',
      'deliveries',
      'transactions',
    ]);
    const { schema, capture, summary, hosts, deliveries, transactions } = document;
    expect(schema).toBe('wirewitness/1');
    const lines = report('ndjson', ALL, {}, end).trimEnd().split('\n');
    expect([...transactions, ...deliveries, ...hosts, capture, summary]).toEqual(
      lines.map((line) => JSON.parse(line)),
    );
  });

  test('each attempt is told how many there were', () => {
    const key = '","attempt":9,"of":null}\n{"type":"transaction","id":"3.1"';
    const place = { key, attempt: null, of: null };
    const records = [UNANSWERED, DELIVERED].map((record) => ({ ...record, delivery: place }));
    const end = findings({ deliveries: [{ ...DELIVERY, key, attempts: ['2.1', '1.1'], attemptCount: 3 }] });
    const { transactions } = JSON.parse(
      report('json', [...records, { ...REFUSED, delivery: place }], {}, end),
    );
    expect(transactions.map((record: TransactionRecord) => record.delivery)).toEqual([
      { key, attempt: 1, of: 3 },
      { key, attempt: 2, of: 3 },
      place,
    ]);
    const lines = report('ndjson', records, {}, end).split('\n');
    expect(JSON.parse(lines[0]!).delivery).toEqual(place);
  });

  test('--only, and nothing at all', () => {
    expect(JSON.parse(report('json', ALL, { only: ['unsent'] })).transactions).toHaveLength(1);
    expect(report('json', ALL, { only: ['missing'] })).toMatch(
      /"deliveries":\[\],\n"transactions":\[\]\}\n$/,
    );
  });
});
