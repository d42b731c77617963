/**
 * English: what the text report says around the sentences of `en.ts`: headings, table, totals, warnings.
 */
import type { Outcome } from '../../verdict/verdict.ts';
import { deliverySentence } from './en-delivery.ts';
import { list } from './en-phrases.ts';
import { grouped } from './facts.ts';
import type { Frames, ReportWording } from './language.ts';

function plural(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  delivered: 'delivered',
  refused: 'refused',
  unanswered: 'unanswered',
  unsent: 'unsent',
  pending: 'pending',
  unknown: 'unknown',
  missing: 'missing',
};

/** `frames 4 6 in b/notify.pcap`. */
function framesIn({ frames, file }: Frames): string {
  const where = file === null ? '' : ` in ${file}`;
  return `${frames.length === 1 ? 'frame' : 'frames'} ${frames.join(' ')}${where}`;
}

export const reportWording: ReportWording = {
  read: (packets, from, first, last) => {
    const source = typeof from === 'number' ? plural(from, 'file') : from;
    const head = `Read ${plural(packets, 'packet')}${source === null ? '' : ` from ${source}`}`;
    return first === null || last === null ? `${head}.` : `${head}, ${first} to ${last}.`;
  },
  standardInput: 'standard input',
  packets: (n) => plural(n, 'packet'),
  moreFiles: (n) => `... and ${plural(n, 'file')} more`,
  failed: (n) => `${plural(n, 'transaction')} failed`,
  undecided: (n) => `${plural(n, 'transaction')} the capture does not decide`,
  selected: (n, outcomes) => `${plural(n, 'transaction')} ${list(outcomes, 'or')}`,
  nothingFailed: 'No transaction failed.',
  nothingSelected: 'No transaction has the outcome asked for.',
  noTransactions: 'No HTTP transaction was found.',
  group: (outcome, verdict, n, fault) => {
    const whose = fault.length === 0 ? 'nobody at fault' : `fault: ${list(fault, 'or')}`;
    return `${outcome}: ${verdict} (${grouped(n)}), ${whose}`;
  },
  proof: (confidence, frames) => [confidence, ...frames.map(framesIn)].join('; '),
  because: (reasons) => `because: ${reasons.join('; ')}`,
  signals: (signals) => `also seen: ${signals.join(', ')}`,
  more: (n) => `... and ${grouped(n)} more (--format ndjson prints all)`,
  moreGroups: (n) =>
    `... and ${plural(n, 'transaction')} of other kinds or hosts (--format ndjson prints all)`,
  hint: 'wirewitness explain CODE tells what a verdict means and what to do about it.',
  deliveries: (n) => `${plural(n, 'delivery', 'deliveries')} of several attempts`,
  delivery: deliverySentence,
  moreDeliveries: (n) => `... and ${plural(n, 'delivery', 'deliveries')} more (--format ndjson prints all)`,
  ticket: { transaction: 'transaction', sentence: 'what happened', proof: 'proof' },
  expected: ({ lines, deliveries, notExpected }, outcomes) => {
    const parts = outcomes.map(([outcome, n]) => `${grouped(n)} ${OUTCOME_WORDS[outcome]}`);
    const beside = `${plural(notExpected, 'delivery', 'deliveries')} not on the list`;
    return `Of ${plural(deliveries, 'expected delivery', 'expected deliveries')} (${plural(lines, 'line')}): ${parts.join(', ')}; ${beside}.`;
  },
  unseen: (n) => `${plural(n, 'expected delivery', 'expected deliveries')} without a request in the capture`,
  inferred: (n) =>
    `${plural(n, 'expected delivery', 'expected deliveries')} never sent, as failed connections at their place and time show`,
  notExpected: (n) => `${plural(n, 'delivery', 'deliveries')} not on the list`,
  lines: (lines) => `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(' ')} of the list`,
  hosts: 'Hosts',
  moreHosts: (n) => `... and ${plural(n, 'host')} more (--format ndjson prints all)`,
  columns: {
    host: ['host', '', 'host'],
    attempts: ['attempts', 'at-', 'tempts'],
    delivered: ['delivered', 'deliv-', 'ered'],
    refused: ['refused', 're-', 'fused'],
    unanswered: ['unanswered', 'unans-', 'wered'],
    unsent: ['unsent', 'un-', 'sent'],
    synUnanswered: ['no SYN-ACK', 'no SYN', '-ACK'],
    resets: ['resets', '', 'resets'],
    waitP50: ['wait p50', 'wait', 'p50'],
    waitP95: ['wait p95', 'wait', 'p95'],
  },
  hostLine: (c) => {
    const counts = [
      `${c.delivered} delivered`,
      `${c.refused} refused`,
      `${c.unanswered} unanswered`,
      `${c.unsent} unsent`,
      `${c.synUnanswered} without SYN-ACK`,
      `${c.resets} ${c.resets === '1' ? 'reset' : 'resets'}`,
    ].filter((part) => !part.startsWith('0 '));
    const wait = c.waitP50 === '-' ? [] : [`wait p50 ${c.waitP50}, p95 ${c.waitP95}`];
    const attempts = `${c.attempts} ${c.attempts === '1' ? 'attempt' : 'attempts'}`;
    return `${c.host}: ${[attempts, ...counts, ...wait].join(', ')}`;
  },
  total: (transactions, hosts, outcomes) => {
    const head = `${plural(transactions, 'transaction')} to ${plural(hosts, 'host')}`;
    const parts = outcomes.map(([outcome, n]) => `${grouped(n)} ${OUTCOME_WORDS[outcome]}`);
    return parts.length === 0 ? `${head}.` : `${head}: ${parts.join(', ')}.`;
  },
  warning: (text) => `warning: ${text}`,
  captureWarning: (_, text) => text,
  dropped: (n) =>
    `the capture says that ${plural(n, 'packet was', 'packets were')} dropped: what was not seen may have been there`,
  ackedUnseen: (n) =>
    `${plural(n, 'byte was', 'bytes were')} acknowledged but never captured: the capture has lost packets`,
  snaplenCut: (n) => `${plural(n, 'segment was', 'segments were')} cut by the snapshot length (tcpdump -s)`,
  oneDirection: 'only one direction of the traffic was captured: no absence can be told',
  limitHit: (name, n) => `the limit ${name} was reached ${plural(n, 'time')}: the result may be incomplete`,
};
