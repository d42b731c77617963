/**
 * Runs frames through decoder and connection table and keeps what the streams were told: text with gaps written as
 * `<n>`, how each direction ended, and the order in which the two directions came.
 */
import { Agenda } from '../../src/agenda.ts';
import type { Moment, Packet } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { createSegment } from '../../src/decode/segment.ts';
import type { LimitName } from '../../src/limits.ts';
import type { Connection, Direction, EndCause, Side, StreamSink } from '../../src/tcp/stream.ts';
import { ConnectionTable } from '../../src/tcp/table.ts';
import { type Frame, packetsSource, type SourceOptions } from '../support/packets-source.ts';

export interface SeenStream {
  /** Payload as latin1, gaps as `<length>`. */
  text: string;
  readonly gaps: { length: number; offset: number; frame: number }[];
  /** Frame that brought each run of bytes. */
  readonly frames: number[];
  end: EndCause | null;
  ends: number;
  /** Something came after the end. */
  afterEnd: boolean;
}

export interface Seen {
  readonly connection: Connection;
  readonly streams: readonly [SeenStream, SeenStream];
  /** Which side was told bytes or a gap, in order, repeats left out. */
  turns: string;
}

export interface Observation {
  readonly connections: readonly Seen[];
  readonly table: ConnectionTable;
  /** Of which connection each frame was, by its number. */
  readonly ids: readonly number[];
  readonly limits: readonly LimitName[];
}

interface ObserveOptions extends SourceOptions {
  /** Called after each frame with what is known by then. */
  readonly atFrame?: (frame: number, seen: readonly Seen[]) => void;
  /** Lets go of what was closed in order. */
  readonly forgets?: boolean;
}

export async function observe(frames: readonly Frame[], options: ObserveOptions = {}): Promise<Observation> {
  const connections: Seen[] = [];
  const limits: LimitName[] = [];
  const agenda = new Agenda();
  const open = (connection: Connection): readonly [StreamSink, StreamSink] => {
    const seen: Seen = { connection, streams: [emptyStream(), emptyStream()], turns: '' };
    connections.push(seen);
    return [sinkOf(seen, 0), sinkOf(seen, 1)];
  };
  const ids: number[] = [];
  const table = new ConnectionTable(open, agenda, (name) => limits.push(name), false, options.forgets);
  const segment = createSegment();
  let last: Moment = { time: 0, file: 0, frame: 0 };
  await packetsSource(frames, options).run((packet: Packet) => {
    agenda.advance(packet.time);
    const outcome = decode(packet, segment);
    if (outcome === 'tcp') ids.push(table.onSegment(segment, packet.bytes));
    else if (outcome === 'icmp') table.onIcmp(segment);
    else throw new Error(`frame ${packet.frame} was decoded as ${outcome}`);
    last = { time: packet.time, file: 0, frame: packet.frame };
    options.atFrame?.(packet.frame, connections);
  });
  table.end(last);
  return { connections, table, ids, limits };
}

/** What is expected to be the only connection. */
export async function observeOne(frames: readonly Frame[], options: SourceOptions = {}) {
  const { connections, table, limits } = await observe(frames, options);
  const only = connections[0];
  if (only === undefined || connections.length !== 1) {
    throw new Error(`${connections.length} connections where one was expected`);
  }
  const [first, second] = only.streams;
  const sides: readonly [Direction, Direction] = only.connection.sides;
  return { ...only, first, second, sides, table, limits };
}

/** The frames with those at two positions in each other's place and time. */
export function swapped(frames: readonly Frame[], a: number, b: number): Frame[] {
  const out = [...frames];
  out[a] = { ...frames[b]!, timeNs: frames[a]!.timeNs };
  out[b] = { ...frames[a]!, timeNs: frames[b]!.timeNs };
  return out;
}

function emptyStream(): SeenStream {
  return { text: '', gaps: [], frames: [], end: null, ends: 0, afterEnd: false };
}

function sinkOf(seen: Seen, side: Side): StreamSink {
  const stream = seen.streams[side];
  let offset = 0;
  const turn = () => {
    if (!seen.turns.endsWith(String(side))) seen.turns += String(side);
    stream.afterEnd ||= stream.ends > 0;
  };
  return {
    onBytes(bytes, start, end, at) {
      turn();
      stream.text += bytes.toString('latin1', start, end);
      stream.frames.push(at.frame);
      offset += end - start;
    },
    onGap(length, at) {
      turn();
      stream.text += `<${length}>`;
      stream.gaps.push({ length, offset, frame: at.frame });
      offset += length;
    },
    onEnd(cause) {
      stream.end = cause;
      stream.ends++;
    },
  };
}
