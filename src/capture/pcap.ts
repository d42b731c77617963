/**
 * Classic pcap: bytes of one file come in, packets go out. Microseconds or nanoseconds, either byte order, and
 * the "modified" format of old Linux distributions, whose record headers are eight bytes longer.
 * Source: draft-ietf-opsawg-pcap §4 (file header), §5 (packet record); libpcap's sf-pcap.c for what writers
 * of versions before 2.4 did.
 */
import { u16, u16le, u32, u32le } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import type { Delivery } from './delivery.ts';
import type { Time } from './packet.ts';
import type { CaptureParser, Damage, Times } from './parser.ts';

/** Magic numbers as read in the byte order of the file. */
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const MODIFIED = 0xa1b2cd34;
export const PCAP_MAGICS: readonly number[] = [MICROSECONDS, NANOSECONDS, MODIFIED];

export const PCAP_HEADER = 24;
const MAJOR = 4;
const MINOR = 6;
const SNAPLEN = 16;
/** Low 16 bits are the LINKTYPE_*; the high ones tell the length of a frame check sequence, which is as good as padding. */
const LINK = 20;

/** Record header: seconds, fraction, captured length, wire length. */
export const PCAP_RECORD = 16;
const MODIFIED_RECORD = 24;
const FRACTION = 4;
const CAPTURED = 8;
const WIRE = 12;

const SECOND = 1_000_000_000n;

/** Largest snapshot length libpcap gives by default. Smaller header values are often wrong, so they are not believed. */
const USUAL_SNAPLEN = 262_144;

/** What a file header says. */
interface PcapFormat {
  readonly littleEndian: boolean;
  readonly recordHeader: number;
  /** Nanoseconds of one unit of the fraction field. */
  readonly scale: number;
  readonly minor: number;
  readonly maxCaptured: number;
  readonly link: number;
}

/**
 * @param at offset of the file header, of which all `PCAP_HEADER` bytes are there and whose magic is known.
 * @param minor version 2.`minor` is what it is read as.
 */
export function openPcap(bytes: Buffer, at: number, minor: number, delivery: Delivery): PcapParser {
  const littleEndian = !PCAP_MAGICS.includes(u32(bytes, at));
  const read32 = littleEndian ? u32le : u32;
  const magic = read32(bytes, at);
  const link = read32(bytes, at + LINK) & 0xffff;
  const format = {
    littleEndian,
    recordHeader: magic === MODIFIED ? MODIFIED_RECORD : PCAP_RECORD,
    scale: magic === NANOSECONDS ? 1 : 1000,
    minor,
    maxCaptured: maxCaptured(read32(bytes, at + SNAPLEN)),
    link,
  };
  const index = delivery.addInterface(null, link, magic === NANOSECONDS);
  return new PcapParser(format, index < 0 ? delivery.overflowInterface() : index, delivery);
}

export class PcapParser implements CaptureParser {
  readonly header = PCAP_HEADER;
  readonly generation = 0;
  needed: number;
  damage: Damage | null;
  record: number;
  private readonly delivery: Delivery;
  private readonly format: PcapFormat;
  private readonly littleEndian: boolean;
  private readonly recordHeader: number;
  private readonly scale: number;
  private readonly minor: number;
  private readonly maxCaptured: number;
  private readonly link: number;
  private readonly interfaceIndex: number;
  // The run's epoch in two numbers that doubles hold exactly, so that only the first packet goes through BigInt.
  private based: boolean;
  private epochSeconds: number;
  private epochNanoseconds: number;

  constructor(format: PcapFormat, interfaceIndex: number, delivery: Delivery) {
    this.needed = PCAP_RECORD;
    this.damage = null;
    this.record = 0;
    this.delivery = delivery;
    this.format = format;
    // Copied, because a field of a field costs the hot loop one more load each.
    this.littleEndian = format.littleEndian;
    this.recordHeader = format.recordHeader;
    this.scale = format.scale;
    this.minor = format.minor;
    this.maxCaptured = format.maxCaptured;
    this.link = format.link;
    this.interfaceIndex = interfaceIndex;
    this.based = false;
    this.epochSeconds = 0;
    this.epochNanoseconds = 0;
  }

  fork(delivery: Delivery): PcapParser {
    return new PcapParser(this.format, this.interfaceIndex, delivery);
  }

  parse(bytes: Buffer, start: number, end: number): number {
    const read32 = this.littleEndian ? u32le : u32;
    const header = this.recordHeader;
    let at = start;
    this.needed = header;
    while (end - at >= header) {
      let captured = read32(bytes, at + CAPTURED);
      let wire = read32(bytes, at + WIRE);
      // Before 2.3 the wire length came first; writers of 2.3 did it either way, told apart by which is larger.
      if (this.minor < 4 && (this.minor < 3 || captured > wire)) {
        const first = captured;
        captured = wire;
        wire = first;
      }
      if (captured > this.maxCaptured) {
        this.damage = {
          found: `a packet with a captured length of ${captured} bytes, where ${this.maxCaptured} is the most`,
          limit: captured > LIMITS.packetBytes ? 'packetBytes' : null,
        };
        break;
      }
      const packet = at + header;
      if (end - packet < captured) {
        this.needed = header + captured;
        break;
      }
      const time = this.time(read32(bytes, at), read32(bytes, at + FRACTION));
      this.record = at;
      at = packet + captured;
      this.delivery.deliver(time, this.link, this.interfaceIndex, bytes, packet, at, wire);
    }
    return at;
  }

  /** A third of what it takes to deliver them, and every file is looked through before it is analyzed. */
  skim(bytes: Buffer, start: number, end: number, position: number, times: Times): number {
    if (this.minor < 4) return start;
    const read32 = this.littleEndian ? u32le : u32;
    const header = this.recordHeader;
    const ahead = position - start;
    let at = start;
    while (end - at >= header) {
      const captured = read32(bytes, at + CAPTURED);
      if (captured > this.maxCaptured || end - at - header < captured) break;
      times.note(this.time(read32(bytes, at), read32(bytes, at + FRACTION)), ahead + at);
      at += header + captured;
    }
    return at;
  }

  private time(seconds: number, fraction: number): Time {
    if (!this.based) {
      this.based = true;
      this.delivery.since(BigInt(seconds) * SECOND + BigInt(fraction * this.scale));
      const epoch = this.delivery.clock.epoch;
      this.epochSeconds = Number(epoch / SECOND);
      this.epochNanoseconds = Number(epoch % SECOND);
    }
    return (seconds - this.epochSeconds) * 1e9 + (fraction * this.scale - this.epochNanoseconds);
  }
}

/** Whether the first record behind a file header, of which `PCAP_RECORD` bytes are there, can be one of version 2.4. */
export function fitsRecord(bytes: Buffer, at: number): boolean {
  const read32 = PCAP_MAGICS.includes(u32(bytes, at)) ? u32 : u32le;
  const record = at + PCAP_HEADER;
  const captured = read32(bytes, record + CAPTURED);
  const units = read32(bytes, at) === NANOSECONDS ? 1e9 : 1e6;
  return (
    captured <= maxCaptured(read32(bytes, at + SNAPLEN)) &&
    captured <= read32(bytes, record + WIRE) &&
    read32(bytes, record + FRACTION) < units
  );
}

/** The header of a file that has no packets: little endian, microseconds, version 2.4. */
export function pcapHeader(link: number): Buffer {
  const header = Buffer.alloc(PCAP_HEADER);
  header.writeUInt32LE(MICROSECONDS);
  header.writeUInt16LE(2, MAJOR);
  header.writeUInt16LE(4, MINOR);
  header.writeUInt32LE(USUAL_SNAPLEN, SNAPLEN);
  header.writeUInt32LE(link, LINK);
  return header;
}

/** Major and minor version of a file header. */
export function pcapVersion(bytes: Buffer, at: number): { major: number; minor: number } {
  const read16 = PCAP_MAGICS.includes(u32(bytes, at)) ? u16 : u16le;
  return { major: read16(bytes, at + MAJOR), minor: read16(bytes, at + MINOR) };
}

/** A snapshot length of 0 or above the limit means that there was none (0xffffffff is common). */
function maxCaptured(snaplen: number): number {
  if (snaplen === 0 || snaplen > LIMITS.packetBytes) return LIMITS.packetBytes;
  return Math.max(snaplen, USUAL_SNAPLEN);
}
