/** The packets that a connection keeps: which, how many, what is told of them, and that nothing is kept unasked. */
import { describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import { LIMITS } from '../../src/limits.ts';
import { LogBudget } from '../../src/tcp/packet-log.ts';
import type { PacketRecord } from '../../src/verdict/packet-record.ts';
import type { TransactionRecord } from '../../src/verdict/verdict.ts';
import { complaint, OK, POST, post, ROUTER, talk } from '../fixtures/scenario.ts';
import { type Conversation, conversation } from '../support/conversation.ts';
import { pcapBytes } from '../support/packets-source.ts';

async function recordsOf({ frames }: Conversation, packets = true): Promise<TransactionRecord[]> {
  const records: TransactionRecord[] = [];
  await analyze(bufferSource(pcapBytes(frames)), DEFAULT_OPTIONS, {
    packets,
    transaction: (record) => records.push(record),
    end() {},
  });
  return records.sort((a, b) => a.connection.index - b.connection.index);
}

async function packetsOf(c: Conversation): Promise<readonly PacketRecord[]> {
  return (await recordsOf(c))[0]!.packets!;
}

const brief = ({ from, flags, seq, ack, length }: PacketRecord) =>
  `${from} ${flags.join(',')} ${seq}/${ack}${length > 0 ? ` ${length}` : ''}`;

test('nothing is kept unless it is asked for', async () => {
  const [record] = await recordsOf(
    talk().clientSends(POST).serverSends(OK).ack('client').close('client'),
    false,
  );
  expect(record!.packets).toBeNull();
});

test('numbers are those that Wireshark shows, roles those of the evidence', async () => {
  const packets = await packetsOf(
    talk().clientSends(POST).ack('server').wait(5).serverSends(OK).ack('client').close('client'),
  );
  expect(packets.slice(0, 7).map(brief)).toEqual([
    'sender SYN 0/null',
    'receiver SYN,ACK 0/1',
    'sender ACK 1/1',
    `sender PSH,ACK 1/1 ${POST.length}`,
    `receiver ACK 1/${POST.length + 1}`,
    `receiver PSH,ACK 1/${POST.length + 1} ${OK.length}`,
    `sender ACK ${POST.length + 1}/${OK.length + 1}`,
  ]);
  expect(packets.map(({ frame }) => frame)).toEqual(packets.map((_, i) => i + 1));
  expect(packets[3]!.roles).toContain('request_last_byte');
  expect(Buffer.from(packets[3]!.payload!, 'hex').toString()).toBe(POST);
  expect(packets[2]!.payload).toBeNull();
});

describe('notes', () => {
  test('what was sent before, also when it is judged by that very packet', async () => {
    const c = talk().lose().clientSends(POST);
    c.wait(200).lose().retransmit('client').wait(400).lose().retransmit('client');
    const packets = await packetsOf(c.wait(3000).rst('client'));
    expect(packets.map(({ note }) => note)).toEqual([
      null,
      null,
      null,
      null,
      'retransmission',
      'retransmission',
      null,
    ]);
  });

  test('keep-alive probes are no retransmissions', async () => {
    const c = talk().clientSends(POST).ack('server').wait(5000).keepAlive('client').wait(5000);
    const packets = await packetsOf(c.close('server'));
    expect(packets.map(({ note }) => note)).toContain('keep_alive');
    expect(packets.map(({ note }) => note)).not.toContain('retransmission');
  });

  test('a closed window', async () => {
    const c = talk().clientSends(POST.slice(0, 40)).ack('server', { window: 0 }).wait(40_000).close('client');
    expect((await packetsOf(c)).map(({ note }) => note)).toContain('zero_window');
  });

  test('an ICMP error, with the device that reports it', async () => {
    const c = complaint(conversation().lose().syn(), ROUTER, 3, 13);
    const packets = await packetsOf(c.wait(40_000).syn());
    const error = packets.find(({ from }) => from === 'network');
    expect(error).toMatchObject({
      flags: [],
      seq: null,
      icmp: { version: 4, type: 3, code: 13, reporter: ROUTER, mtu: null },
      roles: ['icmp_error'],
    });
  });
});

test('of a long connection the first and the last packets are kept, and the rest is counted', async () => {
  const body = 'x'.repeat(1460 * 200);
  const request = `POST /n HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const packets = await packetsOf(
    talk().clientSends(request).ack('server').wait(9).serverSends(OK).ack('client').close('client'),
  );
  expect(packets).toHaveLength(LIMITS.loggedFirst + LIMITS.loggedLast);
  const gaps = packets.filter(({ leftOut }) => leftOut > 0);
  expect(gaps).toHaveLength(1);
  const next = packets.indexOf(gaps[0]!);
  expect(next).toBe(LIMITS.loggedFirst);
  expect(gaps[0]!.leftOut).toBe(packets[next]!.frame - packets[next - 1]!.frame - 1);
  expect(Math.max(...packets.map(({ payload }) => (payload ?? '').length / 2))).toBe(LIMITS.loggedPayload);
});

test('each request of a connection has its own packets', async () => {
  const c = talk();
  for (const order of ['1', '2', '3'])
    c.clientSends(post(order)).ack('server').wait(5).serverSends(OK).ack('client').wait(50);
  const records = await recordsOf(c.close('client'));
  const orders = records.map(({ packets }) =>
    packets!.flatMap(({ payload, from }) =>
      from === 'sender' && payload !== null
        ? [/out_trade_no=(\d)/.exec(Buffer.from(payload, 'hex').toString())?.[1]]
        : [],
    ),
  );
  expect(orders).toEqual([['1'], ['2'], ['3']]);
  expect(records[0]!.packets![0]!.flags).toEqual(['SYN']);
  expect(records[1]!.packets![0]!.roles).toContain('request_first_byte');
});

test('what all connections hold is bounded, and counted when it is', () => {
  const fired: string[] = [];
  const budget = new LogBudget((name) => fired.push(name));
  expect(budget.take(LIMITS.loggedBytes)).toBe(true);
  expect(budget.take(1)).toBe(false);
  budget.give(10);
  expect(budget.take(10)).toBe(true);
  expect(fired).toEqual(['loggedBytes']);
});
