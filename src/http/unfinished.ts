/**
 * What a parser knows of a start line or head that is not clean, or that a segment ends in: how far it was looked at, and
 * what is held of it.
 */
import type { Stored } from '../limits.ts';
import { HeadEnd } from './head-end.ts';
import { HeldBytes } from './held.ts';
import { newScan, type Scan } from './start-line.ts';

export class Unfinished {
  readonly scan: Scan;
  readonly headEnd: HeadEnd;
  readonly held: HeldBytes;

  constructor(stored: Stored) {
    this.scan = newScan();
    this.headEnd = new HeadEnd();
    this.held = new HeldBytes(stored);
  }
}
