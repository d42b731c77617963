/**
 * Writes packets of scripts as captures: two templates of each layout, patched in place, so that writing takes less time
 * than measuring does. TCP checksums are left as they are in the template, wrong, as on any machine whose network card
 * computes them.
 */
import { LINKTYPES, type LinkName, tcpFrame } from '../support/frames.ts';
import { blocksIn } from '../support/pcap-files.ts';
import { HOST_DIGITS, ORDER_DIGITS, type Step } from './scripts.ts';

/** What surrounds TCP: link header with tags, and the version of IP. */
export interface Layout {
  readonly link: LinkName;
  readonly vlan: readonly number[];
  readonly version: 4 | 6;
}

/** File and layouts; connections take the layouts in turn. */
export interface Format {
  readonly file: 'pcap' | 'pcapng';
  readonly layouts: readonly Layout[];
}

/** Microseconds, Ethernet, IPv4. */
export const CLASSIC: Format = { file: 'pcap', layouts: [{ link: 'ethernet', vlan: [], version: 4 }] };

/** A connection whose packets are to be written. */
export interface Numbered {
  /** From 0; decides layout, addresses, ports and initial sequence numbers. */
  readonly number: number;
  /** Number of its first order. */
  readonly order: number;
}

export const HOSTS = 100;
const FIRST_PORT = 10_000;
const PORTS = 50_000;
const EPOCH_SECONDS = 1_483_521_837;
/** 20 000 packets a second: a busy server, and slow enough that closed connections are forgotten as they would be there. */
const MICROSECONDS_A_PACKET = 50;

const CHUNK = 1 << 20;
const PCAP_RECORD = 16;
/** An enhanced packet block: its header, and its length behind the padded packet. */
const BLOCK_HEADER = 28;
const BLOCK_TRAILER = 4;
/** Record header, link, IP and TCP headers with options, payload: more than any packet here. */
const LONGEST = 2048;

/** Bytes of a TCP header with the options of its template. */
const TCP_HEADER = { syn: 40, data: 32 };
/** In it, the value of the timestamp option. */
const STAMP = { syn: 20 + 8, data: 20 + 2 };

interface Templates {
  readonly version: 4 | 6;
  readonly syn: Buffer;
  readonly data: Buffer;
  /** Where the IP and TCP headers begin. */
  readonly ip: number;
  readonly tcp: number;
}

/** File header of a little-endian, microsecond pcap of Ethernet frames; alone, a capture without packets. */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(LINKTYPES.ethernet, 20);
  return header;
}

/** A section and one interface a layout, with nanoseconds (if_tsresol, option 9). */
function pcapngHeader(layouts: readonly Layout[]): Buffer {
  const blocks = blocksIn('little');
  const resolution = [blocks.option(9, Buffer.from([9])), blocks.endOfOptions];
  return Buffer.concat([
    blocks.section(),
    ...layouts.map(({ link }) => blocks.interface({ link: LINKTYPES[link] }, ...resolution)),
  ]);
}

export class CaptureWriter {
  packets = 0;
  bytes = 0;
  readonly #write: (chunk: Buffer) => void;
  readonly #chunk = Buffer.alloc(CHUNK);
  readonly #pcapng: boolean;
  readonly #templates: readonly Templates[];
  #used: number;

  /** @param write gets chunks that are lent: it has to be done with them when it returns. */
  constructor({ file, layouts }: Format, write: (chunk: Buffer) => void) {
    this.#write = write;
    this.#pcapng = file === 'pcapng';
    this.#templates = layouts.map(templates);
    this.#used = (this.#pcapng ? pcapngHeader(layouts) : pcapHeader()).copy(this.#chunk);
  }

  /** Time passes without a packet as it does with one. */
  packet(connection: Numbered, step: Step): void {
    if (this.#used + LONGEST > CHUNK) this.flush();
    const chunk = this.#chunk;
    const micros = this.packets * MICROSECONDS_A_PACKET;
    const layout = connection.number % this.#templates.length;
    const { syn, data, tcp } = this.#templates[layout]!;
    const kind = (step.flags & 0x02) !== 0 ? 'syn' : 'data';
    const header = kind === 'syn' ? syn : data;
    const length = header.length + step.payload.length;
    const record = this.#used;
    const at = record + (this.#pcapng ? BLOCK_HEADER : PCAP_RECORD);
    header.copy(chunk, at);
    step.payload.copy(chunk, at + header.length);
    chunk.writeUInt32BE(Math.floor(micros / 1000), at + tcp + STAMP[kind]);
    this.#address(connection, step, at, length, this.#templates[layout]!);
    if (step.request >= 0) number(chunk, connection, step, at + header.length);
    if (this.#pcapng) this.#used = enhancedPacket(chunk, record, layout, micros, length);
    else {
      this.#used = at + length;
      chunk.writeUInt32LE(EPOCH_SECONDS + Math.floor(micros / 1_000_000), record);
      chunk.writeUInt32LE(micros % 1_000_000, record + 4);
      chunk.writeUInt32LE(length, record + 8);
      chunk.writeUInt32LE(length, record + 12);
    }
    this.packets += 1;
  }

  flush(): void {
    this.bytes += this.#used;
    this.#write(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
  }

  /** IP and TCP fields that differ from the template's. */
  #address({ number }: Numbered, step: Step, at: number, length: number, layout: Templates): void {
    const chunk = this.#chunk;
    const ip = at + layout.ip;
    const tcp = at + layout.tcp;
    const receiver = 0xcb007100 + 1 + (number % HOSTS);
    const port = FIRST_PORT + (Math.floor(number / HOSTS) % PORTS);
    const clientIsn = (number * 2654435761 + 1) >>> 0;
    const serverIsn = (number * 40503 + 77) >>> 0;
    const { fromClient, flags, seq, ack } = step;
    const size = layout.version === 4 ? 4 : 16;
    const source = ip + (layout.version === 4 ? 12 : 8);
    if (!fromClient) chunk.copy(chunk, source + size, source, source + size);
    // The last four bytes of the receiver's address, whichever end it is; of IPv6 the rest is the template's.
    const peer = fromClient ? source + size : source;
    if (!fromClient && layout.version === 6) layout.data.copy(chunk, peer, layout.ip + 24, layout.ip + 40);
    chunk.writeUInt32BE(receiver, peer + size - 4);
    if (layout.version === 4) {
      chunk.writeUInt16BE(length - layout.ip, ip + 2);
      chunk.writeUInt16BE(this.packets & 0xffff, ip + 4);
      ipChecksum(chunk, ip);
    } else chunk.writeUInt16BE(length - layout.tcp, ip + 4);
    chunk.writeUInt16BE(fromClient ? port : 80, tcp);
    chunk.writeUInt16BE(fromClient ? 80 : port, tcp + 2);
    chunk.writeUInt32BE(((fromClient ? clientIsn : serverIsn) + seq) >>> 0, tcp + 4);
    const acknowledged = ((fromClient ? serverIsn : clientIsn) + ack) >>> 0;
    chunk.writeUInt32BE((flags & 0x10) === 0 ? 0 : acknowledged, tcp + 8);
    chunk[tcp + 13] = flags;
  }
}

/** Header and trailer of a block around the packet; returns where the next one begins. */
function enhancedPacket(chunk: Buffer, at: number, index: number, micros: number, length: number): number {
  const padded = (length + 3) & ~3;
  const block = BLOCK_HEADER + padded + BLOCK_TRAILER;
  const ticks = (BigInt(EPOCH_SECONDS) * 1_000_000n + BigInt(micros)) * 1_000n;
  chunk.writeUInt32LE(6, at);
  chunk.writeUInt32LE(block, at + 4);
  chunk.writeUInt32LE(index, at + 8);
  chunk.writeUInt32LE(Number(ticks >> 32n), at + 12);
  chunk.writeUInt32LE(Number(ticks & 0xffff_ffffn), at + 16);
  chunk.writeUInt32LE(length, at + 20);
  chunk.writeUInt32LE(length, at + 24);
  chunk.fill(0, at + BLOCK_HEADER + length, at + BLOCK_HEADER + padded);
  chunk.writeUInt32LE(block, at + BLOCK_HEADER + padded);
  return at + block;
}

interface Places {
  readonly host: number;
  readonly orders: readonly number[];
}

const known = new Map<Buffer, Places>();

/** Gives a request its own order number and its receiver's name. */
function number(chunk: Buffer, connection: Numbered, step: Step, at: number): void {
  const { host, orders } = digitPlaces(step.payload);
  const receiver = String(connection.number % HOSTS).padStart(HOST_DIGITS.length, '0');
  chunk.write(receiver, at + host, 'latin1');
  const text = String(connection.order + step.request).padStart(ORDER_DIGITS.length, '0');
  for (const place of orders) chunk.write(text, at + place, 'latin1');
}

/** Searched once for each payload of a script. */
function digitPlaces(payload: Buffer): Places {
  let places = known.get(payload);
  if (!places) {
    const first = payload.indexOf(ORDER_DIGITS);
    const host = payload.indexOf(`m${HOST_DIGITS}.`) + 1;
    places = { host, orders: [first, payload.indexOf(ORDER_DIGITS, first + ORDER_DIGITS.length)] };
    known.set(payload, places);
  }
  return places;
}

function templates({ link, vlan, version }: Layout): Templates {
  const ends =
    version === 4 ? { src: '10.0.0.5', dst: '203.0.113.1' } : { src: '2001:db8::5', dst: '2001:db8:ffff::1' };
  const frame = { ...ends, srcPort: 1, dstPort: 80, link, vlan };
  const syn = tcpFrame({
    ...frame,
    flags: 'S',
    options: { mss: 1460, sackPermitted: true, timestamps: [0, 0], wscale: 7 },
  });
  const data = tcpFrame({ ...frame, flags: 'A', options: { timestamps: [0, 0] } });
  const tcp = syn.length - TCP_HEADER.syn;
  return { version, syn, data, tcp, ip: tcp - (version === 4 ? 20 : 40) };
}

function ipChecksum(bytes: Buffer, at: number): void {
  bytes.writeUInt16BE(0, at + 10);
  let sum = 0;
  for (let i = at; i < at + 20; i += 2) sum += bytes.readUInt16BE(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(~(sum + (sum >>> 16)) & 0xffff, at + 10);
}
