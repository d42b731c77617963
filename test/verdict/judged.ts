/** Packets in, records out: the whole engine on frames that a test has written. */
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import type {
  AnalysisOptions,
  DeliveryRecord,
  Findings,
  TransactionRecord,
} from '../../src/verdict/verdict.ts';
import type { Frame, SourceOptions } from '../support/packets-source.ts';
import { packetsSource } from '../support/packets-source.ts';

export const POST = 'POST /n HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nok';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess';

export async function analyzed(
  frames: readonly Frame[],
  options: Partial<AnalysisOptions> = {},
  source: SourceOptions = {},
): Promise<{
  records: TransactionRecord[];
  findings: Findings & { deliveries: readonly DeliveryRecord[] };
  /** Those that may have several attempts. */
  several: DeliveryRecord[];
}> {
  const records: TransactionRecord[] = [];
  const findings = await analyze(
    packetsSource(frames, source),
    { ...DEFAULT_OPTIONS, ...options },
    { transaction: (record) => records.push(record), end() {} },
  );
  const deliveries = [...findings.deliveries];
  const several = [...(findings.deliveries.several?.() ?? deliveries)];
  return { records, findings: { ...findings, deliveries }, several };
}

/** The only record, or the last one with `of` records in all. */
export async function judged(
  conversation: { readonly frames: readonly Frame[] },
  options: Partial<AnalysisOptions> = {},
  source: SourceOptions = {},
  of = 1,
): Promise<TransactionRecord> {
  const { records } = await analyzed(conversation.frames, options, source);
  if (records.length !== of) {
    throw new Error(`${records.length} records: ${records.map(({ verdict }) => verdict).join(', ')}`);
  }
  return records.at(-1)!;
}
