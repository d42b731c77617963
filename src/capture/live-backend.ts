/**
 * The border inside this folder between a live capture and those who take it: tcpdump, dumpcap, libpcap. Each is told an interface and a filter, and hands over the bytes of a capture file as they come.
 */

export const BACKENDS = ['tcpdump', 'dumpcap', 'cap'] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface CaptureRequest {
  readonly interface: string;
  /** pcap-filter expression; empty for everything. */
  readonly filter: string;
  /** Bytes of a packet to keep. */
  readonly snaplen: number;
  readonly promiscuous: boolean;
  /** KiB of the kernel's buffer. */
  readonly bufferSize: number;
}

/** Calls are synchronous; none comes after `ended` has settled. */
export interface BackendEvents {
  /** Bytes of one pcap or pcapng file, from its header on. Lent. The first ones say that the capture runs. */
  onBytes(bytes: Buffer): void;
  /** Packets lost so far, since `start`. Not called by who does not know. */
  onDropped(packets: number): void;
  /** A line on the counters of a capture that has ended, in the words people look for. */
  onCounters(line: string): void;
}

/** How a capture ended. */
export interface Ended {
  /** In the words of who captured; null when it was asked to end. */
  readonly reason: string | null;
}

export interface Running {
  /** Asks for `onDropped`, where it can be told while the capture runs. */
  askDropped(): void;
  /** Ends the capture; what was captured until then is still handed over. */
  stop(): void;
  readonly ended: Promise<Ended>;
}

export interface Backend {
  readonly name: BackendName;
  /** Packets carry the time at which they came here, not the kernel's. */
  readonly clockArrival: boolean;
  start(request: CaptureRequest, events: BackendEvents): Running;
}
