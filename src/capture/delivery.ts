/**
 * The receiving end of every parser: fills the one Packet of a run, hands it on, and keeps the account of the
 * run (CaptureFacts). Parsers come and go with the files; this lives as long as the run.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
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
  };
}

export class Delivery implements Epoch {
  readonly facts: CaptureFacts;
  readonly onLimit: OnLimit;
  private readonly onPacket: (packet: Packet) => void;
  private readonly packet: Packet;
  private file: FileFacts;
  private readonly warned: Set<string>;
  /** False while Time 0 means nothing because no packet so far had a timestamp. */
  private timed: boolean;
  private untimed: number;
  // Kept here as plain doubles and copied into the facts by `settle`: a field that may be null would allocate
  // a number for every packet.
  private fileFirst: number;
  private fileLast: number;
  /** Of the whole run. */
  private latest: number;
  private first: number;
  private last: number;

  constructor(facts: CaptureFacts, onPacket: (packet: Packet) => void, onLimit: OnLimit) {
    this.facts = facts;
    this.onLimit = onLimit;
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
    this.timed = false;
    this.untimed = 0;
    this.fileFirst = this.first = Number.POSITIVE_INFINITY;
    this.fileLast = this.last = this.latest = Number.NEGATIVE_INFINITY;
  }

  /** True once a packet with a timestamp has set `facts.epoch`. */
  get started(): boolean {
    return this.timed;
  }

  private noteDisorder(): void {
    this.warnOnce(
      'time_backwards',
      'has packets more than a second earlier than packets before them; put it in order first (reordercap)',
    );
  }

  openFile(path: string): FileFacts {
    this.file = newFile(path);
    this.facts.files.push(this.file);
    this.packet.file = this.facts.files.length - 1;
    this.packet.frame = 0;
    this.warned.clear();
    this.untimed = 0;
    this.fileFirst = Number.POSITIVE_INFINITY;
    this.fileLast = Number.NEGATIVE_INFINITY;
    return this.file;
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
    if (!this.timed) {
      this.timed = true;
      this.facts.epoch = nanoseconds;
    }
    return Number(nanoseconds - (this.facts.epoch ?? 0n));
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
    else if (time < this.latest - DISORDER) this.noteDisorder();
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
    if (!this.timed) this.facts.epoch = 0n;
    this.untimed++;
    this.deliver(this.packet.time, link, interfaceIndex, bytes, start, end, wireLength);
  }

  /** A block that is no packet but has a frame number in Wireshark. */
  countFrame(): void {
    this.packet.frame++;
  }

  /** Adds to the packets known to be dropped; 0 says that the capture tells and there were none. */
  addDropped(packets: number): void {
    this.facts.dropped = (this.facts.dropped ?? 0) + packets;
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

  /** Brings first and last times in `facts` up to date. */
  settle(): void {
    if (this.file.packets === 0) return;
    this.file.firstTime = this.fileFirst;
    this.file.lastTime = this.fileLast;
    this.first = Math.min(this.first, this.fileFirst);
    this.last = Math.max(this.last, this.fileLast);
    this.facts.firstTime = this.first;
    this.facts.lastTime = this.last;
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
