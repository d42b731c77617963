/**
 * Writes the benchmark's captures: classic pcap, microseconds, Ethernet, IPv4, taken at the sender. Deterministic: the
 * same name and scale give the same bytes. Packets are two templates patched in place, some hundred connections at
 * a time interleaved, so that writing takes less time than measuring does.
 * TCP checksums are left as they are in the template, wrong, as on any machine whose network card computes them.
 */
import { tcpFrame } from '../support/frames.ts';
import {
  type Exchange,
  type Faults,
  HOST_DIGITS,
  NO_FAULTS,
  ORDER_DIGITS,
  type Script,
  type Step,
  script,
} from './scripts.ts';

export type WorkloadName = 'short' | 'bulk' | 'lossy';

interface Workload {
  /** At scale 1. */
  readonly connections: number;
  /** Connections open at the same time. */
  readonly concurrency: number;
  readonly exchange: Exchange;
  readonly faults: Faults;
  /** Scripts drawn with different random numbers. */
  readonly variants: number;
}

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  short: {
    connections: 10_000,
    concurrency: 256,
    exchange: { posts: 4, requestBody: 600, responseBody: 200 },
    faults: NO_FAULTS,
    variants: 1,
  },
  bulk: {
    connections: 20,
    concurrency: 10,
    exchange: { posts: 40, requestBody: 40_000, responseBody: 20_000 },
    faults: NO_FAULTS,
    variants: 1,
  },
  lossy: {
    connections: 1_500,
    concurrency: 128,
    exchange: { posts: 4, requestBody: 12_000, responseBody: 6_000 },
    faults: { lost: 0.05, reordered: 0.05, duplicated: 0.02 },
    variants: 64,
  },
};

export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as WorkloadName[];

/** What a capture holds. */
export interface WorkloadFacts {
  readonly name: WorkloadName;
  readonly scale: number;
  connections: number;
  requests: number;
  packets: number;
  bytes: number;
}

const HOSTS = 100;
const FIRST_PORT = 10_000;
const PORTS = 50_000;
const EPOCH_SECONDS = 1_483_521_837;
const MICROSECONDS_A_PACKET = 7;

const CHUNK = 1 << 20;
const RECORD = 16;
/** Record header, link, IP and TCP headers with options, payload: more than any packet here. */
const LONGEST = 2048;

const IP = 14;
const TCP = IP + 20;
/** Timestamp option within the two templates: value, echo. */
const STAMPS = { syn: TCP + 20 + 8, data: TCP + 20 + 2 };

/** @param write gets chunks that are lent: it has to be done with them when it returns. */
export function writeWorkload(
  name: WorkloadName,
  scale: number,
  write: (chunk: Buffer) => void,
): WorkloadFacts {
  const { connections, concurrency, exchange, faults, variants } = WORKLOADS[name];
  const random = fixedRandom(0x5eed);
  const scripts = Array.from({ length: variants }, () => script(exchange, faults, random));
  const writer = new CaptureWriter(write);
  const total = Math.max(1, Math.round(connections * scale));
  const facts: WorkloadFacts = { name, scale, connections: total, requests: 0, packets: 0, bytes: 0 };
  let started = 0;
  let open: Running[] = [];
  // One new connection a round until `concurrency` are open, so that they are all in different steps.
  while (started < total || open.length > 0) {
    if (started < total && open.length < concurrency) {
      const chosen = scripts[started % variants]!;
      open.push({ number: started, script: chosen, order: facts.requests, step: 0 });
      facts.requests += chosen.requests;
      started += 1;
    }
    for (const connection of open) {
      writer.packet(connection, connection.script.steps[connection.step]!);
      connection.step += 1;
    }
    if (open.some(finished)) open = open.filter((connection) => !finished(connection));
  }
  writer.flush();
  facts.packets = writer.packets;
  facts.bytes = writer.bytes;
  return facts;
}

interface Running {
  /** From 0; decides addresses, ports and initial sequence numbers. */
  readonly number: number;
  readonly script: Script;
  /** Number of its first order. */
  readonly order: number;
  step: number;
}

function finished({ script: { steps }, step }: Running): boolean {
  return step >= steps.length;
}

/** File header of a little-endian, microsecond pcap of Ethernet frames; alone, a capture without packets. */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

class CaptureWriter {
  packets = 0;
  bytes = 0;
  readonly #write: (chunk: Buffer) => void;
  readonly #chunk = Buffer.alloc(CHUNK);
  #used = 0;
  readonly #syn = template('S', { mss: 1460, sackPermitted: true, timestamps: [0, 0], wscale: 7 });
  readonly #data = template('A', { timestamps: [0, 0] });

  constructor(write: (chunk: Buffer) => void) {
    this.#write = write;
    this.#used = pcapHeader().copy(this.#chunk);
  }

  packet(connection: Running, step: Step): void {
    if (this.#used + LONGEST > CHUNK) this.flush();
    const chunk = this.#chunk;
    const micros = this.packets * MICROSECONDS_A_PACKET;
    const syn = (step.flags & 0x02) !== 0;
    const header = syn ? this.#syn : this.#data;
    const length = header.length + step.payload.length;
    const record = this.#used;
    chunk.writeUInt32LE(EPOCH_SECONDS + Math.floor(micros / 1_000_000), record);
    chunk.writeUInt32LE(micros % 1_000_000, record + 4);
    chunk.writeUInt32LE(length, record + 8);
    chunk.writeUInt32LE(length, record + 12);
    const at = record + RECORD;
    header.copy(chunk, at);
    step.payload.copy(chunk, at + header.length);
    chunk.writeUInt32BE(Math.floor(micros / 1000), at + (syn ? STAMPS.syn : STAMPS.data));
    this.#address(connection, step, at, length);
    if (step.request >= 0) this.#number(connection, step, at + header.length);
    this.#used = at + length;
    this.packets += 1;
  }

  flush(): void {
    this.bytes += this.#used;
    this.#write(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
  }

  /** IP and TCP fields that differ from the template's. */
  #address({ number }: Running, step: Step, at: number, length: number): void {
    const chunk = this.#chunk;
    const host = number % HOSTS;
    const receiver = 0xcb007100 + 1 + host;
    const port = FIRST_PORT + (Math.floor(number / HOSTS) % PORTS);
    const clientIsn = (number * 2654435761 + 1) >>> 0;
    const serverIsn = (number * 40503 + 77) >>> 0;
    const { fromClient, flags, seq, ack } = step;
    chunk.writeUInt16BE(length - IP, at + IP + 2);
    chunk.writeUInt16BE(this.packets & 0xffff, at + IP + 4);
    if (fromClient) {
      chunk.writeUInt32BE(receiver, at + IP + 16);
    } else {
      chunk.copy(chunk, at + IP + 16, at + IP + 12, at + IP + 16);
      chunk.writeUInt32BE(receiver, at + IP + 12);
    }
    ipChecksum(chunk, at + IP);
    chunk.writeUInt16BE(fromClient ? port : 80, at + TCP);
    chunk.writeUInt16BE(fromClient ? 80 : port, at + TCP + 2);
    chunk.writeUInt32BE(((fromClient ? clientIsn : serverIsn) + seq) >>> 0, at + TCP + 4);
    const acknowledged = ((fromClient ? serverIsn : clientIsn) + ack) >>> 0;
    chunk.writeUInt32BE((flags & 0x10) === 0 ? 0 : acknowledged, at + TCP + 8);
    chunk[at + TCP + 13] = flags;
  }

  /** Gives a request its own order number and its receiver's name. */
  #number({ number, order }: Running, step: Step, at: number): void {
    const { host, orders } = digitPlaces(step.payload);
    this.#chunk.write(String(number % HOSTS).padStart(HOST_DIGITS.length, '0'), at + host, 'latin1');
    const text = String(order + step.request).padStart(ORDER_DIGITS.length, '0');
    for (const place of orders) this.#chunk.write(text, at + place, 'latin1');
  }
}

interface Places {
  readonly host: number;
  readonly orders: readonly number[];
}

const known = new Map<Buffer, Places>();

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

function template(flags: string, options: Parameters<typeof tcpFrame>[0]['options'] & object): Buffer {
  return tcpFrame({ src: '10.0.0.5', dst: '203.0.113.1', srcPort: 1, dstPort: 80, flags, options });
}

function ipChecksum(bytes: Buffer, at: number): void {
  bytes.writeUInt16BE(0, at + 10);
  let sum = 0;
  for (let i = at; i < at + 20; i += 2) sum += bytes.readUInt16BE(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(~(sum + (sum >>> 16)) & 0xffff, at + 10);
}

/** Numbers in [0, 1), always the same: a linear congruential generator modulo 2^32, of which the upper 24 bits are used. */
function fixedRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}
