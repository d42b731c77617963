/**
 * `npm run bench:stages -- FILE`: what each stage costs, as processor time of the analysis with and without it, in this
 * process, without start-up and report. A small file of many runs tells more on a busy machine than a large one.
 * See README.md here.
 */
import { parseArgs } from 'node:util';
import type { Packet } from '../../src/capture/packet.ts';
import type { MessageSink, RequestHead, ResponseHead } from '../../src/http/message.ts';
import type { OpenStreams, StreamSink } from '../../src/tcp/stream.ts';
import type { Context } from '../../src/transaction/attempts.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';

/** As it is built: what tsx compiles names each closure when it is made, which doubles the time. */
const built = <T>(path: string): Promise<T> => import(new URL(`../../dist/${path}.js`, import.meta.url).href);

const { Agenda } = await built<typeof import('../../src/agenda.ts')>('agenda');
const { analyze, DEFAULT_OPTIONS, HTTP } = await built<typeof import('../../src/analyzer.ts')>('analyzer');
const { openCapture } = await built<typeof import('../../src/capture/file.ts')>('capture/file');
const { decode } = await built<typeof import('../../src/decode/decode.ts')>('decode/decode');
const { Fragments } = await built<typeof import('../../src/decode/fragments.ts')>('decode/fragments');
const { createSegment } = await built<typeof import('../../src/decode/segment.ts')>('decode/segment');
const { frameRequest, frameResponse } =
  await built<typeof import('../../src/http/framing.ts')>('http/framing');
const { createRequestParser, createResponseParser } =
  await built<typeof import('../../src/http/parser.ts')>('http/parser');
const { HTTP2 } = await built<typeof import('../../src/http2/session.ts')>('http2/session');
const { ConnectionTable } = await built<typeof import('../../src/tcp/table.ts')>('tcp/table');
const { TLS } = await built<typeof import('../../src/tls/session.ts')>('tls/session');
const { Conversation } =
  await built<typeof import('../../src/transaction/conversation.ts')>('transaction/conversation');
const { judge } = await built<typeof import('../../src/verdict/judge.ts')>('verdict/judge');
const { Neighbours } = await built<typeof import('../../src/verdict/neighbours.ts')>('verdict/neighbours');

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
    bodiesLast: false,
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
