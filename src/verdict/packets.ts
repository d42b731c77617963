/**
 * The packets of one transaction, out of those that its connection kept: from its first packet (or the first that its
 * evidence names) to where the next request begins. Null when packets were not asked for.
 */
import type { CaptureFacts, Moment } from '../capture/packet.ts';
import { ACK, FIN, PSH, RST, SYN } from '../decode/segment.ts';
import type { LoggedPacket } from '../tcp/stream.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { isBefore } from './facts.ts';
import type { PacketRecord } from './packet-record.ts';
import type { Proof } from './verdict.ts';

/** In the order in which Wireshark names them. */
const FLAGS: readonly (readonly [flag: number, name: string])[] = [
  [FIN, 'FIN'],
  [SYN, 'SYN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [ACK, 'ACK'],
];

export function packetsOf(
  transaction: Transaction,
  proofs: readonly Proof[],
  capture: CaptureFacts,
): readonly PacketRecord[] | null {
  const { packets } = transaction.connection;
  if (packets === null) return null;
  const begin = beginOf(transaction, proofs);
  const records: PacketRecord[] = [];
  let leftOut = 0;
  for (const packet of packets) {
    if (begin !== null && isBefore(packet, begin)) continue;
    // What was left out before the transaction's first packet is not of it.
    if (begin === null || records.length > 0) leftOut += packet.leftOut;
    if (isOver(transaction, packet)) break;
    if (isOfOther(packet, transaction) && !isProof(packet, proofs)) {
      leftOut++;
      continue;
    }
    records.push(recordOf(packet, transaction, proofs, capture, leftOut));
    leftOut = 0;
  }
  return records;
}

/** Null: with the connection. */
function beginOf({ index, request }: Transaction, proofs: readonly Proof[]): Moment | null {
  if (index === 1) return null;
  let begin = request?.firstByte ?? null;
  for (const { at } of proofs) if (begin === null || isBefore(at, begin)) begin = at;
  return begin;
}

/** Payload of which nothing is this transaction's: a request before or after it, or the answer to one. */
function isOfOther({ side, offset, length, icmp }: LoggedPacket, t: Transaction): boolean {
  if (icmp !== null || length === 0 || t.kind !== 'exchange') return false;
  const message = side === t.sender ? t.request : t.response;
  return message !== null && (offset >= message.end || offset + length <= message.start);
}

/** A frame that ends a stream of HTTP/2 lies behind its messages. */
function isProof({ file, frame }: LoggedPacket, proofs: readonly Proof[]): boolean {
  return proofs.some(({ at }) => at.file === file && at.frame === frame);
}

/** It was answered, and the next request begins; in HTTP/2 others begin before it is. */
function isOver({ sender, request, response, stream }: Transaction, packet: LoggedPacket): boolean {
  const { side, offset, length, icmp } = packet;
  const answered = response?.ended === 'complete' || response?.ended === 'closed';
  if (stream !== null && response !== null && !isBefore(response.lastByte, packet)) return false;
  return (
    answered && request !== null && icmp === null && side === sender && length > 0 && offset >= request.end
  );
}

function recordOf(
  packet: LoggedPacket,
  transaction: Transaction,
  proofs: readonly Proof[],
  capture: CaptureFacts,
  leftOut: number,
): PacketRecord {
  const { file, frame, time, side, flags, length, icmp, payload } = packet;
  const own = {
    length,
    note: packet.note,
    leftOut,
    payload: payload.length > 0 ? payload.toString('hex') : null,
  };
  const roles = proofs.filter(({ at }) => at.file === file && at.frame === frame).map(({ role }) => role);
  const where = { file: capture.files[file]?.path ?? '', frame, time };
  if (icmp !== null) {
    const { version, type, code, reporter, mtu } = icmp;
    const error = { version, type, code, reporter, mtu: mtu > 0 ? mtu : null };
    return {
      ...where,
      from: 'network',
      flags: [],
      seq: null,
      ack: null,
      window: null,
      icmp: error,
      roles,
      ...own,
    };
  }
  return {
    ...where,
    from: side === transaction.sender ? 'sender' : 'receiver',
    flags: FLAGS.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name),
    seq: packet.offset + 1,
    ack: packet.ackOffset === null ? null : packet.ackOffset + 1,
    window: packet.window,
    icmp: null,
    roles,
    ...own,
  };
}
