/**
 * The sender's program: makes every attempt of the lab with Node's own HTTP client, over IPv4 and IPv6, all at once, and
 * logs what became of each as a line of JSON. What is meant to wait longer than anybody looks waits until standard input
 * is closed.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { MERCHANT, MERCHANT6 } from './network.ts';
import { type Attempt, clientPort, PORTS, SHORT, type Story } from './story.ts';

const told = new Promise((resolve) => process.stdin.resume().on('end', resolve));

const BODY = `{"out_trade_no":"2026112300001","pad":"${'x'.repeat(200)}"}end`;

function log(attempt: Attempt): void {
  process.stdout.write(`${JSON.stringify(attempt)}\n`);
}

async function attempt(story: Story, family: 4 | 6): Promise<void> {
  const client = clientPort(story, family);
  const result = await new Promise<string>((resolve) => {
    const post = request({
      host: family === 4 ? MERCHANT : MERCHANT6,
      port: PORTS[story],
      localPort: client,
      method: 'POST',
      path: `/notify/${story}`,
      agent: false,
      headers: { 'content-length': BODY.length },
    });
    const giveUp = () => {
      resolve('timeout');
      post.destroy();
    };
    if (story === 'dropped') setTimeout(giveUp, SHORT);
    // From when the request is on its way, however busy this machine is.
    if (story === 'silent' || story === 'late') post.on('finish', () => setTimeout(giveUp, SHORT));
    if (story === 'silentLong' || story === 'blackHole') told.then(giveUp);
    post.on('response', (response) => {
      response.on('error', (error) => resolve(codeOf(error)));
      response.resume().on('end', () => resolve(String(response.statusCode)));
    });
    post.on('error', (error) => resolve(codeOf(error)));
    post.end(BODY);
  });
  log({ story, family, client, index: 1, result });
}

/** The second request goes out when the FIN has come and before anybody could have known: as pools of connections do. */
async function keepAliveRace(family: 4 | 6): Promise<void> {
  const host = family === 4 ? MERCHANT : MERCHANT6;
  const client = clientPort('stale', family);
  const head = `POST /notify/stale HTTP/1.1\r\nHost: ${family === 4 ? host : `[${host}]`}:${PORTS.stale}\r\n`;
  const post = `${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const end = (index: number, result: string) => log({ story: 'stale', family, client, index, result });
  await new Promise<void>((resolve) => {
    const socket = connect({ host, port: PORTS.stale, localPort: client, allowHalfOpen: true });
    socket.on('connect', () => socket.write(post));
    socket.once('data', () => end(1, '200'));
    socket.on('end', async () => {
      socket.write(post);
      // Node no longer reads after the FIN, so that only the next write meets what the kernel knows by then.
      while (isKnown(client, family)) await new Promise((again) => setTimeout(again, 5));
      socket.write(post);
    });
    socket.on('error', (error) => {
      end(2, codeOf(error));
      resolve();
    });
  });
}

/** Whether the kernel still has a connection from this port: a reset one it has forgotten. */
function isKnown(port: number, family: 4 | 6): boolean {
  const table = readFileSync(family === 4 ? '/proc/self/net/tcp' : '/proc/self/net/tcp6', 'latin1');
  const name = `:${port.toString(16).toUpperCase()} `;
  return table.includes(name);
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

const stories = (Object.keys(PORTS) as Story[]).filter((story) => story !== 'stale');
await Promise.all(
  ([4, 6] as const).flatMap((family) => [
    ...stories.map((story) => attempt(story, family)),
    keepAliveRace(family),
  ]),
);
