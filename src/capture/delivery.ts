/**
 * The receiving end of every parser: fills one Packet, hands it on, and keeps the account of the run
 * (CaptureFacts). Parsers come and go with the files. Where files are merged each has a Delivery of its own;
 * they then share the facts and the clock.
 */
import { LIMITS, type LimitName, type OnLimit } from '../limits.ts';
import { RunClock } from './clock.ts';
import type { CaptureFacts, FileFacts, Packet, Time } from './packet.ts';
import type { Epoch } from './ticks.ts';

/** Link type of packets whose interface was not kept; no LINKTYPE_* value is negative. */
export const UNKNOWN_LINK = -1;

/** Nanoseconds: several CPUs or interfaces leave packets out of time order, but by far less. */
const DISORDER = 1e9;

export function newFacts(): CaptureFacts {
  return {
    files: [],
    interfaces: [],
    warnings: [],
    packets: 0,
    epoch: null,
    digits: 6,
    firstTime: null,
    lastTime: null,
    dropped: null,
    keyLogs: [],
    limitsHit: {},
  };
}

export class Delivery implements Epoch {
  readonly facts: CaptureFacts;
  readonly clock: RunClock;
  /** Set where somebody else brings the packets into time order, so that nobody need be told. */
  sorted: boolean;
  private readonly tellLimit: OnLimit;
  private readonly onPacket: (packet: Packet) => void;
  private readonly packet: Packet;
  private file: FileFacts;
  private readonly warned: Set<string>;
  private untimed: number;
  /** Drops of this file that are in `facts.dropped` already, and those that the file has told since. */
  private foretold: number;
  private told: number;
  // Kept here as plain doubles and copied into the facts by `settle`: a field that may be null would allocate
  // a number for every packet.
  private fileFirst: number;
  private fileLast: number;
  /** Of the whole run. */
  private latest: number;

  /** @param clock shared by all deliveries of a run; the run's first one makes it. */
  constructor(
    facts: CaptureFacts,
    onPacket: (packet: Packet) => void,
    onLimit: OnLimit,
    clock: RunClock = new RunClock(facts),
  ) {
    this.facts = facts;
    this.clock = clock;
    this.sorted = false;
    this.tellLimit = onLimit;
    this.onPacket = onPacket;
    this.packet = {
      time: 0,
      file: -1,
      frame: 0,
      link: 0,
      interfaceIndex: 0,
      bytes: Buffer.alloc(0),
      start: 0,
      end: 0,
      wireLength: 0,
    };
    this.file = newFile('');
    this.warned = new Set();
    this.untimed = 0;
    this.foretold = this.told = 0;
    this.fileFirst = Number.POSITIVE_INFINITY;
    this.fileLast = this.latest = Number.NEGATIVE_INFINITY;
  }

  /** @param foretold drops that the file is known to tell and that were added to the facts before. */
  openFile(path: string, foretold = 0): FileFacts {
    this.file = newFile(path);
    this.facts.files.push(this.file);
    this.packet.file = this.facts.files.length - 1;
    this.packet.frame = 0;
    this.warned.clear();
    this.untimed = 0;
    this.foretold = foretold;
    this.told = 0;
    this.fileFirst = Number.POSITIVE_INFINITY;
    this.fileLast = Number.NEGATIVE_INFINITY;
    return this.file;
  }

  /** Goes on in the middle of a file: the next packet is the one after `frame`. */
  resume(file: number, frame: number, time: Time): void {
    this.packet.file = file;
    this.packet.frame = frame;
    this.packet.time = time;
  }

  onLimit(name: LimitName): void {
    const hit = this.facts.limitsHit;
    if (hit !== undefined) hit[name] = (hit[name] ?? 0) + 1;
    this.tellLimit(name);
  }

  addKeyLog(text: string): void {
    this.facts.keyLogs?.push(text);
  }

  /** @returns its index in `facts.interfaces`, or -1 when there are too many. */
  addInterface(name: string | null, link: number, finerThanMicroseconds: boolean): number {
    if (this.facts.interfaces.length >= LIMITS.interfaces) return -1;
    if (finerThanMicroseconds) this.facts.digits = 9;
    return this.facts.interfaces.push({ name, link }) - 1;
  }

  /** The interface that stands for all those beyond the limit. */
  overflowInterface(): number {
    this.onLimit('interfaces');
    this.warnOnce(
      'interface_limit',
      `has more than ${LIMITS.interfaces} interfaces; packets of later ones are not decoded`,
    );
    if (this.facts.interfaces.length === LIMITS.interfaces) {
      this.facts.interfaces.push({ name: null, link: UNKNOWN_LINK });
    }
    return LIMITS.interfaces;
  }

  since(nanoseconds: bigint): Time {
    return this.clock.since(nanoseconds);
  }

  deliver(
    time: Time,
    link: number,
    interfaceIndex: number,
    bytes: Buffer,
    start: number,
    end: number,
    wireLength: number,
  ): void {
    const packet = this.packet;
    packet.time = time;
    packet.frame++;
    this.file.packets++;
    packet.link = link;
    packet.interfaceIndex = interfaceIndex;
    packet.bytes = bytes;
    packet.start = start;
    packet.end = end;
    // Some writers put a wire length below what they captured; what is there was on the wire.
    packet.wireLength = Math.max(wireLength, end - start);
    this.facts.packets++;
    if (time < this.fileFirst) this.fileFirst = time;
    if (time > this.fileLast) this.fileLast = time;
    if (time > this.latest) this.latest = time;
    else if (time < this.latest - DISORDER && !this.sorted) this.noteDisorder();
    this.onPacket(packet);
  }

  /**
   * A packet without a timestamp takes the one of the packet before it. If it is the very first, the epoch is
   * 1970 until a packet with a timestamp sets it, and the packet then counts as simultaneous with that one.
   */
  deliverUntimed(
    link: number,
    interfaceIndex: number,
    bytes: Buffer,
    start: number,
    end: number,
    wireLength: number,
  ): void {
    this.clock.untimed();
    this.untimed++;
    this.deliver(this.packet.time, link, interfaceIndex, bytes, start, end, wireLength);
  }

  /** A block that is no packet but has a frame number in Wireshark. */
  countFrame(): void {
    this.packet.frame++;
  }

  /** Capturing went on until then, as far as an interface tells. */
  noteEnd(time: Time): void {
    this.facts.endTime = Math.max(time, this.facts.endTime ?? time);
  }

  /** Adds to the packets known to be dropped; 0 says that the capture tells and there were none. */
  addDropped(packets: number): void {
    const before = Math.max(this.told, this.foretold);
    this.told += packets;
    this.facts.dropped = (this.facts.dropped ?? 0) + Math.max(this.told, this.foretold) - before;
  }

  /** @param text what is wrong with the file, as the rest of a sentence that starts with its name. */
  warn(code: string, text: string): void {
    this.facts.warnings.push({ code, text: `${nameOf(this.file.path)} ${text}` });
  }

  /** For what may occur in every block: told once a file, or a hostile file would fill the memory with warnings. */
  warnOnce(code: string, text: string): void {
    if (this.warned.has(code)) return;
    this.warned.add(code);
    this.warn(code, text);
  }

  private noteDisorder(): void {
    this.warnOnce(
      'time_backwards',
      'has packets more than a second earlier than packets before them, and could not be put in time order; see reordercap',
    );
  }

  /** Brings first and last times in `facts` up to date. */
  settle(): void {
    if (this.file.packets === 0) return;
    this.file.firstTime = this.fileFirst;
    this.file.lastTime = this.fileLast;
    this.facts.firstTime = Math.min(this.facts.firstTime ?? this.fileFirst, this.fileFirst);
    this.facts.lastTime = Math.max(this.facts.lastTime ?? this.fileLast, this.fileLast);
  }

  closeFile(): void {
    this.settle();
    if (this.untimed > 0) {
      this.warn(
        'no_timestamps',
        `has ${count(this.untimed, 'packet')} without a timestamp (simple packet blocks); each is dated like the packet before it`,
      );
    }
  }
}

/** How messages call a file; '-' is standard input. */
export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function newFile(path: string): FileFacts {
  return {
    path,
    sha256: null,
    format: null,
    bytes: 0,
    packets: 0,
    firstTime: null,
    lastTime: null,
    truncated: false,
  };
}
