/**
 * One document of all records: `{"schema", "capture", "summary", "hosts", "deliveries", "transactions"}`, one
 * record a line. What the capture was is known last and stands first, so the transactions wait in a spool.
 */
import type { ReportContext } from './context.ts';
import { captureJson, deliveryJson, hostJson, summaryJson, transactionJson } from './json-values.ts';
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
      if (only !== null && !only.includes(record.outcome)) return;
      spool.push(`${first ? '' : ','}\n${transactionJson(record, clock, language)}`);
      first = false;
    },
    end({ capture, summary, hosts, deliveries }) {
      output.write(`{"schema":${JSON.stringify(SCHEMA)},\n"capture":${captureJson(capture, clock)},\n`);
      output.write(`"summary":${summaryJson(summary)},\n`);
      list(
        'hosts',
        hosts.map((record) => hostJson(record, clock)),
      );
      list(
        'deliveries',
        deliveries.map((record) => deliveryJson(record, clock)),
      );
      output.write('"transactions":[');
      const completed = completing(output, finalPlaces(deliveries));
      spool.drain(completed);
      completed.flush();
      output.write(']}\n');
    },
  };

  function list(name: string, records: readonly string[]): void {
    output.write(`"${name}":[${records.map((record) => `\n${record}`).join(',')}],\n`);
  }
}
