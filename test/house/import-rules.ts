/**
 * Which file of src/ may import which, and where the outside world may be touched. `breaches` takes one
 * file's path and text and returns a sentence for each edge or name that is not on these lists.
 */
import { posix } from 'node:path';
import { type Token, tokens } from './tokens.ts';

/** A folder imports only from folders of a lower rank. */
const RANKS: Readonly<Record<string, number>> = {
  capture: 0,
  decode: 1,
  tcp: 2,
  tls: 3,
  http: 3,
  http2: 3,
  transaction: 4,
  verdict: 5,
  report: 6,
  cli: 7,
};

/** What a folder shows to the others. */
export const BORDERS: ReadonlySet<string> = new Set([
  'capture/packet.ts',
  'decode/segment.ts',
  'tcp/stream.ts',
  'tls/tls.ts',
  'http/message.ts',
  'http2/http2.ts',
  'transaction/transaction.ts',
  'verdict/verdict.ts',
  'verdict/packet-record.ts',
  'report/reporter.ts',
]);

/** Anyone may import these; they import nothing and know no stage. */
export const COMMON: ReadonlySet<string> = new Set([
  'limits.ts',
  'error.ts',
  'bytes.ts',
  'address.ts',
  'agenda.ts',
  'version.ts',
]);

/** Edges past a border, each with its reason. A folder's name stands for all its files. */
const EXCEPTIONS: readonly (readonly [from: string, to: string, why: string])[] = [
  [
    'report/html/words/languages.ts',
    'verdict/codes.ts',
    'the page tells what a verdict is called, and what to do',
  ],
  ['report', 'capture/pcapng-writer.ts', 'evidence is written as packets'],
];

/** Packages beside node's own, and the one place each is known in. */
const PACKAGES: Readonly<Record<string, string>> = {
  'get-east-asian-width': 'report/terminal.ts',
  yargs: 'cli/flags.ts',
  'yargs-parser': 'cli/flags.ts',
  'csv-parse/sync': 'cli/expect-list.ts',
  fzstd: 'capture/zstd.ts',
  cap: 'capture/live-cap-child.ts',
  'prom-client': 'report/metrics.ts',
};

/** Modules of node that only compute: the same bytes in, the same bytes out. */
const PURE_BUILTINS: ReadonlySet<string> = new Set([
  'node:assert',
  'node:buffer',
  'node:crypto',
  'node:net', // isIP only; a socket would need an event loop that no stage has
  'node:string_decoder',
  'node:util',
  'node:zlib',
]);

/** Names by which the clock, the process and its streams are reached. */
const OUTSIDE: ReadonlySet<string> = new Set([
  'process',
  'console',
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'fetch',
  'globalThis',
]);

export function breaches(path: string, source: string): string[] {
  const code = tokens(source).filter((token) => token.kind !== 'comment');
  const found: string[] = [];
  for (const { specifier, line } of imports(code)) {
    const reason = specifier === null ? 'imports a name that is computed' : refusal(path, specifier);
    if (reason !== null) found.push(`src/${path}:${line} ${reason}`);
  }
  if (!touchesOutside(path)) {
    for (const token of outsideNames(code)) found.push(`src/${path}:${token.line} uses ${token.text}`);
  }
  return found;
}

/** Why `path` may not import `specifier`; null where it may. */
function refusal(path: string, specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    return PURE_BUILTINS.has(specifier) || touchesOutside(path) ? null : `imports ${specifier}`;
  }
  if (!specifier.startsWith('.')) {
    return PACKAGES[specifier] === path ? null : `imports the package ${specifier}`;
  }
  const target = posix.join(posix.dirname(path), specifier);
  return mayImport(path, target) ? null : `imports ${target}`;
}

function mayImport(from: string, to: string): boolean {
  if (COMMON.has(from)) return false;
  // No cycle through the top: what wires the stages is not known to them.
  if (to === 'cli.ts' || to === 'index.ts') return false;
  if (COMMON.has(to)) return true;
  const fromFolder = folder(from);
  const toFolder = folder(to);
  if (from === 'cli.ts') return toFolder === 'cli';
  if (from === 'index.ts') return toFolder !== 'cli';
  if (from === 'analyzer.ts') return rank(toFolder) <= rank('verdict');
  if (RANKS[fromFolder] === undefined) return false;
  if (fromFolder === toFolder) return true;
  if (fromFolder === 'cli') return true;
  if (EXCEPTIONS.some(([a, b]) => (a === from || a === fromFolder) && b === to)) return true;
  return BORDERS.has(to) && rank(toFolder) < rank(fromFolder);
}

/** A capture that is being taken has to do with the machine: its clocks, its programs, its interfaces, its resolver. */
const LIVE: ReadonlySet<string> = new Set([
  'capture/live.ts',
  'capture/live-cap-child.ts',
  'capture/live-child.ts',
  'capture/live-machine.ts',
  'capture/live-names.ts',
]);

function touchesOutside(path: string): boolean {
  return (
    path === 'capture/file.ts' ||
    // A thread that reads what file.ts has open.
    path === 'capture/digest.ts' ||
    // The compiler of pcap-filter expressions is libpcap's: tcpdump is asked for its program.
    path === 'capture/filter-compiler.ts' ||
    LIVE.has(path) ||
    path === 'cli.ts' ||
    folder(path) === 'report' ||
    folder(path) === 'cli'
  );
}

/** First folder of a path, `''` for a file at the top. */
function folder(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Unknown folders rank above all: nothing may import from them until they are listed. */
function rank(name: string): number {
  return RANKS[name] ?? Number.POSITIVE_INFINITY;
}

/** Every module specifier: static, `export … from`, for effect, dynamic, in types; null where it is no literal. */
function imports(code: readonly Token[]): { specifier: string | null; line: number }[] {
  const found: { specifier: string | null; line: number }[] = [];
  for (const [i, token] of code.entries()) {
    if (token.kind !== 'word' || isMember(code, i)) continue;
    const next = code[i + 1];
    if ((token.text === 'from' || token.text === 'import') && next?.kind === 'string') {
      found.push({ specifier: next.text, line: next.line });
    } else if ((token.text === 'import' || token.text === 'require') && next?.text === '(') {
      const name = code[i + 2];
      const whole = name?.kind === 'string' && (code[i + 3]?.text === ')' || code[i + 3]?.text === ',');
      found.push({ specifier: whole ? name.text : null, line: token.line });
    }
  }
  return found;
}

function outsideNames(code: readonly Token[]): Token[] {
  return code.filter(
    (token, i) => token.kind === 'word' && OUTSIDE.has(token.text) && !isMember(code, i) && !isKey(code, i),
  );
}

function isMember(code: readonly Token[], i: number): boolean {
  const before = code[i - 1]?.text;
  return before === '.' || before === '?.';
}

/** `{ process: 1 }` and `readonly process: number` name a property. */
function isKey(code: readonly Token[], i: number): boolean {
  const before = code[i - 1]?.text ?? '';
  const after = code[i + 1]?.text;
  return after === ':' && ['{', ',', ';', 'readonly'].includes(before);
}
