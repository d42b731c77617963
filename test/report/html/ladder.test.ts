/** The ladder as data: which rows it has, what is missing and where, what is shown to have arrived. */
import { describe, expect, test } from 'vitest';
import { type LadderRow, ladderOf } from '../../../src/report/html/client/ladder.ts';
import type { PacketRecord } from '../../../src/report/html/client/records.ts';
import { at, packet, record } from './records.ts';

/** A few words a row: what it is, and what is not shown to have arrived. */
function shape(rows: readonly LadderRow[]): string[] {
  return rows.map(wordsOf);
}

function wordsOf(row: LadderRow): string {
  switch (row.kind) {
    case 'packet':
      return `${row.what}${row.arrived === false ? '?' : ''}`;
    case 'pause':
      return `pause ${row.milliseconds}`;
    case 'missing':
      return `missing ${row.what} ${row.milliseconds}`;
    case 'left_out':
      return `left out ${row.count}`;
  }
}

function handshake(): PacketRecord[] {
  return [
    packet({ ms: 0, flags: ['SYN'], seq: 0, ack: null }),
    packet({ ms: 10, from: 'receiver', flags: ['SYN', 'ACK'], seq: 0, ack: 1 }),
    packet({ ms: 10.1 }),
  ];
}

const posted = (ms: number, roles: readonly string[] = ['request_first_byte', 'request_last_byte']) =>
  packet({ ms, flags: ['PSH', 'ACK'], length: 600, roles, payload: '504f5354' });

const acked = (ms: number) => packet({ ms, from: 'receiver', ack: 601, roles: ['request_acked'] });

describe('what is missing', () => {
  test('the answer, between its acknowledgement and the close', () => {
    const rows = ladderOf(
      record({ verdict: 'no_response_sender_closed', outcome: 'unanswered' }, [
        ...handshake(),
        posted(11),
        acked(23),
        packet({ ms: 10_023, flags: ['FIN', 'ACK'], seq: 601, roles: ['sender_fin'] }),
        packet({ ms: 10_035, from: 'receiver', ack: 602 }),
      ]),
    );
    expect(shape(rows)).toEqual([
      'syn',
      'syn_ack',
      'ack',
      'data',
      'ack',
      'missing response 10000',
      'fin',
      'ack',
    ]);
  });

  test('the answer, after an acknowledgement that is no evidence', () => {
    const times = { requestAcked: 23e6 };
    const rows = ladderOf(
      record({ verdict: 'response_late', outcome: 'unanswered', times }, [
        posted(0),
        packet({ ms: 23, from: 'receiver', ack: 601 }),
        packet({ ms: 1523, flags: ['FIN', 'ACK'], seq: 601, roles: ['sender_fin'] }),
      ]),
    );
    expect(shape(rows)).toEqual(['data', 'ack', 'missing response 1500', 'fin']);
  });

  test('at the end, where nothing more was seen', () => {
    const rows = ladderOf(
      record({ verdict: 'no_response_timeout', outcome: 'unanswered' }, [posted(0), acked(12)]),
    );
    expect(shape(rows)).toEqual(['data', 'ack', 'missing response null']);
  });

  test('the SYN-ACK after the last SYN, with the silences between', () => {
    const syn = (ms: number, roles: string[]) => packet({ ms, flags: ['SYN'], seq: 0, ack: null, roles });
    const rows = ladderOf(
      record({ verdict: 'connect_no_reply', outcome: 'unsent' }, [
        syn(0, ['syn']),
        syn(1000, []),
        syn(3000, ['syn']),
      ]),
    );
    expect(shape(rows)).toEqual(['syn?', 'pause 1000', 'syn?', 'pause 2000', 'syn?', 'missing syn_ack null']);
  });

  test('the acknowledgement of what was sent again and again', () => {
    const rows = ladderOf(
      record({ verdict: 'request_not_acked', outcome: 'unanswered' }, [
        posted(0),
        posted(250, ['request_retransmitted']),
        packet({ ms: 900, flags: ['RST'], seq: 601, ack: null, roles: ['sender_rst'] }),
      ]),
    );
    expect(shape(rows)).toEqual(['data?', 'pause 250', 'data?', 'missing ack 650', 'rst']);
  });

  test('the ServerHello, after the ClientHello', () => {
    const rows = ladderOf(
      record({ verdict: 'tls_no_server_hello', outcome: 'unsent' }, [
        posted(0, ['client_hello']),
        acked(20),
        packet({ ms: 1520, flags: ['FIN', 'ACK'], seq: 601, roles: ['sender_fin'] }),
      ]),
    );
    expect(shape(rows)).toEqual(['data', 'ack', 'missing server_hello 1500', 'fin']);
  });

  test('nothing, where an answer came', () => {
    const rows = ladderOf(
      record({}, [
        posted(0),
        packet({
          ms: 120,
          from: 'receiver',
          flags: ['PSH', 'ACK'],
          ack: 601,
          length: 40,
          roles: ['response_first_byte'],
        }),
        packet({ ms: 120.1, seq: 601, ack: 41 }),
      ]),
    );
    expect(shape(rows)).toEqual(['data', 'data', 'ack']);
    expect(rows.map((one) => one.kind === 'packet' && one.opens)).toEqual([
      'POST /notify',
      'HTTP/1.1 200 OK',
      null,
    ]);
  });
});

test('what was left out is told where it was', () => {
  const rows = ladderOf(
    record({}, [posted(0), packet({ ms: 5, from: 'receiver', ack: 90_001, leftOut: 63 })]),
  );
  expect(shape(rows)).toEqual(['data', 'left out 63', 'ack']);
});

test('evidence whose packet was not kept has its place', () => {
  const kept = [posted(0), acked(30)];
  const known = kept[1]!;
  const rows = ladderOf({
    ...record({ verdict: 'no_response_timeout' }, kept),
    evidence: [
      { file: known.file, frame: known.frame, time: known.time, role: 'request_acked' },
      { file: 'other.pcap', frame: 7, time: at(20), role: 'receiver_rst' },
    ],
  });
  expect(shape(rows)).toEqual(['data', 'rst', 'ack', 'missing response null']);
  expect(rows[1]).toMatchObject({ packet: { frame: 7, from: 'receiver', seq: null } });
});

test('without packets the evidence alone makes the ladder', () => {
  const evidence = [
    { file: 'a', frame: 1, time: at(0), role: 'request_last_byte' },
    { file: 'a', frame: 2, time: at(12), role: 'request_acked' },
    { file: 'a', frame: 9, time: at(512), role: 'receiver_fin' },
  ];
  const rows = ladderOf({ ...record({ verdict: 'no_response_receiver_closed' }, null), evidence });
  expect(shape(rows)).toEqual(['evidence', 'evidence', 'missing response 500', 'evidence']);
});

test('an ICMP error comes from the network', () => {
  const icmp = { version: 4, type: 3, code: 13, reporter: '192.0.2.1', mtu: null };
  const rows = ladderOf(
    record({ verdict: 'connect_prohibited', outcome: 'unsent' }, [
      packet({ ms: 0, flags: ['SYN'], seq: 0, ack: null, roles: ['syn'] }),
      packet({
        ms: 4,
        from: 'network',
        flags: [],
        seq: null,
        ack: null,
        window: null,
        icmp,
        roles: ['icmp_error'],
      }),
    ]),
  );
  expect(shape(rows)).toEqual(['syn?', 'icmp']);
});

test('times count from the first row, to the microsecond', () => {
  const rows = ladderOf(record({}, [packet({ ms: 1.001 }), packet({ ms: 1.004 })]));
  expect(rows.map((one) => one.kind === 'packet' && one.at)).toEqual([0, expect.closeTo(0.003, 9)]);
});
