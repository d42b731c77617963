/**
 * `npm run bench:stages -- FILE`: what each stage costs, as processor time of the analysis with and without it, in this
 * process, without start-up and report. A small file of many runs tells more on a busy machine than a large one.
 * See README.md here.
 */
import { parseArgs } from 'node:util';
import { Agenda } from '../../src/agenda.ts';
import { analyze, DEFAULT_OPTIONS, HTTP } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import type { Packet } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment } from '../../src/decode/segment.ts';
import { frameRequest, frameResponse } from '../../src/http/framing.ts';
import type { MessageSink, RequestHead, ResponseHead } from '../../src/http/message.ts';
import { createRequestParser, createResponseParser } from '../../src/http/parser.ts';
import { HTTP2 } from '../../src/http2/session.ts';
import type { OpenStreams, StreamSink } from '../../src/tcp/stream.ts';
import { ConnectionTable } from '../../src/tcp/table.ts';
import { TLS } from '../../src/tls/session.ts';
import type { Context } from '../../src/transaction/attempts.ts';
import { Conversation } from '../../src/transaction/conversation.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';
import { judge } from '../../src/verdict/judge.ts';
import { Neighbours } from '../../src/verdict/neighbours.ts';

const nothing = (): void => {};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { runs: { type: 'string', default: '20' } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (file === undefined) throw new Error('which capture?');
  const stages: readonly [string, () => Promise<unknown>][] = [
    ['read', () => packets(file, nothing)],
    ['+ decode', () => decoded(file, null)],
    ['+ connections', () => decoded(file, () => [SILENT, SILENT])],
    ['+ messages', () => decoded(file, parsers)],
    ['+ attempts', () => attempts(file, nothing)],
    ['+ verdicts', () => judged(file)],
    ['+ deliveries, hosts', () => analyze(openCapture([file]), DEFAULT_OPTIONS, NOBODY)],
  ];
  const least = new Map<string, number>();
  // By turns: what else the machine does meets all of them.
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, stage] of stages) {
      const before = process.cpuUsage();
      await stage();
      const { user, system } = process.cpuUsage(before);
      least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, (user + system) / 1000));
    }
  }
  let before = 0;
  for (const [name, ms] of least) {
    process.stdout.write(
      `${name.padEnd(20)} ${ms.toFixed(0).padStart(6)} ms ${(ms - before).toFixed(0).padStart(6)}\n`,
    );
    before = ms;
  }
}

const NOBODY = { bodies: false, wants: () => false, transaction: nothing, end: nothing };
const SILENT: StreamSink = { onBytes: nothing, onGap: nothing, onEnd: nothing };

async function packets(file: string, onPacket: (packet: Packet) => void): Promise<void> {
  await openCapture([file]).run(onPacket);
}

async function decoded(file: string, open: OpenStreams | null, agenda = new Agenda()): Promise<void> {
  const segment = createSegment();
  const fragments = new Fragments(nothing);
  const table = open === null ? null : new ConnectionTable(open, agenda, nothing);
  const last = { time: 0, file: 0, frame: 0 };
  await packets(file, (packet) => {
    agenda.advance(packet.time);
    last.time = packet.time;
    if (decode(packet, segment, fragments) === 'tcp') table?.onSegment(segment, segment.bytes);
  });
  table?.end(last);
}

const SINK: Omit<MessageSink<RequestHead>, 'onHead'> = {
  onStart: nothing,
  onBody: nothing,
  onBodyGap: nothing,
  onEnd: nothing,
  onAnomaly: nothing,
  onOther: nothing,
  isDue: () => true,
};
const REQUESTS: MessageSink<RequestHead> = { ...SINK, onHead: (head) => frameRequest(head, nothing) };
const RESPONSES: MessageSink<ResponseHead> = {
  ...SINK,
  onHead: (head) => frameResponse(head, 'POST', nothing),
};

const parsers: OpenStreams = () => [createRequestParser(REQUESTS), createResponseParser(RESPONSES)];

async function attempts(file: string, onTransaction: (transaction: Transaction) => void): Promise<void> {
  const agenda = new Agenda();
  const context: Context = {
    http: HTTP,
    http2: HTTP2,
    tls: TLS,
    secrets: null,
    agenda,
    timeout: DEFAULT_OPTIONS.timeout,
    onLimit: nothing,
    keepsAnswers: false,
    onRequest: nothing,
    onTransaction,
  };
  await decoded(file, (connection) => new Conversation(connection, context).sinks, agenda);
}

function judged(file: string): Promise<void> {
  const neighbours = new Neighbours();
  const health = { dropped: 0, limitsHit: false, disordered: false, live: null };
  return attempts(file, (transaction) => {
    judge(transaction, DEFAULT_OPTIONS.accept, health, neighbours);
  });
}

await main();
