/** `npm run docs`: writes into the README what is made from the source. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withTable } from './verdict-table.ts';

const README = new URL('../../README.md', import.meta.url);

writeFileSync(README, withTable(readFileSync(README, 'utf8')));
