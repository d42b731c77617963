/**
 * What an evidence file says in its comments: the transactions that were chosen come in as records; comments on the file
 * and on single packets come out.
 */
import type { CaptureFacts, Packet } from '../../capture/packet.ts';
import { LIMITS } from '../../limits.ts';
import type { CaptureRecord, TransactionRecord } from '../../verdict/verdict.ts';
import { VERSION } from '../../version.ts';
import type { ReportContext } from '../context.ts';
import { escapeText } from '../escape.ts';
import { type FileNames, fileNames } from '../file-names.ts';

/** Connections kept to find the one that used the same ports before, or one that shows that the receiver worked. */
const REMEMBERED = 16_384;

const KEYS = {
  inside: 'The TLS secrets of these connections, and of no other, are in the file.',
  'left out':
    'TLS records are as captured, and their keys are not in this file: analyzed with the same key log (--keylog) it gives the same verdicts.',
} as const;

export class Story {
  /** Connections whose packets are kept. */
  readonly connections = new Set<number>();
  readonly #context: ReportContext;
  readonly #sentences: string[] = [];
  /** By file and frame: what the packet shows of which transaction. */
  readonly #roles = new Map<string, string[]>();
  #names: FileNames | null = null;
  #count = 0;
  #leftOut = 0;
  /** The last connection of each pair of endpoints, and the last of each receiver that was new and answered. */
  readonly #lastOf = new Map<string, number>();
  readonly #answeredBy = new Map<string, { readonly connection: number; readonly at: number }>();
  /** Receivers for which a connection that was answered is still to come. */
  readonly #witnesses = new Set<number>();

  constructor(context: ReportContext) {
    this.#context = context;
  }

  /** Connections that are there for the sake of others. */
  get witnesses(): ReadonlySet<number> {
    return this.#witnesses;
  }

  /** @param chosen its packets are kept, and told. */
  add(record: TransactionRecord, chosen: boolean): void {
    const { connection } = record;
    const pair = endpoints(record);
    const before = this.#lastOf.get(pair);
    if (chosen) this.#choose(record, before);
    remember(this.#lastOf, pair, connection.id);
    if (record.facts.responded === 'full' && connection.index === 1) {
      remember(this.#answeredBy, receiver(record), {
        connection: connection.id,
        at: record.times.requestFirstByte ?? 0,
      });
    }
  }

  #choose(record: TransactionRecord, before: number | undefined): void {
    if (this.#count >= LIMITS.evidenceTransactions) {
      this.#leftOut++;
      return;
    }
    this.#count++;
    const { language, clock } = this.#context;
    const { id, verdict, outcome, fault, confidence, connection, signals, because } = record;
    this.connections.add(connection.id);
    // The verdict rests on what these show as well.
    if (signals.includes('port_reused') && before !== undefined && before !== connection.id) {
      this.#witness(before);
    }
    if (verdict === 'idle_state_lost') this.#witness(this.#answeredBy.get(receiver(record))?.connection);
    if (because.some(({ reason }) => reason === 'others_alike')) this.#witness(this.#otherAnswered(record));
    const whose = fault.length === 0 ? 'nobody' : fault.join(' or ');
    this.#sentences.push(
      `${id} ${outcome}: ${verdict}, fault: ${whose}, ${confidence}. ${language.summarize(record, clock)}`,
    );
    for (const { file, frame, role } of record.evidence) {
      const key = `${frame} ${file}`;
      const text = `${id} ${role} (${verdict})`;
      const roles = this.#roles.get(key);
      if (roles === undefined) this.#roles.set(key, [text]);
      else if (!roles.includes(text)) roles.push(text);
    }
  }

  #witness(connection: number | undefined): void {
    if (connection === undefined || this.connections.has(connection)) return;
    this.connections.add(connection);
    this.#witnesses.add(connection);
  }

  /** The last receiver but this one that was answered. */
  #otherAnswered(record: TransactionRecord): number | undefined {
    const own = receiver(record);
    let latest: number | undefined;
    for (const [name, { connection }] of this.#answeredBy) if (name !== own) latest = connection;
    return latest;
  }

  /**
   * @param capture of the run in which the transactions were judged.
   * @param keys the TLS secrets of these connections, if there were any.
   */
  fileComments(
    capture: CaptureRecord,
    { masked, keys }: { readonly masked: boolean; readonly keys: 'none' | 'inside' | 'left out' },
  ): string[] {
    const files = capture.files.map(({ path, sha256, packets }) => ({ path, sha256, packets }));
    const head = [
      `wirewitness ${VERSION}: packets of ${this.#count} transactions, out of ${capture.packets} packets.`,
      masked
        ? 'Secrets are overwritten by x, numbers by 1; lengths are as captured, checksums follow.'
        : 'Nothing was masked.',
    ];
    if (keys !== 'none') head.push(KEYS[keys]);
    if (this.#leftOut > 0) head.push(`${this.#leftOut} further transactions were left out.`);
    const { options } = capture;
    const texts = [head.join(' '), JSON.stringify({ files, options }), ...this.#sentences];
    let room = LIMITS.evidenceCommentLength;
    const comments: string[] = [];
    for (const text of texts) {
      room -= text.length;
      if (room < 0) break;
      comments.push(escapeText(text));
    }
    const more = texts.length - comments.length;
    return more === 0 ? comments : [...comments, `${more} more are told in the other formats.`];
  }

  /** @param overwritten bytes. */
  packetComments(packet: Packet, { files }: CaptureFacts, connection: number, overwritten: number): string[] {
    const path = files[packet.file]?.path ?? '';
    const texts = [...(this.#roles.get(`${packet.frame} ${path}`) ?? [])];
    if (this.#witnesses.has(connection)) texts.push('of another connection, to compare with');
    if (overwritten > 0) texts.push(`${overwritten} bytes overwritten`);
    this.#names ??= fileNames(
      files.map((file) => file.path),
      '-',
    );
    const name = this.#names.nameOf(path);
    texts.push(name === null ? `frame ${packet.frame} of the capture` : `frame ${packet.frame} of ${name}`);
    return [escapeText(texts.join('; '))];
  }
}

function endpoints({ connection: { sender, receiver: to } }: TransactionRecord): string {
  return `${sender.ip} ${sender.port} ${to.ip} ${to.port}`;
}

function receiver({ connection }: TransactionRecord): string {
  return `${connection.receiver.ip} ${connection.receiver.port}`;
}

/** A map that forgets what was set longest ago. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!);
}
