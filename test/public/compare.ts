/**
 * In: what tshark found in a capture (its oracle file) and what was paired here. Out: both as lists of short texts, so
 * that they are compared as multisets: requests, responses (interim ones too), and which response answers which request.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeaderField } from '../../src/http/message.ts';
import { KeyLog } from '../../src/tls/keylog.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';

interface OracleMessage {
  readonly stream: number;
  /** The frame that completes it, and the first with a piece of it. */
  readonly frame: number;
  readonly first_frame: number;
}

interface OracleRequest extends OracleMessage {
  readonly method: string;
  readonly uri: string;
  readonly host: string | null;
  /** Frame of the final response that answers it, in order. */
  readonly fifo_response: number | null;
}

interface OracleResponse extends OracleMessage {
  readonly code: number;
  readonly fifo_request?: number | null;
}

interface Oracle {
  readonly requests: readonly OracleRequest[];
  readonly responses: readonly OracleResponse[];
}

export interface Messages {
  /** `frame method target host`; ` (cut)` where the head was not seen whole. */
  readonly requests: readonly string[];
  /** `frame status`. */
  readonly responses: readonly string[];
  /** `frame of the request -> frame of the response`. */
  readonly pairs: readonly string[];
}

/** All captures below `directory`, as `project/file`: those that tshark was asked about. */
export function capturesIn(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.oracle.json'))
    .map((name) => name.slice(0, -'.oracle.json'.length))
    .sort();
}

/** The key log that lies beside a capture, as tshark was given it. */
export function keysOf(path: string): KeyLog | null {
  if (!existsSync(`${path}.keys`)) return null;
  const log = new KeyLog();
  log.add(readFileSync(`${path}.keys`, 'utf8'));
  log.end();
  return log;
}

/** Captures below `directory` with an oracle that has HTTP, also inside TLS where there are keys, as `project/file`, and what it says. */
export function oraclesIn(directory: string): Map<string, Messages> {
  const found = new Map<string, Messages>();
  for (const project of readdirSync(directory, { withFileTypes: true })) {
    if (!project.isDirectory()) continue;
    for (const name of readdirSync(join(directory, project.name))) {
      if (!name.endsWith('.oracle.json')) continue;
      const oracle = JSON.parse(readFileSync(join(directory, project.name, name), 'utf8')) as Oracle;
      const messages = messagesOf(oracle);
      if (messages.requests.length + messages.responses.length === 0) continue;
      found.set(`${project.name}/${name.slice(0, -'.oracle.json'.length)}`, messages);
    }
  }
  return found;
}

function messagesOf(oracle: Oracle): Messages {
  const { requests, responses } = oracle;
  // A frame may complete several responses, and its number does not tell them apart: their order does.
  const answers = new Map<string, OracleResponse[]>();
  for (const response of responses) {
    if (response.fifo_request == null) continue;
    const key = `${response.stream} ${response.frame}`;
    answers.set(key, [...(answers.get(key) ?? []), response]);
  }
  const pairs: string[] = [];
  for (const { stream, first_frame, fifo_response } of requests) {
    if (fifo_response === null) continue;
    pairs.push(`${first_frame} -> ${answers.get(`${stream} ${fifo_response}`)?.shift()?.first_frame}`);
  }
  return {
    requests: requests.map((q) => `${q.first_frame} ${q.method} ${q.uri} ${q.host ?? ''}`),
    responses: responses.map((r) => `${r.first_frame} ${r.code}`),
    pairs,
  };
}

export function messagesHere(transactions: readonly Transaction[]): Messages {
  const requests: string[] = [];
  const responses: string[] = [];
  const pairs: string[] = [];
  for (const { request, response, interim } of transactions) {
    if (request?.head) {
      const { method, target, headers, complete } = request.head;
      const text = `${request.firstByte.frame} ${method} ${target} ${hostOf(headers)}`;
      requests.push(complete ? text : `${text} (cut)`);
    }
    for (const { status, at } of interim) responses.push(`${at.frame} ${status}`);
    if (!response?.head) continue;
    responses.push(`${response.firstByte.frame} ${response.head.status}`);
    if (request) pairs.push(`${request.firstByte.frame} -> ${response.firstByte.frame}`);
  }
  return { requests, responses, pairs };
}

function hostOf(headers: readonly HeaderField[]): string {
  return headers.find(({ name }) => name.toLowerCase() === 'host')?.value ?? '';
}

/** What only one of two multisets has: `+` ours, `-` tshark's. Sorted. */
export function differences(ours: Messages, theirs: Messages): string[] {
  return [
    ...difference('request', ours.requests, theirs.requests),
    ...difference('response', ours.responses, theirs.responses),
    ...difference('pair', ours.pairs, theirs.pairs),
  ];
}

function difference(kind: string, ours: readonly string[], theirs: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of ours) counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const text of theirs) counts.set(text, (counts.get(text) ?? 0) - 1);
  return [...counts].sort().flatMap(([text, count]) => {
    return Array<string>(Math.abs(count)).fill(`${count > 0 ? '+' : '-'} ${kind} ${text}`);
  });
}
