/**
 * What a parser knows of a start line or head that is not clean, or that a segment ends in: how far it was looked at, and
 * what is held of it.
 */
import type { Stored } from '../limits.ts';
import { HeadEnd } from './head-end.ts';
import { HeldBytes } from './held.ts';
import type { Kind } from './kinds.ts';
import { newScan, type Scan, YES } from './start-line.ts';

export class Unfinished {
  readonly scan: Scan;
  readonly headEnd: HeadEnd;
  readonly held: HeldBytes;

  constructor(stored: Stored) {
    this.scan = newScan();
    this.headEnd = new HeadEnd();
    this.held = new HeldBytes(stored);
  }

  /**
   * Whether what was held only looks like a start line together with this run, which begins with one of its own: the
   * last letters of a body longer than its Content-Length, and then `POST /next HTTP/1.1`.
   */
  isGlued<H>(kind: Kind<H>, bytes: Buffer, pos: number, end: number): boolean {
    const { held } = this;
    if (kind.isPrefix(held.bytes, 0, held.length) || !kind.isPrefix(bytes, pos, end)) return false;
    return kind.restart(newScan(), bytes, pos, end) === YES;
  }
}
