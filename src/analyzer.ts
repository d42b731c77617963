/**
 * Wires the stages: packets in at the left, records out at the right. The only file that knows every stage;
 * it owns no logic of theirs.
 */
import { Agenda } from './agenda.ts';
import type { CaptureFacts, Packet, PacketSource, Time } from './capture/packet.ts';
import { decode } from './decode/decode.ts';
import { Fragments } from './decode/fragments.ts';
import { createSegment } from './decode/segment.ts';
import { Trail } from './decode/trail.ts';
import { looksLikeRequest, looksLikeResponse } from './http/detect.ts';
import { frameRequest, frameResponse } from './http/framing.ts';
import { createRequestParser, createResponseParser } from './http/parser.ts';
import { decodeBody } from './http/text.ts';
import { HTTP2 } from './http2/session.ts';
import { costsEvidence, type LimitName } from './limits.ts';
import type { Connection, Side, StreamSink } from './tcp/stream.ts';
import { ConnectionTable } from './tcp/table.ts';
import { partOf, tracedOf } from './tcp/traced.ts';
import { keyLogLines, withEmbedded } from './tls/keylog.ts';
import { TLS } from './tls/session.ts';
import type { Context } from './transaction/attempts.ts';
import { Conversation } from './transaction/conversation.ts';
import type { HttpStage, TraceSink, Transaction } from './transaction/transaction.ts';
import type { Health } from './verdict/confidence.ts';
import { Deliveries } from './verdict/delivery.ts';
import { isOneDirection, Tallies } from './verdict/findings.ts';
import { judge } from './verdict/judge.ts';
import { Neighbours } from './verdict/neighbours.ts';
import { Policies } from './verdict/policies.ts';
import { Reconciliation } from './verdict/reconcile/reconcile.ts';
import { Judged, recordOf } from './verdict/record.ts';
import { Selection } from './verdict/selection.ts';
import type {
  AnalysisOptions,
  Code,
  DecodedCounts,
  Findings,
  Outcome,
  RecordSink,
} from './verdict/verdict.ts';
import { VERSION } from './version.ts';

/** The HTTP stage as pairing is given it. */
export const HTTP: HttpStage = {
  requestParser: createRequestParser,
  responseParser: createResponseParser,
  frameRequest,
  frameResponse,
  looksLikeRequest,
  looksLikeResponse,
  decodeBody,
};

/** One response deadline after the last progress, every receiver, and a complete 2xx counts as delivered. */
export const DEFAULT_OPTIONS: AnalysisOptions = {
  timeout: 30e9,
  hosts: [],
  ports: [],
  methods: [],
  accept: { body: null, rejectBody: null, statuses: null },
  keys: [],
  secrets: null,
  rules: [],
  expected: null,
};

/** Looks on while a capture is analyzed. */
export interface Onlooker {
  /** Called once, before the first packet. `openConnections` is as of whenever it is read. */
  onStart?(state: { readonly openConnections: number }): void;
  /** Each packet, before any stage sees it. Lent. */
  onPacket?(packet: Packet): void;
  /** Each verdict that counts, also of transactions whose record nobody wants. */
  onVerdict?(outcome: Outcome, verdict: Code): void;
  /** After the stages: the connection that the packet was of, by its id in records; 0 where it was of none. */
  onConnection?(id: number): void;
}

/**
 * Reads a capture to its end and hands every record to `sink` as soon as it is known.
 * @param signal ends the run early, with a full report on what was read until then.
 * @throws UserError when the source cannot be read.
 */
export async function analyze(
  source: PacketSource,
  options: AnalysisOptions,
  sink: RecordSink,
  signal?: AbortSignal,
  onlooker: Onlooker = {},
): Promise<Findings> {
  // The source counts the limits that it hits into the same account.
  const limitsHit: Partial<Record<LimitName, number>> = source.facts.limitsHit ?? {};
  const onLimit = (name: LimitName) => {
    limitsHit[name] = (limitsHit[name] ?? 0) + 1;
  };
  const decoded: DecodedCounts = {
    tcp: 0,
    other: 0,
    fragment: 0,
    truncated: 0,
    malformed: 0,
    unknownLink: 0,
  };
  const agenda = new Agenda();
  const selection = new Selection(options);
  const tallies = new Tallies(onLimit);
  const neighbours = new Neighbours();
  const policies = new Policies(options);
  const { expected } = options;
  const reconciliation = expected === null ? null : new Reconciliation(expected, options, onLimit);
  const deliveries = new Deliveries(
    (transaction) => policies.of(transaction).keys,
    reconciliation?.list ?? null,
    onLimit,
  );
  // Live: asked when a verdict is weighed.
  const health: Health = {
    get dropped() {
      return source.facts.dropped;
    },
    get limitsHit() {
      return costsEvidence(limitsHit);
    },
    get disordered() {
      return source.facts.warnings.some(({ code }) => code === 'time_backwards');
    },
    live: source.facts.live ?? null,
  };
  const context: Context = {
    http: HTTP,
    tls: TLS,
    http2: HTTP2,
    secrets: withEmbedded(options.secrets, source.facts.keyLogs ?? [], onLimit),
    agenda,
    timeout: policies.shortestTimeout,
    timeoutOf: (attempt) => policies.of(attempt).timeout,
    onLimit,
    // Their records are made at once.
    bodiesLast: false,
    keepsAnswers: (sink.bodies ?? true) || policies.readsAnswers,
    onRequest: (transaction) => deliveries.onRequest(transaction),
    onTransaction(transaction: Transaction) {
      const judged = new Judged(
        transaction,
        judge(transaction, policies.of(transaction).accept, health, neighbours),
      );
      // It may be judged before its request is over.
      deliveries.onRequest(transaction);
      reconciliation?.onJudged(judged, deliveries.keyOf(transaction));
      const wanted = selection.wants(judged);
      const told = wanted && (sink.wants?.(judged.outcome, judged.code) ?? true);
      const place = told ? deliveries.placeOf(transaction) : null;
      deliveries.judged(judged, wanted);
      if (!wanted) return;
      tallies.add(judged);
      onlooker.onVerdict?.(judged.outcome, judged.code);
      if (told) sink.transaction(recordOf(judged, place, source.facts));
    },
  };
  const table = new ConnectionTable(
    (connection) => new Conversation(connection, context).sinks,
    agenda,
    onLimit,
    sink.packets ?? false,
    true,
  );

  const segment = createSegment();
  const fragments = new Fragments(onLimit);
  /** Not the packet itself: it is only lent, and changes where a file without packets is opened after it. */
  const last = { time: 0, file: 0, frame: 0 };
  const onPacket = (packet: Packet) => {
    onlooker.onPacket?.(packet);
    agenda.advance(packet.time);
    const outcome = decode(packet, segment, fragments);
    let connection = 0;
    if (outcome === 'tcp') {
      decoded.tcp++;
      connection = table.onSegment(segment, segment.bytes);
    } else if (outcome === 'icmp') {
      decoded.other++;
      connection = table.onIcmp(segment);
    } else {
      decoded[outcome]++;
      if (outcome === 'other') reconciliation?.onOther(segment);
    }
    onlooker.onConnection?.(connection);
    last.time = packet.time;
    last.file = packet.file;
    last.frame = packet.frame;
  };
  const onTime = (time: Time) => {
    // Behind a packet that was already seen it tells nothing new.
    if (time <= agenda.now) return;
    agenda.advance(time);
    last.time = time;
    table.expire(last);
  };
  onlooker.onStart?.({
    get openConnections() {
      return table.open;
    },
  });
  await source.run(onPacket, signal, onTime);
  if (source.facts.endTime !== undefined) onTime(source.facts.endTime);
  table.end(last);

  const reconciled = reconciliation?.result(deliveries.seen(), {
    facts: source.facts,
    ackedUnseen: table.counts.ackedUnseen,
    oneDirection: isOneDirection(table.counts),
    undecoded: decoded.truncated + decoded.malformed + decoded.unknownLink,
    limitsHit: health.limitsHit || deliveries.lostExpected,
  });
  const told = reconciled ?? { deliveries: deliveries.records(), unseen: [], summary: null };
  const findings = tallies.findings(source.facts, told, {
    ...table.counts,
    decoded,
    limitsHit,
    warnings: fragments.warnings(),
    options: { ...describe(options), filter: source.facts.filter ?? null },
    version: VERSION,
  });
  sink.end(findings);
  return findings;
}

/** The options as the capture record carries them: what a reader needs to repeat the run. */
function describe({
  timeout,
  hosts,
  ports,
  methods,
  accept,
  keys,
  rules,
  expected,
}: AnalysisOptions): Record<string, unknown> {
  return {
    timeout: timeout / 1e6,
    hosts,
    ports,
    methods,
    acceptBody: accept.body?.source ?? null,
    rejectBody: accept.rejectBody?.source ?? null,
    acceptStatus: accept.statuses,
    key: keys.map(({ text }) => text),
    hostRules: rules.map(({ match }) => match),
    expect: expected === null ? null : { lines: expected.length },
  };
}

/**
 * Reads a capture again and tells whose packets are whose, by the connections that `analyze` has numbered.
 * @param source another one over the same packets.
 * @param packets how many of them to look at: those that were judged.
 * @throws UserError when the source cannot be read.
 */
export async function retrace(
  source: PacketSource,
  { timeout, secrets }: AnalysisOptions,
  trace: TraceSink,
  packets: number,
): Promise<CaptureFacts> {
  const agenda = new Agenda();
  const onLimit = () => {};
  const clientRandoms = new Set<string>();
  const embedded = source.facts.keyLogs ?? [];
  const all = withEmbedded(secrets, embedded, onLimit);
  const takeIn = () => all.size;
  const context: Context = {
    http: HTTP,
    tls: TLS,
    http2: HTTP2,
    // Ciphertext is told as it is.
    secrets: null,
    agenda,
    timeout,
    onLimit,
    onRequest() {},
    onTransaction(transaction) {
      const { connection, tls } = transaction;
      if (!trace.wants(connection.id)) return;
      trace.onTransaction(transaction);
      if (tls !== null && tls.clientRandom !== null) clientRandoms.add(tls.clientRandom);
    },
  };
  const table = new ConnectionTable(
    (connection) => {
      const [first, second] = new Conversation(connection, context).sinks;
      if (!trace.wants(connection.id)) return [first, second];
      return [tee(connection, 0, first, trace), tee(connection, 1, second, trace)];
    },
    agenda,
    onLimit,
    false,
  );
  const segment = createSegment();
  const fragments = new Fragments(onLimit);
  const trail = new Trail();
  let order = 0;
  const last = { time: 0, file: 0, frame: 0 };
  await source.run((packet) => {
    if (++order > packets) return;
    // Taken in as they come, where their number is bounded.
    if (embedded.length > 0) takeIn();
    agenda.advance(packet.time);
    last.time = packet.time;
    last.file = packet.file;
    last.frame = packet.frame;
    const outcome = decode(packet, segment, fragments);
    if (outcome === 'fragment') trail.note(packet, segment, order);
    if (outcome !== 'tcp' && outcome !== 'icmp') return;
    if (outcome === 'tcp') table.onSegment(segment, segment.bytes);
    else table.onIcmp(segment);
    const { taker, takerSide } = table;
    if (taker === null) trail.noteError(packet, order);
    if (taker === null || !trace.wants(taker.id)) return;
    const traced = tracedOf(order, segment, outcome === 'icmp', taker, takerSide);
    if (segment.bytes !== packet.bytes) {
      for (const piece of trail.take(packet, order)) trace.onPacket(piece.packet, partOf(traced, piece));
      return;
    }
    trace.onPacket(packet, traced);
    const error = taker.sides[0].icmp;
    const early = error === null ? undefined : trail.takeError(error.at);
    if (early === undefined) return;
    decode(early.packet, segment);
    trace.onPacket(early.packet, tracedOf(early.order, segment, true, taker, 0));
  });
  table.end(last);
  takeIn();
  trace.onKeyLog?.([...clientRandoms].map((random) => keyLogLines(all, random)).join(''));
  return source.facts;
}

function tee(connection: Connection, side: Side, sink: StreamSink, trace: TraceSink): StreamSink {
  return {
    onBytes(bytes, start, end, at) {
      const offset = connection.sides[side].next - (end - start);
      trace.onBytes(connection.id, side, offset, bytes, start, end);
      sink.onBytes(bytes, start, end, at);
    },
    onGap: (length, at) => sink.onGap(length, at),
    onEnd: (cause, at) => sink.onEnd(cause, at),
  };
}
