/**
 * The list of what should have been sent. In: a file (or standard input) as tables are exported and logs are cut: CSV
 * with a header line and any of the usual separators, or NDJSON; UTF-8, UTF-16 or GB 18030. Out: its lines, checked.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { escapeText } from '../report/escape.ts';
import { scanJson } from '../verdict/keys/json.ts';
import { rankOf } from '../verdict/keys/usual.ts';
import type { ExpectedDelivery } from '../verdict/verdict.ts';
import { moment, type Zone } from './moments.ts';

/** Names of columns and fields, as `plain` writes them. */
const NAMES = {
  key: ['key', 'businesskey', 'id', '订单号', '商户订单号'],
  host: ['host', 'hostname', 'server', 'domain', 'receiver', 'address', 'ip', '主机', '域名'],
  port: ['port', '端口'],
  url: ['url', 'notifyurl', 'callbackurl', 'webhookurl', 'targeturl', 'endpoint', '通知地址', '回调地址'],
  time: [
    'time',
    'timestamp',
    'datetime',
    'date',
    'sentat',
    'senttime',
    'sendtime',
    'notifytime',
    'createdat',
    'gmtcreate',
    '时间',
    '发送时间',
    '通知时间',
    '创建时间',
  ],
} as const;

type Column = keyof typeof NAMES;
const COLUMNS = Object.keys(NAMES) as Column[];

/** One line of the list, by the names it gives its values. */
interface Row {
  readonly line: number;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * @param path `-` for standard input.
 * @throws UserError naming file and line.
 */
export function readExpected(path: string, zone: Zone): ExpectedDelivery[] {
  return parseExpected(bytesOf(path), path === '-' ? 'standard input' : path, zone);
}

export function parseExpected(bytes: Buffer, name: string, zone: Zone): ExpectedDelivery[] {
  const text = textOf(bytes);
  const rows = /^\s*\{/.test(text) ? jsonRows(text, name) : csvRows(text, name);
  if (rows.length === 0) throw mistake(name, 1, 'no line that is expected');
  if (rows.length > LIMITS.expectedLines) {
    throw mistake(name, rows[LIMITS.expectedLines]!.line, `more than ${LIMITS.expectedLines} lines`);
  }
  return rows.map((row) => deliveryOf(row, name, zone));
}

function bytesOf(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('file', `--expect ${escapeText(path)}: cannot be read: ${escapeText(reason)}`, {
      cause: error,
    });
  }
  if (bytes.length <= LIMITS.expectedBytes) return bytes;
  throw new UserError('file', `--expect ${escapeText(path)}: more than ${LIMITS.expectedBytes} bytes`);
}

/** Spreadsheets write "Unicode text" as UTF-16, and CSV in the machine's own charset. */
function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

function csvRows(text: string, name: string): Row[] {
  const header = text.split(/\r\n|\r|\n/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  const records: { line: number; cells: string[] }[] = [];
  try {
    parse(text, {
      delimiter: separatorOf(header),
      comment: '#',
      comment_no_infix: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      on_record(record: string[], { lines }) {
        records.push({ line: lines, cells: record.map(cell) });
        return null;
      },
    });
  } catch (error) {
    const lines = (error as { lines?: number }).lines ?? 1;
    throw mistake(name, lines, `no CSV: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [first, ...rest] = records;
  if (first === undefined) throw mistake(name, 1, 'the file is empty');
  if (!first.cells.some((column) => columnOf(column) === 'key')) {
    throw mistake(
      name,
      first.line,
      'no column for the key in the header line: expected key, id, or a name like out_trade_no',
    );
  }
  return rest
    .filter(({ cells }) => cells.some((value) => value !== ''))
    .map(({ line, cells }) => ({
      line,
      values: new Map(first.cells.map((column, i) => [column, cells[i] ?? ''])),
    }));
}

/** The one that stands most often in the header line. */
function separatorOf(header: string): string {
  const count = (separator: string) => header.split(separator).length;
  return ['\t', ';', '|', ','].reduce((best, one) => (count(one) > count(best) ? one : best), ',');
}

/** Without what spreadsheets and banks put around numbers so that they stay text. */
function cell(text: string): string {
  const trimmed = text.trim();
  return /^="(.*)"$/.exec(trimmed)?.[1] ?? trimmed.replace(/^'(?=\d)/, '');
}

function jsonRows(text: string, name: string): Row[] {
  const rows: Row[] = [];
  for (const [i, line] of text.split(/\r\n|\n/).entries()) {
    if (line.trim() === '') continue;
    try {
      JSON.parse(line);
    } catch (error) {
      throw mistake(name, i + 1, `no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    const values = new Map<string, string>();
    // A long number keeps its digits.
    scanJson(`${line.trim()} `, (pointer, value) => {
      const [, field = '', ...deeper] = pointer.split('/');
      if (deeper.length === 0) values.set(field, value.trim());
      return false;
    });
    rows.push({ line: i + 1, values });
  }
  return rows;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}

function columnOf(name: string): Column | null {
  const found = COLUMNS.find((column) => (NAMES[column] as readonly string[]).includes(plain(name)));
  return found ?? (rankOf(name) < Number.POSITIVE_INFINITY ? 'key' : null);
}

/** The value of a column, by the earliest of its names; of names for the key, `key` before the usual ones before `id`. */
function named({ values }: Row, column: Column): string {
  let best = '';
  let bestRank = Number.POSITIVE_INFINITY;
  for (const [name, value] of values) {
    if (value === '' || columnOf(name) !== column) continue;
    const own = (NAMES[column] as readonly string[]).indexOf(plain(name));
    const rank = own < 0 ? 1.5 + rankOf(name) / 1000 : own;
    if (rank < bestRank) {
      best = value;
      bestRank = rank;
    }
  }
  return best;
}

function deliveryOf(row: Row, name: string, zone: Zone): ExpectedDelivery {
  const { line } = row;
  const key = named(row, 'key');
  if (key === '') throw mistake(name, line, 'no key');
  if (/^\d(\.\d+)?E\+\d+$/i.test(key)) {
    throw mistake(name, line, `the key ${key} was rounded by a spreadsheet: export it as text`);
  }
  const given = named(row, 'time');
  const time = given === '' ? null : moment(given, zone);
  if (given !== '' && time === null) {
    throw mistake(
      name,
      line,
      `${given} is no time: expected RFC 3339, YYYY-MM-DD HH:MM:SS, or seconds or milliseconds since 1970`,
    );
  }
  const url = named(row, 'url');
  const place = url === '' ? { host: null, port: null, path: null } : placeOf(url);
  if (place === null) throw mistake(name, line, `${url} is no URL`);
  const host = named(row, 'host');
  const at = host === '' ? { host: place.host, port: place.port } : hostOf(host);
  if (at === null) throw mistake(name, line, `${host} is no host`);
  const portText = named(row, 'port');
  const port = portText === '' ? null : Number(portText);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw mistake(name, line, `${portText} is no port`);
  }
  return { key, host: at.host, port: port ?? at.port ?? place.port, path: place.path, time, line };
}

function placeOf(url: string): { host: string; port: number | null; path: string } | null {
  const schemed = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
  try {
    const { protocol, hostname, port, pathname } = new URL(schemed ? url : `http://${url}`);
    const usual = schemed ? (protocol === 'https:' ? 443 : 80) : null;
    return { host: bare(hostname), port: port === '' ? usual : Number(port), path: pathname };
  } catch {
    return null;
  }
}

/** `pay.example`, `pay.example:8080`, `203.0.113.44`, `2001:db8::1`, `[2001:db8::1]:80`. */
function hostOf(given: string): { host: string; port: number | null } | null {
  const [, host = '', port] = /^(\[[\da-f:.]+\]|[^\s:/[\]]+)(?::(\d{1,5}))?$/i.exec(given) ?? [];
  if (host !== '') return { host: bare(host.toLowerCase()), port: port === undefined ? null : Number(port) };
  return /^[\da-f:.]+$/i.test(given) ? { host: given.toLowerCase(), port: null } : null;
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function mistake(name: string, line: number, text: string): UserError {
  return new UserError('file', `--expect ${escapeText(name)}, line ${line}: ${escapeText(text)}`);
}
