/**
 * A POSIX shell script that repeats the failed requests with curl, byte by byte: `sh repeat.sh`. Secrets that were left out
 * are variables to fill in. Whatever came from packets is quoted so that no shell and no curl takes it for anything
 * but data; what cannot be repeated as it was is told in a comment instead.
 */
import { isIP } from 'node:net';
import type { HeaderField } from '../http/message.ts';
import { LIMITS } from '../limits.ts';
import type { RequestRecord, TransactionRecord } from '../verdict/verdict.ts';
import { VERSION } from '../version.ts';
import type { ReportContext } from './context.ts';
import { escapeText } from './escape.ts';
import { MASK } from './redaction/redact.ts';
import type { Output, Reporter } from './reporter.ts';
import { isFailure } from './text.ts';

/** curl computes these, or they belong to the connection that carried the request. */
const NOT_REPEATED: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'http2-settings',
]);
/** curl sends these unless it is told otherwise. */
const BY_CURL = ['Accept', 'User-Agent', 'Content-Type', 'Expect', 'Host'];

const OPENING = `#!/bin/sh
# Written by wirewitness ${VERSION}: repeats requests that were captured.
# Read it before you run it. The other side may take a repeated notification for a new one.
set -u
`;

export function curlReporter(output: Output, context: ReportContext): Reporter {
  const { only, language, clock } = context;
  const masks = context.secrets !== null;
  const isChosen = (outcome: TransactionRecord['outcome'], verdict: TransactionRecord['verdict']) =>
    only === null ? isFailure(outcome, verdict) : only.includes(outcome);
  let begun = false;
  let secrets = 0;
  const begin = () => {
    if (!begun) output.write(OPENING);
    begun = true;
  };

  return {
    wants: isChosen,
    transaction(record) {
      if (!isChosen(record.outcome, record.verdict)) return;
      begin();
      output.write(`\n# ${escapeText(record.id)} ${record.verdict}: ${language.summarize(record, clock)}\n`);
      const why = obstacle(record.request);
      if (why === null) repeat(record, record.request!);
      else output.write(`# Not repeated: ${why}.\n`);
    },
    end: begin,
  };

  function repeat(record: TransactionRecord, request: RequestRecord): void {
    const filled: string[] = [];
    // A word of the script: what was masked is a variable.
    const word = (text: string, what: string) => {
      const parts = masks ? text.split(MASK) : [text];
      return parts
        .map((part, i) => {
          if (i === 0) return quoted(part);
          secrets++;
          filled.push(`: "\${SECRET_${secrets}:?fill in the secret of ${plain(what)}}"`);
          return `"$SECRET_${secrets}"${quoted(part)}`;
        })
        .join('');
    };
    const options = [`--silent --show-error ${versionOf(record)} --globoff --path-as-is --max-time 60`];
    options.push(`--request ${word(request.method ?? '', 'the method')}`);
    options.push(`--request-target ${word(request.target ?? '', 'the target')}`);
    for (const field of request.headers) {
      if (NOT_REPEATED.has(field.name.toLowerCase())) continue;
      options.push(`--header ${word(fieldText(field), `the header ${field.name}`)}`);
    }
    for (const name of BY_CURL) {
      if (!request.headers.some((field) => field.name.toLowerCase() === name.toLowerCase())) {
        options.push(`--header '${name}:'`);
      }
    }
    const hasBody = request.body !== null;
    if (hasBody) options.push('--data-binary @-');
    options.push(
      `--output /dev/null --write-out '${record.id}: %{http_code}\\n'`,
      quoted(base(record, request)),
    );
    const curl = `curl ${options.join(' \\\n  ')}`;
    const body = hasBody ? `${printing(request.body ?? '')} | ` : '';
    for (const line of filled) output.write(`${line}\n`);
    output.write(`${body}${curl}\n`);

    /** Quoted like any word; the shell has no NUL in words, so it is printed. */
    function printing(text: string): string {
      const parts = masks ? text.split(MASK) : [text];
      return `{ ${parts
        .map((part, i) => {
          const printed = `printf '${printable(part)}'`;
          if (i === 0) return printed;
          secrets++;
          filled.push(`: "\${SECRET_${secrets}:?fill in a secret of the body}"`);
          const secret = `printf %s "$SECRET_${secrets}"`;
          return part === '' ? secret : `${secret}; ${printed}`;
        })
        .join('; ')}; }`;
    }
  }
}

/** HTTP/2 as it was agreed on: in TLS, by an upgrade (a request in HTTP/1.1), or from the start. */
function versionOf({ request, connection: { stream, tls } }: TransactionRecord): string {
  if (stream === null) return '--http1.1';
  return tls !== null || request?.version !== 'HTTP/2' ? '--http2' : '--http2-prior-knowledge';
}

/** Why a request cannot be repeated as it was; null where it can. */
function obstacle(request: RequestRecord | null): string | null {
  if (request === null || request.method === null || request.target === null) return 'no request was sent';
  if (!request.complete) return 'the request was not captured whole';
  if (request.method === 'CONNECT') return 'it opens a tunnel';
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(request.method)) return 'its method is no token';
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(request.target))
    return 'its target holds white space or control characters';
  const odd = request.headers.find(
    ({ name, value }) => !/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || /[\0\r\n]/.test(value),
  );
  if (odd !== undefined) return `the header ${escapeText(odd.name)} is no valid one`;
  return request.bodyBytes === 0 ? null : bodyObstacle(request, request.body);
}

/** The record has the body as text. */
function bodyObstacle(
  { bodyBytes, bodyCaptured, headers }: RequestRecord,
  body: string | null,
): string | null {
  const type = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? '';
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8';
  if (headers.some(({ name }) => name.toLowerCase() === 'content-encoding')) return 'its body was compressed';
  if (body === null || body.includes('\ufffd') || !/^utf-?8$/.test(charset))
    return 'its body is no text in UTF-8';
  if (bodyCaptured < bodyBytes) return 'its body was captured in part';
  return bodyBytes > LIMITS.bodyBytes ? `its body has ${bodyBytes} bytes, more than records keep` : null;
}

/** An empty value is told by a semicolon; a colon alone would leave the header out. */
function fieldText({ name, value }: HeaderField): string {
  return value === '' ? `${name};` : `${name}: ${value}`;
}

/** Scheme and authority; the target is sent as it was. */
function base({ connection }: TransactionRecord, { url }: RequestRecord): string {
  const { ip, port } = connection.receiver;
  const [, scheme = 'http', host = ''] = /^(https?):\/\/(?:[^@/?#]*@)?([^/?#]*)/i.exec(url ?? '') ?? [];
  const named = /^(?:[a-z\d]([\w.-]*)|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host);
  const receiver = isIP(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
  return `${scheme.toLowerCase()}://${named ? host : receiver}/`;
}

/** A word for the shell. Bytes of header fields are characters up to U+00FF: they are printed as what they were. */
function quoted(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  return `"$(printf '${printable(text, 'latin1')}')"`;
}

/** A format of printf(1) within single quotes: every byte that is no plain character is an octal escape. */
function printable(text: string, encoding: 'latin1' | 'utf8' = 'utf8'): string {
  const characters: string[] = [];
  for (const byte of Buffer.from(text, encoding)) {
    const plainly = byte >= 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x27 && byte !== 0x5c;
    characters.push(plainly ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`);
  }
  return characters.join('');
}

/** Within double quotes and an expansion: letters, digits and little else. */
function plain(text: string): string {
  return text.replace(/[^\w .-]/g, '_').slice(0, 80);
}
