/**
 * Runs a capture through decoding, TCP, HTTP and pairing, without any verdict: for tests that look at what was paired
 * with what. Wired like the analyzer, whose own records tell times and not frames.
 */
import { Agenda } from '../../src/agenda.ts';
import { HTTP } from '../../src/analyzer.ts';
import { keep, type Moment, type PacketSource } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment } from '../../src/decode/segment.ts';
import { HTTP2 } from '../../src/http2/session.ts';
import type { LimitName } from '../../src/limits.ts';
import { ConnectionTable } from '../../src/tcp/table.ts';
import { withEmbedded } from '../../src/tls/keylog.ts';
import { TLS } from '../../src/tls/session.ts';
import type { Secrets } from '../../src/tls/tls.ts';
import { Conversation } from '../../src/transaction/conversation.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';

export interface Observed {
  /** In the order in which they were handed on. */
  readonly transactions: readonly Transaction[];
  readonly limits: readonly LimitName[];
}

/**
 * @param timeout response deadline in nanoseconds.
 * @param look called with each as it is handed on: its connection goes on after that.
 */
export async function observe(
  source: PacketSource,
  timeout = 30e9,
  given: Secrets | null = null,
  look: (transaction: Transaction) => void = () => {},
): Promise<Observed> {
  const transactions: Transaction[] = [];
  const limits: LimitName[] = [];
  const agenda = new Agenda();
  const onLimit = (name: LimitName) => limits.push(name);
  const context = {
    http: HTTP,
    tls: TLS,
    http2: HTTP2,
    secrets: withEmbedded(given, source.facts.keyLogs ?? [], onLimit),
    agenda,
    timeout,
    onLimit,
    onRequest() {},
    onTransaction(transaction: Transaction) {
      transactions.push(transaction);
      look(transaction);
    },
  };
  const table = new ConnectionTable(
    (connection) => new Conversation(connection, context).sinks,
    agenda,
    onLimit,
  );
  const segment = createSegment();
  const fragments = new Fragments(onLimit);
  let last: Moment = { time: 0, file: 0, frame: 0 };
  await source.run((packet) => {
    agenda.advance(packet.time);
    const outcome = decode(packet, segment, fragments);
    if (outcome === 'tcp') table.onSegment(segment, segment.bytes);
    else if (outcome === 'icmp') table.onIcmp(segment);
    last = keep(packet);
  });
  table.end(last);
  return { transactions, limits };
}
