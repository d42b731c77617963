/**
 * Holds the whole pipeline against any files: what comes out of them is told twice alike, in every format, keeps the
 * contract, and no stage breaks its word on the way.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { openCapture } from '../../src/capture/file.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import type { PacketSource } from '../../src/capture/packet.ts';
import { UserError } from '../../src/error.ts';
import { SecretNames } from '../../src/report/redaction/names.ts';
import { redacted } from '../../src/report/redaction/redact.ts';
import { LANGUAGES } from '../../src/report/summary/languages.ts';
import type { Findings, TransactionRecord } from '../../src/verdict/verdict.ts';
import { harmfulIn } from '../support/harmful.ts';
import { allReports } from '../support/reports.ts';
import { type Problem, Problems } from './problem.ts';
import { checkFindings, checkRecord, type Delivered } from './record-rules.ts';
import { watchStages } from './stages.ts';

/** How the files come to the analysis: opened by their paths, or (one, not compressed) from memory as it is. */
export type Way = 'opened' | 'poured';

export async function checkCapture(files: readonly Buffer[], way: Way): Promise<Problem[]> {
  const problems = new Problems();
  const folder = way === 'opened' ? mkdtempSync(join(tmpdir(), 'wirewitness-fuzz-')) : null;
  try {
    const paths = files.map((_, i) => join(folder ?? '', `${i}.pcap`));
    if (folder !== null) for (const [i, bytes] of files.entries()) writeFileSync(paths[i]!, bytes);
    const open = () => (folder === null ? bufferSource(files[0]!) : openCapture(paths));
    const patient = isPatient(files[0]!);
    await checkRuns(open, patient, problems);
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true });
  }
  return problems.list;
}

/** Whether the deadline is the usual one: by what stays in a header when packets are taken away, its snapshot length. */
function isPatient(bytes: Buffer): boolean {
  return bytes.subarray(16, 20).reduce((sum, byte) => sum + byte, 0) % 2 === 0;
}

async function checkRuns(open: () => PacketSource, patient: boolean, problems: Problems): Promise<void> {
  const timeout = patient ? DEFAULT_OPTIONS.timeout : 1e9;
  const first = await told(open(), timeout, problems);
  const second = await told(open(), timeout, problems);
  const same = first.output === second.output;
  problems.check(same, 'the same bytes give the same output', () => difference(first.output, second.output));
  if (first.refused) return;
  try {
    const count = await watchStages(open(), timeout, problems);
    problems.check(
      count === first.records,
      'every transaction has its record',
      () => `${count}, ${first.records}`,
    );
  } catch (error) {
    problems.thrown(error);
  }
}

interface Told {
  readonly output: string;
  readonly records: number;
  /** No capture: said in one line. */
  readonly refused: boolean;
}

async function told(source: PacketSource, timeout: number, problems: Problems): Promise<Told> {
  const times: number[][] = [];
  let packets = 0;
  const counted: PacketSource = {
    facts: source.facts,
    run: (onPacket, signal) =>
      source.run((packet) => {
        packets++;
        times[packet.file] ??= [];
        const list = times[packet.file]!;
        const { start, end, bytes, frame, time } = packet;
        problems.check(list[frame - 1] === undefined, 'each frame comes once', () => `${frame}`);
        problems.check(
          0 <= start && start <= end && end <= bytes.length,
          'a packet lies in its buffer',
          () => `${start} ${end}`,
        );
        list[frame - 1] = time;
        onPacket(packet);
      }, signal),
  };
  const reports = allReports(source.facts, timeout === DEFAULT_OPTIONS.timeout ? LANGUAGES.en : LANGUAGES.zh);
  // As the command does, which masks secrets unless it is told not to.
  const masked = redacted(
    {
      transaction(record) {
        for (const { reporter } of reports) reporter.transaction(record);
      },
      end(found) {
        for (const { reporter } of reports) reporter.end(found);
      },
    },
    new SecretNames([]),
  );
  const records: TransactionRecord[] = [];
  let findings: Findings | undefined;
  try {
    await analyze(
      counted,
      {
        ...DEFAULT_OPTIONS,
        timeout,
        accept: { ...DEFAULT_OPTIONS.accept, body: timeout < 2e9 ? /success/ : null },
      },
      {
        transaction(record) {
          records.push(record);
          masked.transaction(record);
        },
        end(found) {
          findings = { ...found, deliveries: [...found.deliveries] };
          masked.end(found);
        },
      },
    );
  } catch (error) {
    if (error instanceof UserError) return { output: error.message, records: 0, refused: true };
    problems.thrown(error);
    return { output: '', records: 0, refused: true };
  }
  const delivered: Delivered = { times, packets, paths: source.facts.files.map(({ path }) => path) };
  for (const record of records) checkRecord(record, delivered, problems);
  if (findings !== undefined) checkFindings(findings, records, delivered, problems);
  let output = '';
  for (const { format, written } of reports) {
    const { text, isText } = written();
    const harmful = isText ? harmfulIn(text) : [];
    problems.check(harmful.length === 0, `nothing harmful in ${format}`, () => harmful.join(' '));
    if (format === 'ndjson') checkLines(text, problems);
    output += text;
  }
  return { output, records: records.length, refused: false };
}

function checkLines(text: string, problems: Problems): void {
  try {
    const types = text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { type: string }).type);
    problems.check(types.at(-1) === 'summary', 'the summary is the last record', () => types.join());
  } catch (error) {
    problems.check(false, 'each line is a record', () => String(error));
  }
}

function difference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return `${one.slice(at - 60, at + 60)} / ${other.slice(at - 60, at + 60)}`;
}
