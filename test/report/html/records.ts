/** Records as the page reads them, and packets, for the tests of its parts. */
import type { PacketRecord, Row, TransactionRecord } from '../../../src/report/html/client/records.ts';
import { transactionJson } from '../../../src/report/json-transactions.ts';
import { en } from '../../../src/report/summary/en.ts';
import { CLOCK, transaction } from '../records.ts';

/** Milliseconds after the capture's first packet. */
export function at(milliseconds: number): string {
  const micros = 123_456 + Math.round(milliseconds * 1000);
  const seconds = 57 + Math.floor(micros / 1e6);
  const minutes = 23 + Math.floor(seconds / 60);
  const two = (n: number) => String(n).padStart(2, '0');
  return `2017-01-04T09:${two(minutes)}:${two(seconds % 60)}.${String(micros % 1e6).padStart(6, '0')}Z`;
}

let frames = 0;

export function packet(change: Partial<PacketRecord> & { readonly ms: number }): PacketRecord {
  const { ms, ...rest } = change;
  frames++;
  return {
    file: 'notify.pcap',
    frame: frames,
    time: at(ms),
    from: 'sender',
    flags: ['ACK'],
    seq: 1,
    ack: 1,
    length: 0,
    window: 64_000,
    note: null,
    icmp: null,
    roles: [],
    leftOut: 0,
    payload: null,
    ...rest,
  };
}

/** Through the JSON that the page is given. */
export function record(
  change: Parameters<typeof transaction>[0],
  packets: readonly PacketRecord[] | null,
): TransactionRecord {
  const json = JSON.parse(
    transactionJson(transaction({ evidence: [], ...change }), CLOCK, en),
  ) as TransactionRecord;
  return { ...json, packets };
}

export function row(change: Partial<Row> = {}): Row {
  return {
    id: '1.1',
    outcome: 'unanswered',
    verdict: 'no_response_sender_closed',
    failed: true,
    fault: ['receiver'],
    host: 'pay.shop.example:80',
    client: '10.0.8.15:40112',
    start: 0,
    took: 10,
    method: 'POST',
    target: '/notify',
    status: null,
    key: null,
    ...change,
  };
}
