/**
 * One packet as a transaction's record carries it, for outputs that show packets. A part of the border `verdict.ts`, apart
 * because most readers of records never ask for packets.
 */
import type { Time } from '../capture/packet.ts';
import type { PacketNote } from '../tcp/stream.ts';
import type { Role } from './verdict.ts';

export interface PacketRecord {
  readonly file: string;
  readonly frame: number;
  readonly time: Time;
  /** An ICMP error comes from the network, whoever reported it. */
  readonly from: 'sender' | 'receiver' | 'network';
  /** TCP flags by their names in RFC 9293. */
  readonly flags: readonly string[];
  /** As Wireshark counts: 0 is the SYN, 1 the first payload byte; null for an ICMP error. */
  readonly seq: number | null;
  readonly ack: number | null;
  /** Payload bytes on the wire. */
  readonly length: number;
  /** Receive window that its side advertises, in bytes. */
  readonly window: number | null;
  readonly note: PacketNote | null;
  readonly icmp: {
    readonly version: number;
    readonly type: number;
    readonly code: number;
    readonly reporter: string;
    readonly mtu: number | null;
  } | null;
  /** What it shows in the evidence; empty when it carries no part of the verdict. */
  readonly roles: readonly Role[];
  /** Packets between the one before and this one that are not told. */
  readonly leftOut: number;
  /** The first bytes of the payload, in hex; null when it has none. */
  readonly payload: string | null;
}
