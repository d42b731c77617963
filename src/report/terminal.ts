/**
 * What the text report needs of a terminal: colour or none, words wrapped to a width, columns aligned.
 * Strings that come in are escaped already. Widths count code points; wide scripts are not measured yet.
 */

/** Select Graphic Rendition parameters (ECMA-48 §8.3.117). */
const SGR = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Paint = (style: keyof typeof SGR, text: string) => string;

export function painter(colour: boolean): Paint {
  return colour
    ? (style, text) => (text === '' ? '' : `\x1b[${SGR[style]}m${text}\x1b[0m`)
    : (_, text) => text;
}

export function widthOf(text: string): number {
  let width = 0;
  for (const _ of text) width++;
  return width;
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Breaks at spaces into lines of at most `width`; a longer word (a URL) is broken where the line ends. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(' ')) {
    let length = widthOf(word);
    let rest = word;
    if (used > 0 && used + 1 + length <= room) {
      line += ` ${word}`;
      used += 1 + length;
      continue;
    }
    if (used > 0) lines.push(line);
    if (length > room) {
      const points = [...rest];
      while (points.length > room) lines.push(points.splice(0, room).join(''));
      rest = points.join('');
      length = points.length;
    }
    line = rest;
    used = length;
  }
  if (used > 0) lines.push(line);
  return lines;
}
