/** The whole pipeline on frames: the records of its transactions, and what is left of one when moments are taken out. */
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import type { AnalysisOptions, Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { type Frame, packetsSource, type SourceOptions } from '../support/packets-source.ts';

export interface Run {
  readonly records: readonly TransactionRecord[];
  readonly findings: Findings;
}

export async function run(
  frames: readonly Frame[],
  options: Partial<AnalysisOptions> = {},
  source: SourceOptions = {},
): Promise<Run> {
  const records: TransactionRecord[] = [];
  let findings: Findings | undefined;
  await analyze(
    packetsSource(frames, source),
    { ...DEFAULT_OPTIONS, ...options },
    {
      transaction: (record) => records.push(record),
      end: (found) => {
        findings = found;
      },
    },
  );
  if (findings === undefined) throw new Error('the analysis ended without findings');
  return { records, findings };
}

/** What a transaction says whatever the order and the cut of its packets, in order of the requests. */
export function meanings(records: readonly TransactionRecord[]) {
  return [...records]
    .sort((a, b) => a.connection.id - b.connection.id || a.connection.index - b.connection.index)
    .map(({ verdict, outcome, fault, missing, facts, request, response, connection }) => ({
      index: connection.index,
      verdict,
      outcome,
      fault,
      missing,
      facts: { sent: facts.sent, acked: facts.acked, responded: facts.responded },
      request,
      response,
    }));
}
