/**
 * Packets in, pcapng files out, a block at a time: what is gathered is written when it is large or old enough, so that a
 * process that is killed loses no more. Until then a packet can still get comments. A disk that is full ends the writing, and
 * nothing else.
 */
import { accessSync, closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CaptureFacts, Packet, Time } from '../../capture/packet.ts';
import { PcapngWriter } from '../../capture/pcapng-writer.ts';
import { UserError } from '../../error.ts';
import { VERSION } from '../../version.ts';
import type { KeptNames, Rotation } from './names.ts';

/** Bytes of packets gathered at most. */
const BLOCK = 1024 * 1024;
/** Bytes of an enhanced packet block beside its packet. */
const OVERHEAD = 32;

/** Where a packet was kept, as Wireshark counts. */
export interface Place {
  readonly file: string;
  readonly frame: number;
}

/** Copied: what a file needs of a packet. */
export interface KeptPacket {
  readonly time: Time;
  readonly bytes: Buffer;
  readonly wireLength: number;
  readonly interfaceIndex: number;
}

export function copied(packet: Packet): KeptPacket {
  const { time, wireLength, interfaceIndex, bytes, start, end } = packet;
  return { time, wireLength, interfaceIndex, bytes: Buffer.from(bytes.subarray(start, end)) };
}

export interface FilesOptions {
  readonly names: KeptNames;
  readonly rotation: Rotation;
  readonly facts: CaptureFacts;
  /** Of interfaces that the capture gives no name. */
  readonly interfaceName: string;
  readonly filter: () => string;
  /** As many files as were asked for are full. */
  readonly onOver: () => void;
  /** Told once when nothing more can be written: a sentence that names the file. */
  readonly onFailure: (text: string) => void;
}

interface Gathered extends KeptPacket {
  readonly comments: string[];
}

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly writer: PcapngWriter;
  readonly epoch: bigint;
  /** Of the writer, by index in the facts. */
  readonly interfaces: Map<number, number>;
  readonly since: Time;
  /** Bytes on disk, all of them whole blocks. */
  size: number;
  frames: number;
}

export class KeptFiles {
  readonly #options: FilesOptions;
  #file: OpenFile | null = null;
  #block: Gathered[] = [];
  #gathered = 0;
  /** Bytes of blocks that the writer has made. */
  #made: Buffer[] = [];
  #failed = false;
  /** Paths of all files that were begun. */
  readonly paths: string[] = [];
  #comments: string[] = [];

  /** @throws UserError when no file can be made where they are to be: told before anything is captured. */
  constructor(options: FilesOptions) {
    this.#options = options;
    const directory = dirname(options.names.pattern);
    try {
      accessSync(directory, constants.W_OK);
    } catch (error) {
      throw new UserError('output', `cannot keep packets in ${directory}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** @returns null when nothing is written any more. */
  add(packet: KeptPacket, comments: readonly string[] = []): Place | null {
    if (this.#failed) return null;
    this.#rotate(packet.time);
    const file = this.#file ?? this.#begin(packet.time);
    if (file === null) return null;
    this.#block.push({ ...packet, comments: [...this.#comments, ...comments] });
    this.#comments = [];
    this.#gathered += packet.bytes.length + OVERHEAD;
    file.frames++;
    const place = { file: file.path, frame: file.frames };
    if (this.#gathered >= BLOCK) this.flush();
    return place;
  }

  /** A comment on a packet that is not written yet. @returns false when it is. */
  comment({ file, frame }: Place, text: string): boolean {
    if (this.#file === null || this.#file.path !== file) return false;
    const packet = this.#block[this.#block.length - 1 - (this.#file.frames - frame)];
    packet?.comments.push(text);
    return packet !== undefined;
  }

  /** A comment on whatever is written next, for packets that are on disk already. */
  remark(text: string): void {
    const last = this.#block.at(-1);
    if (last === undefined) this.#comments.push(text);
    else last.comments.push(text);
  }

  /** Writes what was gathered. */
  flush(): void {
    const file = this.#file;
    const block = this.#block;
    this.#block = [];
    this.#gathered = 0;
    if (file === null || block.length === 0) return;
    for (const packet of block) {
      const { bytes } = packet;
      file.writer.packet(
        this.#interface(file, packet),
        { ...packet, start: 0, end: bytes.length },
        packet.comments,
      );
    }
    this.#write(file);
  }

  close(): void {
    this.flush();
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    const { facts } = this.#options;
    const at = facts.lastTime ?? file.since;
    const counts = {
      received: facts.packets,
      droppedByInterface: null,
      droppedBySystem: facts.dropped,
      first: null,
      last: null,
    };
    for (const id of file.interfaces.values()) {
      file.writer.statistics(id, at, counts, this.#comments);
      this.#comments = [];
    }
    if (!this.#failed) this.#write(file);
    closeSync(file.fd);
  }

  #rotate(time: Time): void {
    const file = this.#file;
    if (file === null) return;
    const { size, seconds } = this.#options.rotation;
    const full = size !== null && file.size + this.#gathered > size;
    const old = seconds !== null && time - file.since >= seconds * 1e9;
    // A clock that was set has moved all times of the capture: a section has one only.
    const moved = file.epoch !== this.#options.facts.epoch;
    if (full || old || moved) this.close();
  }

  #begin(time: Time): OpenFile | null {
    const { facts, names, onFailure, onOver } = this.#options;
    if (names.over) {
      onOver();
      return null;
    }
    const epoch = facts.epoch ?? 0n;
    const { path, own } = names.next(new Date(Number(epoch / 1_000_000n) + time / 1e6));
    try {
      // What is captured holds what was sent: nobody else's to read.
      const fd = openSync(path, own ? 'w' : 'wx', 0o600);
      const writer = new PcapngWriter((bytes) => this.#made.push(bytes), { epoch, digits: facts.digits });
      writer.section(`wirewitness ${VERSION}`);
      this.#file = { path, fd, writer, epoch, interfaces: new Map(), since: time, size: 0, frames: 0 };
    } catch (error) {
      this.#failed = true;
      onFailure(`no packets are kept: ${path} cannot be written (${messageOf(error)})`);
      return null;
    }
    this.paths.push(path);
    return this.#file;
  }

  #interface(file: OpenFile, { interfaceIndex }: KeptPacket): number {
    const known = file.interfaces.get(interfaceIndex);
    if (known !== undefined) return known;
    const { facts, interfaceName, filter } = this.#options;
    const of = facts.interfaces[interfaceIndex];
    const id = file.writer.addInterface({
      name: of?.name ?? interfaceName,
      link: of?.link ?? 0,
      snaplen: 0,
      filter: filter() === '' ? null : filter(),
    });
    file.interfaces.set(interfaceIndex, id);
    return id;
  }

  #write(file: OpenFile): void {
    const bytes = Buffer.concat(this.#made);
    this.#made = [];
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file.fd, bytes, at);
      file.size += bytes.length;
    } catch (error) {
      this.#failed = true;
      this.#options.onFailure(
        `no more packets are kept: ${file.path} cannot be written (${messageOf(error)}); the analysis goes on`,
      );
      // Half a block is of no use to whoever reads the file.
      ftruncateSync(file.fd, file.size);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
