/** Lists of expected deliveries as they come out of databases, spreadsheets and logs; times; and every mistake in them. */
import { describe, expect, test } from 'vitest';
import { parseExpected } from '../../src/cli/expect-list.ts';
import { moment, UTC, zone } from '../../src/cli/moments.ts';
import { UserError } from '../../src/error.ts';

const list = (text: string | Buffer, local = UTC) =>
  parseExpected(Buffer.isBuffer(text) ? text : Buffer.from(text), 'list.csv', local);
const NONE = { host: null, port: null, path: null, time: null };
const NOON = Date.UTC(2017, 0, 4, 12);

function refusal(text: string | Buffer): string {
  try {
    list(text);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'taken';
}

describe('CSV', () => {
  test.each<[string, string | Buffer, string[]]>([
    ['commas', 'key,x\nA,1\nB,2\n', ['A', 'B']],
    ['semicolons, CRLF, no end of the last line', 'x;key\r\n1;A\r\n2;B', ['A', 'B']],
    ['tabs', 'x\tkey\n1,5\tA\n', ['A']],
    ['one column', 'out_trade_no\nA\n', ['A']],
    [
      'a byte order mark, quotes, line ends in them',
      '\ufeff"Key","memo"\n"A ""1""","x\ny"\nB,\n',
      ['A "1"', 'B'],
    ],
    ['UTF-16', Buffer.from('\ufeffkey\tx\r\nA\t1\r\n', 'utf16le'), ['A']],
    ['GB 18030', Buffer.from('b6a9b5a5bac52cb1b8d7a20a412cb2e2cad40a', 'hex'), ['A']],
    ['comments before and empty lines', '# exported\n\nkey,x\n\nA,1\n,\n', ['A']],
    ['what keeps numbers text', 'key,x\n="0017",1\n\'0018,2\n0019\t,3\n', ['0017', '0018', '0019']],
    ['usual names before id', 'id,order_no\n1,A\n', ['A']],
    ['a key before usual names', 'order_no,Key\n1,A\n', ['A']],
    ['short lines', 'x,y,key\n1,2,A\n1,2,B,3,4\n', ['A', 'B']],
  ])('%s', (_, text, keys) => {
    expect(list(text).map(({ key }) => key)).toEqual(keys);
  });

  test('lines are counted in the file', () => {
    expect(list('# a\nkey,memo\n\nA,"x\ny"\nB,\n').map(({ line }) => line)).toEqual([5, 6]);
  });
});

describe('NDJSON', () => {
  test('fields by the same names, long numbers as they are written, other levels ignored', () => {
    const text =
      '{"orderId":20170104000000000123,"data":{"key":"x"},"notify_url":"http://b.example/n"}\n\n{"key":"B","x":null}\r\n';
    expect(list(text)).toEqual([
      { ...NONE, key: '20170104000000000123', host: 'b.example', port: 80, path: '/n', line: 1 },
      { ...NONE, key: 'B', line: 3 },
    ]);
  });
});

describe('places', () => {
  test.each<[string, object]>([
    ['url\nhttp://Pay.Example/n?x=1', { host: 'pay.example', port: 80, path: '/n' }],
    ['url\nhttps://pay.example', { host: 'pay.example', port: 443, path: '/' }],
    ['notify_url\nhttp://[2001:db8::1]:8080/a', { host: '2001:db8::1', port: 8080, path: '/a' }],
    ['url\npay.example/n', { host: 'pay.example', port: null, path: '/n' }],
    ['host\nPay.Example:8080', { host: 'pay.example', port: 8080, path: null }],
    ['host\n203.0.113.44', { host: '203.0.113.44', port: null, path: null }],
    ['host\n2001:db8::1', { host: '2001:db8::1', port: null, path: null }],
    ['host\n[2001:db8::1]:80', { host: '2001:db8::1', port: 80, path: null }],
    ['host;port\npay.example;8080', { host: 'pay.example', port: 8080, path: null }],
    ['host;url\n203.0.113.44;http://pay.example/n', { host: '203.0.113.44', port: 80, path: '/n' }],
  ])('%j', (text, place) => {
    const separator = text.includes(';') ? ';' : ',';
    const [header, line] = text.split('\n');
    expect(list(`key${separator}${header}\nA${separator}${line}\n`)).toMatchObject([place]);
  });
});

describe('times', () => {
  test.each<[string, number | null]>([
    ['2017-01-04T12:00:00Z', NOON],
    ['2017-01-04T12:00:00.123456789Z', NOON + 123.456789],
    ['2017-01-04T20:00:00+08:00', NOON],
    ['2017-01-04 07:30:00 -0430', NOON],
    ['2017-01-04 12:00:00', NOON],
    ['2017/1/4 12:00:00,5', NOON + 500],
    ['2017-01-04 12:00', NOON],
    ['1483531200', NOON],
    ['1483531200.25', NOON + 250],
    ['1483531200123', NOON + 123],
    ['1483531200123456', NOON + 123.456],
    ['2017-02-29 12:00:00', null],
    ['2017-01-04 25:00:00', null],
    ['2017-01-04', null],
    ['noon', null],
    ['2017-01-04 12:00:00 CST', null],
  ])('%s', (text, time) => {
    const found = moment(text, UTC);
    if (time === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(time, 3);
  });

  test('without a zone they are in that of --expect-timezone', () => {
    expect(moment('2017-01-04 20:00:00', zone('--f', '+08:00'))).toBe(NOON);
    expect(moment('2017-01-04 20:00:00', zone('--f', 'Asia/Shanghai'))).toBe(NOON);
    expect(moment('2017-01-04 07:00:00', zone('--f', 'America/New_York'))).toBe(NOON);
    expect(moment('2017-07-04 08:00:00', zone('--f', 'America/New_York'))).toBe(Date.UTC(2017, 6, 4, 12));
    expect(moment('2017-01-04 12:00:00', zone('--f', 'utc'))).toBe(NOON);
    expect(list('key,time\nA,2017-01-04 20:00:00\n', zone('--f', '+0800'))[0]!.time).toBe(NOON);
    expect(() => zone('--f', 'Mars/Olympus')).toThrow('--f Mars/Olympus: expected a time zone');
  });
});

describe('mistakes name the file and the line', () => {
  test.each<[string, string | Buffer, string]>([
    ['no key column', 'name,time\nA,1\n', 'line 1: no column for the key in the header line'],
    ['no key', 'key,host\nA,b\n,c\n', 'line 3: no key'],
    ['a bad time', 'key,time\nA,2017-01-04 12:00:00\nB,yesterday\n', 'line 3: yesterday is no time'],
    ['a bad URL', 'key,url\nA,http://\n', 'line 2: http:// is no URL'],
    ['a bad host', 'key,host\nA,b c\n', 'line 2: b c is no host'],
    ['a bad port', 'key,port\nA,http\n', 'line 2: http is no port'],
    ['bad JSON', '{"key":"A"}\n{"key":\n', 'line 2: no JSON'],
    ['a rounded number', 'key\n2.01701E+17\n', 'line 2: the key 2.01701E+17 was rounded by a spreadsheet'],
    ['a quote without an end', 'key\n"A\n', 'no CSV'],
    ['nothing', '', 'line 1: the file is empty'],
    ['only a header', 'key,time\n', 'line 1: no line that is expected'],
  ])('%s', (_, text, message) => {
    const given = refusal(text);
    expect(given).toMatch(/^--expect list\.csv, line \d+: [^\n]+$/);
    expect(given).toContain(message);
  });
});
