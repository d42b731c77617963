/** CSV as RFC 4180 has it, read back by a reader that knows nothing else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeText } from '../../src/report/escape.ts';
import { DELIVERED, REFUSED, transaction, UNANSWERED } from './records.ts';
import { report } from './run-format.ts';

/** RFC 4180 §2, to the letter. */
function parsed(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quoted = /"((?:[^"]|"")*)"/y;
    const bare = /[^",\r\n]*/y;
    const pattern = text[at] === '"' ? quoted : bare;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new Error(`at ${at}`);
    row.push((match[1] ?? match[0]).replaceAll('""', '"'));
    at += match[0].length;
    if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else if (text[at] === ',') at++;
    else throw new Error(`at ${at}: ${JSON.stringify(text[at])}`);
  }
  return rows;
}

function records(text: string): Record<string, string>[] {
  const [head = [], ...rows] = parsed(text);
  return rows.map((row) => {
    expect(row).toHaveLength(head.length);
    return Object.fromEntries(head.map((name, i) => [name, row[i] ?? '']));
  });
}

test('one row a transaction, empty where nothing is known', async () => {
  const [delivered, unanswered, refused] = records(
    (await report('csv', [DELIVERED, UNANSWERED, REFUSED])).toString(),
  );
  expect(delivered).toMatchObject({
    id: '1.1',
    outcome: 'delivered',
    fault: '',
    host: 'pay.shop.example',
    port: '80',
    method: 'POST',
    url: 'http://pay.shop.example/notify',
    status: '200',
    senderPort: '40112',
    requestFirstByte: '2017-01-04T09:23:57.134456Z',
    connectMs: '10.1',
    waitMs: '120',
    gaveUpAfterMs: '',
    requestBytes: '612',
    frames: '4 6',
    files: 'notify.pcap',
  });
  expect(unanswered).toMatchObject({ status: '', gaveUpAfterMs: '10000', closedBy: 'sender_fin' });
  expect(unanswered?.['summary']).toMatch(/^POST .* of the request\.$/);
  expect(refused).toMatchObject({ method: '', url: '', host: '2001:db8::1', port: '443', requestBytes: '' });
});

test('the head stands there without any row, once', async () => {
  expect(parsed((await report('csv', [])).toString())).toHaveLength(1);
});

test('whatever stands in a cell stays in it', async () => {
  const text = fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ';', 'a', ' ', '支', '=', '\t') });
  await fc.assert(
    fc.asyncProperty(text, async (method) => {
      const record = transaction({ request: { method } });
      const [row] = records((await report('csv', [record])).toString());
      expect([row?.['method'], `'${row?.['method']}`]).toContain(
        row?.['method']?.startsWith("'") ? `'${escapeText(method)}` : escapeText(method),
      );
    }),
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '"=1', "'=1", "=cmd|'/c calc'!A0"])(
  'no spreadsheet takes %j for a formula',
  async (method) => {
    const [row] = records((await report('csv', [transaction({ request: { method } })])).toString());
    expect(row?.['method']).toMatch(/^(?:'|\\t)/);
  },
);
