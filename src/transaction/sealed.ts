/**
 * What an encrypted connection shows without keys: turns of records. Data of the client after data of the server begins
 * a new one; each is one attempt, of which first and last byte, acknowledgement and answer are known, and no content.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { ResponseHead } from '../http/message.ts';
import type { Side } from '../tcp/stream.ts';
import type { Sealed } from '../tls/tls.ts';
import type { Attempts } from './attempts.ts';
import type { Exchange } from './exchange.ts';
import { CollectedMessage, NO_BODY } from './message.ts';
import type { HttpStage } from './transaction.ts';

export class SealedTurns {
  #attempts: Attempts;
  #decode: HttpStage['decodeBody'];
  #turn: Exchange | null = null;
  /** The first record of the receiver that may be an answer or a ticket. */
  #doubtful: CollectedMessage<ResponseHead> | null = null;
  /** The record at hand of either side belongs to the turn. */
  #open: [boolean, boolean] = [false, false];

  constructor(attempts: Attempts, decode: HttpStage['decodeBody']) {
    this.#attempts = attempts;
    this.#decode = decode;
  }

  /**
   * @param idle silence on the connection before the record.
   * @returns false where it may answer, and there is no turn that it could answer.
   */
  onSealed(side: Side, what: Sealed, start: number, first: Moment, idle: Time): boolean {
    this.#open[side] = false;
    const answers = side !== this.#attempts.sender && (what === 'data' || what === 'doubt');
    if (answers && this.#turn === null) return false;
    if (side === this.#attempts.sender) this.#onRequest(side, what, start, first, idle);
    else this.#onResponse(side, what, start, first);
    return true;
  }

  /** The receiver's direction can be read, and it has said something. */
  onAnswerRead(start: number, first: Moment): void {
    const turn = this.#turn;
    if (turn === null || turn.decided) return;
    turn.response ??= new CollectedMessage<ResponseHead>(start, first, this.#decode, NO_BODY);
  }

  onSealedEnd(side: Side, end: number, last: Moment): void {
    const turn = this.#turn;
    if (turn === null || !this.#open[side]) return;
    this.#open[side] = false;
    if (side !== this.#attempts.sender) {
      (turn.response ?? this.#doubtful)?.reach(end, last);
      return;
    }
    turn.request!.reach(end, last);
    turn.request!.ended = 'complete';
    turn.acked = this.#attempts.senderSide.watch(end);
    this.#attempts.watch(last.time);
  }

  /** The stream of `side` has come to `next`, which may be in the middle of a record. */
  reach(side: Side, next: number, at: Moment): void {
    if (this.#turn === null || !this.#open[side]) return;
    const message = side === this.#attempts.sender ? this.#turn.request : this.#turn.response;
    message?.reach(next, at);
  }

  /** @returns whether they belong to a turn. */
  onGap(side: Side, length: number): boolean {
    const turn = this.#turn;
    if (turn === null || turn.decided) return false;
    if (side === this.#attempts.sender) turn.requestUnseen += length;
    else turn.answerUnseen += length;
    return true;
  }

  /** No more comes from `side`: a record that is not whole will not be. */
  onEnd(side: Side): void {
    const turn = this.#turn;
    if (turn === null || turn.decided || !this.#open[side]) return;
    if (side === this.#attempts.sender) turn.request!.ended = 'cut';
    else if (turn.response !== null) turn.response.ended = 'cut';
  }

  #onRequest(side: Side, what: Sealed, start: number, first: Moment, idle: Time): void {
    const turn = this.#turn;
    const over = turn === null || turn.decided || turn.response !== null || this.#doubtful !== null;
    if (what === 'short' && over) return;
    this.#open[side] = true;
    if (turn !== null && (!over || (what === 'more' && !turn.decided))) {
      turn.request!.ended = null;
      return;
    }
    if (turn !== null && !turn.decided) {
      // It went on, so the answer was there.
      turn.response ??= this.#doubtful;
      this.#attempts.release(turn);
    }
    this.#doubtful = null;
    const next = this.#attempts.begin('sealed');
    if (next.index > 1) next.idleBefore = idle;
    next.request = new CollectedMessage(start, first, this.#decode, NO_BODY);
    this.#turn = next;
    this.#attempts.watch(first.time);
  }

  #onResponse(side: Side, what: Sealed, start: number, first: Moment): void {
    const turn = this.#turn;
    if (turn === null || turn.decided) return;
    if (what === 'ticket') {
      turn.answerDoubtful = false;
      this.#doubtful = null;
    } else if (what === 'doubt') {
      this.#doubtful = new CollectedMessage<ResponseHead>(start, first, this.#decode, NO_BODY);
      turn.answerDoubtful = true;
      this.#open[side] = true;
    } else if (what === 'data') {
      turn.response ??= new CollectedMessage<ResponseHead>(start, first, this.#decode, NO_BODY);
      turn.answerDoubtful = false;
      this.#doubtful = null;
      this.#open[side] = true;
    }
  }
}
