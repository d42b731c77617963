/** No secret in the bytes of packets: within one, across two, behind a hole, compressed; and lengths stay. */
import { expect, test } from 'vitest';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { coveredPackets } from '../../../src/report/redaction/packets.ts';
import type { PacketRecord } from '../../../src/verdict/packet-record.ts';
import { transaction } from '../records.ts';

const NAMES = new SecretNames();

function packet(seq: number, text: string, change: Partial<PacketRecord> = {}): PacketRecord {
  return {
    file: 'notify.pcap',
    frame: seq,
    time: 0,
    from: 'sender',
    flags: ['ACK'],
    seq,
    ack: 1,
    length: text.length,
    window: 1,
    note: null,
    icmp: null,
    roles: [],
    leftOut: 0,
    payload: Buffer.from(text, 'latin1').toString('hex'),
    ...change,
  };
}

/** The texts of the packets, covered. */
function covered(packets: readonly PacketRecord[], headers: Record<string, string> = {}): (string | null)[] {
  const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
  const record = transaction({ packets, request: { headers: fields } });
  return coveredPackets(record, NAMES)!.map(
    ({ payload }) => payload && Buffer.from(payload, 'hex').toString('latin1'),
  );
}

const HEAD = 'POST /n HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abcdef\r\n\r\n';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

test('a header and a field of the body, byte for byte', () => {
  const [text] = covered([packet(1, `${HEAD}order=7&sign=0a1b2c&x=1`)], FORM);
  expect(text).toBe(`${HEAD.replace('abcdef', '******')}order=7&sign=******&x=1`);
});

test('a secret that begins in one packet and ends in the next', () => {
  const texts = covered(
    [packet(1, `${HEAD}order=7&sign=0a1`), packet(1 + HEAD.length + 16, 'b2c&x=1')],
    FORM,
  );
  expect(texts[1]).toBe('***&x=1');
});

test('also when they lie in another order, and twice', () => {
  const first = packet(1, `${HEAD}order=7&sign=0a1`);
  const second = packet(1 + HEAD.length + 16, 'b2c&x=1');
  expect(covered([second, first, second], FORM).map((text) => text!.slice(0, 7))).toEqual([
    '***&x=1',
    'POST /n',
    '***&x=1',
  ]);
});

test('what follows a hole is covered to its next line', () => {
  const texts = covered([packet(1, HEAD), packet(500, '0a1b2c&x=1'), packet(900, 'f00\r\nX-A: b')]);
  expect(texts.slice(1)).toEqual(['**********', '***\r\nX-A: b']);
});

test('a body that is compressed or in chunks is covered whole', () => {
  for (const name of ['Content-Encoding', 'Transfer-Encoding']) {
    const [text] = covered([packet(1, `${HEAD}\x1f\x8b123`)], {
      [name]: name.startsWith('C') ? 'gzip' : 'chunked',
    });
    expect(text!.endsWith('\r\n\r\n*****')).toBe(true);
  }
});

test('a later request of a connection begins where its role says', () => {
  const roles = ['request_first_byte'] as const;
  const [text] = covered([packet(7000, `${HEAD}order=7`, { roles })], FORM);
  expect(text).toContain('POST /n HTTP/1.1');
  expect(text).not.toContain('abcdef');
});

test('packets without payload, and records without packets, stay as they are', () => {
  const bare = packet(1, '', { payload: null, length: 0 });
  expect(coveredPackets(transaction({ packets: [bare] }), NAMES)).toEqual([bare]);
  expect(coveredPackets(transaction({}), NAMES)).toBeNull();
});
