/** Requests and responses of HTTP/2, by stream, in every capture of it that tshark reads: public, of the lab, and our own fixtures. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { KeyLog } from '../../src/tls/keylog.ts';
import { needs, projectRoot, sharedCaptures } from '../support/needs.ts';
import { observe } from '../support/transactions.ts';

const FIXTURES = `${projectRoot}/fixtures`;

type Fields = Readonly<Record<string, unknown>>;

/** Objects anywhere below that have such a field: tshark nests frames as they lie in packets and records. */
function withField(value: unknown, name: string): Fields[] {
  if (Array.isArray(value)) return value.flatMap((one) => withField(one, name));
  if (typeof value !== 'object' || value === null) return [];
  const own = name in value ? [value as Fields] : [];
  return [...own, ...Object.values(value).flatMap((one) => withField(one, name))];
}

/** `connection/stream POST /path host` and `connection/stream 200`, interim ones too. */
function tsharkSees(path: string, keys: string | null): string[] {
  const options = keys === null ? [] : ['-o', `tls.keylog_file:${keys}`];
  const text = execFileSync(
    'tshark',
    ['-r', path, ...options, '-Y', 'http2.type == 1', '-T', 'json', '--no-duplicate-keys'],
    { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const packets = JSON.parse(text) as { readonly _source: { readonly layers: Fields } }[];
  const found: string[] = [];
  for (const { _source: packet } of packets) {
    const connection = Number(withField(packet.layers, 'tcp.stream')[0]?.['tcp.stream']) + 1;
    for (const frame of withField(packet.layers, 'http2.type')) {
      if (frame['http2.type'] !== '1') continue;
      const at = `${connection}/${frame['http2.streamid']}`;
      // Each stands in the field that it is.
      const said = (name: string) => withField(frame, `http2.headers.${name}`)[0]?.[`http2.headers.${name}`];
      const method = said('method');
      const status = said('status');
      if (method !== undefined) found.push(`${at} ${method} ${said('path')} ${said('authority') ?? ''}`);
      else if (status !== undefined) found.push(`${at} ${status}`);
    }
  }
  return found.sort();
}

async function seenHere(path: string, keys: KeyLog | null): Promise<string[]> {
  const { transactions } = await observe(openCapture([path]), undefined, keys);
  const found: string[] = [];
  for (const { connection, stream, request, response, interim } of transactions) {
    const at = `${connection.id}/${stream?.id}`;
    const head = request?.head ?? null;
    if (stream === null) continue;
    if (head !== null && head.version === 'HTTP/2') {
      const host = head.headers.find(({ name }) => name === 'host')?.value ?? '';
      found.push(`${at} ${head.method} ${head.target} ${host}`);
    }
    for (const { status } of interim) if (status !== 101) found.push(`${at} ${status}`);
    if (response?.head) found.push(`${at} ${response.head.status}`);
  }
  return found.sort();
}

/** Answers to pushes are no requests here. */
const isAsked = (text: string) => Number(/\/(\d+)/.exec(text)?.[1]) % 2 === 1;

/** Each start of tshark takes a second: those that have all kinds of frames and orders. */
const OWN = [
  'answer-cut-by-rst-stream',
  'goaway-below-the-request',
  'interim-trailers-and-push',
  'second-of-three-never-answered',
  'upgrade-from-http-1-1',
  'window-reopens',
].map((name) => `h2c-${name}.pcap`);

needs('tshark').describe('our own', () => {
  test.each(OWN)('%s', async (name) => {
    const path = `${FIXTURES}/${name}`;
    expect(await seenHere(path, null)).toEqual(tsharkSees(path, null).filter(isAsked));
  });
});

const SHARED = ['public/mikekap+pcap2har/http2-dump.pcap', 'lab/17-tls/http2-over-tls.pcap'];

needs('tshark', 'shared-captures').describe('of others, with keys', () => {
  test.each(SHARED)('%s', async (name) => {
    const path = `${sharedCaptures}${name}`;
    const log = path.replace(/\.pcap$/, '.keys');
    const keys = existsSync(log) ? log : null;
    const here = await seenHere(path, keys === null ? null : secretsOf(keys));
    expect(here.length).toBeGreaterThan(0);
    expect(here).toEqual(tsharkSees(path, keys).filter(isAsked));
  });
});

function secretsOf(path: string): KeyLog {
  const log = new KeyLog();
  log.add(readFileSync(path, 'utf8'));
  log.end();
  return log;
}
