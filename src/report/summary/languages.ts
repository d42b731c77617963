/**
 * A language's name as `--lang` takes it in, its words out.
 */
import { en } from './en.ts';
import type { Language } from './language.ts';
import { zh } from './zh.ts';

export const LANGUAGES: Readonly<Record<Language['name'], Language>> = { en, zh };

export const LANGUAGE_NAMES: readonly Language['name'][] = ['en', 'zh'];
