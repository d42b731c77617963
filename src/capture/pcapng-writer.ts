/**
 * Packets in, the bytes of a pcapng file out, block by block: one section, little endian, with comments, interfaces,
 * statistics and secrets. Pure: what becomes of the bytes is the caller's business.
 * Source: draft-ietf-opsawg-pcapng §3.1 (blocks), §3.5 (options), §4.1 (section), §4.2 (interface), §4.3 (enhanced
 * packet), §4.6 (statistics), §4.7 (secrets).
 */
import type { Packet, Time } from './packet.ts';
import { ENHANCED_PACKET, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, SECTION_HEADER } from './pcapng.ts';

const DECRYPTION_SECRETS = 10;
/** §4.7: NSS key log format. */
const TLS_KEY_LOG = 0x544c534b;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_MAJOR = 1;
/** A section whose length is not told: -1. */
const LENGTH_UNKNOWN = 0xffffffff;

/** Option codes of the blocks that are written. */
const OPT_ENDOFOPT = 0;
const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const IF_TSOFFSET = 14;
const ISB_STARTTIME = 2;
const ISB_ENDTIME = 3;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;
/** An option's length is 16 bits. */
const LONGEST_OPTION = 0xffff;

/** Block type, total length, and the length again at the end. */
const FRAME = 12;
const EPB_FIELDS = 20;

export interface PcapngInterface {
  readonly name: string | null;
  readonly link: number;
  /** Bytes; 0 for no limit. */
  readonly snaplen: number;
  /** The pcap-filter expression in force while capturing, or null. */
  readonly filter: string | null;
}

/** Packets counted since the capture began; null where it is not known. */
export interface PcapngStatistics {
  readonly received: number | null;
  /** For lack of resources in the interface, and in the system. */
  readonly droppedByInterface: number | null;
  readonly droppedBySystem: number | null;
  readonly first: Time | null;
  readonly last: Time | null;
}

export class PcapngWriter {
  readonly #write: (bytes: Buffer) => void;
  readonly #epoch: bigint;
  /** Nanoseconds of a tick. */
  readonly #tick: bigint;
  /** Seconds that all times of this section are short of (if_tsoffset). */
  readonly #offset: bigint;
  readonly #digits: 6 | 9;
  #interfaces: number;

  /**
   * @param write is given whole blocks, in order; they are its to keep.
   * @param clock what Time 0 means in nanoseconds since 1970, and how exact times are.
   */
  constructor(
    write: (bytes: Buffer) => void,
    { epoch, digits }: { readonly epoch: bigint; readonly digits: 6 | 9 },
  ) {
    this.#write = write;
    this.#epoch = epoch;
    this.#digits = digits;
    this.#tick = digits === 9 ? 1n : 1000n;
    // Ticks are unsigned, and readers tend to take them for signed: years before 1970 and after 2262 are told by offset.
    const usual = epoch >= 0n && epoch < 1n << 63n;
    this.#offset = usual ? 0n : epoch / 1_000_000_000n - BigInt(366 * 86_400);
    this.#interfaces = 0;
  }

  /** Comes first, once. */
  section(application: string, comments: readonly string[] = []): void {
    const fields = Buffer.alloc(16);
    fields.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
    fields.writeUInt16LE(VERSION_MAJOR, 4);
    fields.writeUInt32LE(LENGTH_UNKNOWN, 8);
    fields.writeUInt32LE(LENGTH_UNKNOWN, 12);
    const options = [
      ...comments.map((text) => textOption(OPT_COMMENT, text)),
      textOption(SHB_USERAPPL, application),
    ];
    this.#block(SECTION_HEADER, fields, options);
  }

  /** @returns the number by which packets and statistics name it, from 0. */
  addInterface({ name, link, snaplen, filter }: PcapngInterface): number {
    const fields = Buffer.alloc(8);
    fields.writeUInt16LE(link & 0xffff, 0);
    fields.writeUInt32LE(snaplen, 4);
    const options: Buffer[] = [];
    if (name !== null) options.push(textOption(IF_NAME, name));
    options.push(option(IF_TSRESOL, Buffer.from([this.#digits])));
    // The first byte says that a pcap-filter expression follows.
    if (filter !== null) options.push(option(IF_FILTER, Buffer.from(`\0${filter}`)));
    if (this.#offset !== 0n) {
      const offset = Buffer.alloc(8);
      offset.writeBigInt64LE(this.#offset);
      options.push(option(IF_TSOFFSET, offset));
    }
    this.#block(INTERFACE_DESCRIPTION, fields, options);
    return this.#interfaces++;
  }

  /** @param id as `addInterface` returned it. The packet is copied. */
  packet(
    id: number,
    packet: Pick<Packet, 'time' | 'bytes' | 'start' | 'end' | 'wireLength'>,
    comments: readonly string[] = [],
  ): void {
    const { bytes, start, end } = packet;
    const length = end - start;
    const fields = Buffer.alloc(EPB_FIELDS + padded(length));
    fields.writeUInt32LE(id, 0);
    this.#ticks(packet.time).copy(fields, 4);
    fields.writeUInt32LE(length, 12);
    fields.writeUInt32LE(packet.wireLength, 16);
    bytes.copy(fields, EPB_FIELDS, start, end);
    this.#block(
      ENHANCED_PACKET,
      fields,
      comments.map((text) => textOption(OPT_COMMENT, text)),
    );
  }

  /** @param at packet time at which they were counted. */
  statistics(id: number, at: Time, counts: PcapngStatistics, comments: readonly string[] = []): void {
    const fields = Buffer.alloc(12);
    fields.writeUInt32LE(id, 0);
    this.#ticks(at).copy(fields, 4);
    const options = comments.map((text) => textOption(OPT_COMMENT, text));
    if (counts.first !== null) options.push(option(ISB_STARTTIME, this.#ticks(counts.first)));
    if (counts.last !== null) options.push(option(ISB_ENDTIME, this.#ticks(counts.last)));
    for (const [code, value] of [
      [ISB_IFRECV, counts.received],
      [ISB_IFDROP, counts.droppedByInterface],
      [ISB_OSDROP, counts.droppedBySystem],
    ] as const) {
      if (value !== null) options.push(option(code, count64(value)));
    }
    this.#block(INTERFACE_STATISTICS, fields, options);
  }

  /** TLS secrets in NSS key log format: comes before the packets that need them. */
  secrets(keyLog: Buffer): void {
    const fields = Buffer.alloc(8 + padded(keyLog.length));
    fields.writeUInt32LE(TLS_KEY_LOG, 0);
    fields.writeUInt32LE(keyLog.length, 4);
    keyLog.copy(fields, 8);
    this.#block(DECRYPTION_SECRETS, fields, []);
  }

  #block(type: number, fields: Buffer, options: readonly Buffer[]): void {
    const all = options.length === 0 ? [] : [...options, option(OPT_ENDOFOPT, Buffer.alloc(0))];
    const length = FRAME + fields.length + all.reduce((sum, one) => sum + one.length, 0);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(length, 4);
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(length, 0);
    this.#write(Buffer.concat([head, fields, ...all, tail]));
  }

  /** Two words, the high one first, whatever the byte order. */
  #ticks(time: Time): Buffer {
    const nanoseconds = this.#epoch - this.#offset * 1_000_000_000n + BigInt(Math.floor(time));
    // To the nearest: far from the first packet a time is only nearly the tick that it was read from.
    const ticks = BigInt.asUintN(64, (nanoseconds + this.#tick / 2n) / this.#tick);
    const words = Buffer.alloc(8);
    words.writeUInt32LE(Number(ticks >> 32n), 0);
    words.writeUInt32LE(Number(ticks & 0xffffffffn), 4);
    return words;
  }
}

function textOption(code: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_OPTION) return option(code, bytes);
  // Not in the middle of a character: a byte 10xxxxxx continues one (RFC 3629 §3).
  let end = LONGEST_OPTION;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return option(code, bytes.subarray(0, end));
}

function option(code: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

function count64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
