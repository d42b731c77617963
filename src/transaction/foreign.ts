/**
 * Bytes that are no HTTP message where nothing was missed and no message was before them: another protocol, which is
 * one attempt however long it goes on, or what is left of a message that began before the capture.
 */
import type { Moment } from '../capture/packet.ts';
import type { Attempts } from './attempts.ts';
import type { Exchange } from './exchange.ts';

export class Foreign {
  #attempts: Attempts;
  #exchange: Exchange | null = null;

  constructor(attempts: Attempts) {
    this.#attempts = attempts;
  }

  get begun(): boolean {
    return this.#exchange !== null;
  }

  take(side: 'sender' | 'receiver', bytes: Buffer, start: number, end: number, at: Moment): void {
    this.#exchange ??= this.#attempts.begin('opaque');
    this.#exchange.noteOther(side, bytes, start, end, at);
  }

  /** Where the receiver takes for a request what is none, and answers it: that attempt. */
  get answered(): Exchange | null {
    const exchange = this.#exchange;
    if (exchange === null || exchange.decided || exchange.response !== null) return null;
    return exchange.opaque.sender !== null && exchange.opaque.receiver === null ? exchange : null;
  }

  /** HTTP after all: the bytes before were the end of a message that had begun before the capture. */
  turnOut(): Exchange | null {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange !== null) exchange.kind = 'exchange';
    return exchange;
  }
}
