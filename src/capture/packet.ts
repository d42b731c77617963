/**
 * What a packet source yields: packets in the order of the capture, and what is known about the capture itself.
 * Times are numbers relative to the capture's first packet; only outputs turn them into dates.
 */
import type { LimitName } from '../limits.ts';

/** Nanoseconds since the capture's first packet: exact for 104 days. Negative where a packet is out of time order. */
export type Time = number;

/** Where and when something was seen. Lent wherever it is passed: keep it with `keep`. */
export interface Moment {
  readonly time: Time;
  /** Index into `CaptureFacts.files`. */
  readonly file: number;
  /** Number of the packet in that file, from 1, as Wireshark counts. */
  readonly frame: number;
}

/** A copy of a lent moment that may be stored. */
export function keep(at: Moment): Moment {
  return { time: at.time, file: at.file, frame: at.frame };
}

/** A moment that is moved on in place, so that a packet costs no allocation. */
export class Mark implements Moment {
  time: Time;
  file: number;
  frame: number;

  constructor(at: Moment) {
    this.time = at.time;
    this.file = at.file;
    this.frame = at.frame;
  }

  set(at: Moment): void {
    this.time = at.time;
    this.file = at.file;
    this.frame = at.frame;
  }
}

/** Sets the mark to `at`, making it on first use. */
export function moveTo(mark: Mark | null, at: Moment): Mark {
  if (mark === null) return new Mark(at);
  mark.set(at);
  return mark;
}

/** Lent: the source refills this very object and its buffer. Copy what must outlive the call. */
export interface Packet {
  time: Time;
  file: number;
  frame: number;
  /** LINKTYPE_* (https://www.tcpdump.org/linktypes.html). */
  link: number;
  /** Index into `CaptureFacts.interfaces`. */
  interfaceIndex: number;
  /** The packet is `bytes[start, end)`; what lies around it belongs to others. */
  bytes: Buffer;
  start: number;
  end: number;
  /** Length on the wire in bytes; larger than `end - start` when the snapshot length cut it. */
  wireLength: number;
}

export interface CaptureInterface {
  /** Name as the file gives it (pcapng `if_name`), else null. */
  readonly name: string | null;
  readonly link: number;
}

export interface FileFacts {
  readonly path: string;
  /** Hex digest over the file's bytes as stored; null when it was not read to its end, or nobody asked. */
  sha256: string | null;
  /** Null for a file that is empty or too short to tell. */
  format: 'pcap' | 'pcapng' | 'snoop' | null;
  /** Size in bytes of what was read. */
  bytes: number;
  packets: number;
  firstTime: Time | null;
  lastTime: Time | null;
  /** The file ends inside a packet or block, or is damaged from some offset on. */
  truncated: boolean;
}

export interface Warning {
  /** snake_case, stable. */
  readonly code: string;
  /** One sentence with file and offset. */
  readonly text: string;
}

/** What is known of a capture while it is taken, and of no file. */
export interface LiveFacts {
  /** Who captures, as `--backend` names it. */
  backend: string;
  /** Packets are dated when they reach the program, not by the kernel. */
  clockArrival: boolean;
  /** Stretches in which nothing was captured, in order: what came then is not known. */
  readonly gaps: { readonly from: Time; readonly to: Time }[];
}

/** Filled while the source runs; final when `run` has resolved. */
export interface CaptureFacts {
  readonly files: FileFacts[];
  readonly interfaces: CaptureInterface[];
  readonly warnings: Warning[];
  packets: number;
  /** Nanoseconds from the Unix epoch to `Time` 0; null before the first packet. */
  epoch: bigint | null;
  /** Decimal digits of a second to print: 9 once a source finer than microseconds was seen, else 6. */
  digits: 6 | 9;
  firstTime: Time | null;
  lastTime: Time | null;
  /** When capturing ended, where a file tells (pcapng `isb_endtime`): nothing came between the last packet and then. */
  endTime?: Time;
  /** Packets that the kernel or the interface dropped, as far as the capture tells; null when it does not. */
  dropped: number | null;
  /** Only of a live capture. */
  readonly live?: LiveFacts;
  /** TLS key logs that the capture itself holds (pcapng decryption secrets), in order; whoever reads one takes it out. */
  readonly keyLogs?: string[];
  /** The pcap-filter expression that packets of files had to pass. */
  filter?: string;
  /** How often each limit fired while the capture was read. Stages after it count theirs into the same object. */
  readonly limitsHit?: Partial<Record<LimitName, number>>;
}

export interface PacketSource {
  readonly facts: CaptureFacts;
  /**
   * Calls `onPacket` synchronously, in order; awaits only to refill its buffer.
   * @param onTime live only: called between packets with a time before which no packet will come any more.
   * @throws UserError when the capture cannot be opened or is of no known format.
   */
  run(
    onPacket: (packet: Packet) => void,
    signal?: AbortSignal,
    onTime?: (time: Time) => void,
  ): Promise<CaptureFacts>;
}
