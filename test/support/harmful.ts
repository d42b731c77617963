/**
 * What must never reach a terminal or a page raw: control characters, bidi marks and other format characters, line and
 * paragraph separators, lone surrogates. Written from Unicode's categories and not from escape.ts.
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** As `U+202E`, each once. @param allowed what the format itself is made of. */
export function harmfulIn(text: string, allowed = '\n'): string[] {
  if (!HARMFUL.test(text.replaceAll(allowed, ''))) return [];
  const found = new Set<string>();
  for (const character of text) {
    if (!allowed.includes(character) && HARMFUL.test(character)) {
      found.add(`U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
    }
  }
  return [...found];
}
