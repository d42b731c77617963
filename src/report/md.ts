/**
 * Markdown to paste into a ticket (GitHub Flavored Markdown): what the text report says, in headings, tables and lists.
 * Whatever came from packets is escaped, so that it is neither markup nor HTML.
 */
import type { Findings, Outcome } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { deliveryTexts } from './delivery-list.ts';
import { expectedTexts } from './expected-list.ts';
import { fileNames } from './file-names.ts';
import { COLUMNS, hostRows } from './host-table.ts';
import { Listing } from './listing.ts';
import type { Output, Reporter } from './reporter.ts';
import { isFailure, openingTexts, totalText, warningsOf } from './text.ts';

const UNDECIDED: readonly Outcome[] = ['pending', 'unknown'];

export function mdReporter(output: Output, context: ReportContext): Reporter {
  const { only } = context;
  const words = context.language.report;
  const failed = new Listing(context);
  const undecided = new Listing(context);
  const selected = new Listing(context);
  const listingOf = (outcome: Outcome, verdict: Parameters<typeof isFailure>[1]) => {
    if (only !== null) return only.includes(outcome) ? selected : null;
    if (isFailure(outcome, verdict)) return failed;
    return UNDECIDED.includes(outcome) ? undecided : null;
  };

  return {
    bodies: false,
    wants: (outcome, verdict) => listingOf(outcome, verdict) !== null,
    transaction(record) {
      listingOf(record.outcome, record.verdict)?.add(record);
    },
    end(findings) {
      const lines = [
        ...opening(findings),
        ...transactions(findings),
        ...deliveries(findings),
        ...expected(findings),
        ...hosts(findings),
        ...closing(findings),
      ];
      while (lines.at(-1) === '') lines.pop();
      for (const line of lines) output.write(`${line}\n`);
    },
  };

  function opening(findings: Findings): string[] {
    const { read, files } = openingTexts(findings, context);
    return [escaped(read), '', ...bullets(files)];
  }

  function transactions(findings: Findings): string[] {
    if (findings.summary.transactions === findings.unseen.length) return [words.noTransactions, ''];
    if (only !== null) {
      if (selected.count === 0) return [words.nothingSelected, ''];
      return section(words.selected(selected.count, only), selected, findings);
    }
    const lines: string[] = [];
    if (failed.count > 0) lines.push(...section(words.failed(failed.count), failed, findings));
    else if (findings.unseen.length === 0) lines.push(words.nothingFailed, '');
    if (undecided.count > 0) lines.push(...section(words.undecided(undecided.count), undecided, findings));
    return lines;
  }

  function section(heading: string, listing: Listing, { capture }: Findings): string[] {
    const files = fileNames(
      capture.files.map(({ path }) => path),
      words.standardInput,
    );
    const lines = [`## ${escaped(heading)}`, ''];
    const { transaction, sentence, proof } = words.ticket;
    for (const group of listing.groups(files)) {
      const rows = group.items.map((item) => [item.id, item.sentence, item.notes.join('; ')]);
      lines.push(`### ${escaped(group.heading)}`, '', ...table([transaction, sentence, proof], rows, 3));
      if (group.more !== null) lines.push(escaped(group.more), '');
    }
    if (listing.rest !== null) lines.push(escaped(listing.rest), '');
    return lines;
  }

  function deliveries(findings: Findings): string[] {
    const told = deliveryTexts(findings.deliveries, context);
    if (told === null) return [];
    const lines = [`## ${escaped(told.heading)}`, '', ...bullets(told.items.map(({ text }) => text))];
    return told.more === null ? lines : [...lines, escaped(told.more), ''];
  }

  function expected(findings: Findings): string[] {
    const told = expectedTexts(findings, context);
    if (told === null) return [];
    const lines = [escaped(told.summary), ''];
    for (const { heading, items, more } of told.sections) {
      lines.push(`## ${escaped(heading)}`, '', ...bullets(items.map(({ text }) => text)));
      if (more !== null) lines.push(escaped(more), '');
    }
    return lines;
  }

  function hosts(findings: Findings): string[] {
    if (findings.hosts.length === 0) return [];
    const { rows, more } = hostRows(findings.hosts, context);
    const cells = rows.map((row) => COLUMNS.map((name) => row[name]));
    const heads = COLUMNS.map((name) => words.columns[name][0]);
    const lines = [`## ${words.hosts}`, '', ...table(heads, cells, 1)];
    return more === null ? lines : [...lines, escaped(more), ''];
  }

  function closing(findings: Findings): string[] {
    const lines = findings.summary.transactions === 0 ? [] : [escaped(totalText(findings, context)), ''];
    return [...lines, ...bullets(warningsOf(findings, context).map((text) => words.warning(text)))];
  }
}

/** @param texts columns from the left that are words; the others are numbers. */
function table(heads: readonly string[], rows: readonly (readonly string[])[], texts: number): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = heads.map((_, i) => (i < texts ? '---' : '--:'));
  return [line(heads), `| ${rule.join(' | ')} |`, ...rows.map(line), ''];
}

function bullets(texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [...texts.map((text) => `- ${escaped(text)}`), ''];
}

/** What begins markup, HTML, a cell, a mention, an issue's number or a formula. Texts that come in are one line each. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|~$]/g, '\\$&').replace(/[&@#]/g, (mark) => ENTITIES[mark] ?? mark);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '@': '&#64;', '#': '&#35;' };
