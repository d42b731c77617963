/** Every frame that a record names shows what its role says, and its times fit what the programs themselves logged. */
import { expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import { decode } from '../../src/decode/decode.ts';
import { ACK, createSegment, FIN, RST, type Segment, SYN } from '../../src/decode/segment.ts';
import type { Evidence, TransactionRecord } from '../../src/verdict/verdict.ts';
import { needs } from '../support/needs.ts';
import { type Capture, labCaptures, run } from './truth.ts';

const AGREE = /^(01|02|03|04|05|06|07|08|09|10|11|12|13|14|15|17|19|20|21)-/;

/** Seconds. The Java client writes its log up to 6 ms, nginx at the end of an exchange and up to 42 ms late. */
const LOG_SLACK = 0.05;

interface Frame extends Segment {
  readonly kind: 'tcp' | 'icmp';
}

async function framesOf(capture: Capture): Promise<Map<string, Frame>> {
  const frames = new Map<string, Frame>();
  const segment = createSegment();
  await openCapture(capture.files).run((packet) => {
    const kind = decode(packet, segment);
    if (kind !== 'tcp' && kind !== 'icmp') return;
    frames.set(`${capture.files[packet.file]} ${packet.frame}`, { ...segment, kind });
  });
  return frames;
}

/** Ports tell the direction: no lab connection has the same one on both ends. */
const bySender = (f: Frame, { connection: c }: TransactionRecord) =>
  f.srcPort === c.sender.port && f.dstPort === c.receiver.port;
const byReceiver = (f: Frame, { connection: c }: TransactionRecord) =>
  f.srcPort === c.receiver.port && f.dstPort === c.sender.port;
const has = (f: Frame, flags: number) => (f.flags & flags) === flags;

/** True when the frame is what its role says. */
function shows({ role }: Evidence, f: Frame, record: TransactionRecord, last: Frame | undefined): boolean {
  if (role === 'icmp_error') return f.kind === 'icmp' && bySender(f, record);
  if (f.kind !== 'tcp') return false;
  const mine = bySender(f, record);
  const theirs = byReceiver(f, record);
  switch (role) {
    case 'syn':
      return mine && has(f, SYN) && !has(f, ACK);
    case 'syn_ack':
      return theirs && has(f, SYN | ACK);
    case 'client_hello':
    case 'request_first_byte':
    case 'request_last_byte':
    case 'request_retransmitted':
      return mine && f.payloadLength > 0;
    case 'request_acked': {
      if (!theirs || !has(f, ACK) || has(f, RST)) return false;
      // Only a whole request must be covered to its last byte.
      return last === undefined || ((f.ack - (last.seq + last.payloadLength)) | 0) >= 0;
    }
    case 'tls_alert':
      return f.payloadLength > 0;
    case 'server_hello':
    case 'interim_response':
    case 'response_first_byte':
    case 'response_last_byte':
      // The end of an answer that the close delimits is the FIN.
      return theirs && (f.payloadLength > 0 || has(f, FIN));
    case 'sender_fin':
      return mine && has(f, FIN);
    case 'sender_rst':
      return mine && has(f, RST);
    case 'receiver_fin':
      return theirs && has(f, FIN);
    case 'receiver_rst':
      return theirs && has(f, RST);
    case 'sender_rst_stream':
    case 'window_used_up':
      return mine && f.payloadLength > 0;
    case 'receiver_rst_stream':
    case 'receiver_goaway':
      return theirs && f.payloadLength > 0;
    case 'zero_window':
      return f.window === 0 && !has(f, RST);
    case 'acked_unseen':
    case 'first_packet':
    case 'last_packet':
      return mine || theirs;
  }
}

needs('shared-captures').describe('evidence', () => {
  // Only these: a packet put together from fragments or taken out of a tunnel cannot be decoded frame by frame.
  const captures = labCaptures().filter(({ scenario }) => AGREE.test(scenario));

  test.each(captures.map((capture) => [capture.name, capture] as const))('%s', async (_, capture) => {
    const frames = await framesOf(capture);
    const { records } = await run(capture);
    const wrong: string[] = [];
    for (const record of records) {
      const at = (e: Evidence) => frames.get(`${e.file} ${e.frame}`);
      const lastByte = record.evidence.find(({ role }) => role === 'request_last_byte');
      const last = record.facts.sent === 'full' && lastByte !== undefined ? at(lastByte) : undefined;
      if (record.evidence.length === 0) wrong.push(`${record.id} ${record.verdict}: no evidence`);
      for (const e of record.evidence) {
        const frame = at(e);
        if (frame === undefined || frame.time !== e.time || !shows(e, frame, record, last)) {
          wrong.push(`${record.id} ${record.verdict}: ${e.role} @${e.frame}`);
        }
      }
      const keys = record.evidence.map((e) => `${e.file} ${e.frame} ${e.role}`);
      if (new Set(keys).size < keys.length) wrong.push(`${record.id}: the same packet twice in one role`);
    }
    expect(wrong).toEqual([]);
  });

  test.each(captures.map((capture) => [capture.name, capture] as const))('%s: times', async (_, capture) => {
    const wrong: string[] = [];
    const { matches, records, facts } = await run(capture);
    for (const { id, timings } of records) {
      for (const [name, value] of Object.entries(timings)) {
        if (value !== null && !(value >= 0)) wrong.push(`${id} ${name} is ${value}`);
      }
    }
    const epoch = Number((facts.epoch ?? 0n) / 1000n) / 1e6;
    for (const { post, record } of matches) {
      if (record === null) continue;
      const { times, timings } = record;
      const { write_start: wrote, error, write_end: written } = post.client_times;
      if (times.requestAcked !== null && times.requestLastByte !== null) {
        if (times.requestAcked < times.requestLastByte) wrong.push(`${record.id} acked before it was sent`);
      }
      if (wrote !== undefined && times.requestFirstByte !== null && record.request !== null) {
        const late = epoch + times.requestFirstByte / 1e9 - wrote;
        // A lossy way delays no first sending.
        if (late < -LOG_SLACK || late > 0.5)
          wrong.push(`${record.id} request ${late.toFixed(3)} s after the write`);
      }
      if (record.verdict === 'no_response_sender_closed' && error !== undefined && written !== undefined) {
        const off = (timings.gaveUpAfter ?? Number.NaN) / 1000 - (error - written);
        if (!(Math.abs(off) < 0.5)) wrong.push(`${record.id} gaveUpAfter is off by ${off.toFixed(3)} s`);
      }
      const answered = post.server_sent?.t_start;
      if (answered != null && times.responseFirstByte !== null) {
        const way = epoch + times.responseFirstByte / 1e9 - answered;
        if (way < -LOG_SLACK) wrong.push(`${record.id} answer ${way.toFixed(3)} s before it was sent`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
