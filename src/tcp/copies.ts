/**
 * Recognises a packet that the capture holds twice: taken on two interfaces (`-i any`, bridges, veth pairs), or
 * by a mirror port that sees both ways. A copy repeats what no new packet repeats so soon: connection, sequence and
 * acknowledgement number, flags, window, length and IP identification. It is counted once, and is no retransmission.
 *
 * Packets are noted one after the other, each linked to the one before it of its flow (a direction of a connection), and
 * looked for only where a packet brings nothing new. A table by hash cost each packet a line of memory that was in no cache:
 * a tenth of the time of `short`.
 */
import type { Time } from '../capture/packet.ts';
import { FIN, RST, type Segment, SYN } from '../decode/segment.ts';

/** Power of two: packets remembered. Copies lie microseconds apart, so this outlasts any burst between them. */
const NOTED = 1 << 14;
/** Packets of its flow with which one is compared: more than any queue between two interfaces lets pass at once. */
const COMPARED = 512;
/** Two copies of one packet lie this close; a retransmission timer (RFC 6298 §2.4, in practice 200 ms) never fires
 *  as fast. With an IP identification that repeats, a slow tap may take longer. */
const LAG: Time = 1e6;
const LAG_WITH_ID: Time = 50e6;
/** What was noted this long ago has no copy to come, nor has anything noted before it, whatever is out of order. */
const OVER: Time = 2 * LAG_WITH_ID;

/** A place: when, and the flow's place before; then sequence and acknowledgement number, flags with window, length, identification. */
const DOUBLES = 5;
const WORDS = 2 * DOUBLES;
const TIME = 0;
const BEFORE = 1;
const SEQ = 4;
const ACK = 5;
const STATE = 6;
const LENGTH = 7;
const ID = 8;

/** Duplicate acknowledgements look alike but for their options: without an identification nothing tells them from copies. */
export function canBeCopy({ payloadLength, flags, ipId }: Segment): boolean {
  return payloadLength > 0 || (flags & (SYN | FIN | RST)) !== 0 || ipId > 0;
}

/** Of those that can be one. Compared in full: two that differ are never taken for copies, whoever wrote them. */
export class CopyFilter {
  #words = new Int32Array(NOTED * WORDS);
  #doubles = new Float64Array(this.#words.buffer);
  /** Packets noted so far; the last one has this number. */
  #last = 0;

  /** @param flow number of its last packet that was noted; 0 for none. */
  isCopy(segment: Segment, flow: number): boolean {
    const { time, seq, ack, payloadLength, ipId } = segment;
    const state = (segment.flags << 16) | segment.window;
    const lag = ipId > 0 ? LAG_WITH_ID : LAG;
    const words = this.#words;
    let left = COMPARED;
    for (let number = flow; number > this.#last - NOTED && number > 0 && left > 0; left--) {
      const place = number & (NOTED - 1);
      const at = place * WORDS;
      const since = time - this.#doubles[place * DOUBLES + TIME]!;
      if (
        words[at + SEQ] === seq &&
        words[at + ACK] === ack &&
        words[at + STATE] === state &&
        words[at + LENGTH] === payloadLength &&
        words[at + ID] === ipId &&
        Math.abs(since) <= lag
      ) {
        return true;
      }
      if (since > OVER) return false;
      number = this.#doubles[place * DOUBLES + BEFORE]!;
    }
    return false;
  }

  /**
   * @param flow as above.
   * @returns the flow's number from now on.
   */
  note(segment: Segment, flow: number): number {
    const place = ++this.#last & (NOTED - 1);
    const at = place * WORDS;
    const words = this.#words;
    this.#doubles[place * DOUBLES + TIME] = segment.time;
    this.#doubles[place * DOUBLES + BEFORE] = flow;
    words[at + SEQ] = segment.seq;
    words[at + ACK] = segment.ack;
    words[at + STATE] = (segment.flags << 16) | segment.window;
    words[at + LENGTH] = segment.payloadLength;
    words[at + ID] = segment.ipId;
    return this.#last;
  }
}
