/**
 * Frames of HTTP/2 as bytes (RFC 9113 §4, §6), for connections that tests make up: field sections as literals, so that what
 * a test says is what stands on the wire.
 */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const SETTING = { maxConcurrentStreams: 3, initialWindowSize: 4 } as const;
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  refused: 7,
  cancel: 8,
  calm: 11,
  http11: 13,
} as const;

export type Fields = Readonly<Record<string, string>>;

export interface FrameFlags {
  /** END_STREAM. */
  readonly end?: boolean;
  /** Bytes of padding, the length octet not counted. */
  readonly padding?: number;
  /** How HPACK writes each field: 'plain' without indexing, 'indexed' with. */
  readonly coding?: 'plain' | 'indexed';
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function headers(
  stream: number,
  fields: Fields,
  { end = true, coding = 'plain' }: FrameFlags = {},
): Buffer {
  return frame(1, 4 | (end ? 1 : 0), stream, section(fields, coding));
}

export function data(
  stream: number,
  body: string | Buffer,
  { end = true, padding = 0 }: FrameFlags = {},
): Buffer {
  const bytes = Buffer.from(body);
  const flags = (end ? 1 : 0) | (padding > 0 ? 8 : 0);
  const padded = padding > 0 ? Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]) : bytes;
  return frame(0, flags, stream, padded);
}

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return frame(4, 0, 0, Buffer.concat(entries));
}

export const SETTINGS_ACK = frame(4, 1, 0);

export const PING = frame(6, 0, 0, Buffer.alloc(8));

export const rstStream = (stream: number, error: number) => frame(3, 0, stream, word(error));
export const windowUpdate = (stream: number, increment: number) => frame(8, 0, stream, word(increment));

export function goAway(lastStream: number, error: number = ERROR.none, debug = ''): Buffer {
  return frame(7, 0, 0, Buffer.concat([word(lastStream), word(error), Buffer.from(debug)]));
}

export function pushPromise(stream: number, promised: number, fields: Fields): Buffer {
  return frame(5, 4, stream, Buffer.concat([word(promised), section(fields, 'plain')]));
}

/** RFC 7541 §6.2.1 or §6.2.2, names and values as they are (§5.2). */
export function section(fields: Fields, coding: 'plain' | 'indexed' = 'plain'): Buffer {
  const first = Buffer.from([coding === 'plain' ? 0 : 0x40]);
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [first, text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541 §5.1. @param first bits of the first octet before the prefix. */
export function integer(value: number, prefix: number, first = 0): Buffer {
  const most = 2 ** prefix - 1;
  if (value < most) return Buffer.of(first | value);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
