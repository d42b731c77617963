/**
 * Solaris' snoop format: bytes of one file come in, packets and drop counts go out. Always big endian, microseconds,
 * one link type a file.
 * Source: RFC 1761 (file header, record), https://www.iana.org/assignments/snoop-datalink-types (link types).
 */
import { u32 } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { type Delivery, UNKNOWN_LINK } from './delivery.ts';
import type { CaptureParser, Damage } from './parser.ts';
import { DEFAULT_RESOLUTION, TickClock } from './ticks.ts';

/** `snoop`, filled with zeros to eight bytes. */
export const SNOOP_MAGIC = 0x736e6f6f;
export const SNOOP_MAGIC_REST = 0x70000000;

export const SNOOP_HEADER = 16;
export const SNOOP_VERSION = 2;
const VERSION = 8;
const LINK = 12;

/** Record header: length on the wire, length here, length of the record, drops so far, seconds, microseconds. */
const RECORD = 24;
const CAPTURED = 4;
const LENGTH = 8;
const DROPS = 12;
const SECONDS = 16;
const MICROSECONDS = 20;

const WORD = 2 ** 32;

/** LINKTYPE_* by datalink type; all others are media that carry no web traffic. */
const LINKS: ReadonlyMap<number, number> = new Map([
  [0, 1], // IEEE 802.3
  [4, 1], // Ethernet
  [2, 6], // token ring
  [8, 10], // FDDI
]);

/** @param at offset of the file header, of which all `SNOOP_HEADER` bytes are there. */
export function snoopVersion(bytes: Buffer, at: number): number {
  return u32(bytes, at + VERSION);
}

/** @param at likewise; its magic and version are known. */
export function openSnoop(bytes: Buffer, at: number, delivery: Delivery): SnoopParser {
  const link = LINKS.get(u32(bytes, at + LINK)) ?? UNKNOWN_LINK;
  const index = delivery.addInterface(null, link, false);
  return new SnoopParser(link, index < 0 ? delivery.overflowInterface() : index, delivery);
}

export class SnoopParser implements CaptureParser {
  readonly header = SNOOP_HEADER;
  readonly generation = 0;
  needed: number;
  damage: Damage | null;
  record: number;
  private readonly delivery: Delivery;
  private readonly link: number;
  private readonly interfaceIndex: number;
  private readonly clock: TickClock;
  /** By the latest record: it counts from the capture's start. */
  private drops: number;

  constructor(link: number, interfaceIndex: number, delivery: Delivery) {
    this.needed = RECORD;
    this.damage = null;
    this.record = 0;
    this.delivery = delivery;
    this.link = link;
    this.interfaceIndex = interfaceIndex;
    this.clock = new TickClock(DEFAULT_RESOLUTION, 0n);
    this.drops = -1;
  }

  fork(delivery: Delivery): SnoopParser {
    return new SnoopParser(this.link, this.interfaceIndex, delivery);
  }

  parse(bytes: Buffer, start: number, end: number): number {
    let at = start;
    this.needed = RECORD;
    while (end - at >= RECORD) {
      const captured = u32(bytes, at + CAPTURED);
      const length = u32(bytes, at + LENGTH);
      // The record is longer than header and packet by its padding.
      if (length - RECORD < captured || length > LIMITS.packetBytes) {
        this.damage = {
          found: `a record of ${length} bytes with a captured length of ${captured} bytes`,
          limit: length - RECORD < captured ? null : 'packetBytes',
        };
        break;
      }
      if (end - at < length) {
        this.needed = length;
        break;
      }
      this.tellDrops(u32(bytes, at + DROPS));
      const ticks = u32(bytes, at + SECONDS) * 1e6 + u32(bytes, at + MICROSECONDS);
      const time = this.clock.time(Math.floor(ticks / WORD), ticks % WORD, this.delivery);
      const packet = at + RECORD;
      this.record = at;
      this.delivery.deliver(
        time,
        this.link,
        this.interfaceIndex,
        bytes,
        packet,
        packet + captured,
        u32(bytes, at),
      );
      at += length;
    }
    return at;
  }

  private tellDrops(drops: number): void {
    if (drops <= this.drops) return;
    this.delivery.addDropped(drops - Math.max(this.drops, 0));
    this.drops = drops;
  }
}
