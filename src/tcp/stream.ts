/**
 * The border between TCP and what runs on top of it: ordered bytes of one direction, each byte once.
 */
import type { Moment, Time } from '../capture/packet.ts';
import type { Stored } from '../limits.ts';

/** Side of a connection: 0 sent the first packet that was captured (or the SYN, as far as one is known). */
export type Side = 0 | 1;

/**
 * Why a direction ended. `fin`: in order, by its own FIN. `reset`: RST of either side. `replaced`: the same
 * addresses and ports were used for a new connection. `idle`: silent too long. `captureEnd`: the capture ended.
 * `limit`: a bound fired.
 */
export type EndCause = 'fin' | 'reset' | 'replaced' | 'idle' | 'captureEnd' | 'limit';

/** One direction of a connection, in order. `onEnd` comes exactly once and last. `at` is lent. */
export interface StreamSink {
  /** `bytes[start, end)` is lent; `at` is the packet that carried them first. */
  onBytes(bytes: Buffer, start: number, end: number, at: Moment): void;
  /** `length` bytes that were not captured and never will be; `at` is the packet that proved it. */
  onGap(length: number, at: Moment): void;
  onEnd(cause: EndCause, at: Moment): void;
}

/**
 * Called once per connection, at its first packet; the two sinks belong to side 0 and side 1.
 * TCP knows who opened the connection only if it saw a SYN: who is the sender is for the layer above to decide.
 */
export type OpenStreams = (connection: Connection) => readonly [StreamSink, StreamSink];

/** What one packet looked like, to compare a RST with its side's other packets. */
export interface Fingerprint {
  readonly at: Moment;
  readonly ttl: number;
  /** -1 for IPv6. */
  readonly ipId: number;
  readonly dontFragment: boolean;
  readonly window: number;
  readonly flags: number;
  /** Acknowledgement number as an offset in the other direction; null without the ACK flag. */
  readonly ackOffset: number | null;
  /** Sequence number as an offset in its own direction. */
  readonly offset: number;
}

/** An ICMP or ICMPv6 error that quotes a packet of this direction. */
export interface IcmpError {
  readonly at: Moment;
  /** 4 or 6. */
  readonly version: number;
  readonly type: number;
  readonly code: number;
  /** Destination unreachable other than "fragmentation needed": RFC 792 type 3, RFC 4443 type 1. */
  readonly unreachable: boolean;
  /** Next-hop MTU, where the error is about packet size; else 0. */
  readonly mtu: number;
  /** Address of the device that sent it. */
  readonly reporter: string;
}

/** What a logged packet is, beyond its flags. */
export type PacketNote = 'retransmission' | 'out_of_order' | 'keep_alive' | 'zero_window';

/** A packet of a connection, kept for outputs that show packets. */
export interface LoggedPacket extends Moment {
  /** Who sent it; for an ICMP error, who had sent the packet that it quotes. */
  readonly side: Side;
  readonly flags: number;
  /** Sequence number as an offset in its own direction: -1 for a SYN. */
  readonly offset: number;
  /** Acknowledgement number as an offset in the other direction; null without the ACK flag. */
  readonly ackOffset: number | null;
  /** Payload bytes on the wire. */
  readonly length: number;
  /** Scaled, in bytes. */
  readonly window: number;
  readonly note: PacketNote | null;
  /** The payload's first bytes, bounded. */
  readonly payload: Buffer;
  /** Not null: no packet of a side but an ICMP error about one, and only its moment and side count. */
  readonly icmp: IcmpError | null;
  /** Packets of the connection between the one before and this one that were not kept. */
  readonly leftOut: number;
}

/** When an offset was first covered by the other side's acknowledgement: filled as it happens. */
export interface AckWatch {
  readonly offset: number;
  at: Moment | null;
}

/**
 * What the packets of one side told. Offsets count payload bytes of this direction: 0 is the first after the SYN,
 * or where the capture met the stream. Read only above TCP.
 */
export interface Direction {
  readonly packets: number;
  readonly dataSegments: number;
  /** Payload bytes on the wire, each once. */
  readonly bytes: number;
  /** Offset up to which everything was delivered or given up as a gap. */
  readonly next: number;
  /** Highest offset that any packet of this side reached. */
  readonly highest: number;
  readonly firstData: Moment | null;
  /** Last packet that brought new payload. */
  readonly lastData: Moment | null;
  readonly retransmissions: number;
  readonly lastRetransmission: Moment | null;
  /**
   * Of the earliest bytes that were sent again since the acknowledgement last moved: how often, in segments of what size
   * at most, and their offset.
   */
  readonly stuckRepeats: number;
  readonly stuckLength: number;
  readonly stuckFrom: number;
  /** Largest payload of a segment that was acknowledged whole. */
  readonly largestAcked: number;
  /** First SYN (with or without ACK), how many, and the last one. */
  readonly syn: Fingerprint | null;
  readonly synCount: number;
  readonly lastSyn: Moment | null;
  /** Time of the SYN before the last one. */
  readonly previousSynTime: Time;
  readonly fin: Fingerprint | null;
  readonly finAckedAt: Moment | null;
  readonly rst: Fingerprint | null;
  readonly rstCount: number;
  /** Its RSTs have sequence numbers further apart than a FIN puts them. */
  readonly rstStepped: boolean;
  /** IP identification of its last packet that was no RST and had one, and the largest step from one to the next. */
  readonly lastIpId: number;
  readonly ipIdStep: number;
  /** First packet of this side that was no RST: its hop count is that of the host itself. */
  readonly usual: Fingerprint | null;
  /** An acknowledgement in answer to the SYN of something the other side never sent on this connection. */
  readonly strayAck: Fingerprint | null;
  /** Highest offset of this direction that the other side acknowledged, RSTs not counted, and the packet. */
  readonly acked: number;
  readonly ackedAt: Moment | null;
  /** Offset that the other side's RST acknowledged; -1 without one. */
  readonly ackedByRst: number;
  /** Bytes acknowledged by the other side that are not in the capture. */
  readonly ackedUnseen: number;
  readonly ackedUnseenAt: Moment | null;
  /** Acknowledged one beyond the last byte although no FIN was captured: it was sent, not captured. */
  readonly finUnseen: boolean;
  /** Segments shortened by the snapshot length. */
  readonly snaplenCut: number;
  /** Bytes or a FIN were seen that lie behind a hole which nobody acknowledged: this side sent more than was seen. */
  readonly holding: boolean;
  /** Receive window that this side advertised last, scaled, in bytes; -1 before any. */
  readonly window: number;
  /** First packet of the present run of zero-window advertisements. */
  readonly zeroWindow: Moment | null;
  /** First ICMP error about this side's packets, and how many. */
  readonly icmp: IcmpError | null;
  readonly icmpCount: number;
  watch(offset: number): AckWatch;
}

/** Whose packet it is, and what of it is payload; lent. Of a fragmented datagram each packet is told by itself. */
export interface Traced {
  /** Which packet of the run it is, from 1. */
  readonly order: number;
  readonly connection: number;
  /** That sent it; of an ICMP error, that sent what it quotes. */
  readonly side: Side;
  readonly icmp: boolean;
  /** `packet.bytes[payload, payloadEnd)`: payload of the side's stream. */
  readonly payload: number;
  readonly payloadEnd: number;
  /** Where in the stream the first byte of it lies. */
  readonly offset: number;
  /** Index of the TCP checksum in the packet; -1 where it has none, or where it covers other packets too. */
  readonly checksum: number;
}

export interface Connection {
  /** From 1, in order of first packet. */
  readonly id: number;
  readonly sides: readonly [Direction, Direction];
  readonly addresses: readonly [string, string];
  readonly ports: readonly [number, number];
  /** Side that sent the SYN; null when no SYN or SYN-ACK was captured. */
  readonly opener: Side | null;
  /** The opener's acknowledgement of the SYN-ACK. */
  readonly established: Moment | null;
  readonly first: Moment;
  readonly last: Moment;
  /** Time of the packet before the last. */
  readonly previousTime: Time;
  /** Zeek's letters; upper case is `originator`. */
  historyFrom(originator: Side): string;
  readonly link: number;
  readonly vlan: number;
  readonly interfaceIndex: number;
  /** What is held for it, also above TCP: a connection that holds too much is ended. */
  readonly stored: Stored;
  /** Packets of this connection that the capture holds twice. */
  readonly duplicates: number;
  /** The addresses and ports had been used by an earlier connection of this capture. */
  readonly portReused: boolean;
  /** Its packets so far, copies left out; null when nobody asked for them. */
  readonly packets: readonly LoggedPacket[] | null;
}
