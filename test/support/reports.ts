/** Every format that there is, made as the command makes it, for tests that must hold for all of them. */

import { createReporter, FORMATS, type Format } from '../../src/report/create.ts';
import { SecretNames } from '../../src/report/redaction/names.ts';
import type { Output, Reporter } from '../../src/report/reporter.ts';
import type { Language } from '../../src/report/summary/language.ts';
import type { Clock } from '../../src/report/time.ts';
import { nothingToRetrace } from '../report/records.ts';

export interface Report {
  readonly format: Format;
  readonly reporter: Reporter;
  /** What was written; bytes as latin1. */
  readonly written: () => { readonly text: string; readonly isText: boolean };
}

/** A report in each format, all of them in this language. */
export function allReports(clock: Clock, language: Language): Report[] {
  return FORMATS.map((format) => {
    const parts: string[] = [];
    let isText = true;
    const output: Output = {
      write(data) {
        isText &&= typeof data === 'string';
        parts.push(typeof data === 'string' ? data : Buffer.from(data).toString('latin1'));
      },
    };
    const context = {
      clock,
      language,
      only: null,
      secrets: new SecretNames(),
      retrace: nothingToRetrace,
      colour: false,
      width: 100,
      verbose: true,
    };
    return {
      format,
      reporter: createReporter(format, output, context),
      written: () => ({ text: parts.join(''), isText }),
    };
  });
}
