/**
 * Mutations of HTTP: what two sides say to each other, taken from captures or made up, changed line by line and byte by
 * byte, and laid on the wire again in any cut.
 */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { conversation, type Peer } from '../support/conversation.ts';
import { layoutOf } from './by-field.ts';
import type { FuzzPacket, Sample } from './packets.ts';
import type { Random } from './random.ts';

/** Bytes as latin1, and who says them. */
export interface Turn {
  readonly side: Peer;
  readonly text: string;
}

/** What the first connection of a capture carries, in order of its packets. */
export function turnsOf({ packets }: Sample): Turn[] {
  const turns: Turn[] = [];
  const seen = new Set<number>();
  let client = -1;
  for (const packet of packets) {
    const layout = layoutOf(packet);
    if (layout === null || layout.tcp < 0) continue;
    const { bytes } = packet;
    const data = bytes.subarray(layout.tcp + (bytes[layout.tcp + 12]! >> 4) * 4);
    const [port, other] = [bytes.readUInt16BE(layout.tcp), bytes.readUInt16BE(layout.tcp + 2)];
    if (client < 0) client = Math.max(port, other);
    if (data.length === 0 || (port !== client && other !== client)) continue;
    const key = bytes.readUInt32BE(layout.tcp + 4) * 2 + (port === client ? 1 : 0);
    if (seen.has(key)) continue;
    seen.add(key);
    turns.push({ side: port === client ? 'client' : 'server', text: data.toString('latin1') });
  }
  return turns;
}

const STARTS = [
  'POST /notify HTTP/1.1',
  'GET http://a.example:81/x?y=1 HTTP/1.0',
  'CONNECT shop.example:443 HTTP/1.1',
  'HEAD / HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'get / HTTP/1.1',
  'GET /',
  'POST  /two  HTTP/1.1 ',
  'PRI * HTTP/2.0\r\n\r\nSM',
  'POST /a HTTP/9.9',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 100 ',
  'HTTP/1.1 103 Early',
  'HTTP/1.1 101 Switching',
  'HTTP/1.1 204',
  'HTTP/1.1 304 Not',
  'HTTP/1.1 408 Late',
  'HTTP/1.1 2',
  'HTTP/1.1 999 \x1b[2J\u0080',
  'HTTP/1.0 500 Oh',
  'HTTP/2 200',
  '\x16\x03\x01\x00\x05\x01',
  '\x15\x03\x03\x00\x02\x02\x28',
];

const LINES = [
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 99999',
  'Content-Length: -1',
  'Content-Length: 9007199254740993',
  'Content-Length: 5, 5',
  'Content-Length: 5, 6',
  'Content-Length : 7',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: \x0bchunked',
  'Connection: close',
  'Connection: upgrade\r\nUpgrade: websocket',
  'Expect: 100-continue',
  'Content-Encoding: gzip',
  'Content-Encoding: br, gzip, deflate',
  'Content-Type: text/plain; charset="utf-16le',
  'Host:',
  'Host: a.example:99999',
  'Host: [::1]:80\u0085',
  ' folded',
  '\tfolded',
  ': nameless',
  'no colon',
  'X: \x00\x1b]0;t\x07\x9b\xe2\x80\xae',
  `Long: ${'y'.repeat(5000)}`,
];

const CHUNKS = [
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '5;a="b\r\n',
  'ffffffffffffffff\r\n',
  '-1\r\n',
  '0x5\r\n',
  ' 5 \r\n',
  '\r\n',
];

type Edit = (text: string, random: Random) => string;

const EDITS: readonly Edit[] = [
  (text, random) => replaceLine(text, 0, random.pick(STARTS)),
  (text, random) => insertLine(text, random, random.pick(LINES)),
  (text, random) => insertLine(text, random, random.pick(LINES)),
  (text, random) => {
    const lines = text.split('\r\n');
    lines.splice(random.below(lines.length), 1);
    return lines.join('\r\n');
  },
  (text, random) =>
    insertLine(text, random, Array.from({ length: random.about(3000) }, (_, i) => `h${i}: v`).join('\r\n')),
  (text, random) => insert(text, random, random.pick(CHUNKS)),
  (text, random) => insert(text, random, random.pick(STARTS)),
  (text, random) => insert(text, random, random.bytes(random.about(40)).toString('latin1')),
  (text, random) => insert(text, random, random.pick(['\r\n', '\n', '\r', '\0', ' ', ':', '\r\n\r\n'])),
  (text, random) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + random.about(64));
  },
  (text, random) => {
    const at = random.below(text.length + 1);
    return insert(text, random, text.slice(at, at + random.about(512)).repeat(random.about(4)));
  },
  (text) => text.replaceAll('\r\n', '\n'),
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => chunked(text, random),
  (text, random) => coded(text, random),
  (text, random) => {
    const at = random.below(text.length + 1);
    return `${text.slice(0, at)}${String.fromCharCode(random.below(256))}${text.slice(at + 1)}`;
  },
];

/** Message bytes, changed a few times. Bounded: a text that has grown large is left as it is. */
export function edited(text: string, random: Random): string {
  let made = text;
  for (let left = random.about(6); left > 0 && made.length < 100_000; left--)
    made = random.pick(EDITS)(made, random);
  return made;
}

export function editedTurns(turns: readonly Turn[], random: Random): Turn[] {
  const made = [...turns];
  for (let left = random.about(5); left > 0; left--) {
    if (made.length === 0) break;
    const at = random.below(made.length);
    const turn = made[at]!;
    switch (random.below(8)) {
      case 0:
        made.splice(at, 1);
        break;
      case 1:
        made.splice(at, 0, turn);
        break;
      case 2:
        made.splice(random.below(made.length), 0, ...made.splice(at, 1));
        break;
      case 3:
        made.splice(at, 1, ...Array.from({ length: random.about(40) }, () => turn));
        break;
      default:
        made[at] = { ...turn, text: edited(turn.text, random) };
    }
  }
  return made;
}

/** The packets of a connection that says this, cut anywhere. */
export function laid(turns: readonly Turn[], random: Random): FuzzPacket[] {
  const v6 = random.chance(0.1);
  const talk = conversation({
    ...(v6 ? { client: '[2001:db8::1]:40000', server: '[2001:db8::2]:80' } : {}),
    rtt: random.pick([0, 1, 30, 2000]),
    clientIsn: random.chance(0.3) ? 2 ** 32 - random.about(5000) : random.word(),
    serverIsn: random.chance(0.3) ? 2 ** 32 - random.about(5000) : random.word(),
  });
  if (random.chance(0.85)) talk.handshake();
  else talk.established();
  const longest = random.pick([1460, 1460, 536, 64_000, 17, 1]);
  for (const { side, text } of turns) {
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; ) {
      // Many tiny segments of one text are the growth tests' matter.
      const length = bytes.length - at > 400 * longest ? 1460 : random.between(1, longest);
      const fields = { flags: 'PA', payload: bytes.subarray(at, at + length) };
      at += length;
      const fate = random.below(50);
      if (fate === 0) talk.drop();
      else if (fate === 1) talk.lose();
      talk.segment(side, fields);
      if (random.chance(0.2)) talk.ack(side === 'client' ? 'server' : 'client');
      if (random.chance(0.03)) talk.wait(random.pick([1, 200, 1500, 31_000, 70_000])).retransmit(side);
    }
    if (random.chance(0.5)) talk.ack(side === 'client' ? 'server' : 'client');
    if (random.chance(0.1)) talk.wait(random.pick([1, 900, 31_000]));
  }
  switch (random.below(5)) {
    case 0:
      talk.close('client');
      break;
    case 1:
      talk.close('server');
      break;
    case 2:
      talk.rst(random.pick(['client', 'server']));
      break;
    case 3:
      talk.fin(random.pick(['client', 'server']));
  }
  return talk.frames.map(({ timeNs, bytes, wireLength }) => ({ time: timeNs, link: 1, bytes, wireLength }));
}

function replaceLine(text: string, index: number, line: string): string {
  const lines = text.split('\r\n');
  lines[index] = line;
  return lines.join('\r\n');
}

function insertLine(text: string, random: Random, line: string): string {
  const lines = text.split('\r\n');
  const end = lines.indexOf('');
  lines.splice(1 + random.below(end > 0 ? end : lines.length), 0, line);
  return lines.join('\r\n');
}

function insert(text: string, random: Random, part: string): string {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + part + text.slice(at);
}

/** The body in chunks, sometimes with one size that is wrong. */
function chunked(text: string, random: Random): string {
  const [head, body] = parted(text);
  let chunks = '';
  for (let at = 0; at < body.length; ) {
    const length = random.about(200);
    const part = body.slice(at, at + length);
    const told = random.chance(0.05) ? random.below(300) : part.length;
    chunks += `${told.toString(16)}${random.chance(0.1) ? ';x=y' : ''}\r\n${part}\r\n`;
    at += length;
  }
  return `${head}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n${random.chance(0.2) ? 'T: u\r\n' : ''}\r\n`;
}

const CODERS = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
] as const;

/** The body compressed, a few times over, and sometimes damaged. */
function coded(text: string, random: Random): string {
  const [head, body] = parted(text);
  let bytes: Buffer = Buffer.from(body, 'latin1');
  const names: string[] = [];
  for (let left = random.between(1, 4); left > 0; left--) {
    const [name, encode] = random.pick(CODERS);
    bytes = encode(bytes);
    names.push(name);
  }
  if (random.chance(0.2) && bytes.length > 0) bytes[random.below(bytes.length)] = random.word();
  const fields = `Content-Encoding: ${names.join(', ')}\r\nContent-Length: ${bytes.length}`;
  return `${head}\r\n${fields}\r\n\r\n${bytes.toString('latin1')}`;
}

function parted(text: string): [head: string, body: string] {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 4)];
}
