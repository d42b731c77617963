/**
 * The stages between packets and transactions, wired as the analyzer wires them, with an eye on every border: offsets
 * of segments, the calls of each stream, the calls of each parser, and that every request becomes one transaction.
 */
import { Agenda } from '../../src/agenda.ts';
import { HTTP } from '../../src/analyzer.ts';
import { keep, type Moment, type PacketSource } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment } from '../../src/decode/segment.ts';
import type { MessageSink, RequestHead, ResponseHead } from '../../src/http/message.ts';
import { HTTP2 } from '../../src/http2/session.ts';
import type { Connection, Side, StreamSink } from '../../src/tcp/stream.ts';
import { ConnectionTable } from '../../src/tcp/table.ts';
import { TLS } from '../../src/tls/session.ts';
import { Conversation } from '../../src/transaction/conversation.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';
import { offsetFault } from '../support/offset-fault.ts';
import type { Problems } from './problem.ts';

/** @returns how many transactions came out. */
export async function watchStages(
  source: PacketSource,
  timeout: number,
  problems: Problems,
): Promise<number> {
  const transactions = new Set<Transaction>();
  let begun = 0;
  const agenda = new Agenda();
  const context = {
    http: {
      ...HTTP,
      requestParser: (sink: MessageSink<RequestHead>, options: Parameters<typeof HTTP.requestParser>[1]) =>
        HTTP.requestParser(
          watchedMessages(sink, problems, () => begun++),
          options,
        ),
      responseParser: (sink: MessageSink<ResponseHead>, options: Parameters<typeof HTTP.responseParser>[1]) =>
        HTTP.responseParser(
          watchedMessages(sink, problems, () => {}),
          options,
        ),
    },
    tls: TLS,
    http2: HTTP2,
    secrets: null,
    agenda,
    timeout,
    onLimit() {},
    onRequest() {},
    onTransaction(transaction: Transaction) {
      problems.check(
        !transactions.has(transaction),
        'a transaction is told once',
        () => `${transaction.index}`,
      );
      transactions.add(transaction);
    },
  };
  const streams: Watched[] = [];
  const table = new ConnectionTable(
    (connection) => {
      const sinks = new Conversation(connection, context).sinks;
      return [watch(connection, 0, sinks[0]), watch(connection, 1, sinks[1])];
    },
    agenda,
    () => {},
  );
  const watch = (connection: Connection, side: Side, sink: StreamSink): StreamSink => {
    const watched = new Watched(connection, side, sink, problems);
    streams.push(watched);
    return watched;
  };

  const segment = createSegment();
  const fragments = new Fragments(() => {});
  let last: Moment = { time: 0, file: 0, frame: 0 };
  await source.run((packet) => {
    agenda.advance(packet.time);
    const outcome = decode(packet, segment, fragments);
    if (outcome === 'tcp' || outcome === 'icmp') {
      const fault = offsetFault(packet, segment);
      problems.check(fault === undefined, 'offsets lie within their packet', () => fault ?? '');
    }
    if (outcome === 'tcp') table.onSegment(segment, segment.bytes);
    else if (outcome === 'icmp') table.onIcmp(segment);
    last = keep(packet);
  });
  table.end(last);
  for (const { ends, name } of streams) {
    problems.check(ends === 1, 'every stream ends once', () => `${name} ended ${ends} times`);
  }
  // Of encrypted records no parser has seen a request begin; of a stream only that which asked for the upgrade.
  const requests = [...transactions].filter(
    ({ kind, request, stream }) =>
      kind !== 'sealed' &&
      request !== null &&
      (stream === null || (request.head?.version ?? 'HTTP/2') !== 'HTTP/2'),
  ).length;
  problems.check(
    requests === begun,
    'every request has one record',
    () => `${begun} begun, ${requests} told`,
  );
  return transactions.size;
}

export class Watched implements StreamSink {
  ends = 0;
  #connection: Connection;
  #side: Side;
  #sink: StreamSink;
  #problems: Problems;
  #base = Number.NaN;
  #length = 0;

  constructor(connection: Connection, side: Side, sink: StreamSink, problems: Problems) {
    this.#connection = connection;
    this.#side = side;
    this.#sink = sink;
    this.#problems = problems;
  }

  get name(): string {
    return `side ${this.#side} of connection ${this.#connection.id}`;
  }

  onBytes(bytes: Buffer, start: number, end: number, at: Moment): void {
    const within = 0 <= start && start < end && end <= bytes.length;
    this.#problems.check(within, 'bytes lie within what is lent', () => `${start} ${end} of ${bytes.length}`);
    this.#advance(end - start);
    this.#sink.onBytes(bytes, start, end, at);
  }

  onGap(length: number, at: Moment): void {
    this.#problems.check(length > 0, 'a gap has a length', () => `${length}`);
    this.#advance(length);
    this.#sink.onGap(length, at);
  }

  onEnd(cause: Parameters<StreamSink['onEnd']>[0], at: Moment): void {
    this.ends++;
    this.#sink.onEnd(cause, at);
  }

  #advance(length: number): void {
    const { next } = this.#connection.sides[this.#side];
    if (Number.isNaN(this.#base)) this.#base = next - length;
    this.#length += length;
    this.#problems.check(this.ends === 0, 'nothing comes after the end', () => this.name);
    const told = this.#base + this.#length;
    this.#problems.check(
      told === next,
      'each byte of a stream is told once',
      () => `${this.name}: ${told}, not ${next}`,
    );
  }
}

/** @param onStart called when a message begins. */
export function watchedMessages<H extends RequestHead | ResponseHead>(
  sink: MessageSink<H>,
  problems: Problems,
  onStart: () => void,
): MessageSink<H> {
  let state: 'between' | 'head' | 'body' = 'between';
  const expect = (wanted: typeof state, call: string) =>
    problems.check(
      state === wanted,
      'a parser keeps the order of its calls',
      () => `${call} in state ${state}`,
    );
  return {
    onStart(at) {
      expect('between', 'onStart');
      state = 'head';
      onStart();
      sink.onStart(at);
    },
    onHead(head) {
      expect('head', 'onHead');
      state = 'body';
      return sink.onHead(head);
    },
    onBody(bytes, start, end) {
      expect('body', 'onBody');
      sink.onBody(bytes, start, end);
    },
    onBodyGap(length) {
      expect('body', 'onBodyGap');
      sink.onBodyGap(length);
    },
    onEnd(end) {
      expect('body', 'onEnd');
      state = 'between';
      sink.onEnd(end);
    },
    onAnomaly: (anomaly) => sink.onAnomaly(anomaly),
    isDue: () => sink.isDue(),
    onOther(bytes, start, end) {
      expect('between', 'onOther');
      sink.onOther(bytes, start, end);
    },
  };
}
