/**
 * HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), one entry a transaction, oldest first. What has no
 * response has status 0 and tells why in `_error`; the verdict stands in `comment` and in `_wirewitness`. Entries of
 * attempts without a request are there too, with the method UNKNOWN. They wait in a spool, as they come when they are judged.
 */
import type { HeaderField } from '../http/message.ts';
import type { RequestRecord, ResponseRecord, TransactionRecord } from '../verdict/verdict.ts';
import { VERSION } from '../version.ts';
import type { ReportContext } from './context.ts';
import { escapeJson } from './escape.ts';
import type { Output, Reporter } from './reporter.ts';
import { Spool } from './spool.ts';
import { type Clock, milliseconds, rfc3339 } from './time.ts';

export function harReporter(output: Output, context: ReportContext): Reporter {
  const { only } = context;
  const spool = new Spool();
  const began: number[] = [];
  return {
    wants: (outcome) => only === null || only.includes(outcome),
    transaction(record) {
      if (only !== null && !only.includes(record.outcome)) return;
      began.push(beginning(record));
      spool.push(escapeJson(JSON.stringify(entry(record, context))));
    },
    end() {
      const creator = JSON.stringify({ name: 'wirewitness', version: VERSION });
      output.write(`{"log":{"version":"1.2","creator":${creator},"entries":[`);
      const order = began.map((_, i) => i).sort((a, b) => began[a]! - began[b]! || a - b);
      let first = true;
      spool.drainSorted(order, (text) => {
        output.write(`${first ? '' : ','}\n${text}`);
        first = false;
      });
      output.write(']}}\n');
    },
  };
}

/** Packet time of the attempt's first sign. */
function beginning({ times, evidence }: TransactionRecord): number {
  return times.syn ?? times.requestFirstByte ?? times.responseFirstByte ?? evidence[0]?.time ?? 0;
}

function entry(record: TransactionRecord, { clock, language }: ReportContext): object {
  const { request, response, connection } = record;
  const timings = timingsOf(record, clock);
  const summary = language.summarize(record, clock);
  const answered = response !== null && response.status !== null;
  return {
    startedDateTime: rfc3339(beginning(record), clock) ?? '1970-01-01T00:00:00.000Z',
    time: sum(Object.values(timings), clock),
    request: requestOf(record, request),
    response: responseOf(answered ? response : null),
    cache: {},
    timings,
    serverIPAddress: connection.receiver.ip,
    connection: String(connection.sender.port),
    comment: `${record.verdict}: ${summary}`,
    ...(answered ? {} : { _error: summary }),
    _wirewitness: {
      id: record.id,
      outcome: record.outcome,
      verdict: record.verdict,
      fault: record.fault,
      confidence: record.confidence,
      evidence: record.evidence.map(({ file, frame, role }) => ({ file, frame, role })),
    },
  };
}

/** Milliseconds; -1 where a phase did not take place. `connect` takes in `ssl`. */
interface HarTimings {
  readonly blocked: number;
  readonly dns: number;
  readonly connect: number;
  readonly send: number;
  readonly wait: number;
  readonly receive: number;
  readonly ssl: number;
}

function timingsOf({ timings, connection }: TransactionRecord, clock: Clock): HarTimings {
  const ms = (value: number | null) => milliseconds(value, clock);
  const { connect, tls } = timings;
  return {
    blocked: -1,
    dns: -1,
    connect: connection.reused || connect === null ? -1 : (ms(connect + (tls ?? 0)) ?? -1),
    send: ms(timings.send) ?? 0,
    wait: ms(timings.wait) ?? ms(timings.gaveUpAfter) ?? 0,
    receive: ms(timings.receive) ?? 0,
    ssl: connection.reused || tls === null ? -1 : (ms(tls) ?? -1),
  };
}

/** `ssl` is a part of `connect`, and stands last. */
function sum(phases: readonly number[], clock: Clock): number {
  const total = phases.slice(0, -1).reduce((all, phase) => all + Math.max(0, phase), 0);
  return milliseconds(total, clock) ?? 0;
}

function requestOf({ connection }: TransactionRecord, request: RequestRecord | null): object {
  const { ip, port } = connection.receiver;
  const url = uri(request?.url ?? null, ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
  const headers = request?.headers ?? [];
  const body = request?.body ?? null;
  return {
    method: request?.method || 'UNKNOWN',
    url,
    httpVersion: request?.version || 'unknown',
    cookies: cookies(headers, 'cookie'),
    headers: headers.map(({ name, value }) => ({ name, value })),
    queryString: queryOf(url),
    ...(body === null ? {} : { postData: { mimeType: fieldOf(headers, 'content-type'), text: body } }),
    headersSize: request?.headerBytes ?? -1,
    bodySize: request?.bodyBytes ?? -1,
  };
}

function responseOf(response: ResponseRecord | null): object {
  const headers = response?.headers ?? [];
  const body = response?.body ?? null;
  return {
    status: response?.status ?? 0,
    statusText: response?.reason ?? '',
    httpVersion: response?.version || 'unknown',
    cookies: cookies(headers, 'set-cookie'),
    headers: headers.map(({ name, value }) => ({ name, value })),
    content: {
      size: response?.bodyBytes ?? 0,
      mimeType: fieldOf(headers, 'content-type') || 'x-unknown',
      ...(body === null ? {} : { text: body }),
    },
    redirectURL: fieldOf(headers, 'location'),
    headersSize: response?.headerBytes ?? -1,
    bodySize: response?.bodyBytes ?? -1,
  };
}

function fieldOf(headers: readonly HeaderField[], name: string): string {
  return headers.find((field) => field.name.toLowerCase() === name)?.value ?? '';
}

/** RFC 6265 §4: `name=value` pairs of the one field, the first pair of the other. */
function cookies(headers: readonly HeaderField[], field: 'cookie' | 'set-cookie'): object[] {
  return headers
    .filter(({ name }) => name.toLowerCase() === field)
    .flatMap(({ value }) => (field === 'cookie' ? value.split(';') : [value.split(';')[0] ?? '']))
    .flatMap((pair) => {
      const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*)$/s.exec(pair) ?? [];
      return name === undefined ? [] : [{ name, value: value ?? '' }];
    });
}

/** Headers are bytes, so each character is one to be escaped (RFC 3986 §2.1). What is no URL is one of the receiver. */
function uri(url: string | null, receiver: string): string {
  const [, scheme = 'http', host = '', rest = url ?? ''] =
    /^(https?):\/\/([^/?#]*)(.*)$/is.exec(url ?? '') ?? [];
  const authority = /^(?:[\w.~!$&'()*+,;=:@%-]+|\[[\da-f:.]+\](?::\d+)?)$/i.test(host) ? host : receiver;
  // An authority of its own (CONNECT), or `*`: no path.
  const path = /^[/?#]/.test(rest) ? rest : '/';
  return `${scheme.toLowerCase()}://${authority.startsWith('[') ? authority : escaped(authority)}${escaped(path)}`;
}

function escaped(text: string): string {
  return text
    .replace(/%(?![\da-f]{2})/gi, '%25')
    .replace(/#(?=[^#]*#)/g, '%23')
    .replace(/[^\w.~!$&'()*+,;=:@/?#%-]/gu, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
        .join(''),
    );
}

function queryOf(url: string): object[] {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  return query === '' ? [] : [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}
