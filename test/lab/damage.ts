/**
 * What happens to captures: packets that are missing one by one or in a row, one side unseen, only control packets kept,
 * a small snapshot length, a late start, an early end. From a recording, other recordings; the same seed, the same ones.
 */
import type { Packet } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment, FIN, RST, SYN } from '../../src/decode/segment.ts';
import type { Recording } from '../fixtures/replay.ts';

export interface Damage {
  readonly name: string;
  readonly packets: readonly Packet[];
}

/** What is kept by content; null stands for what is no TCP. */
interface Shape {
  readonly port: number;
  readonly flags: number;
  readonly length: number;
}

const SNAPLENS = [54, 60, 66, 68, 80, 96, 128];
const HOLES = [1, 2, 3, 5, 10, 20];
const LOSSES = [0.01, 0.05, 0.2, 0.5];

/** @param clientPorts of the sender: whose packets are the sender's. */
export function damages(recording: Recording, clientPorts: ReadonlySet<number>, seed: number): Damage[] {
  const { packets } = recording;
  const shapes = shapesOf(packets);
  const random = generator(seed);
  const somewhere = () => Math.floor(random() * packets.length);
  const keep = (name: string, which: (shape: Shape) => boolean): Damage => ({
    name,
    packets: packets.filter((_, i) => shapes[i] === null || which(shapes[i]!)),
  });
  return [
    keep('only the sender', ({ port }) => clientPorts.has(port)),
    keep('only the receiver', ({ port }) => !clientPorts.has(port)),
    keep('only SYN, FIN and RST', ({ flags }) => (flags & (SYN | FIN | RST)) !== 0),
    keep('no SYN', ({ flags }) => (flags & SYN) === 0),
    keep('no bare ACK', ({ flags, length }) => length > 0 || (flags & (SYN | FIN | RST)) !== 0),
    ...SNAPLENS.map((length) => ({
      name: `cut to ${length} bytes`,
      packets: packets.map((p) => ({ ...p, end: Math.min(p.end, p.start + length) })),
    })),
    ...HOLES.map((length) => {
      const at = somewhere();
      return {
        name: `${length} missing from ${at + 1} on`,
        packets: packets.filter((_, i) => i < at || i >= at + length),
      };
    }),
    ...LOSSES.map((share) => ({
      name: `${share * 100} % missing`,
      packets: packets.filter(() => random() >= share),
    })),
    ...[somewhere()].map((at) => ({ name: `from ${at + 1} on`, packets: packets.slice(at) })),
    ...[somewhere()].map((at) => ({ name: `up to ${at}`, packets: packets.slice(0, at) })),
  ];
}

function shapesOf(packets: readonly Packet[]): (Shape | null)[] {
  const segment = createSegment();
  const fragments = new Fragments(() => {});
  return packets.map((packet) =>
    decode(packet, segment, fragments) === 'tcp'
      ? { port: segment.srcPort, flags: segment.flags, length: segment.payloadLength }
      : null,
  );
}

/** Numbers from 0 to 1 (xorshift). */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
