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

export class CopyFilter {
  #signatures = new Int32Array(SLOTS);
  #times = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY);
  /** Nobody who writes packets knows it, so nobody can make two different ones look like copies. */
  #seed = (Math.random() * 2 ** 32) | 0;

  /** @param flow a number of the connection and direction. */
  isCopy(segment: Segment, flow: number): boolean {
    // Duplicate acknowledgements look alike but for their options: without an identification nothing tells them apart.
    const bare = segment.payloadLength === 0 && (segment.flags & (SYN | FIN | RST)) === 0;
    if (bare && segment.ipId <= 0) return false;
    const kind = (segment.flags << 24) ^ (segment.window << 8) ^ segment.payloadLength;
    let hash = Math.imul(flow ^ this.#seed, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ segment.seq, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13) ^ segment.ack, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 16) ^ kind, 0x27d4eb2f);
    hash ^= hash >>> 15;
    const slot = hash & (SLOTS - 1);
    const signature = Math.imul(hash ^ segment.ipId, 0x165667b1) ^ segment.seq ^ (segment.ack << 7) ^ kind;
    const lag = segment.ipId > 0 ? LAG_WITH_ID : LAG;
    if (this.#signatures[slot] === signature && Math.abs(segment.time - this.#times[slot]!) <= lag)
      return true;
    this.#signatures[slot] = signature;
    this.#times[slot] = segment.time;
    return false;
  }
}
