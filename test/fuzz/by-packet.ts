/** Mutations of a capture as a list: what capturing, networks and clocks do to packets, and worse. */
import type { FuzzPacket, Sample } from './packets.ts';
import type { Random } from './random.ts';

/** The list is the mutation's own to change; its packets are shared. */
export type Mutation = (packets: FuzzPacket[], random: Random, samples: readonly Sample[]) => FuzzPacket[];

const drop: Mutation = (packets, random) => {
  packets.splice(random.below(packets.length), random.about(4));
  return packets;
};

const repeat: Mutation = (packets, random) => {
  const at = random.below(packets.length);
  const packet = packets[at]!;
  const lag = random.pick([0, 1e3, 50e3, 2e6, 200e6, 40e9]);
  const copies = random.chance(0.1) ? random.about(64) : 1;
  for (let i = 1; i <= copies; i++) insertByTime(packets, { ...packet, time: packet.time + lag * i });
  return packets;
};

const swap: Mutation = (packets, random) => {
  const a = random.below(packets.length);
  const b = random.chance(0.7) ? Math.min(packets.length - 1, a + 1) : random.below(packets.length);
  const [one, other] = [packets[a]!, packets[b]!];
  packets[a] = { ...other, time: one.time };
  packets[b] = { ...one, time: other.time };
  return packets;
};

const shuffle: Mutation = (packets, random) => {
  const from = random.below(packets.length);
  const to = Math.min(packets.length, from + random.about(32));
  const times = packets.slice(from, to).map(({ time }) => time);
  for (let i = to - 1; i > from; i--) {
    const j = random.between(from, i);
    [packets[i], packets[j]] = [packets[j]!, packets[i]!];
  }
  for (let i = from; i < to; i++) packets[i] = { ...packets[i]!, time: times[i - from]! };
  return packets;
};

/** As the snapshot length does: the wire length stays. */
const snap: Mutation = (packets, random) => {
  const length = random.pick([0, 14, 34, 54, 60, 68, 96, 128, random.below(1600)]);
  if (random.chance(0.5))
    return packets.map((packet) => ({ ...packet, bytes: packet.bytes.subarray(0, length) }));
  return changeOne(packets, random, ({ bytes }) => ({
    bytes: bytes.subarray(0, random.below(bytes.length + 1)),
  }));
};

const wireLength: Mutation = (packets, random) =>
  changeOne(packets, random, ({ bytes }) => ({
    wireLength: random.pick([0, bytes.length - 1, bytes.length + 1, 65_535, 0x7fff_ffff, 0xffff_ffff]),
  }));

const splice: Mutation = (packets, random, samples) => {
  const other = random.pick(samples).packets;
  const shift = random.pick([0, 0, 1e6, packets.at(-1)!.time, -1e9, 20e9]);
  const added = other.map((packet) => ({ ...packet, time: packet.time + shift }));
  if (random.chance(0.3)) return [...packets.slice(0, random.below(packets.length)), ...added];
  return [...packets, ...added].sort((a, b) => a.time - b.time);
};

const oneTime: Mutation = (packets, random) =>
  changeOne(packets, random, ({ time }) => ({ time: time + random.pick(JUMPS) }));

const timesFrom: Mutation = (packets, random) => {
  const from = random.below(packets.length);
  const jump = random.pick(JUMPS);
  return packets.map((packet, i) => (i < from ? packet : { ...packet, time: packet.time + jump }));
};

const allTimes: Mutation = (packets, random) => {
  const last = packets.at(-1)!.time;
  const how = random.pick<(time: number) => number>([
    () => 0,
    (time) => last - time,
    (time) => time * random.pick([0.001, 10, 1000]),
    (time) => time + random.between(-2e6, 2e6),
  ]);
  return packets.map((packet) => ({ ...packet, time: Math.round(how(packet.time)) }));
};

const JUMPS: readonly number[] = [
  -1, 1, 1e3, -1e3, 1e6, -1e6, 999e6, 1e9, -1e9, -1.001e9, 30e9, -30e9, 61e9, 7_501e9, -1e15, 1e15, 3e18,
];

export const PACKET_MUTATIONS: readonly Mutation[] = [
  drop,
  drop,
  repeat,
  swap,
  swap,
  shuffle,
  snap,
  wireLength,
  splice,
  oneTime,
  timesFrom,
  allTimes,
];

export function changeOne(
  packets: FuzzPacket[],
  random: Random,
  change: (packet: FuzzPacket) => Partial<FuzzPacket>,
): FuzzPacket[] {
  const at = random.below(packets.length);
  packets[at] = { ...packets[at]!, ...change(packets[at]!) };
  return packets;
}

export function insertByTime(packets: FuzzPacket[], packet: FuzzPacket): void {
  const at = packets.findIndex(({ time }) => time > packet.time);
  packets.splice(at < 0 ? packets.length : at, 0, packet);
}
