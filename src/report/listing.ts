/**
 * The part of the text report that names single transactions: gathered by host and verdict, the first few of
 * each with their sentence and their frames, the rest as a number. Memory is bounded whatever comes in.
 */
import { LIMITS } from '../limits.ts';
import type { Code, Outcome, TransactionRecord } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { clip, escapeText } from './escape.ts';
import type { FileNames } from './file-names.ts';
import { type Paint, widthOf } from './terminal.ts';
import { wrap } from './wrap.ts';

/** Transactions shown of one host and verdict: enough to see a pattern and to open the frames. */
const SHOWN = 5;
/** Frames shown of one transaction: the evidence is short, but it comes from outside this file. */
const FRAMES = 12;
const HOST_LENGTH = 80;

interface Group {
  readonly host: string;
  readonly outcome: Outcome;
  readonly verdict: Code;
  readonly fault: readonly string[];
  count: number;
  readonly shown: Item[];
}

interface Item {
  readonly id: string;
  readonly sentence: string;
  readonly confidence: string;
  /** By the path of their file. */
  readonly frames: ReadonlyMap<string, readonly number[]>;
  /** What else stands dimmed below the sentence. */
  readonly notes: readonly string[];
}

/** Some of the transactions of one host and verdict; all texts are fit for a line. */
export interface ListedGroup {
  readonly outcome: Outcome;
  readonly heading: string;
  readonly items: readonly Pick<Item, 'id' | 'sentence' | 'notes'>[];
  /** What is said of those that are not among the items. */
  readonly more: string | null;
}

export class Listing {
  readonly #context: ReportContext;
  readonly #groups: Map<string, Group>;
  /** Transactions of groups beyond the bound. */
  #beyond: number;
  #count: number;

  constructor(context: ReportContext) {
    this.#context = context;
    this.#groups = new Map();
    this.#beyond = 0;
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  add(record: TransactionRecord): void {
    this.#count++;
    const host = hostOf(record);
    const key = `${record.verdict} ${record.fault.join(' ')} ${host}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= LIMITS.listedGroups) {
        this.#beyond++;
        return;
      }
      const { outcome, verdict, fault } = record;
      group = { host, outcome, verdict, fault, count: 0, shown: [] };
      this.#groups.set(key, group);
    }
    group.count++;
    if (group.shown.length < SHOWN) group.shown.push(this.#item(record));
  }

  /** @param files known when all is read: how evidence names its file. */
  groups(files: FileNames): ListedGroup[] {
    const words = this.#context.language.report;
    return [...this.#groups.values()].map(({ host, outcome, verdict, fault, count, shown }) => ({
      outcome,
      heading: `${host}  ${words.group(outcome, verdict, count, fault)}`,
      items: inOrder(shown).map((item) => {
        const frames = [...item.frames].map(([path, of]) => ({ frames: of, file: files.nameOf(path) }));
        return { ...item, notes: [words.proof(item.confidence, frames), ...item.notes] };
      }),
      more: count > shown.length ? words.more(count - shown.length) : null,
    }));
  }

  /** What is said of the groups that were left out; null where there is none. */
  get rest(): string | null {
    return this.#beyond > 0 ? this.#context.language.report.moreGroups(this.#beyond) : null;
  }

  lines(paint: Paint, files: FileNames): string[] {
    const { width } = this.#context;
    const lines: string[] = [];
    for (const { outcome, heading, items, more } of this.groups(files)) {
      lines.push(...wrap(heading, width).map((line) => paint(STYLES[outcome], line)));
      const column = 4 + Math.max(...items.map((item) => widthOf(item.id)));
      for (const { id, sentence, notes } of items) {
        const [first = '', ...others] = wrap(sentence, width - column);
        lines.push(`  ${id}${' '.repeat(column - 2 - widthOf(id))}${first}`);
        for (const line of others) lines.push(' '.repeat(column) + line);
        for (const line of notes.flatMap((note) => wrap(note, width - column))) {
          lines.push(' '.repeat(column) + paint('dim', line));
        }
      }
      if (more !== null) lines.push(...wrap(more, width - 2).map((line) => `  ${paint('dim', line)}`));
      lines.push('');
    }
    if (this.rest !== null) lines.push(...wrap(this.rest, width), '');
    return lines;
  }

  #item(record: TransactionRecord): Item {
    const { language, clock, verbose } = this.#context;
    const words = language.report;
    const notes: string[] = [];
    if (verbose && record.because.length > 0) notes.push(words.because(record.because.map(language.reason)));
    if (verbose && record.signals.length > 0) notes.push(words.signals(record.signals.map(escapeText)));
    return {
      id: escapeText(record.id),
      sentence: language.summarize(record, clock),
      confidence: record.confidence,
      frames: framesOf(record),
      notes,
    };
  }
}

/** They came as they were decided. */
function inOrder(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

const STYLES: Readonly<Record<Outcome, 'red' | 'green' | 'yellow'>> = {
  delivered: 'green',
  refused: 'red',
  unanswered: 'red',
  unsent: 'red',
  missing: 'red',
  pending: 'yellow',
  unknown: 'yellow',
};

/** As it is shown, fit for a line. */
export function hostOf(record: TransactionRecord): string {
  const { host, port } = receiverOf(record);
  return hostAndPort(host, port);
}

/** The receiver as the sender names it, with its port: a Host field may bring one of its own. */
export function receiverOf({ request, connection }: TransactionRecord): { host: string; port: number } {
  const { receiver, tls } = connection;
  const given = request?.host || tls?.sni || receiver.ip;
  const [, name = given, port] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(given) ?? [];
  return { host: name.toLowerCase(), port: port === undefined ? receiver.port : Number(port) };
}

/** Fit for a line: escaped, bounded, IPv6 addresses in brackets. */
export function hostAndPort(host: string, port: number): string {
  const name = escapeText(clip(host, HOST_LENGTH));
  return name.includes(':') && !name.startsWith('[') ? `[${name}]:${port}` : `${name}:${port}`;
}

function framesOf(record: TransactionRecord): Map<string, number[]> {
  const byFile = new Map<string, number[]>();
  for (const { file, frame } of record.evidence.slice(0, FRAMES)) {
    const frames = byFile.get(file);
    if (frames === undefined) byFile.set(file, [frame]);
    else if (!frames.includes(frame)) frames.push(frame);
  }
  for (const frames of byFile.values()) frames.sort((a, b) => a - b);
  return byFile;
}
