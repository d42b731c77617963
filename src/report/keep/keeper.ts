/**
 * Which packets are kept: all, or those of connections with a failed transaction, whose packets wait in memory until it is
 * known. Packets and records in, as they come; files out, with a comment on each packet that carries a verdict. Records are
 * passed on with the places of their evidence in those files.
 */
import type { Packet } from '../../capture/packet.ts';
import { LIMITS } from '../../limits.ts';
import type { Evidence, RecordSink, TransactionRecord } from '../../verdict/verdict.ts';
import { isFailure } from '../text.ts';
import { copied, type KeptFiles, type KeptPacket, type Place } from './files.ts';

export type Keep = 'all' | 'failed';

/** Packets of a connection that are held though what they were about went well: its handshake. */
const HANDSHAKE = 3;
/** Connections whose further packets are kept too. */
const FOLLOWED = 10_000;
/** Places of packets that are remembered for verdicts to come. */
const REMEMBERED = 1_000_000;

interface Held extends KeptPacket {
  readonly frame: number;
  readonly connection: number;
  gone: boolean;
}

export class Keeper {
  readonly #keep: Keep;
  readonly #files: KeptFiles;
  /** Of `all`: where each file's packets begin in the capture. */
  #begins: { readonly file: string; readonly frame: number; readonly first: number }[] = [];
  /** Of `failed`: packets that wait, by connection and in order. */
  #held = new Map<number, Held[]>();
  #order: Held[] = [];
  #orderFrom = 0;
  #bytes = 0;
  /** Packets that were given up for lack of room. */
  evicted = 0;
  #followed = new Set<number>();
  #places = new Map<number, Place>();
  /** The packet that is being looked at: nobody knows yet whose it is. */
  #current: Packet | null = null;

  constructor(keep: Keep, files: KeptFiles) {
    this.#keep = keep;
    this.#files = files;
  }

  /** Before any stage sees it, so that the verdict it brings finds it kept. */
  onPacket(packet: Packet): void {
    if (this.#keep === 'failed') {
      this.#current = packet;
      return;
    }
    const place = this.#files.add(copied(packet));
    if (place === null || this.#begins.at(-1)?.file === place.file) return;
    this.#begins.push({ file: place.file, frame: packet.frame, first: place.frame });
    if (this.#begins.length > FOLLOWED) this.#begins.shift();
  }

  /** @param connection whose the packet was, by its id in records; 0 where it has none. */
  onConnection(connection: number): void {
    const packet = this.#current;
    this.#current = null;
    if (packet === null || connection === 0) return;
    if (this.#followed.has(connection)) this.#remember(packet.frame, this.#files.add(copied(packet)));
    else this.#hold({ ...copied(packet), frame: packet.frame, connection, gone: false });
  }

  /** Stands around the reports. */
  around(sink: RecordSink): RecordSink {
    return {
      bodies: sink.bodies ?? true,
      packets: sink.packets ?? false,
      // What went well lets packets go.
      wants: (outcome, verdict) =>
        this.#keep === 'failed' || isFailure(outcome, verdict) || (sink.wants?.(outcome, verdict) ?? true),
      transaction: (record) => {
        const kept = this.#onRecord(record);
        if (sink.wants?.(record.outcome, record.verdict) ?? true) sink.transaction(kept);
      },
      end: (findings) => {
        this.#files.close();
        sink.end(findings);
      },
    };
  }

  #onRecord(record: TransactionRecord): TransactionRecord {
    const failed = isFailure(record.outcome, record.verdict);
    const { id } = record.connection;
    if (this.#keep === 'failed') {
      if (failed) this.#release(record);
      else if (!this.#followed.has(id)) this.#trim(id, record.evidence.at(-1)?.frame ?? 0);
    }
    const evidence = record.evidence.map((proof): Evidence => ({ ...proof, ...this.#placeOf(proof.frame) }));
    if (failed) this.#comment(record, evidence);
    return { ...record, evidence };
  }

  /** On each packet of the evidence, or, where one is on disk already, on the next packet that is written. */
  #comment(record: TransactionRecord, evidence: readonly Evidence[]): void {
    const name = `wirewitness ${record.id} ${record.outcome}: ${record.verdict} (${record.confidence})`;
    const late: Evidence[] = [];
    for (const proof of evidence) {
      const text = `${name}, ${proof.role}`;
      if (!this.#files.comment(proof, text)) late.push(proof);
    }
    if (late.length === 0) return;
    const frames = late.map(({ file, frame, role }) => `${role} ${file}#${frame}`).join(', ');
    this.#files.remark(`${name}: ${frames}`);
  }

  /** Nothing where it was not kept: the evidence then names the interface, and the packet of the capture. */
  #placeOf(frame: number): Place | object {
    if (this.#keep === 'failed') return this.#places.get(frame) ?? {};
    const begin = this.#begins.findLast((one) => one.frame <= frame);
    if (begin === undefined) return {};
    return { file: begin.file, frame: begin.first + frame - begin.frame };
  }

  #remember(frame: number, place: Place | null): void {
    if (place === null) return;
    this.#places.set(frame, place);
    if (this.#places.size > REMEMBERED) this.#places.delete(this.#places.keys().next().value!);
  }

  #hold(packet: Held): void {
    const held = this.#held.get(packet.connection);
    if (held === undefined) this.#held.set(packet.connection, [packet]);
    else held.push(packet);
    this.#order.push(packet);
    this.#bytes += packet.bytes.length;
    while (this.#bytes > LIMITS.keptBytes) this.#evict();
  }

  /** The oldest packet, whosever it is. */
  #evict(): void {
    const oldest = this.#order[this.#orderFrom++]!;
    if (!oldest.gone) {
      this.evicted++;
      this.#drop(oldest);
      const held = this.#held.get(oldest.connection);
      held?.shift();
      if (held?.length === 0) this.#held.delete(oldest.connection);
    }
    this.#compact();
  }

  #drop(packet: Held): void {
    packet.gone = true;
    this.#bytes -= packet.bytes.length;
  }

  /** What is gone in front of all that is held takes no room. */
  #compact(): void {
    while (this.#orderFrom < this.#order.length && this.#order[this.#orderFrom]!.gone) this.#orderFrom++;
    if (this.#orderFrom > 4096 && this.#orderFrom * 2 > this.#order.length) {
      this.#order = this.#order.filter(({ gone }) => !gone);
      this.#orderFrom = 0;
    }
  }

  #release({ connection: { id }, evidence }: TransactionRecord): void {
    const held = this.#held.get(id) ?? [];
    this.#held.delete(id);
    for (const packet of held) {
      this.#drop(packet);
      this.#remember(packet.frame, this.#files.add(packet));
    }
    const packet = this.#current;
    if (packet !== null && evidence.some(({ frame }) => frame === packet.frame)) {
      this.#current = null;
      this.#remember(packet.frame, this.#files.add(copied(packet)));
    }
    this.#followed.add(id);
    if (this.#followed.size > FOLLOWED) this.#followed.delete(this.#followed.keys().next().value!);
    this.#compact();
  }

  /** What went well up to here need not be kept: all but the handshake. */
  #trim(id: number, frame: number): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    const kept: Held[] = [];
    for (const [i, packet] of held.entries()) {
      if (i < HANDSHAKE || packet.frame > frame) kept.push(packet);
      else this.#drop(packet);
    }
    this.#held.set(id, kept);
    this.#compact();
  }
}
