/**
 * A language's name in, its words for the page out.
 */
import { CATALOGUE } from '../../../verdict/codes.ts';
import type { Language } from '../../summary/language.ts';
import { LANGUAGES } from '../../summary/languages.ts';
import { en } from './en.ts';
import type { PageWords, VerdictWords } from './words.ts';
import { zh } from './zh.ts';

const WORDS: Readonly<Record<Language['name'], PageWords>> = { en, zh };

export function pageWords(language: Language['name']): PageWords {
  return WORDS[language];
}

/** Titles and remedies of all verdicts. */
export function verdictWords(language: Language['name']): Readonly<Record<string, VerdictWords>> {
  const { verdict } = LANGUAGES[language].explain;
  return Object.fromEntries(
    CATALOGUE.map((entry) => {
      const { title, remedy } = verdict(entry);
      return [entry.code, { title, remedy }];
    }),
  );
}
