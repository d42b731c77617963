/**
 * What a trap is, and captures for them: written packet by packet from a few templates, because the measurement needs tens
 * of thousands of them.
 */
import { tcpFrame } from '../support/frames.ts';
import { pcap } from '../support/pcap-files.ts';

export interface Trap {
  readonly name: string;
  /** The smallest size at which what it is about outweighs what is there anyway. */
  readonly from: number;
  /** Files of one capture. */
  readonly files: (size: number) => Buffer[];
  /** Also what reports make of it is measured, which outweighs much of what is before them. */
  readonly reported?: boolean;
}

export const CLIENT_ISN = 1000;
export const SERVER_ISN = 5000;
const MICROSECOND = 1e3;

/** Packets with their times, in nanoseconds, as a capture. */
export class Capture {
  readonly #packets: { readonly time: number; readonly bytes: Buffer }[] = [];
  now = 0;

  /** @param step microseconds to the next packet. */
  add(bytes: Buffer, step = 1): this {
    this.#packets.push({ time: this.now, bytes });
    this.now += step * MICROSECOND;
    return this;
  }

  repeat(count: number, bytes: Buffer, step = 1): this {
    for (let i = 0; i < count; i++) this.add(bytes, step);
    return this;
  }

  /** @param backwards the last packet first, with all their times. */
  file(backwards = false): Buffer {
    const packets = backwards ? [...this.#packets].reverse() : this.#packets;
    return pcap(
      packets.map(({ time, bytes }) => ({
        seconds: 1_483_521_837 + Math.floor(time / 1e9),
        fraction: time % 1e9,
        bytes,
      })),
      { kind: 'nanoseconds' },
    );
  }
}

export const CLIENT = { src: '10.0.0.1', dst: '203.0.113.44', srcPort: 40_000, dstPort: 80 } as const;
export const SERVER = { src: '203.0.113.44', dst: '10.0.0.1', srcPort: 80, dstPort: 40_000 } as const;

/** Offsets count from the first byte after the SYN. */
export const client = (offset: number, payload: string | Buffer, ack = 0): Buffer =>
  segment(CLIENT_HEADER, CLIENT_ISN + 1 + offset, SERVER_ISN + 1 + ack, payload);
export const server = (offset: number, payload: string | Buffer, ack = 0): Buffer =>
  segment(SERVER_HEADER, SERVER_ISN + 1 + offset, CLIENT_ISN + 1 + ack, payload);

const CLIENT_HEADER = tcpFrame({ ...CLIENT, flags: 'PA' });
const SERVER_HEADER = tcpFrame({ ...SERVER, flags: 'PA' });

/** Tens of thousands are needed: written into a copy of a header, checksums left as they are. */
function segment(header: Buffer, seq: number, ack: number, payload: string | Buffer): Buffer {
  const data = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const bytes = Buffer.concat([header, data]);
  bytes.writeUInt16BE(bytes.length - 14, 16);
  bytes.writeUInt32BE(seq >>> 0, 38);
  bytes.writeUInt32BE(ack >>> 0, 42);
  return bytes;
}

export function opened(): Capture {
  return new Capture()
    .add(tcpFrame({ ...CLIENT, flags: 'S', seq: CLIENT_ISN }))
    .add(tcpFrame({ ...SERVER, flags: 'SA', seq: SERVER_ISN, ack: CLIENT_ISN + 1 }))
    .add(client(0, ''));
}

/** A whole text in segments of this length. */
export function send(capture: Capture, side: typeof client, text: string, length = 1460, ack = 0): Capture {
  for (let at = 0; at < text.length; at += length) {
    capture.add(side(at, Buffer.from(text.slice(at, at + length), 'latin1'), ack));
  }
  return capture;
}

export const head = (fields: string) => `POST /notify HTTP/1.1\r\nHost: shop.example\r\n${fields}\r\n`;
export const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

export const POST = head('Content-Length: 0\r\n');
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

/** One request of this body, answered. */
export function answered(request: string, segment = 1460): Buffer[] {
  const capture = send(opened(), client, request, segment);
  return [
    capture
      .add(server(0, OK, request.length))
      .add(client(request.length, '', OK.length))
      .file(),
  ];
}
