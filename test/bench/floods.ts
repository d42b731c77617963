/**
 * Captures that would fill the memory of an analyzer which keeps what it should let go of: written as a stream, so
 * that they may be of any size. Addresses, times and layout are those of the workloads.
 */
import { CaptureWriter, CLASSIC } from './capture-writer.ts';
import { writeWorkload } from './workloads.ts';

/** @param packets about as many are written. @param write as in workloads.ts. */
type Flood = (packets: number, write: (chunk: Buffer) => void) => void;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const EMPTY = Buffer.alloc(0);
const SEGMENT = 1448;

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess');

export const FLOODS = {
  /** The everyday: connections of four POSTs, 256 at a time. */
  requests(packets, write) {
    const perConnection = 14;
    writeWorkload('short', { scale: packets / perConnection / 40_000 }, write);
  },
  /** A SYN each and never an answer. */
  'half-open'(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    for (let i = 0; i < packets; i++) talk(writer, i).client(SYN, 0);
    writer.flush();
  },
  /** A SYN each that is refused. */
  refused(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    for (let i = 0; i < packets / 2; i++) {
      const { client, server } = talk(writer, i);
      client(SYN, 0);
      server(RST | ACK, 0, 1);
    }
    writer.flush();
  },
  /** A POST and its answer each, and then the connection is kept open for nothing. */
  idle(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    const request = post(20);
    for (let i = 0; i < packets / 6; i++) {
      const { client, server } = talk(writer, i);
      client(SYN, 0);
      server(SYN | ACK, 0, 1);
      client(ACK, 1, 1);
      client(ACK | PSH, 1, 1, request);
      server(ACK | PSH, 1, 1 + request.length, ANSWER);
      client(ACK, 1 + request.length, 1 + ANSWER.length);
    }
    writer.flush();
  },
  /** A POST each of which only the first half of the head ever comes. */
  'half-heads'(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    const half = post(20).subarray(0, 60);
    for (let i = 0; i < packets / 4; i++) {
      const { client, server } = talk(writer, i);
      client(SYN, 0);
      server(SYN | ACK, 0, 1);
      client(ACK, 1, 1);
      client(ACK | PSH, 1, 1, half);
    }
    writer.flush();
  },
  /** Behind a hole each, so that it has to be held. */
  holes(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    const payload = Buffer.alloc(SEGMENT, 'x');
    for (let i = 0; i < packets / 4; i++) {
      const { client, server } = talk(writer, i);
      client(SYN, 0);
      server(SYN | ACK, 0, 1);
      client(ACK, 1, 1);
      client(ACK, 1 + SEGMENT, 1, payload);
    }
    writer.flush();
  },
  /** One POST whose body is all there is. */
  body(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    const { client, server } = talk(writer, 0);
    const payload = Buffer.alloc(SEGMENT, 'b');
    const segments = Math.floor((packets * 2) / 3);
    client(SYN, 0);
    server(SYN | ACK, 0, 1);
    client(ACK, 1, 1);
    const head = post(segments * SEGMENT, false);
    client(ACK | PSH, 1, 1, head);
    let sent = 1 + head.length;
    for (let i = 0; i < segments; i++) {
      client(ACK, sent, 1, payload);
      sent += SEGMENT;
      if (i % 2 === 1) server(ACK, 1, sent);
    }
    server(ACK, 1, sent);
    server(ACK | PSH | FIN, 1, sent, ANSWER);
    client(ACK | FIN, sent, 2 + ANSWER.length);
    server(ACK, 2 + ANSWER.length, sent + 1);
    writer.flush();
  },
  /** POSTs one after the other, a byte a segment. */
  bytewise(packets, write) {
    const writer = new CaptureWriter(CLASSIC, write);
    const { client, server } = talk(writer, 0);
    const request = post(200);
    client(SYN, 0);
    server(SYN | ACK, 0, 1);
    client(ACK, 1, 1);
    let sent = 1;
    let answered = 1;
    for (let i = 0; i < packets; i += request.length + ANSWER.length) {
      for (const [at] of request.entries()) client(ACK, sent + at, answered, request.subarray(at, at + 1));
      sent += request.length;
      for (const [at] of ANSWER.entries()) server(ACK, answered + at, sent, ANSWER.subarray(at, at + 1));
      answered += ANSWER.length;
    }
    writer.flush();
  },
} satisfies Record<string, Flood>;

type Send = (flags: number, seq: number, ack?: number, payload?: Buffer) => void;

/** The two sides of one connection; sequence numbers are relative to the initial ones. */
function talk(writer: CaptureWriter, number: number): { readonly client: Send; readonly server: Send } {
  const sender =
    (fromClient: boolean): Send =>
    (flags, seq, ack = 0, payload = EMPTY) =>
      writer.packet({ number, order: 0 }, { fromClient, flags, seq, ack, payload, request: -1 });
  return { client: sender(true), server: sender(false) };
}

/** @param whole with its body. */
function post(bodyBytes: number, whole = true): Buffer {
  const head = `POST /notify HTTP/1.1\r\nHost: m.example\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
  return Buffer.from(whole ? head.padEnd(head.length + bodyBytes, 'b') : head);
}

export type FloodName = keyof typeof FLOODS;
export const FLOOD_NAMES = Object.keys(FLOODS) as FloodName[];
