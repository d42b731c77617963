/**
 * In: the bytes of a head, cut anywhere. Out: where its start line and the empty line after its fields end
 * (RFC 9112 §2.1, and §2.2 for line feeds alone), and whether it has control characters that its parser must look
 * for. Goes on where the last segment ended: no byte is looked at twice.
 */
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DEL = 0x7f;

/** Everything but control characters; a tab is none here. */
const PLAIN: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, c) =>
  (c >= SP && c !== DEL) || c === HTAB ? 1 : 0,
);

/** No byte of the line yet; one CR; anything else. */
const LINE_START = 0;
const LINE_CR = 1;
const IN_LINE = 2;

export class HeadEnd {
  /**
   * A control character was met, or a CR that may not be part of CRLF. Told from the bytes while they are searched
   * anyway: looking through the text again costs as much as all the rest of its parsing (measured, 260-byte heads).
   */
  odd: boolean;
  private line: typeof LINE_START | typeof LINE_CR | typeof IN_LINE;

  constructor() {
    this.odd = false;
    this.line = IN_LINE;
  }

  /** The next byte is the first of a start line. */
  reset(): void {
    this.odd = false;
    this.line = IN_LINE;
  }

  /** Index after the line feed of the start line, or -1 when `bytes[pos, end)` does not have it. */
  findFirstLine(bytes: Uint8Array, pos: number, end: number): number {
    const i = this.lineFeed(bytes, pos, end);
    if (i === end) return -1;
    this.line = LINE_START;
    return i + 1;
  }

  /** After the start line: index after the head's last byte, or -1 when `bytes[pos, end)` does not have it. */
  find(bytes: Uint8Array, pos: number, end: number): number {
    let i = pos;
    while (i < end) {
      if (this.line === IN_LINE) {
        i = this.lineFeed(bytes, i, end);
        if (i === end) break;
        i++;
        this.line = LINE_START;
        continue;
      }
      const c = bytes[i]!;
      if (c === LF) return i + 1;
      if (c === CR && this.line === LINE_START) {
        this.line = LINE_CR;
        i++;
      } else {
        if (this.line === LINE_CR) this.odd = true;
        this.line = IN_LINE;
      }
    }
    return -1;
  }

  /** Index of the next line feed, or `end`. */
  private lineFeed(bytes: Uint8Array, pos: number, end: number): number {
    let i = pos;
    for (;;) {
      while (i < end && PLAIN[bytes[i]!] === 1) i++;
      if (i === end) return end;
      const c = bytes[i];
      if (c === LF) return i;
      // A CR that ends a segment is taken for an odd one: it costs a second look, never a wrong answer.
      if (c !== CR || i + 1 === end || bytes[i + 1] !== LF) this.odd = true;
      i++;
    }
  }
}
