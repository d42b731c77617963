/**
 * What was probably meant by a name that does not exist.
 */

/** The known name nearest to `given` by edit distance; null when none is near. */
export function suggest(given: string, known: readonly string[]): string | null {
  // A long argument is no misspelt name, and the distance is quadratic.
  if (given.length > 64) return null;
  let best: string | null = null;
  let least = Math.max(2, Math.floor(given.length / 4)) + 1;
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name);
    if (distance < least) {
      best = name;
      least = distance;
    }
  }
  return best ?? known.find((name) => given.length >= 4 && name.includes(given.toLowerCase())) ?? null;
}

/** Insertions, deletions and replacements (Levenshtein), row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
