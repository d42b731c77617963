/**
 * `wirewitness explain [CODE]`: what a verdict means, whose side it points at, how sure it starts, what to do; and
 * what a signal tells, the anomalies of HTTP, HTTP/2 and TLS among them.
 */
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import type { Language } from '../report/summary/language.ts';
import { padEnd, widthOf } from '../report/terminal.ts';
import { wrap } from '../report/wrap.ts';
import { CATALOGUE } from '../verdict/codes.ts';
import type { CatalogueEntry } from '../verdict/verdict.ts';
import { suggest } from './suggest.ts';

/** A code that is no verdict, as records have it in `signals`. */
interface SignalEntry {
  readonly code: string;
  readonly meaning: string;
}

/**
 * @param code null for a table of all; the name before the colon for all of its kind.
 * @throws UserError for a code that does not exist.
 */
export function explain(code: string | null, columns: number, { explain: words }: Language): string {
  const signals: readonly SignalEntry[] = [
    ...named('', words.signals),
    ...named('http_anomaly:', words.httpAnomalies),
    ...named('http2_anomaly:', words.http2Anomalies),
    ...named('tls_anomaly:', words.tlsAnomalies),
  ];
  return `${linesOf().join('\n')}\n`;

  function linesOf(): string[] {
    if (code === null) return [...verdictTable(), '', ...signalTable(signals)];
    const verdict = CATALOGUE.find((one) => one.code === code);
    if (verdict !== undefined) return verdictLines(verdict);
    const kind = signals.filter((one) => one.code.startsWith(`${code}:`));
    if (kind.length > 0) return signalTable(kind);
    const signal = signals.find((one) => one.code === code || one.code.endsWith(`:${code}`));
    if (signal === undefined) throw unknown(code, [...CATALOGUE, ...signals]);
    return [...wrap(`${signal.code}: ${signal.meaning}`, columns), '', ...wrap(words.signal, columns)];
  }

  function verdictLines(entry: CatalogueEntry): string[] {
    const { title, definition, remedy } = words.verdict(entry);
    const { outcome, fault, confidence, todo } = words.labels;
    const facts = [
      [outcome, entry.outcome],
      [fault, entry.fault.length === 0 ? words.nobody : entry.fault.join(', ')],
      [confidence, words.base(entry.base)],
    ] as const;
    const width = Math.max(...facts.map(([label]) => widthOf(label))) + 2;
    return [
      `${entry.code}: ${title}`,
      '',
      ...wrap(definition, columns),
      '',
      ...facts.map(([label, value]) => `${padEnd(label, width)}${value}`),
      '',
      ...wrap(`${todo}${remedy}`, columns),
    ];
  }

  /** One line a code, for eyes and for grep. */
  function verdictTable(): string[] {
    const width = widest(CATALOGUE);
    const outcome = Math.max(...CATALOGUE.map((entry) => entry.outcome.length));
    return CATALOGUE.map(
      (entry) =>
        `${padEnd(entry.code, width)}  ${padEnd(entry.outcome, outcome)}  ${words.verdict(entry).title}`,
    );
  }
}

function named(kind: string, meanings: Readonly<Record<string, string>>): SignalEntry[] {
  return Object.entries(meanings).map(([name, meaning]) => ({ code: `${kind}${name}`, meaning }));
}

function signalTable(signals: readonly SignalEntry[]): string[] {
  const width = widest(signals);
  return signals.map(({ code, meaning }) => `${padEnd(code, width)}  ${meaning}`);
}

function widest(entries: readonly { readonly code: string }[]): number {
  return Math.max(...entries.map(({ code }) => code.length));
}

function unknown(code: string, entries: readonly { readonly code: string }[]): UserError {
  const near = suggest(
    code,
    entries.map((one) => one.code),
  );
  const hint = near === null ? 'wirewitness explain lists all' : `did you mean ${near}?`;
  return new UserError('flag', `unknown code ${escapeText(code)}: ${hint}`);
}
