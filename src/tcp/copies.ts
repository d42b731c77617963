/**
 * Recognises a packet that the capture holds twice: taken on two interfaces (`-i any`, bridges, veth pairs), or
 * by a mirror port that sees both ways. A copy repeats what no new packet repeats so soon: connection, sequence and
 * acknowledgement number, flags, window, length and IP identification. It is counted once, and is no retransmission.
 */
import type { Time } from '../capture/packet.ts';
import { FIN, RST, type Segment, SYN } from '../decode/segment.ts';

/** Power of two: packets remembered. Copies lie microseconds apart, so this outlasts any burst between them. */
const SLOTS = 1 << 16;
/** Two copies of one packet lie this close; a retransmission timer (RFC 6298 §2.4, in practice 200 ms) never fires
 *  as fast. With an IP identification that repeats, a slow tap may take longer. */
const LAG: Time = 1e6;
const LAG_WITH_ID: Time = 50e6;

/**
 * Words of a slot: flow, sequence and acknowledgement number, flags with window, length, identification, and two of its
 * time. All of them lie in one line of the cache: with the times in an array of their own a packet cost a third more here.
 */
const WORDS = 8;

/**
 * One packet a slot, compared in full: two that differ are never taken for copies, whoever wrote them. Where a slot is
 * taken by another packet in between, a copy counts as sent again; which ones do is the same on every run.
 */
export class CopyFilter {
  #packets = new Int32Array(SLOTS * WORDS);
  #times = new Float64Array(this.#packets.buffer);

  /** @param flow a positive number of the connection and direction. */
  isCopy(segment: Segment, flow: number): boolean {
    const { seq, ack, flags, payloadLength, ipId } = segment;
    // Duplicate acknowledgements look alike but for their options: without an identification nothing tells them apart.
    if (payloadLength === 0 && (flags & (SYN | FIN | RST)) === 0 && ipId <= 0) return false;
    const state = (flags << 16) | segment.window;
    let hash = Math.imul(flow, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ seq, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13) ^ ack, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 16) ^ state ^ payloadLength, 0x27d4eb2f);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const at = slot * WORDS;
    const kept = this.#packets;
    const alike =
      kept[at] === flow &&
      kept[at + 1] === seq &&
      kept[at + 2] === ack &&
      kept[at + 3] === state &&
      kept[at + 4] === payloadLength &&
      kept[at + 5] === ipId;
    const lag = ipId > 0 ? LAG_WITH_ID : LAG;
    if (alike && Math.abs(segment.time - this.#times[slot * (WORDS / 2) + 3]!) <= lag) return true;
    kept[at] = flow;
    kept[at + 1] = seq;
    kept[at + 2] = ack;
    kept[at + 3] = state;
    kept[at + 4] = payloadLength;
    kept[at + 5] = ipId;
    this.#times[slot * (WORDS / 2) + 3] = segment.time;
    return false;
  }
}
