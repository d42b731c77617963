/**
 * The ladder of a transaction as data: its packets in order, the silences between them, what was left out, and the
 * place where the missing answer should be. Records in, rows out; how a row looks is for `ladder-view.ts`.
 */
import type { Evidence, PacketRecord, TransactionRecord } from './records.ts';
import { between } from './time.ts';

/** What an arrow stands for; decides its look. */
export type PacketKind = 'syn' | 'syn_ack' | 'ack' | 'data' | 'fin' | 'rst' | 'icmp' | 'evidence';

export interface PacketRow {
  readonly kind: 'packet';
  readonly what: PacketKind;
  readonly packet: PacketRecord;
  /** Milliseconds since the ladder's first row; null where a time is absent. */
  readonly at: number | null;
  /** Since the row before. */
  readonly delta: number | null;
  /** `POST /notify HTTP/1.1` or `HTTP/1.1 200 OK` where a message begins, else null. */
  readonly opens: string | null;
  /** A later packet of the other side acknowledges it. Null for what is never acknowledged. */
  readonly arrived: boolean | null;
}

/** Nobody spoke for so long that it matters. */
export interface PauseRow {
  readonly kind: 'pause';
  readonly milliseconds: number;
}

/** Where the verdict misses something; `milliseconds` until the next packet that decided it, null at the end. */
export interface MissingRow {
  readonly kind: 'missing';
  readonly what: Missing;
  readonly milliseconds: number | null;
}

export interface LeftOutRow {
  readonly kind: 'left_out';
  readonly count: number;
}

export type LadderRow = PacketRow | PauseRow | MissingRow | LeftOutRow;

/** What did not come: the key of its words. */
export type Missing =
  | 'syn_ack'
  | 'ack'
  | 'response'
  | 'server_hello'
  | 'rest'
  | 'continue'
  | 'window'
  | 'flow';

/** Milliseconds of silence that get a row of their own. */
const PAUSE = 200;

const MISSING: Readonly<Record<string, Missing>> = {
  connect_no_reply: 'syn_ack',
  connect_not_accepted: 'ack',
  tls_no_server_hello: 'server_hello',
  idle_state_lost: 'ack',
  path_mtu_blackhole: 'ack',
  receiver_window_closed: 'window',
  stream_window_closed: 'flow',
  expect_continue_stalled: 'continue',
  request_not_acked: 'ack',
  request_partly_acked: 'ack',
  no_response_sender_closed: 'response',
  no_response_receiver_closed: 'response',
  no_response_reset: 'response',
  no_response_timeout: 'response',
  response_late: 'response',
  response_incomplete: 'rest',
  pending_at_capture_end: 'response',
};

/** The packet after which each of them was due: the last one that has such a role, the first role that there is. */
const ANCHORS: Readonly<Record<Missing, readonly string[]>> = {
  syn_ack: ['syn'],
  ack: ['request_retransmitted', 'request_last_byte', 'request_first_byte'],
  response: ['interim_response', 'request_acked', 'request_last_byte'],
  server_hello: ['client_hello', 'request_acked', 'request_last_byte', 'request_first_byte'],
  rest: ['response_last_byte', 'response_first_byte'],
  continue: ['request_acked', 'request_last_byte', 'request_first_byte'],
  window: ['zero_window'],
  flow: ['window_used_up'],
};

/** What ends the wait for it. */
const ENDS: ReadonlySet<string> = new Set([
  'sender_fin',
  'sender_rst',
  'receiver_fin',
  'receiver_rst',
  'sender_rst_stream',
  'receiver_rst_stream',
  'response_first_byte',
  'last_packet',
]);

export function ladderOf(record: TransactionRecord): LadderRow[] {
  const packets = withEvidence(record.packets ?? [], record.evidence);
  const rows = packetRows(packets, record);
  const gap = missingOf(rows, record);
  const out: LadderRow[] = [];
  for (const [i, row] of rows.entries()) {
    if (row.packet.leftOut > 0) out.push({ kind: 'left_out', count: row.packet.leftOut });
    const afterGap = gap !== null && gap.after === i - 1;
    if (!afterGap && i > 0 && (row.delta ?? 0) >= PAUSE)
      out.push({ kind: 'pause', milliseconds: row.delta! });
    out.push(row);
    if (gap?.after === i) out.push(gap.row);
  }
  return out;
}

function packetRows(packets: readonly PacketRecord[], record: TransactionRecord): PacketRow[] {
  const first = packets[0]?.time ?? null;
  // From the end: the highest acknowledgement that either side still gives.
  const acked = { sender: -1, receiver: -1 };
  const arrived: (boolean | null)[] = [];
  for (const packet of packets.toReversed()) {
    arrived.push(arrivalOf(packet, acked));
    if (packet.from === 'network' || packet.ack === null) continue;
    const other = packet.from === 'sender' ? 'receiver' : 'sender';
    // An RST may acknowledge what it refuses: that shows too that it arrived.
    acked[other] = Math.max(acked[other], packet.ack);
  }
  arrived.reverse();
  return packets.map((packet, i) => ({
    kind: 'packet',
    what: kindOf(packet),
    packet,
    at: between(first, packet.time),
    delta: i === 0 ? null : between(packets[i - 1]!.time, packet.time),
    opens: openingOf(packet, record),
    arrived: arrived[i]!,
  }));
}

/** A packet that was not kept still has its place when it carries the verdict. */
function withEvidence(packets: readonly PacketRecord[], evidence: readonly Evidence[]): PacketRecord[] {
  const all = [...packets];
  for (const { file, frame, time, role } of evidence) {
    const known = all.findIndex((one) => one.file === file && one.frame === frame);
    if (known >= 0) {
      const one = all[known]!;
      if (!one.roles.includes(role)) all[known] = { ...one, roles: [...one.roles, role] };
      continue;
    }
    const place = all.findIndex((one) => (between(time, one.time) ?? -1) > 0);
    const from = senderOfRole(role);
    all.splice(place < 0 ? all.length : place, 0, {
      file,
      frame,
      time,
      from,
      flags: [],
      seq: null,
      ack: null,
      length: 0,
      window: null,
      note: null,
      icmp: null,
      roles: [role],
      leftOut: 0,
      payload: null,
    });
  }
  return all;
}

const OF_RECEIVER: ReadonlySet<string> = new Set([
  'syn_ack',
  'request_acked',
  'interim_response',
  'response_first_byte',
  'response_last_byte',
  'receiver_fin',
  'receiver_rst',
  'receiver_rst_stream',
  'receiver_goaway',
  'zero_window',
]);

function senderOfRole(role: string): PacketRecord['from'] {
  if (role === 'icmp_error') return 'network';
  return OF_RECEIVER.has(role) ? 'receiver' : 'sender';
}

function kindOf({ from, flags, length, icmp, seq, roles }: PacketRecord): PacketKind {
  if (icmp !== null || from === 'network') return 'icmp';
  if (flags.includes('RST')) return 'rst';
  if (flags.includes('SYN')) return flags.includes('ACK') ? 'syn_ack' : 'syn';
  if (flags.includes('FIN')) return 'fin';
  if (length > 0) return 'data';
  if (seq !== null) return 'ack';
  return roles.some((role) => role.endsWith('_rst')) ? 'rst' : 'evidence';
}

/** Only of what must be acknowledged, and not of a FIN: what is kept may end before its acknowledgement. */
function arrivalOf(packet: PacketRecord, acked: { sender: number; receiver: number }): boolean | null {
  const { from, flags, seq, length } = packet;
  if (from === 'network' || seq === null || flags.includes('RST')) return null;
  const takes = length + (flags.includes('SYN') ? 1 : 0);
  return takes === 0 ? null : acked[from] >= seq + takes;
}

function openingOf({ roles }: PacketRecord, { request, response }: TransactionRecord): string | null {
  if (roles.includes('request_first_byte') && request?.method != null) {
    return `${request.method} ${request.target ?? ''}`;
  }
  if (roles.includes('response_first_byte') && response?.status != null) {
    return [response.version, response.status, response.reason].filter((part) => part !== null).join(' ');
  }
  return null;
}

function missingOf(
  rows: readonly PacketRow[],
  { verdict, facts, times }: TransactionRecord,
): { readonly after: number; readonly row: MissingRow } | null {
  const what = MISSING[verdict];
  // Undecided at the end of the capture: only what was waited for is missing.
  if (what === undefined || (verdict === 'pending_at_capture_end' && facts.acked !== 'full')) return null;
  const after = anchorOf(rows, what, times['requestAcked'] ?? null);
  if (after < 0) return null;
  const end = rows.find(({ packet }, i) => i > after && packet.roles.some((one) => ENDS.has(one)));
  const from = rows[after]!.at;
  const milliseconds = end === undefined || end.at === null || from === null ? null : end.at - from;
  return { after, row: { kind: 'missing', what, milliseconds } };
}

function anchorOf(rows: readonly PacketRow[], what: Missing, acked: string | null): number {
  // Not all verdicts name the acknowledgement in their evidence.
  const ack =
    what === 'response'
      ? rows.findLastIndex(({ packet }) => packet.from === 'receiver' && packet.time === acked)
      : -1;
  const role = ANCHORS[what].find((one) => rows.some(({ packet }) => packet.roles.includes(one)));
  let after = rows.findLastIndex(({ packet }) => role !== undefined && packet.roles.includes(role));
  after = Math.max(after, ack);
  // The ClientHello is acknowledged before it is answered.
  while (what === 'server_hello' && rows[after + 1]?.what === 'ack') after++;
  return after;
}
