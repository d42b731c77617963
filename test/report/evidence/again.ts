/** Analyzes a capture, writes its evidence, and analyzes that: what the two runs say of each transaction. */
import { analyze, DEFAULT_OPTIONS, retrace } from '../../../src/analyzer.ts';
import { bufferSource } from '../../../src/capture/memory.ts';
import type { PacketSource } from '../../../src/capture/packet.ts';
import { pcapngReporter } from '../../../src/report/pcapng.ts';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { redacted } from '../../../src/report/redaction/redact.ts';
import { isFailure } from '../../../src/report/text.ts';
import { withEmbedded } from '../../../src/tls/keylog.ts';
import type { Secrets } from '../../../src/tls/tls.ts';
import { type AnalysisOptions, OUTCOMES, type TransactionRecord } from '../../../src/verdict/verdict.ts';
import { collector, context } from '../records.ts';

/** What is compared, and by what a transaction is known in another capture. */
export interface Told {
  readonly known: string;
  readonly verdict: string;
  readonly confidence: string;
  /** What was read of it, as text. */
  readonly facts: string;
}

export interface Again {
  readonly before: readonly Told[];
  readonly after: readonly Told[];
  readonly evidence: Buffer;
  readonly packets: { readonly before: number; readonly after: number };
}

/**
 * @param open a source over the same packets each time.
 * @param all transactions of every outcome, instead of the failed ones.
 */
export async function again(
  open: () => PacketSource,
  {
    all,
    secrets = new SecretNames(),
    analysis = DEFAULT_OPTIONS,
    keysAgain = true,
    timed = true,
  }: {
    readonly all: boolean;
    readonly secrets?: SecretNames | null;
    readonly analysis?: AnalysisOptions;
    /** The evidence is analyzed with the key log of the first run too; else with what it holds itself. */
    readonly keysAgain?: boolean;
    /** Transactions are known by their time too. */
    readonly timed?: boolean;
  },
): Promise<Again> {
  const source = open();
  const output = collector();
  const reporter = pcapngReporter(
    output,
    context({
      clock: source.facts,
      only: all ? OUTCOMES : null,
      secrets,
      retrace: (trace, packets) => retrace(open(), analysis, trace, packets),
    }),
  );
  const before: TransactionRecord[] = [];
  const sink = {
    transaction(record: TransactionRecord) {
      if (all || isFailure(record.outcome, record.verdict)) before.push(record);
      reporter.transaction(record);
    },
    end: reporter.end,
  };
  const findings = await analyze(source, analysis, secrets === null ? sink : redacted(sink, secrets));
  await reporter.finish?.();
  const evidence = output.bytes;
  const after: TransactionRecord[] = [];
  const second = bufferSource(evidence);
  const options = { ...analysis, secrets: keysAgain ? await keysOf(open(), analysis) : null };
  const found = await analyze(second, options, { transaction: (record) => after.push(record), end() {} });
  const told = (record: TransactionRecord, epoch: bigint) => toldOf(record, timed ? epoch : null);
  const wanted = before.map((record) => told(record, source.facts.epoch ?? 0n));
  const known = new Set(wanted.map((one) => one.known));
  return {
    before: sorted(wanted),
    after: sorted(
      after.map((record) => told(record, second.facts.epoch ?? 0n)).filter((one) => known.has(one.known)),
    ),
    evidence,
    packets: { before: findings.capture.packets, after: found.capture.packets },
  };
}

/** The key log that was given, or what the capture itself holds. */
async function keysOf(source: PacketSource, { secrets }: AnalysisOptions): Promise<Secrets | null> {
  if (secrets !== null) return secrets;
  await source.run(() => {});
  return withEmbedded(null, source.facts.keyLogs ?? [], () => {});
}

function toldOf(told: TransactionRecord, epoch: bigint | null): Told {
  const { connection, times, request, response, ...record } = told;
  const { sender, receiver, index } = connection;
  const first = times.syn ?? times.requestFirstByte ?? times.responseFirstByte ?? times.closed;
  // Times far from the first packet are exact to less than this only, and which packet that is may change.
  const at =
    first === null || epoch === null ? '' : String((epoch + BigInt(Math.round(first)) + 500n) / 1000n);
  return {
    known: `${sender.ip}:${sender.port} ${receiver.ip}:${receiver.port} ${index} ${at}`,
    verdict: `${record.outcome} ${record.verdict} ${record.fault.join('/')}`,
    confidence: record.confidence,
    facts: JSON.stringify([
      record.facts,
      record.timings,
      connection.tls?.decrypted,
      request?.method,
      request?.bodyBytes,
      response?.status,
      record.likely,
    ]),
  };
}

function sorted(told: readonly Told[]): Told[] {
  return [...told].sort((a, b) => (a.known < b.known ? -1 : a.known > b.known ? 1 : 0));
}
