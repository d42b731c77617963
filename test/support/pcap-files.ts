/**
 * Writes pcap and pcapng files for tests, block by block, in either byte order, also wrong ones. Written from the
 * format's description and not from the reader's code: what both agree on is what the description says.
 */

/** A packet of a classic file. */
export interface Record {
  seconds: number;
  /** In the file's own unit. */
  fraction: number;
  bytes: Buffer;
  /** Default: the length of `bytes`. */
  wireLength?: number;
}

export interface PcapOptions {
  /** Default little. */
  readonly order?: Order;
  /** Default microseconds. */
  readonly kind?: 'microseconds' | 'nanoseconds' | 'modified';
  readonly major?: number;
  readonly minor?: number;
  readonly snaplen?: number;
  /** The whole 32-bit field; default Ethernet. */
  readonly link?: number;
}

export type Order = 'big' | 'little';
export const ORDERS: readonly Order[] = ['big', 'little'];

const MAGIC = { microseconds: 0xa1b2c3d4, nanoseconds: 0xa1b23c4d, modified: 0xa1b2cd34 };

export function pcap(records: readonly Record[], options: PcapOptions = {}): Buffer {
  const {
    order = 'little',
    kind = 'microseconds',
    major = 2,
    minor = 4,
    snaplen = 262_144,
    link = 1,
  } = options;
  const words = (...values: number[]) => u32(order, ...values);
  const parts = [words(MAGIC[kind]), u16(order, major, minor), words(0, 0, snaplen, link)];
  for (const { seconds, fraction, bytes, wireLength = bytes.length } of records) {
    const lengths = minor < 3 ? [wireLength, bytes.length] : [bytes.length, wireLength];
    parts.push(words(seconds, fraction, ...lengths));
    // Interface index, protocol, packet type, padding
    if (kind === 'modified') parts.push(Buffer.alloc(8, 0x77));
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** Block types by their names in the specification. */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  nameResolution: 4,
  statistics: 5,
  enhancedPacket: 6,
  journal: 9,
  secrets: 10,
  custom: 0xbad,
} as const;

export interface PacketFields {
  readonly interface?: number;
  /** 64-bit count in the interface's resolution. */
  readonly ticks?: bigint;
  readonly bytes: Buffer;
  readonly wireLength?: number;
  /** Instead of the length of `bytes`. */
  readonly captured?: number;
  readonly options?: readonly Buffer[];
}

/** Makes the blocks of sections in one byte order; join them with `Buffer.concat`. */
export function blocksIn(order: Order) {
  const words = (...values: number[]) => u32(order, ...values);
  const halves = (...values: number[]) => u16(order, ...values);

  const block = (type: number, ...body: readonly Buffer[]): Buffer => {
    const content = padded(Buffer.concat(body));
    const length = content.length + 12;
    return Buffer.concat([words(type, length), content, words(length)]);
  };
  const option = (code: number, value: Buffer): Buffer =>
    Buffer.concat([halves(code, value.length), padded(value)]);
  const fields = (packet: PacketFields): Buffer[] => {
    const ticks = packet.ticks ?? 0n;
    const { captured = packet.bytes.length, wireLength = packet.bytes.length } = packet;
    return [
      words(Number(ticks >> 32n), Number(ticks & 0xffff_ffffn), captured, wireLength),
      padded(packet.bytes),
      ...(packet.options ?? []),
    ];
  };

  return {
    block,
    option,
    endOfOptions: option(0, Buffer.alloc(0)),
    u64: (value: bigint): Buffer => {
      const at = Buffer.alloc(8);
      if (order === 'big') at.writeBigUInt64BE(BigInt.asUintN(64, value));
      else at.writeBigUInt64LE(BigInt.asUintN(64, value));
      return at;
    },
    section: (major = 1, ...options: Buffer[]): Buffer =>
      block(BLOCK.section, words(0x1a2b3c4d), halves(major, 0), Buffer.alloc(8, 0xff), ...options),
    interface: (fields: { link?: number; snaplen?: number } = {}, ...options: Buffer[]): Buffer =>
      block(BLOCK.interface, halves(fields.link ?? 1, 0), words(fields.snaplen ?? 0), ...options),
    enhanced: (packet: PacketFields): Buffer =>
      block(BLOCK.enhancedPacket, words(packet.interface ?? 0), ...fields(packet)),
    obsolete: (packet: PacketFields & { drops?: number }): Buffer =>
      block(BLOCK.obsoletePacket, halves(packet.interface ?? 0, packet.drops ?? 0xffff), ...fields(packet)),
    simple: (bytes: Buffer, wireLength: number = bytes.length): Buffer =>
      block(BLOCK.simplePacket, words(wireLength), bytes),
    statistics: (of: number, ...options: Buffer[]): Buffer =>
      block(BLOCK.statistics, words(of, 0, 0), ...options),
  };
}

function u32(order: Order, ...values: number[]): Buffer {
  const at = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    if (order === 'big') at.writeUInt32BE(value, 4 * i);
    else at.writeUInt32LE(value, 4 * i);
  });
  return at;
}

function u16(order: Order, ...values: number[]): Buffer {
  const at = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => {
    if (order === 'big') at.writeUInt16BE(value, 2 * i);
    else at.writeUInt16LE(value, 2 * i);
  });
  return at;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
