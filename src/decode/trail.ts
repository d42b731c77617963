/**
 * Remembers packets of which it is known only later whose they are: the last fragments, until one completes their datagram,
 * and ICMP errors that were captured before the SYN they are about. For reading a capture a second time only.
 */
import type { Moment, Packet } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import { decode } from './decode.ts';
import { createSegment, type Piece, type Segment } from './segment.ts';

/** A packet of its own, and which one of the run it is. */
interface Copy {
  readonly packet: Packet;
  readonly order: number;
}

export class Trail {
  #errors: Copy[] = [];
  #pieces: (Piece & { readonly key: string })[] = [];
  #probe = createSegment();

  /** @param segment as decoded, where the outcome was 'fragment'. */
  note(packet: Packet, segment: Segment, order: number): void {
    this.#pieces.push({ ...pieceOf(copyOf(packet), order, segment, packet.start), key: keyOf(segment) });
    if (this.#pieces.length > LIMITS.datagramFragments) this.#pieces.shift();
  }

  /** An ICMP error about no connection so far. */
  noteError(packet: Packet, order: number): void {
    this.#errors.push({ packet: copyOf(packet), order });
    if (this.#errors.length > LIMITS.earlyErrors) this.#errors.shift();
  }

  /** The error that was captured then, once. */
  takeError({ file, frame }: Moment): Copy | undefined {
    const found = this.#errors.findIndex(({ packet }) => packet.file === file && packet.frame === frame);
    return found < 0 ? undefined : this.#errors.splice(found, 1)[0];
  }

  /** All pieces of the datagram that this packet has completed, itself last; lent like the packet. */
  take(packet: Packet, order: number): Piece[] {
    if (decode(packet, this.#probe) !== 'fragment') return [];
    const key = keyOf(this.#probe);
    const found: Piece[] = this.#pieces.filter((piece) => piece.key === key);
    this.#pieces = this.#pieces.filter((piece) => piece.key !== key);
    return [...found, pieceOf(packet, order, this.#probe, 0)];
  }
}

function copyOf(packet: Packet): Packet {
  const bytes = Buffer.from(packet.bytes.subarray(packet.start, packet.end));
  return { ...packet, bytes, start: 0, end: bytes.length };
}

function pieceOf(packet: Packet, order: number, { rest }: Segment, shift: number): Piece {
  return { packet, order, at: rest.at - shift, end: rest.end - shift, offset: rest.offset };
}

/** Addresses and identification of the fragment (RFC 791 §3.2, RFC 8200 §4.5). */
function keyOf(s: Segment): string {
  return [s.src0, s.src1, s.src2, s.src3, s.dst0, s.dst1, s.dst2, s.dst3, s.rest.id].join(' ');
}
