/** Frames by hand, for what no library sends. */
import { PREFACE } from '../../src/http2/frame.ts';

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;

/** A field section of literals that are not indexed, or as it is given. */
export function block(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([integer(value.length, 7), Buffer.from(value, 'latin1')]);
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])),
  );
}

/** RFC 7541 §5.1. @param first bits of the first octet before the prefix. */
export function integer(value: number, prefix: number, first = 0): Buffer {
  const most = 2 ** prefix - 1;
  if (value < most) return Buffer.of(first | value);
  const octets = [first | most];
  let rest = value - most;
  for (; rest > 127; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  return Buffer.from([...octets, rest]);
}

export const headers = (stream: number, fields: Readonly<Record<string, string>>, flags = END_HEADERS) =>
  frame(1, flags, stream, block(fields));

export const data = (stream: number, text: string, flags = 0) =>
  frame(0, flags, stream, Buffer.from(text, 'latin1'));

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const pairs = Object.entries(values).map(([id, value]) => {
    const pair = Buffer.alloc(6);
    pair.writeUInt16BE(Number(id));
    pair.writeUInt32BE(value, 2);
    return pair;
  });
  return frame(4, 0, 0, Buffer.concat(pairs));
}

export const SETTINGS_ACK = frame(4, 1, 0);

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A client's direction: preface, settings and what follows. */
export const fromClient = (...frames: readonly Buffer[]) => Buffer.concat([PREFACE, settings(), ...frames]);

export const GET = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a.example' };
