/**
 * Mutations of header fields: finds IP and TCP headers on the common links and changes lengths, offsets, flags and
 * numbers, one packet at a time or a whole direction alike, so that what comes of it still hangs together.
 * Checksums are left wrong: they are evidence of nothing.
 */
import { icmpError } from '../support/frames.ts';
import { WRAPPINGS } from '../support/wrappings.ts';
import { changeOne, insertByTime, type Mutation } from './by-packet.ts';
import type { FuzzPacket } from './packets.ts';
import type { Random } from './random.ts';

interface Layout {
  /** Offset of the IP header, and of the TCP header; -1 for another protocol. */
  readonly ip: number;
  readonly version: number;
  readonly tcp: number;
}

const LINK_HEADERS: Readonly<Record<number, number>> = { 0: 4, 1: 14, 101: 0, 108: 4, 113: 16, 276: 20 };

/** Null where no IP header is found. */
export function layoutOf({ bytes, link }: FuzzPacket): Layout | null {
  let ip = LINK_HEADERS[link] ?? -1;
  if (ip < 0) return null;
  while (link === 1 && ip + 4 <= bytes.length && [0x8100, 0x88a8].includes(bytes.readUInt16BE(ip - 2)))
    ip += 4;
  const version = (bytes[ip] ?? 0) >> 4;
  if (version === 4 && bytes.length >= ip + 20) {
    const tcp = ip + (bytes[ip]! & 15) * 4;
    return { ip, version, tcp: bytes[ip + 9] === 6 && bytes.length >= tcp + 20 ? tcp : -1 };
  }
  if (version === 6 && bytes.length >= ip + 40) {
    return { ip, version, tcp: bytes[ip + 6] === 6 && bytes.length >= ip + 60 ? ip + 40 : -1 };
  }
  return null;
}

/** Offset in its header, and width. */
const IPV4_FIELDS = [
  [0, 1],
  [2, 2],
  [4, 2],
  [6, 2],
  [8, 1],
  [9, 1],
  [12, 4],
  [16, 4],
] as const;
const IPV6_FIELDS = [
  [0, 1],
  [4, 2],
  [6, 1],
  [7, 1],
  [8, 4],
  [20, 4],
  [36, 4],
] as const;
const TCP_FIELDS = [
  [0, 2],
  [2, 2],
  [4, 4],
  [8, 4],
  [12, 1],
  [13, 1],
  [13, 1],
  [14, 2],
  [18, 2],
] as const;

const ipField: Mutation = (packets, random) =>
  changeOne(packets, random, (packet) => {
    const layout = layoutOf(packet);
    if (layout === null) return {};
    return {
      bytes: changed(packet.bytes, layout.ip, layout.version === 4 ? IPV4_FIELDS : IPV6_FIELDS, random),
    };
  });

const tcpField: Mutation = (packets, random) =>
  changeOne(packets, random, (packet) => {
    const tcp = layoutOf(packet)?.tcp ?? -1;
    return tcp < 0 ? {} : { bytes: changed(packet.bytes, tcp, TCP_FIELDS, random) };
  });

function changed(
  bytes: Buffer,
  header: number,
  fields: readonly (readonly [offset: number, width: 1 | 2 | 4])[],
  random: Random,
): Buffer {
  const copy = Buffer.from(bytes);
  const [offset, width] = random.pick(fields);
  const at = header + offset;
  const modulus = 2 ** (8 * width);
  const now = copy.readUIntBE(at, width);
  const value = random.pick([
    0,
    1,
    modulus - 1,
    modulus / 2,
    now + 1,
    now - 1,
    now + random.between(-2000, 2000),
    now ^ (1 << random.below(8)),
    random.word(),
  ]);
  copy.writeUIntBE(((value % modulus) + modulus) % modulus, at, width);
  return copy;
}

const flags: Mutation = (packets, random) =>
  changeOne(packets, random, (packet) => {
    const tcp = layoutOf(packet)?.tcp ?? -1;
    if (tcp < 0) return {};
    const bytes = Buffer.from(packet.bytes);
    bytes[tcp + 13] = random.chance(0.5)
      ? bytes[tcp + 13]! ^ (1 << random.below(6))
      : random.pick([0x02, 0x12, 0x10, 0x18, 0x11, 0x19, 0x04, 0x14, 0x03, 0x07, 0x00, 0x3f]);
    return { bytes };
  });

/** All numbers of one direction moved alike, often so that they wrap. */
const renumber: Mutation = (packets, random) => {
  const first = packets.map(layoutOf).find((layout) => (layout?.tcp ?? -1) >= 0);
  const model = packets.find((packet) => (layoutOf(packet)?.tcp ?? -1) >= 0);
  if (first === undefined || first === null || model === undefined) return packets;
  const port = model.bytes.readUInt16BE(first.tcp);
  const start = model.bytes.readUInt32BE(first.tcp + 4);
  const delta = random.chance(0.7) ? 2 ** 32 - start - random.about(3000) : random.word();
  return packets.map((packet) => {
    const tcp = layoutOf(packet)?.tcp ?? -1;
    if (tcp < 0) return packet;
    const bytes = Buffer.from(packet.bytes);
    const at = bytes.readUInt16BE(tcp) === port ? tcp + 4 : tcp + 8;
    if (at === tcp + 4 || bytes.readUInt16BE(tcp + 2) === port) {
      bytes.writeUInt32BE((bytes.readUInt32BE(at) + delta) >>> 0, at);
    }
    return { ...packet, bytes };
  });
};

const tcpOptions: Mutation = (packets, random) =>
  changeOne(packets, random, (packet) => {
    const tcp = layoutOf(packet)?.tcp ?? -1;
    if (tcp < 0) return {};
    const bytes = Buffer.from(packet.bytes);
    const end = Math.min(bytes.length, tcp + (bytes[tcp + 12]! >> 4) * 4);
    for (let at = tcp + 20; at < end; at++)
      if (random.chance(0.3)) bytes[at] = random.pick([0, 1, 2, 3, 255, 14]);
    return { bytes };
  });

/** An IPv4 packet in pieces, some of which may overlap, be missing or be in another order. */
const fragment: Mutation = (packets, random) => {
  const at = random.below(packets.length);
  const packet = packets[at]!;
  const layout = layoutOf(packet);
  if (layout?.version !== 4) return packets;
  const header = layout.ip + (packet.bytes[layout.ip]! & 15) * 4;
  if (packet.bytes.length < header + 16) return packets;
  const payload = packet.bytes.subarray(header);
  const unit = 8 * random.between(1, Math.max(1, payload.length >> 4));
  const pieces: FuzzPacket[] = [];
  for (let from = 0; from < payload.length; from += unit) {
    const overlap = random.chance(0.1) ? 8 : 0;
    const part = payload.subarray(from, from + unit + overlap);
    const bytes = Buffer.concat([packet.bytes.subarray(0, header), part]);
    bytes.writeUInt16BE(header - layout.ip + part.length, layout.ip + 2);
    bytes.writeUInt16BE(((from + unit < payload.length ? 0x2000 : 0) | (from >> 3)) & 0x3fff, layout.ip + 6);
    if (!random.chance(0.05)) pieces.push({ ...packet, bytes, wireLength: bytes.length });
  }
  if (random.chance(0.3)) pieces.reverse();
  packets.splice(at, 1, ...pieces);
  return packets;
};

/** Everything, or one packet, in some tunnel or on some other link, a few times over. */
const encapsulate: Mutation = (packets, random) => {
  const depth = random.chance(0.1) ? random.between(2, 20) : 1;
  const wrapping = random.pick(WRAPPINGS);
  const inner = random.pick(
    WRAPPINGS.filter(({ link, protocols }) => link === 1 && protocols.includes(':ip')),
  );
  const wrap = (packet: FuzzPacket): FuzzPacket => {
    const layout = layoutOf(packet);
    if (layout === null) return packet;
    let ip = packet.bytes.subarray(layout.ip);
    for (let i = 1; i < depth; i++) ip = inner.wrap(ip).subarray(14);
    // Their length fields have 16 bits.
    if (ip.length > 60_000) return packet;
    const bytes = wrapping.wrap(ip);
    return { ...packet, link: wrapping.link, bytes, wireLength: bytes.length };
  };
  return random.chance(0.5) ? packets.map(wrap) : changeOne(packets, random, wrap);
};

const oneDirection: Mutation = (packets, random) => {
  const ports = packets.map((packet) => portOf(packet)).filter((port) => port >= 0);
  if (ports.length === 0) return packets;
  const port = random.pick(ports);
  const kept = packets.filter((packet) => portOf(packet) === port || random.chance(0.1));
  return kept.length > 0 ? kept : packets;
};

function portOf(packet: FuzzPacket): number {
  const tcp = layoutOf(packet)?.tcp ?? -1;
  return tcp < 0 ? -1 : packet.bytes.readUInt16BE(tcp);
}

/** A router, or the receiver, complains about a packet. */
const complain: Mutation = (packets, random) => {
  const packet = random.pick(packets);
  const layout = layoutOf(packet);
  if (layout === null || packet.link !== 1) return packets;
  const v6 = layout.version === 6;
  const bytes = icmpError({
    src: v6 ? '2001:db8::99' : '192.0.2.99',
    dst: v6 ? '2001:db8::1' : '10.0.0.1',
    type: v6 ? random.between(1, 4) : random.pick([3, 3, 4, 5, 11, 12]),
    code: random.below(16),
    mtu: random.pick([0, 68, 1280, 1400, 65_535]),
    quote: packet.bytes.subarray(layout.ip),
    quoteBytes: random.pick([28, 28, 48, 60, 200, random.below(60)]),
  });
  insertByTime(packets, {
    time: packet.time + random.pick([0, 1e6, 1e9]),
    link: 1,
    bytes,
    wireLength: bytes.length,
  });
  return packets;
};

/** The same addresses and ports for packets of several connections, and the other way round. */
const otherPort: Mutation = (packets, random) => {
  const from = random.below(packets.length);
  const ports = packets.map(portOf).filter((port) => port >= 0);
  if (ports.length === 0) return packets;
  const [old, other] = [random.pick(ports), random.chance(0.5) ? random.pick(ports) : random.below(65_536)];
  return packets.map((packet, i) => {
    const tcp = layoutOf(packet)?.tcp ?? -1;
    if (i < from || tcp < 0) return packet;
    const bytes = Buffer.from(packet.bytes);
    for (const at of [tcp, tcp + 2]) if (bytes.readUInt16BE(at) === old) bytes.writeUInt16BE(other, at);
    return { ...packet, bytes };
  });
};

export const FIELD_MUTATIONS: readonly Mutation[] = [
  ipField,
  tcpField,
  tcpField,
  flags,
  flags,
  renumber,
  tcpOptions,
  fragment,
  encapsulate,
  oneDirection,
  complain,
  otherPort,
];
