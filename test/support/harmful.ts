/**
 * What must never reach a terminal or a page raw: control characters, bidi marks and other format characters, line and
 * paragraph separators, lone surrogates. Written from Unicode's categories and not from escape.ts.
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** As `U+202E`, each once. Line ends are the formats' own: LF, in some of them CR LF (RFC 4180 §2). */
export function harmfulIn(text: string): string[] {
  const inner = text.replace(/\r?\n/g, '');
  const found = new Set<string>();
  if (!HARMFUL.test(inner)) return [];
  for (const character of inner) {
    if (HARMFUL.test(character)) {
      found.add(`U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
    }
  }
  return [...found];
}
