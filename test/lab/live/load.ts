/**
 * A load of requests between two of the lab's places: `serve PORT` answers, `ask HOST PORT CONNECTIONS SECONDS [RATE]` asks on so
 * many connections, one request after the other on each, RATE of them a second or as fast as it can, and tells how many were
 * answered. Raw sockets: what is measured is who captures, and the load must cost as little as it can.
 */
import { connect, createServer, type Socket } from 'node:net';

const BODY = '{"out_trade_no":"2026112300001","trade_status":"SUCCESS"}';
const REQUEST = Buffer.from(
  `POST /notify HTTP/1.1\r\nHost: load.example\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);
const RESPONSE = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess');

const [role, ...args] = process.argv.slice(2);
if (role === 'serve') serve(Number(args[0]));
else
  ask(
    args[0]!,
    Number(args[1]),
    Number(args[2]),
    Number(args[3]),
    Number(args[4] ?? Number.POSITIVE_INFINITY),
  );

function serve(port: number): void {
  createServer({ noDelay: true }, (socket) => {
    let received = 0;
    socket.on('error', () => {});
    socket.on('data', ({ length }) => {
      received += length;
      for (; received >= REQUEST.length; received -= REQUEST.length) socket.write(RESPONSE);
    });
  }).listen(port, '::', () => console.log('listening'));
}

function ask(host: string, port: number, connections: number, seconds: number, rate: number): void {
  let answered = 0;
  let open = connections;
  let sent = 0;
  /** Those that may send their next request when it is due. */
  const idle: Socket[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const send = () => {
    const due =
      rate === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : (rate * (performance.now() - start)) / 1000;
    for (; sent < due && idle.length > 0; sent++) idle.shift()!.write(REQUEST);
  };
  const ticks = setInterval(send, 1);
  for (let i = 0; i < connections; i++) {
    const socket = connect({ host, port, noDelay: true }, () => {
      idle.push(socket);
      send();
    });
    let received = 0;
    socket.on('data', ({ length }) => {
      received += length;
      if (received < RESPONSE.length) return;
      received -= RESPONSE.length;
      answered++;
      if (performance.now() >= end) socket.end();
      else {
        idle.push(socket);
        if (rate === Number.POSITIVE_INFINITY) send();
      }
    });
    socket.on('close', () => {
      open--;
      if (open > 0) return;
      clearInterval(ticks);
      console.log(JSON.stringify({ answered, connections }));
    });
  }
}
