/**
 * The data inside the page: blocks of JSON that are parsed when they are needed. Rows at once, whole records block by
 * block as they are opened, all of them when somebody searches.
 */

import type { PageWords } from '../words/words.ts';
import type { Head, Row, TransactionRecord } from './records.ts';
import { between } from './time.ts';

export interface Attempt {
  /** Null where the whole request is the key. */
  readonly key: string | null;
  /** From 1. */
  readonly n: number;
  readonly of: number;
}

export class Store {
  readonly head: Head;
  readonly rows: readonly Row[];
  readonly words: PageWords;
  /** Titles and remedies of the verdicts that occur. */
  readonly verdicts: Readonly<Record<string, { readonly title: string; readonly remedy: string }>>;
  /** Milliseconds from the capture's first packet to its last. */
  readonly span: number;
  /** Which attempt of which delivery a transaction is: known when all are. */
  readonly attempts: ReadonlyMap<string, Attempt>;
  #byId: Map<string, Row>;
  /** Where the record of a transaction lies in the blocks. */
  #places: Map<string, number>;
  #blocks: NodeListOf<Element>;
  #parsed: Map<number, readonly TransactionRecord[]>;
  #texts: Map<string, string> | null;

  constructor(page: Document) {
    const read = (part: string): unknown =>
      JSON.parse(page.querySelector(`script[data-part="${part}"]`)?.textContent ?? 'null');
    this.head = read('head') as Head;
    this.words = read('words') as PageWords;
    this.verdicts = read('verdicts') as Store['verdicts'];
    const rows = read('rows') as Row[];
    // They came as they were decided, and are read as they began.
    this.rows = rows.toSorted((a, b) => (a.start ?? Infinity) - (b.start ?? Infinity) || 0);
    this.span = Math.max(between(this.head.origin, this.head.capture.lastTime) ?? 0, 0);
    this.attempts = new Map(
      this.head.deliveries.flatMap(({ key, keyFrom, attempts, attemptCount: of }) =>
        attempts.map((id, i) => [id, { key: keyFrom === 'identical' ? null : key, n: i + 1, of }] as const),
      ),
    );
    this.#byId = new Map(rows.map((row) => [row.id, row]));
    this.#places = new Map(rows.map((row, i) => [row.id, i]));
    this.#blocks = page.querySelectorAll('script[data-part="transactions"]');
    this.#parsed = new Map();
    this.#texts = null;
  }

  row(id: string): Row | null {
    return this.#byId.get(id) ?? null;
  }

  /** The whole record; null for an id that is not in the page. */
  record(id: string): TransactionRecord | null {
    const place = this.#places.get(id);
    if (place === undefined) return null;
    const size = this.head.blockSize;
    return this.#block(Math.floor(place / size))[place % size] ?? null;
  }

  /** All that a transaction can be found by, in lower case. */
  text({ id }: Row): string {
    this.#texts ??= this.#allTexts();
    return this.#texts.get(id) ?? '';
  }

  title(verdict: string): string {
    return this.verdicts[verdict]?.title ?? verdict;
  }

  #block(index: number): readonly TransactionRecord[] {
    const known = this.#parsed.get(index);
    if (known !== undefined) return known;
    const parsed = JSON.parse(this.#blocks[index]?.textContent ?? '[]') as TransactionRecord[];
    this.#parsed.set(index, parsed);
    return parsed;
  }

  #allTexts(): Map<string, string> {
    const texts = new Map<string, string>();
    for (let i = 0; i < this.#blocks.length; i++) {
      // Only what is searched is kept: all records together may be large.
      const parsed =
        this.#parsed.get(i) ?? (JSON.parse(this.#blocks[i]!.textContent ?? '[]') as TransactionRecord[]);
      for (const record of parsed) texts.set(record.id, this.#textOf(record));
    }
    return texts;
  }

  #textOf(record: TransactionRecord): string {
    const row = this.row(record.id);
    const parts = [
      record.id,
      row?.host ?? '',
      row?.client ?? '',
      record.connection?.receiver.ip ?? '',
      record.verdict,
      this.title(record.verdict),
      this.words.outcomes[record.outcome],
      this.attempts.get(record.id)?.key ?? row?.key ?? '',
      record.summary,
      record.signals.join(' '),
    ];
    for (const message of [record.request, record.response]) {
      if (message === null) continue;
      for (const { name, value } of message.headers) parts.push(`${name}: ${value}`);
      parts.push(message.body ?? '');
    }
    return parts.join('\n').toLowerCase();
  }
}

/** The string for a number, with it in its place. */
export function counted(words: readonly [string, string], n: number): string {
  return filled(n === 1 ? words[0] : words[1], { n: grouped(n) });
}

/** `{name}` replaced by its value. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** 1,234,567 */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function hostName({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
