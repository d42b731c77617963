/**
 * The README's table of verdicts, made from the catalogue: `withTable` takes a README and returns it with the table
 * between its two markers as it should be.
 */
import { CATALOGUE } from '../../src/verdict/codes.ts';
import type { Stage } from '../../src/verdict/verdict.ts';

const BEGIN = '<!-- verdicts: written by npm run docs -->';
const END = '<!-- end of verdicts -->';

const HEADINGS = ['verdict', 'meaning', 'outcome', 'fault', 'confidence'] as const;

/** As the parts of an attempt follow each other. */
const STAGES: Readonly<Record<Stage, string>> = {
  connect: 'connecting',
  tls: 'TLS handshake',
  send: 'sending',
  wait: 'waiting',
  reply: 'answered',
  capture: 'cannot tell',
};

/** @throws when the README has lost a marker. */
export function withTable(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md needs the lines ${BEGIN} and ${END}`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${verdictTable()}\n\n${readme.slice(end)}`;
}

function verdictTable(): string {
  const rows: (readonly string[])[] = [];
  for (const [stage, name] of Object.entries(STAGES)) {
    rows.push([`**${name}**`, '', '', '', '']);
    for (const { code, title, outcome, fault, base } of CATALOGUE.filter((one) => one.stage === stage)) {
      rows.push([`\`${code}\``, title, outcome, fault.join(', ') || 'none', base]);
    }
  }
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(HEADINGS), rule, ...rows.map(line)].join('\n');
}
