/**
 * Bytes in hex, as records carry them, in; lines of a hex dump out: offset, bytes, and what of them is printable ASCII.
 */

export interface HexLine {
  readonly offset: string;
  readonly bytes: string;
  readonly text: string;
}

export function hexLines(hex: string, width = 16): HexLine[] {
  const lines: HexLine[] = [];
  for (let at = 0; at < hex.length; at += 2 * width) {
    const pairs = hex.slice(at, at + 2 * width).match(/../g) ?? [];
    const half = Math.ceil(width / 2);
    const groups = [pairs.slice(0, half), pairs.slice(half)].filter((group) => group.length > 0);
    lines.push({
      offset: (at / 2).toString(16).padStart(4, '0'),
      bytes: groups
        .map((group) => group.join(' '))
        .join('  ')
        .padEnd(width * 3),
      text: pairs.map(printable).join(''),
    });
  }
  return lines;
}

function printable(pair: string): string {
  const code = Number.parseInt(pair, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '\u00b7';
}
