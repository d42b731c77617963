/**
 * The merchant's server, a process of its own: each port behaves in its own way, and everything that reaches the program is
 * logged as a line of JSON. What it says is the truth that verdicts are held against.
 */
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { PORTS } from './story.ts';

function log(event: string, port: number, client: number | undefined, more: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, port, client, ...more })}\n`);
}

const servers = [
  http(PORTS.answered, 200, 'success'),
  http(PORTS.failed, 500, 'no'),
  http(PORTS.blackHole, 200, 'success'),
  // Reads, and keeps silent for ever.
  tcp(PORTS.silent, (socket, port) => onRequest(socket, port, () => {})),
  tcp(PORTS.silentLong, (socket, port) => onRequest(socket, port, () => {})),
  tcp(PORTS.reset, (socket, port) => onRequest(socket, port, () => socket.resetAndDestroy())),
  tcp(PORTS.closed, (socket, port) => onRequest(socket, port, () => socket.end())),
  tcp(PORTS.cut, (socket, port) =>
    onRequest(socket, port, () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsucc')),
  ),
  // Answers only when the client has given up.
  tcp(PORTS.late, (socket, port) => {
    onRequest(socket, port, () => {});
    socket.on('end', () => {
      log('answers', port, socket.remotePort);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess');
    });
  }),
  // Answers, and closes the connection that the client keeps for its next request.
  tcp(PORTS.stale, (socket, port) =>
    onRequest(socket, port, () => {
      log('answers', port, socket.remotePort);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess', () => socket.destroy());
    }),
  ),
];

function http(port: number, status: number, body: string) {
  return createHttp((request: IncomingMessage, response) => {
    request.resume().on('end', () => {
      log('request', port, request.socket.remotePort);
      response.writeHead(status, { 'content-length': body.length }).end(body);
      log('answers', port, request.socket.remotePort);
    });
  }).listen(port, '::');
}

function tcp(port: number, onConnection: (socket: Socket, port: number) => void) {
  return createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', (error) => log('error', port, socket.remotePort, { reason: error.message }));
    onConnection(socket, port);
  }).listen(port, '::');
}

/** Every request of the lab ends with its body's last word. */
function onRequest(socket: Socket, port: number, act: () => void): void {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
    if (!text.endsWith('end')) return;
    text = '';
    log('request', port, socket.remotePort);
    act();
  });
}

await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
process.stdout.write('{"event":"listening"}\n');
