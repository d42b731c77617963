/**
 * The page: one self-contained HTML file. It is made of the same records as the JSON formats and of nothing else; a
 * script inside it shows them. Transactions come before what stands on top is known, so they wait in spools.
 */
import { LIMITS } from '../../limits.ts';
import {
  FAILED,
  type Findings,
  type Outcome,
  type TransactionRecord,
  type UnseenRecord,
} from '../../verdict/verdict.ts';
import type { ReportContext } from '../context.ts';
import { deliveryJson } from '../json-deliveries.ts';
import { transactionJson } from '../json-transactions.ts';
import { captureJson, hostJson, summaryJson, unseenJson } from '../json-values.ts';
import { hostAndPort, receiverOf } from '../listing.ts';
import type { Output, Reporter } from '../reporter.ts';
import { Spool } from '../spool.ts';
import { endpoint } from '../summary/facts.ts';
import { totalText, warningsOf } from '../text.ts';
import { rfc3339 } from '../time.ts';
import { DATA_END, dataBlock, dataStart, dataText, PAGE_END, pageStart } from './page.ts';
import { pageWords, verdictWords } from './words/languages.ts';

/** Records in one block of the page, parsed together when one of them is opened. */
const BLOCK = 100;
/** Delivered transactions that keep their packets: some to compare the failed ones with. */
const HEALTHY = 200;
/** Characters of a request target in a line of the list; the record holds all of it. */
const TARGET = 200;

export function htmlReporter(output: Output, context: ReportContext): Reporter {
  const { clock, language, only } = context;
  const records = new Spool();
  const rows = new Spool();
  let listed = 0;
  let notListed = 0;
  let healthy = 0;
  return {
    packets: true,
    wants: (outcome) => only === null || only.includes(outcome),
    transaction(record) {
      if (record.outcome === 'delivered') healthy++;
      const shown =
        healthy > HEALTHY && record.outcome === 'delivered' ? { ...record, packets: null } : record;
      list(
        record.outcome,
        () => transactionJson(shown, clock, language),
        () => rowOf(record),
      );
    },
    end(findings) {
      for (const record of findings.unseen) {
        list(
          record.outcome,
          () => unseenJson(record, clock, language),
          () => unseenRowOf(record),
        );
      }
      const words = pageWords(language.name);
      output.write(pageStart(words, totalText(findings, context)));
      output.write(dataBlock('words', JSON.stringify(words)));
      output.write(dataBlock('verdicts', JSON.stringify(verdictWords(language.name))));
      output.write(dataBlock('head', headOf(findings, context, notListed)));
      output.write(`${dataStart('rows')}[`);
      rows.drain(output);
      output.write(`]${DATA_END}`);
      records.drain(output);
      if (listed > 0) output.write(`]${DATA_END}`);
      output.write(PAGE_END);
    },
  };

  function list(outcome: Outcome, json: () => string, row: () => object): void {
    if (only !== null && !only.includes(outcome)) return;
    if (listed >= LIMITS.pageTransactions) {
      notListed++;
      return;
    }
    if (listed % BLOCK === 0)
      records.push(`${listed === 0 ? '' : `]${DATA_END}`}${dataStart('transactions')}[`);
    else records.push(',');
    records.push(dataText(json()));
    rows.push(`${listed === 0 ? '' : ','}${dataText(JSON.stringify(row()))}`);
    listed++;
  }
}

/** Every text of it is a record's own JSON. */
function headOf(findings: Findings, context: ReportContext, notListed: number): string {
  const { capture, summary, hosts, deliveries } = findings;
  const { clock } = context;
  const parts = {
    capture: captureJson(capture, clock),
    origin: JSON.stringify(rfc3339(0, clock)),
    warnings: JSON.stringify(warningsOf(findings, context)),
    summary: summaryJson(summary),
    hosts: `[${hosts.map((record) => hostJson(record, clock)).join(',')}]`,
    deliveries: `[${Array.from(deliveries, (record) => deliveryJson(record, clock)).join(',')}]`,
    blockSize: String(BLOCK),
    notListed: String(notListed),
  };
  return `{${Object.entries(parts)
    .map(([name, json]) => `"${name}":${json}`)
    .join(',')}}`;
}

/** What lists and charts need of a transaction: `Row` of the page's script. */
function rowOf(record: TransactionRecord): object {
  const { times, request, response, connection } = record;
  const receiver = receiverOf(record);
  const start = times.syn ?? times.requestFirstByte ?? record.evidence[0]?.time ?? null;
  return {
    id: record.id,
    outcome: record.outcome,
    verdict: record.verdict,
    failed: FAILED.includes(record.outcome) && record.verdict !== 'no_request_sent',
    fault: record.fault,
    host: hostAndPort(receiver.host, receiver.port),
    client: endpoint(connection.sender),
    start: start === null ? null : start / 1e6,
    took: record.timings.total,
    method: request?.method ?? null,
    target: request?.target?.slice(0, TARGET) ?? null,
    status: response?.status ?? null,
    key: null,
  };
}

/** The same of an expected delivery that left no packet. */
function unseenRowOf({ id, outcome, verdict, fault, delivery }: UnseenRecord): object {
  return {
    id,
    outcome,
    verdict,
    failed: FAILED.includes(outcome),
    fault,
    host: placeOfHost(delivery),
    client: '',
    start: null,
    took: null,
    method: delivery.method,
    target: delivery.path,
    status: null,
    key: delivery.key,
  };
}

/** Empty where the list of expected deliveries does not say. */
function placeOfHost({ host, port }: UnseenRecord['delivery']): string {
  if (host === null) return '';
  return port === null ? host : hostAndPort(host, port);
}
