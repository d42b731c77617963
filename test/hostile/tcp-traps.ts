/** Segments and connections that are made to cost more than their bytes. */
import { icmpError, tcpFrame } from '../support/frames.ts';
import {
  answered,
  Capture,
  CLIENT,
  CLIENT_ISN,
  client,
  head,
  opened,
  POST,
  SERVER,
  SERVER_ISN,
  send,
  server,
  type Trap,
  times,
} from './trap.ts';

export const TCP_TRAPS: readonly Trap[] = [
  {
    name: 'a head byte by byte',
    from: 1500,
    files: (size) => answered(head(`X: ${'x'.repeat(size)}\r\n`), 1),
  },
  {
    name: 'a body byte by byte',
    from: 2000,
    files: (size) => answered(head(`Content-Length: ${size}\r\n`) + 'x'.repeat(size), 1),
  },
  {
    name: 'a hole at every second segment',
    from: 1500,
    files: (size) =>
      inOrder(size, [...times(size >> 1, (i) => 2 * i + 1), ...times(size >> 1, (i) => 2 * i)]),
  },
  {
    name: 'segments backwards',
    from: 1500,
    files: (size) =>
      inOrder(
        size,
        times(size, (i) => size - i),
      ),
  },
  {
    name: 'segments that overlap by all but a byte',
    from: 1500,
    files: (size) =>
      inOrder(
        size,
        times(size, (i) => i),
        300,
        1,
      ),
  },
  {
    name: 'segments that overlap behind a hole',
    from: 1000,
    files: (size) =>
      inOrder(
        size,
        times(size, (i) => i + 2),
        1460,
        700,
      ),
  },
  {
    name: 'one segment again and again',
    from: 2000,
    files: (size) => [opened().repeat(size, client(0, POST), 60).file()],
  },
  {
    name: 'bytes acknowledged and not captured, at every second segment',
    from: 1500,
    files(size) {
      const capture = send(opened(), client, head(`Content-Length: ${size * 16}\r\n`));
      for (let i = 0; i < size; i++) {
        capture.add(client(200 + i * 16, 'xxxxxxxx'), 400).add(server(0, '', 200 + i * 16 + 8), 400);
      }
      return [capture.file()];
    },
  },
  {
    name: 'either side waits for the other',
    from: 1500,
    files(size) {
      const capture = opened();
      for (let i = size; i > 0; i--)
        capture.add(client(i * 8, 'xxxxxxxx', i * 8)).add(server(i * 8, 'yyyyyyyy', i * 8));
      return [capture.add(client(0, 'POST /a ')).add(server(0, 'HTTP/1.1')).file()];
    },
  },
  {
    name: 'a SYN again and again',
    from: 2000,
    files: (size) => [
      new Capture().repeat(size, tcpFrame({ ...CLIENT, flags: 'S', seq: CLIENT_ISN }), 2000).file(),
    ],
  },
  {
    name: 'connections on one pair of ports',
    from: 250,
    files(size) {
      const capture = new Capture();
      for (let i = 0; i < size; i++) {
        const seq = i * 100_003;
        capture.add(tcpFrame({ ...CLIENT, flags: 'S', seq }));
        capture.add(tcpFrame({ ...SERVER, flags: 'SA', seq: SERVER_ISN, ack: seq + 1 }));
        capture.add(tcpFrame({ ...CLIENT, flags: 'PA', seq: seq + 1, ack: SERVER_ISN + 1, payload: POST }));
      }
      return [capture.file()];
    },
  },
  {
    name: 'connections that are reset',
    from: 250,
    reported: true,
    files(size) {
      const capture = new Capture();
      for (let i = 0; i < size; i++) {
        const [srcPort, src] = [1024 + (i % 60_000), `10.0.${i >> 16}.1`];
        capture.add(tcpFrame({ ...CLIENT, src, srcPort, flags: 'S', seq: i }));
        capture.add(tcpFrame({ ...SERVER, dst: src, dstPort: srcPort, flags: 'RA', ack: i + 1 }));
      }
      return [capture.file()];
    },
  },
  {
    name: 'connections that stay open',
    from: 250,
    files(size) {
      const capture = new Capture();
      for (let i = 0; i < size; i++) {
        capture.add(withPort(client(i, POST), 1024 + i), 20_000);
      }
      return [capture.file()];
    },
  },
  {
    name: 'hosts, each once',
    from: 100,
    reported: true,
    files(size) {
      const capture = new Capture();
      for (let i = 0; i < size; i++) {
        const payload = `POST / HTTP/1.1\r\nHost: h${i}.example\r\nContent-Length: 0\r\n\r\n`;
        capture.add(withPort(client(0, payload), 1024 + i));
        capture.add(withPort(server(0, REFUSAL, payload.length), 1024 + i));
      }
      return [capture.file()];
    },
  },
  {
    name: 'ICMP errors about one connection',
    from: 2000,
    files(size) {
      const capture = send(opened(), client, POST);
      const quote = { ...CLIENT, flags: 'PA', seq: CLIENT_ISN + 1 };
      const error = icmpError({ src: '192.0.2.1', dst: CLIENT.src, type: 3, code: 1, quote });
      return [capture.repeat(size, error, 10).file()];
    },
  },
];

const REFUSAL = 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n';

/** The same packet with another port of the client. */
function withPort(bytes: Buffer, port: number): Buffer {
  const fromClient = bytes.readUInt16BE(36) === CLIENT.dstPort;
  bytes.writeUInt16BE(port, fromClient ? 34 : 36);
  return bytes;
}

/** A body of this length in segments that come in this order. */
function inOrder(size: number, order: readonly number[], length = 8, step = length): Buffer[] {
  const request = head(`Content-Length: ${size * step + length}\r\n`);
  const capture = send(opened(), client, request);
  for (const index of order) capture.add(client(request.length + index * step, Buffer.alloc(length, 0x61)));
  return [capture.file()];
}
