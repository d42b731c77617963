/**
 * pcapng: bytes of one file come in, packets and drop counts go out. Several sections, each with its own byte
 * order and interfaces; enhanced, simple and obsolete packet blocks; interface statistics; TLS secrets.
 * All other blocks (names, custom ones …) are stepped over by their length.
 * Source: draft-ietf-opsawg-pcapng §3.1 (blocks), §4.1 (section), §4.2 (interface), §4.3 (enhanced packet),
 * §4.4 (simple packet), §4.6 (statistics), appendix A (obsolete packet block).
 */
import { u16, u16le, u32, u32le } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { type Delivery, UNKNOWN_LINK } from './delivery.ts';
import type { CaptureParser, Damage } from './parser.ts';
import { Options } from './pcapng-options.ts';
import { DEFAULT_RESOLUTION, TickClock } from './ticks.ts';

/** Block types. The section header's reads the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;
const DECRYPTION_SECRETS = 10;
/** Wireshark lists these as frames of their own, so they take a number (tried with 4.0.17). */
const SYSTEMD_JOURNAL = 9;
const CUSTOM = 0x0bad;
const CUSTOM_NOT_TO_COPY = 0x40000bad;

/** Fields every block has: type, length, body, length again. */
const LENGTH = 4;
const BODY = 8;
const TRAILER = 4;
const SMALLEST_BLOCK = BODY + TRAILER;

/** Offsets in a section header; `MAGIC` tells the byte order of all that follows. */
const MAGIC = 8;
const MAJOR = 12;
/** Bytes from a section's start that tell its byte order and version. */
export const SECTION_START = 16;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const SUPPORTED_MAJOR = 1;

/** Offsets in an interface description. */
const LINK = 8;
const SNAPLEN = 12;
const INTERFACE_OPTIONS = 16;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;

/** Offsets in enhanced packet, obsolete packet and statistics blocks, which agree on the timestamp. */
const INTERFACE = 8;
const DROPS = 10;
const TICKS_HIGH = 12;
const TICKS_LOW = 16;
const CAPTURED = 20;
const WIRE = 24;
const DATA = 28;
const EPB_DROPCOUNT = 4;
/** What an obsolete packet block writes for "not known how many were dropped". */
const DROPS_UNKNOWN = 0xffff;

const STATISTICS_OPTIONS = 20;
const ISB_ENDTIME = 3;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;

/** Offsets in a decryption secrets block, and the one type of secrets that is read: an NSS key log. */
const SECRETS_TYPE = 8;
const SECRETS_LENGTH = 12;
const SECRETS_DATA = 16;
const TLS_KEY_LOG = 0x544c534b;

/** Offsets in a simple packet. */
const SIMPLE_WIRE = 8;
const SIMPLE_DATA = 12;

/** Smallest block of each type whose fields are read. */
function smallest(type: number): number {
  switch (type) {
    case SECTION_HEADER:
      return 28;
    case INTERFACE_DESCRIPTION:
      return INTERFACE_OPTIONS + TRAILER;
    case ENHANCED_PACKET:
    case OBSOLETE_PACKET:
      return DATA + TRAILER;
    case SIMPLE_PACKET:
      return SIMPLE_DATA + TRAILER;
    case INTERFACE_STATISTICS:
      return STATISTICS_OPTIONS + TRAILER;
    default:
      return SMALLEST_BLOCK;
  }
}

interface Interface {
  readonly index: number;
  readonly link: number;
  readonly snaplen: number;
  readonly clock: TickClock;
  /** Drops by the latest statistics block, or -1. It counts from the capture's start, so later ones replace it. */
  statistics: number;
  /** Drops told with single packets, added up, or -1. They are the same drops as those of the statistics. */
  counted: number;
}

export class PcapngParser implements CaptureParser {
  readonly header = 0;
  needed: number;
  damage: Damage | null;
  record: number;
  generation: number;
  private readonly delivery: Delivery;
  private readonly options: Options;
  private littleEndian: boolean;
  /** Of the current section. */
  private interfaces: Interface[];
  /** Larger than `interfaces.length` when there were too many to keep. */
  private interfaceCount: number;
  private overflow: Interface | null;
  /** Set for a parser whose descriptions another one has read. */
  private forked: boolean;

  constructor(delivery: Delivery) {
    this.needed = SMALLEST_BLOCK;
    this.damage = null;
    this.record = 0;
    this.generation = 0;
    this.forked = false;
    this.delivery = delivery;
    this.options = new Options();
    this.littleEndian = false;
    this.interfaces = [];
    this.interfaceCount = 0;
    this.overflow = null;
  }

  /** The fork shares the interfaces: copies for each would let a hostile file multiply them. */
  fork(delivery: Delivery): PcapngParser {
    const other = new PcapngParser(delivery);
    other.forked = true;
    other.littleEndian = this.littleEndian;
    other.interfaces = this.interfaces;
    other.interfaceCount = this.interfaceCount;
    other.overflow = this.overflow;
    return other;
  }

  parse(bytes: Buffer, start: number, end: number): number {
    let at = start;
    this.needed = SMALLEST_BLOCK;
    while (end - at >= SMALLEST_BLOCK) {
      const type = this.u32(bytes, at);
      if (type === SECTION_HEADER) {
        if (end - at < SECTION_START) {
          this.needed = SECTION_START;
          break;
        }
        const order = sectionOrder(bytes, at);
        if (order === null) {
          this.stop('a section header without a byte-order magic');
          break;
        }
        this.littleEndian = order === 'little';
      }
      const length = this.u32(bytes, at + LENGTH);
      if (length < smallest(type) || length > LIMITS.blockBytes) {
        this.stop(
          `a block of type ${hex(type)} with a length of ${length} bytes`,
          length > LIMITS.blockBytes ? 'blockBytes' : null,
        );
        break;
      }
      if (end - at < length) {
        this.needed = length;
        break;
      }
      const trailer = this.u32(bytes, at + length - TRAILER);
      if (trailer !== length) {
        this.stop(`a block of type ${hex(type)} whose two lengths differ (${length} and ${trailer})`);
        break;
      }
      if (!this.block(type, bytes, at, at + length - TRAILER)) break;
      at += length;
    }
    return at;
  }

  /** One whole block, `bytes[at, end)` without its trailer. @returns false when it is damaged. */
  private block(type: number, bytes: Buffer, at: number, end: number): boolean {
    this.record = at;
    switch (type) {
      case ENHANCED_PACKET:
        return this.enhancedPacket(bytes, at, end);
      case SECTION_HEADER:
        return this.section(bytes, at);
      case INTERFACE_DESCRIPTION:
        this.interfaceDescription(bytes, at, end);
        return true;
      case SIMPLE_PACKET:
        return this.simplePacket(bytes, at, end);
      case OBSOLETE_PACKET:
        return this.obsoletePacket(bytes, at, end);
      case INTERFACE_STATISTICS:
        return this.statistics(bytes, at, end);
      case DECRYPTION_SECRETS:
        this.secrets(bytes, at, end);
        return true;
      case SYSTEMD_JOURNAL:
      case CUSTOM:
      case CUSTOM_NOT_TO_COPY:
        this.delivery.countFrame();
        return true;
      default:
        return true;
    }
  }

  private section(bytes: Buffer, at: number): boolean {
    const major = this.u16(bytes, at + MAJOR);
    if (major !== SUPPORTED_MAJOR) return this.stop(`a section of pcapng version ${major}`);
    if (this.forked) return true;
    this.generation++;
    this.interfaces = [];
    this.interfaceCount = 0;
    return true;
  }

  private interfaceDescription(bytes: Buffer, at: number, end: number): void {
    if (this.forked) return;
    this.generation++;
    this.interfaceCount++;
    const options = this.options.of(bytes, at + INTERFACE_OPTIONS, end, this.littleEndian);
    const clock = new TickClock(
      options.byte(IF_TSRESOL, DEFAULT_RESOLUTION),
      options.signed64(IF_TSOFFSET, 0n),
    );
    const name = options.text(IF_NAME, LIMITS.interfaceNameBytes);
    const link = this.u16(bytes, at + LINK);
    this.checkOptions();
    const index = this.delivery.addInterface(name, link, clock.finerThanMicroseconds);
    if (index < 0) return;
    const snaplen = this.u32(bytes, at + SNAPLEN);
    this.interfaces.push({ index, link, snaplen, clock, statistics: -1, counted: -1 });
  }

  private enhancedPacket(bytes: Buffer, at: number, end: number): boolean {
    const from = this.interfaceOf(this.u32(bytes, at + INTERFACE));
    if (from === null) return false;
    const captured = this.u32(bytes, at + CAPTURED);
    const data = at + DATA;
    if (!this.fits(captured, end - data)) return false;
    // Careless writers leave the padding out, so what is left for options can be negative.
    const options = data + captured + (-captured & 3);
    if (end - options > 4) {
      const drops = this.options.of(bytes, options, end, this.littleEndian).count(EPB_DROPCOUNT, -1);
      if (drops >= 0) this.tellDrops(from, from.statistics, Math.max(from.counted, 0) + drops);
      this.checkOptions();
    }
    this.deliver(from, bytes, at, captured);
    return true;
  }

  private obsoletePacket(bytes: Buffer, at: number, end: number): boolean {
    const from = this.interfaceOf(this.u16(bytes, at + INTERFACE));
    if (from === null) return false;
    const captured = this.u32(bytes, at + CAPTURED);
    if (!this.fits(captured, end - at - DATA)) return false;
    const drops = this.u16(bytes, at + DROPS);
    if (drops !== DROPS_UNKNOWN) this.tellDrops(from, from.statistics, Math.max(from.counted, 0) + drops);
    this.deliver(from, bytes, at, captured);
    return true;
  }

  private deliver(from: Interface, bytes: Buffer, at: number, captured: number): void {
    // One choice of function for all fields: with a choice in each read small packets took half as long again.
    const read32 = this.littleEndian ? u32le : u32;
    const time = from.clock.time(
      read32(bytes, at + TICKS_HIGH),
      read32(bytes, at + TICKS_LOW),
      this.delivery,
    );
    const data = at + DATA;
    this.delivery.deliver(
      time,
      from.link,
      from.index,
      bytes,
      data,
      data + captured,
      read32(bytes, at + WIRE),
    );
  }

  /** Has neither interface (it is the section's first) nor time nor captured length (snapshot length or block decide). */
  private simplePacket(bytes: Buffer, at: number, end: number): boolean {
    const from = this.interfaceOf(0);
    if (from === null) return false;
    const wire = this.u32(bytes, at + SIMPLE_WIRE);
    const data = at + SIMPLE_DATA;
    const captured = Math.min(wire, from.snaplen === 0 ? wire : from.snaplen);
    if (!this.fits(captured, end - data)) return false;
    this.delivery.deliverUntimed(from.link, from.index, bytes, data, data + captured, wire);
    return true;
  }

  private statistics(bytes: Buffer, at: number, end: number): boolean {
    const of = this.interfaceOf(this.u32(bytes, at + INTERFACE));
    if (of === null) return false;
    const options = this.options.of(bytes, at + STATISTICS_OPTIONS, end, this.littleEndian);
    const byInterface = options.count(ISB_IFDROP, -1);
    const bySystem = options.count(ISB_OSDROP, -1);
    if (byInterface >= 0 || bySystem >= 0) {
      this.tellDrops(of, Math.max(byInterface, 0) + Math.max(bySystem, 0), of.counted);
    }
    // Without a packet before it, nobody knows what Time 0 is.
    if (
      this.delivery.clock.started &&
      options.find(ISB_ENDTIME) &&
      options.valueEnd - options.valueStart >= 8
    ) {
      const at = options.valueStart;
      this.delivery.noteEnd(of.clock.time(this.u32(bytes, at), this.u32(bytes, at + 4), this.delivery));
    }
    this.checkOptions();
    return true;
  }

  /** §4.7. A length beyond the block is a careless writer's: what is there counts. One without its fields has nothing. */
  private secrets(bytes: Buffer, at: number, end: number): void {
    if (this.forked || end - at < SECRETS_DATA || this.u32(bytes, at + SECRETS_TYPE) !== TLS_KEY_LOG) return;
    const data = at + SECRETS_DATA;
    const length = Math.min(this.u32(bytes, at + SECRETS_LENGTH), end - data);
    this.delivery.addKeyLog(bytes.toString('latin1', data, data + length));
  }

  private tellDrops(of: Interface, statistics: number, counted: number): void {
    const before = Math.max(of.statistics, of.counted, 0);
    of.statistics = statistics;
    of.counted = counted;
    this.delivery.addDropped(Math.max(statistics, counted) - before);
  }

  private interfaceOf(id: number): Interface | null {
    const known = this.interfaces[id];
    if (known !== undefined) return known;
    if (id < this.interfaceCount) {
      this.overflow ??= {
        index: this.delivery.overflowInterface(),
        link: UNKNOWN_LINK,
        snaplen: 0,
        clock: new TickClock(DEFAULT_RESOLUTION, 0n),
        statistics: -1,
        counted: -1,
      };
      return this.overflow;
    }
    this.stop(`a block of interface ${id}, where the section has described ${this.interfaceCount}`);
    return null;
  }

  private fits(captured: number, room: number): boolean {
    if (captured <= room && captured <= LIMITS.packetBytes) return true;
    return this.stop(
      `a packet with a captured length of ${captured} bytes in a block that has ${room} for it`,
      captured > LIMITS.packetBytes ? 'packetBytes' : null,
    );
  }

  private checkOptions(): void {
    if (this.options.sound) return;
    this.delivery.warnOnce(
      'options_damaged',
      `has a block whose options are longer than the block; what they say (names, time resolution, drops) is not used`,
    );
  }

  private stop(found: string, limit: Damage['limit'] = null): false {
    this.damage = { found, limit };
    return false;
  }

  private u16(bytes: Buffer, at: number): number {
    return this.littleEndian ? u16le(bytes, at) : u16(bytes, at);
  }

  private u32(bytes: Buffer, at: number): number {
    return this.littleEndian ? u32le(bytes, at) : u32(bytes, at);
  }
}

/** Byte order of the section that starts here, null when its byte-order magic is wrong. */
export function sectionOrder(bytes: Buffer, at: number): 'big' | 'little' | null {
  if (u32(bytes, at + MAGIC) === BYTE_ORDER_MAGIC) return 'big';
  return u32le(bytes, at + MAGIC) === BYTE_ORDER_MAGIC ? 'little' : null;
}

/** Major version of the section that starts here, of which `SECTION_START` bytes are there. */
export function sectionMajor(bytes: Buffer, at: number): number {
  return sectionOrder(bytes, at) === 'little' ? u16le(bytes, at + MAJOR) : u16(bytes, at + MAJOR);
}

function hex(type: number): string {
  return `0x${type.toString(16).padStart(8, '0')}`;
}
