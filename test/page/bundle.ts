/**
 * The page's script and style as the report carries them: TypeScript modules and CSS in, `src/report/html/assets.ts` out.
 * That file is committed, so that neither the tool nor its tests need a bundler to run; a test holds it to its sources.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from '../support/needs.ts';

const CLIENT = join(projectRoot, 'src/report/html/client');
export const ASSETS = join(projectRoot, 'src/report/html/assets.ts');

/** Small, but with its own names: somebody may want to read what a page runs. */
const COMMON = {
  bundle: true,
  write: false,
  charset: 'utf8',
  legalComments: 'none',
  minifyWhitespace: true,
  minifySyntax: true,
  target: 'es2023',
} as const;

/** What `assets.ts` should hold. */
export async function assets(): Promise<string> {
  const script = await build({ ...COMMON, entryPoints: [join(CLIENT, 'main.ts')], format: 'iife' });
  const style = await build({
    ...COMMON,
    target: 'chrome105',
    stdin: { contents: readFileSync(join(CLIENT, 'page.css'), 'utf8'), loader: 'css' },
  });
  return `/**
 * Written by npm run page from what lies in client/: the script and the style of the page, as text.
 */

${constant('SCRIPT', script.outputFiles[0]!.text.replaceAll('\t', '\\t'))}
${constant('STYLE', style.outputFiles[0]!.text)}`;
}

/** A string in which nothing can end the element that it stands in. */
function constant(name: string, text: string): string {
  if (/<\/(?:script|style)|<!--/i.test(text)) throw new Error(`${name} would end its own element`);
  const literal = text.trim().replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  return `export const ${name} = \`${literal}\`;\n`;
}
