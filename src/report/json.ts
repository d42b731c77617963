/**
 * One document of all records: `{"schema", "capture", "summary", "hosts", "deliveries", "transactions"}`, one
 * record a line. What the capture was is known last and stands first, so the transactions wait in a spool.
 */
import type { Outcome } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { deliveryJson } from './json-deliveries.ts';
import { transactionJson } from './json-transactions.ts';
import { captureJson, hostJson, summaryJson, unseenJson } from './json-values.ts';
import { completing, finalPlaces } from './places.ts';
import type { Output, Reporter } from './reporter.ts';
import { Spool } from './spool.ts';

/** Name and version of the document's shape; the version grows when a field changes its meaning. */
const SCHEMA = 'wirewitness/1';

export function jsonReporter(output: Output, context: ReportContext): Reporter {
  const { clock, language, only } = context;
  const spool = new Spool();
  let first = true;
  return {
    wants: (outcome) => only === null || only.includes(outcome),
    transaction(record) {
      push(record.outcome, () => transactionJson(record, clock, language));
    },
    end({ capture, summary, hosts, deliveries, unseen }) {
      for (const record of unseen) push(record.outcome, () => unseenJson(record, clock, language));
      output.write(`{"schema":${JSON.stringify(SCHEMA)},\n"capture":${captureJson(capture, clock)},\n`);
      output.write(`"summary":${summaryJson(summary)},\n`);
      list(
        'hosts',
        hosts.map((record) => hostJson(record, clock)),
      );
      list(
        'deliveries',
        Array.from(deliveries, (record) => deliveryJson(record, clock)),
      );
      output.write('"transactions":[');
      const completed = completing(output, finalPlaces(deliveries));
      spool.drain(completed);
      completed.flush();
      output.write(']}\n');
    },
  };

  function push(outcome: Outcome, json: () => string): void {
    if (only !== null && !only.includes(outcome)) return;
    spool.push(`${first ? '' : ','}\n${json()}`);
    first = false;
  }

  function list(name: string, records: readonly string[]): void {
    output.write(`"${name}":[${records.map((record) => `\n${record}`).join(',')}],\n`);
  }
}
