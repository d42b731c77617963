/** `npm run page`: writes the page's script and style into the source, as the report carries them. */
import { writeFileSync } from 'node:fs';
import { ASSETS, assets } from './bundle.ts';

writeFileSync(ASSETS, await assets());
