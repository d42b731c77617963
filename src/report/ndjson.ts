/**
 * One record a line, as soon as it is known: transactions as they are judged, then what was expected and not seen,
 * deliveries, hosts, capture, and the summary last.
 */
import type { ReportContext } from './context.ts';
import { deliveryLine } from './json-deliveries.ts';
import { transactionLine } from './json-transactions.ts';
import { captureJson, hostJson, summaryJson, unseenJson } from './json-values.ts';
import type { Output, Reporter } from './reporter.ts';

export function ndjsonReporter(output: Output, context: ReportContext): Reporter {
  const { clock, language, only } = context;
  return {
    wants: (outcome) => only === null || only.includes(outcome),
    transaction(record) {
      if (only !== null && !only.includes(record.outcome)) return;
      output.write(transactionLine(record, clock, language));
    },
    end({ unseen, deliveries, hosts, capture, summary }) {
      for (const record of unseen) {
        if (only === null || only.includes(record.outcome)) {
          output.write(`${unseenJson(record, clock, language)}\n`);
        }
      }
      for (const record of deliveries) output.write(deliveryLine(record, clock));
      for (const record of hosts) output.write(`${hostJson(record, clock)}\n`);
      output.write(`${captureJson(capture, clock)}\n`);
      output.write(`${summaryJson(summary)}\n`);
    },
  };
}
