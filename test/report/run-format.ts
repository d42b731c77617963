/** Records in, what a format makes of them out. */
import type { ReportContext } from '../../src/report/context.ts';
import { createReporter, type Format } from '../../src/report/create.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { collector, context, findings } from './records.ts';

export async function report(
  format: Format,
  records: readonly TransactionRecord[],
  change: Partial<ReportContext> = {},
  end: Findings = findings(),
): Promise<Buffer> {
  const output = collector();
  const reporter = createReporter(format, output, context(change));
  for (const record of records) {
    if (reporter.wants?.(record.outcome, record.verdict) ?? true) reporter.transaction(record);
  }
  reporter.end(end);
  await reporter.finish?.();
  return output.bytes;
}
