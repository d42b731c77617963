/**
 * `wirewitness explain [CODE]`: what a verdict means, whose side it points at, how sure it starts, what to do.
 */
import { UserError } from '../error.ts';
import { escapeText } from '../report/escape.ts';
import { padEnd } from '../report/terminal.ts';
import { wrap } from '../report/wrap.ts';
import { CATALOGUE } from '../verdict/codes.ts';
import type { CatalogueEntry } from '../verdict/verdict.ts';
import { suggest } from './suggest.ts';

/**
 * @param code null for a table of all.
 * @throws UserError for a code that does not exist.
 */
export function explain(code: string | null, columns: number): string {
  const lines = code === null ? tableLines() : entryLines(find(code), columns);
  return `${lines.join('\n')}\n`;
}

function find(code: string): CatalogueEntry {
  const entry = CATALOGUE.find((one) => one.code === code);
  if (entry !== undefined) return entry;
  const near = suggest(
    code,
    CATALOGUE.map((one) => one.code),
  );
  const hint = near === null ? 'wirewitness explain lists all' : `did you mean ${near}?`;
  throw new UserError('flag', `unknown code ${escapeText(code)}: ${hint}`);
}

function entryLines(entry: CatalogueEntry, columns: number): string[] {
  return [
    `${entry.code}: ${entry.title}`,
    '',
    ...wrap(entry.definition, columns),
    '',
    `outcome:     ${entry.outcome}`,
    `fault:       ${faultOf(entry)}`,
    `confidence:  ${entry.base}, before the health of the capture is weighed`,
    '',
    ...wrap(`What to do: ${entry.remedy}`, columns),
  ];
}

function faultOf(entry: CatalogueEntry): string {
  return entry.fault.length === 0 ? 'none' : entry.fault.join(', ');
}

/** One line a code, for eyes and for grep. */
function tableLines(): string[] {
  const code = Math.max(...CATALOGUE.map((entry) => entry.code.length));
  const outcome = Math.max(...CATALOGUE.map((entry) => entry.outcome.length));
  return CATALOGUE.map(
    (entry) => `${padEnd(entry.code, code)}  ${padEnd(entry.outcome, outcome)}  ${entry.title}`,
  );
}
