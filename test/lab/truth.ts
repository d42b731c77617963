/**
 * The lab's captures with what really happened (the two programs' own logs), and the records that the analyzer
 * makes of them, matched post by record.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import type { CaptureFacts } from '../../src/capture/packet.ts';
import { openKeyLog } from '../../src/cli/keylog.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { sharedCaptures } from '../support/needs.ts';
import type { Label } from './labels.ts';

const lab = join(sharedCaptures, 'lab');

interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** What the tests read of a post; labels.md and the captures' README say what each field means. */
export interface Post {
  readonly id: string;
  readonly order: string;
  readonly url: string;
  readonly client: Endpoint | null;
  readonly server: Endpoint | null;
  readonly client_times: Readonly<Record<string, number | undefined>>;
  readonly server_times: Readonly<Record<string, number | undefined>>;
  readonly server_sent: { readonly t_start?: number | null } | null;
  readonly conn: { readonly request_index: number | null } | null;
  readonly stream: { readonly req: readonly [number, number] } | null;
  readonly half_close?: boolean;
  readonly expected: Label;
  readonly also_acceptable?: readonly Label[];
  readonly complete_capture_label?: Label;
  readonly expected_without_keys?: Label;
  readonly expected_fault: string;
  readonly acceptable_faults: readonly string[];
}

export interface Capture {
  /** 'SCENARIO/VARIANT', as 06-never-answers/client-fin. */
  readonly name: string;
  readonly scenario: string;
  readonly files: readonly string[];
  readonly posts: readonly Post[];
  /** Path of its key log; null where it has none beside it. */
  readonly keylog: string | null;
}

export interface Match {
  readonly post: Post;
  readonly record: TransactionRecord | null;
}

export interface Run {
  readonly facts: CaptureFacts;
  readonly records: readonly TransactionRecord[];
  readonly findings: Findings;
  readonly matches: readonly Match[];
  /** Records of the posts' receivers that belong to no post. */
  readonly extra: readonly TransactionRecord[];
}

/** The merchant's acknowledgement (labels.md): this body, trimmed, and nothing else, says that it took the order. */
export const ACKNOWLEDGEMENT = /^\s*(success(\s+x+)?|\{"code":"SUCCESS"(,"message":"OK")?\})\s*$/;

export function labCaptures(): Capture[] {
  return readdirSync(lab, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.truth.json'))
    .sort()
    .map((path) => {
      const truth = JSON.parse(readFileSync(join(lab, path), 'utf8'));
      const scenario = dirname(path);
      const others: readonly (string | { readonly file: string })[] = truth.other_captures;
      const names = [
        truth.capture,
        ...others.map((other) => (typeof other === 'string' ? other : other.file)),
      ];
      return {
        name: `${scenario}/${basename(path, '.truth.json')}`,
        scenario,
        files: names.map((name: string) => join(lab, scenario, name)),
        posts: truth.posts,
        keylog: truth.keylog == null ? null : join(lab, scenario, basename(truth.keylog)),
      };
    });
}

/**
 * @param timeout response deadline in nanoseconds.
 * @param keyed with its key log, if it has one.
 */
export async function run(capture: Capture, timeout = DEFAULT_OPTIONS.timeout, keyed = false): Promise<Run> {
  const secrets = keyed && capture.keylog !== null ? openKeyLog(capture.keylog, false) : null;
  const records: TransactionRecord[] = [];
  const source = openCapture(capture.files);
  const accept = { body: ACKNOWLEDGEMENT, rejectBody: null, statuses: null };
  const findings = await analyze(
    source,
    { ...DEFAULT_OPTIONS, accept, timeout, secrets },
    { transaction: (record) => records.push(record), end() {} },
  );
  return { facts: source.facts, records, findings, ...matched(capture.posts, records, source.facts) };
}

export function matched(
  posts: readonly Post[],
  records: readonly TransactionRecord[],
  facts: CaptureFacts,
): Pick<Run, 'matches' | 'extra'> {
  const epoch = Number((facts.epoch ?? 0n) / 1000n) / 1e6;
  const free = new Set(records);
  const matches = posts.map((post) => {
    const record = bestOf(post, free, epoch);
    if (record !== null) free.delete(record);
    return { post, record };
  });
  // A tunnel is asked for before the post, and others send requests to the notify server itself.
  const servers = new Set(posts.map(({ server }) => server?.ip));
  const extra = [...free].filter(
    ({ request, connection }) => request?.method !== 'CONNECT' && servers.has(connection.receiver.ip),
  );
  return { matches, extra };
}

/**
 * Addresses and ports must agree, and the order in the body where a body was captured; among several (a port used
 * twice) the request's place in its connection decides, then the time.
 */
function bestOf(post: Post, records: Iterable<TransactionRecord>, epoch: number): TransactionRecord | null {
  let best: TransactionRecord | null = null;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const { request } = record;
    const { sender, receiver, index } = record.connection;
    if (request?.method === 'CONNECT' || !isAt(sender, post.client) || !isAt(receiver, post.server)) continue;
    if (request?.complete && request.body !== null && !request.body.includes(post.order)) continue;
    const begun = record.times.syn ?? record.times.requestFirstByte ?? record.times.responseFirstByte ?? 0;
    const distance = Math.abs(epoch + begun / 1e9 - (post.client_times['post_start'] ?? 0));
    const rank = distance + (index === (post.conn?.request_index ?? 1) ? 0 : 1e6);
    if (rank < bestRank) {
      best = record;
      bestRank = rank;
    }
  }
  return best;
}

function isAt(seen: Endpoint, truth: Endpoint | null): boolean {
  return truth !== null && seen.ip === truth.ip && seen.port === truth.port;
}
