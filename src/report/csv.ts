/**
 * One row a transaction, as soon as it is known (RFC 4180), for spreadsheets and databases. A cell that a spreadsheet
 * would take for a formula begins with an apostrophe; control characters are written as escapes.
 */
import type { TransactionRecord, UnseenRecord } from '../verdict/verdict.ts';
import type { ReportContext } from './context.ts';
import { escapeText } from './escape.ts';
import { receiverOf } from './listing.ts';
import type { Output, Reporter } from './reporter.ts';
import { milliseconds, rfc3339 } from './time.ts';

type Cell = string | number | null;

const COLUMNS: Readonly<Record<string, (record: TransactionRecord, context: ReportContext) => Cell>> = {
  id: ({ id }) => id,
  outcome: ({ outcome }) => outcome,
  verdict: ({ verdict }) => verdict,
  fault: ({ fault }) => fault.join(' '),
  confidence: ({ confidence }) => confidence,
  host: (record) => receiverOf(record).host,
  port: (record) => receiverOf(record).port,
  method: ({ request }) => request?.method ?? null,
  url: ({ request }) => request?.url ?? null,
  status: ({ response }) => response?.status ?? null,
  delivery: ({ delivery }) => delivery?.key ?? null,
  attempt: ({ delivery }) => delivery?.attempt ?? null,
  sender: ({ connection }) => connection.sender.ip,
  senderPort: ({ connection }) => connection.sender.port,
  receiver: ({ connection }) => connection.receiver.ip,
  receiverPort: ({ connection }) => connection.receiver.port,
  syn: ({ times }, { clock }) => rfc3339(times.syn, clock),
  requestFirstByte: ({ times }, { clock }) => rfc3339(times.requestFirstByte, clock),
  requestAcked: ({ times }, { clock }) => rfc3339(times.requestAcked, clock),
  responseFirstByte: ({ times }, { clock }) => rfc3339(times.responseFirstByte, clock),
  closed: ({ times }, { clock }) => rfc3339(times.closed, clock),
  closedBy: ({ facts }) => facts.closedBy,
  connectMs: ({ timings }, { clock }) => milliseconds(timings.connect, clock),
  ackMs: ({ timings }, { clock }) => milliseconds(timings.ack, clock),
  waitMs: ({ timings }, { clock }) => milliseconds(timings.wait, clock),
  totalMs: ({ timings }, { clock }) => milliseconds(timings.total, clock),
  gaveUpAfterMs: ({ timings }, { clock }) => milliseconds(timings.gaveUpAfter, clock),
  requestBytes: ({ request }) => (request === null ? null : request.headerBytes + request.bodyBytes),
  responseBytes: ({ response }) => (response === null ? null : response.headerBytes + response.bodyBytes),
  stream: ({ connection }) => connection.stream,
  retransmissions: ({ connection }) => connection.retransmissions,
  signals: ({ signals }) => signals.join(' '),
  frames: ({ evidence }) => [...new Set(evidence.map(({ frame }) => frame))].join(' '),
  files: ({ evidence }) => [...new Set(evidence.map(({ file }) => file))].join(' '),
  summary: (record, { language, clock }) => language.summarize(record, clock),
};

/** Of an expected delivery that left no packet little else is known. */
const UNSEEN: Readonly<Record<string, (record: UnseenRecord, context: ReportContext) => Cell>> = {
  id: ({ id }) => id,
  outcome: ({ outcome }) => outcome,
  verdict: ({ verdict }) => verdict,
  fault: ({ fault }) => fault.join(' '),
  confidence: ({ confidence }) => confidence,
  host: ({ delivery }) => delivery.host,
  port: ({ delivery }) => delivery.port,
  delivery: ({ delivery }) => delivery.key,
  summary: (record, { language, clock }) => language.summarizeUnseen(record, clock),
};

export function csvReporter(output: Output, context: ReportContext): Reporter {
  const { only } = context;
  let begun = false;
  const row = (cells: readonly Cell[]) => output.write(`${cells.map(cellText).join(',')}\r\n`);
  const begin = () => {
    if (!begun) row(Object.keys(COLUMNS));
    begun = true;
  };
  return {
    wants: (outcome) => only === null || only.includes(outcome),
    transaction(record) {
      if (only !== null && !only.includes(record.outcome)) return;
      begin();
      row(Object.values(COLUMNS).map((cell) => cell(record, context)));
    },
    end({ unseen }) {
      begin();
      for (const record of unseen) {
        if (only !== null && !only.includes(record.outcome)) continue;
        row(Object.keys(COLUMNS).map((name) => UNSEEN[name]?.(record, context) ?? null));
      }
    },
  };
}

function cellText(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = escapeText(value);
  // Spreadsheets look past leading blanks and quotes.
  const safe = /^[\s"']*[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
