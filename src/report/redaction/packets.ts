/**
 * The packets of a transaction in, the same packets out with the secrets in their bytes overwritten, byte for byte, so
 * that lengths stay. The payloads of a side are put together in the order of their stream, because a secret may
 * begin in one packet and end in the next; what cannot be read as text is covered whole.
 */
import type { HeaderField } from '../../http/message.ts';
import type { PacketRecord } from '../../verdict/packet-record.ts';
import type { TransactionRecord } from '../../verdict/verdict.ts';
import type { SecretNames } from './names.ts';
import { secretSpans } from './spans.ts';

/** `*`: what a hex view shows in a secret's place. */
const COVER = 0x2a;
const HEAD_END = '\r\n\r\n';
/** How a message begins. A stream that was met midway counts from there, and may begin with the rest of anything. */
const START_LINE = /^(?:[A-Z]{3,20} \S|HTTP\/\d)/;

export function coveredPackets(
  record: TransactionRecord,
  names: SecretNames,
): readonly PacketRecord[] | null {
  const { packets } = record;
  if (packets === null) return null;
  const { stream, tls } = record.connection;
  // In clear, but what its field blocks say is not where a search of their bytes would find it (RFC 7541 §5.2, §6.1).
  if (stream !== null && tls === null) return packets.map(coveredWhole);
  const covered = new Map<PacketRecord, string>();
  for (const side of ['sender', 'receiver'] as const) {
    const message = side === 'sender' ? record.request : record.response;
    for (const stretch of stretches(packets, side)) cover(stretch, message?.headers ?? [], names, covered);
  }
  return packets.map((packet) => {
    const payload = covered.get(packet);
    return payload === undefined ? packet : { ...packet, payload };
  });
}

function coveredWhole(packet: PacketRecord): PacketRecord {
  const { payload } = packet;
  return payload === null ? packet : { ...packet, payload: coverOf(payload) };
}

function coverOf(payload: string): string {
  return COVER.toString(16).repeat(payload.length / 2);
}

/** Bytes of one side without a hole, and the packets that brought them. */
interface Stretch {
  /** It begins where a message does: nothing that began before it can reach into it. */
  readonly whole: boolean;
  readonly bytes: Buffer;
  readonly packets: readonly { readonly packet: PacketRecord; readonly at: number }[];
  /** Sent again with other bytes than before, which nobody has looked at. */
  readonly unlike: readonly PacketRecord[];
}

function stretches(packets: readonly PacketRecord[], side: 'sender' | 'receiver'): Stretch[] {
  const data = packets
    .filter(({ from, payload, seq }) => from === side && payload !== null && seq !== null)
    .sort((a, b) => a.seq! - b.seq!);
  const found: Stretch[] = [];
  let run: { packet: PacketRecord; at: number }[] = [];
  let begin = 0;
  let end = 0;
  const close = () => {
    const first = run[0];
    if (first === undefined) return;
    const bytes = Buffer.alloc(end - begin);
    const alike: typeof run = [];
    const unlike: PacketRecord[] = [];
    let filled = 0;
    for (const { packet, at } of run) {
      const payload = Buffer.from(packet.payload!, 'hex');
      const again = payload.subarray(0, Math.max(0, filled - at));
      if (!again.equals(bytes.subarray(at, at + again.length))) unlike.push(packet);
      else {
        alike.push({ packet, at });
        filled = Math.max(filled, at + payload.copy(bytes, at));
      }
    }
    found.push({
      whole: opensMessage(first.packet) || (begin === 1 && START_LINE.test(bytes.toString('latin1'))),
      bytes,
      packets: alike,
      unlike,
    });
  };
  for (const packet of data) {
    const seq = packet.seq!;
    if (run.length === 0 || seq > end) {
      close();
      run = [];
      begin = seq;
      end = seq;
    }
    run.push({ packet, at: seq - begin });
    end = Math.max(end, seq + packet.payload!.length / 2);
  }
  close();
  return found;
}

function opensMessage({ roles }: PacketRecord): boolean {
  return roles.includes('request_first_byte') || roles.includes('response_first_byte');
}

function cover(
  { whole, bytes, packets, unlike }: Stretch,
  headers: readonly HeaderField[],
  names: SecretNames,
  covered: Map<PacketRecord, string>,
): void {
  // One character a byte, so that what is found in the text is where it is in the bytes.
  const text = bytes.toString('latin1');
  const head = text.indexOf(HEAD_END);
  const body = head < 0 ? text.length : head + HEAD_END.length;
  for (const { start, end } of secretSpans(text, names)) bytes.fill(COVER, start, end);
  if (isCoded(headers)) bytes.fill(COVER, body);
  else if (isForm(headers)) {
    for (const { start, end } of secretSpans(text.slice(body), names, true))
      bytes.fill(COVER, body + start, body + end);
  }
  // What came before is not here, so it cannot be known what the first bytes belong to.
  if (!whole) {
    const line = text.indexOf('\r\n');
    bytes.fill(COVER, 0, line < 0 ? text.length : line);
  }
  for (const packet of unlike) covered.set(packet, coverOf(packet.payload!));
  for (const { packet, at } of packets) {
    covered.set(packet, bytes.toString('hex', at, at + packet.payload!.length / 2));
  }
}

/** Compressed, or in chunks that may part a secret: its bytes hide what its text would show. */
function isCoded(headers: readonly HeaderField[]): boolean {
  return headers.some(
    ({ name, value }) =>
      /^(?:content-encoding|transfer-encoding)$/i.test(name) && !/^\s*identity\s*$/i.test(value),
  );
}

const CONTENT_TYPE = 'content-type';
const FORM = /^\s*application\/x-www-form-urlencoded/i;

/** A form's values end at `&` whatever they hold. */
export function isForm(headers: readonly HeaderField[]): boolean {
  for (const { name, value } of headers) {
    if (name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE && FORM.test(value))
      return true;
  }
  return false;
}
