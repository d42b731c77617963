/**
 * A language's name in, its words for the page out.
 */
import { CATALOGUE } from '../../../verdict/codes.ts';
import type { Language } from '../../summary/language.ts';
import { en } from './en.ts';
import type { PageWords, VerdictWords } from './words.ts';
import { zh } from './zh.ts';
import { zhVerdicts } from './zh-verdicts.ts';

const WORDS: Readonly<Record<Language['name'], PageWords>> = { en, zh };

export function pageWords(language: Language['name']): PageWords {
  return WORDS[language];
}

/** Titles and remedies of all verdicts: English ones are the catalogue's own. */
export function verdictWords(language: Language['name']): Readonly<Record<string, VerdictWords>> {
  if (language === 'zh') return zhVerdicts;
  return Object.fromEntries(CATALOGUE.map(({ code, title, remedy }) => [code, { title, remedy }]));
}
