/** Between a browser and a server of the world: the same fields and data as tshark reads. */
import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { Agenda } from '../../src/agenda.ts';
import { openCapture } from '../../src/capture/file.ts';
import { keep, type Moment } from '../../src/capture/packet.ts';
import { decode } from '../../src/decode/decode.ts';
import { Fragments } from '../../src/decode/fragments.ts';
import { createSegment } from '../../src/decode/segment.ts';
import type { Connection, Side, StreamSink } from '../../src/tcp/stream.ts';
import { ConnectionTable } from '../../src/tcp/table.ts';
import { withEmbedded } from '../../src/tls/keylog.ts';
import { TLS } from '../../src/tls/session.ts';
import { needs, sharedCaptures } from '../support/needs.ts';
import { CLIENT, type Piece, play, SERVER, type Told } from './recorder.ts';

const CAPTURE = `${sharedCaptures}public/mikekap+pcap2har/http2-dump.pcap`;

/** What TLS of the capture's only connection carries, in order. */
async function plaintextOf(path: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  const source = openCapture([path]);
  const agenda = new Agenda();
  const open = (connection: Connection): readonly [StreamSink, StreamSink] => {
    const session = TLS.open(
      {
        onClient() {},
        onPlain: (side, bytes, start, end) => {
          pieces.push({ side, bytes: Buffer.from(bytes.subarray(start, end)) });
        },
        onPlainGap: (side, gap) => pieces.push({ side, gap }),
        onSealed() {},
        onSealedEnd() {},
        onSealedGap() {},
        onForeign() {},
      },
      {
        client: CLIENT,
        secrets: withEmbedded(null, source.facts.keyLogs ?? [], () => {}),
        onLimit() {},
        stored: connection.stored,
        roundTrip: null,
      },
    );
    const sinkOf = (side: Side): StreamSink => ({
      onBytes: (bytes, start, end, at) =>
        session.onBytes(side, bytes, start, end, connection.sides[side].next - (end - start), at),
      onGap: (length, at) => session.onGap(side, length, connection.sides[side].next - length, at),
      onEnd: () => session.onEnd(side),
    });
    return [sinkOf(0), sinkOf(1)];
  };
  const table = new ConnectionTable(open, agenda, () => {});
  const segment = createSegment();
  const fragments = new Fragments(() => {});
  let last: Moment = { time: 0, file: 0, frame: 0 };
  await source.run((packet) => {
    if (decode(packet, segment, fragments) === 'tcp') table.onSegment(segment, segment.bytes);
    last = keep(packet);
  });
  table.end(last);
  return pieces;
}

interface Layers {
  readonly 'tcp.srcport': readonly string[];
  readonly 'http2.header.name'?: readonly string[];
  readonly 'http2.header.value'?: readonly string[];
  readonly 'http2.type'?: readonly string[];
}

function dissected(path: string): { fields: string[][]; types: string[][] } {
  const names = ['tcp.srcport', 'http2.header.name', 'http2.header.value', 'http2.type'];
  const text = execFileSync(
    'tshark',
    ['-r', path, '-Y', 'http2', '-T', 'json', ...names.flatMap((name) => ['-e', name])],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const packets = JSON.parse(text) as readonly { readonly _source: { readonly layers: Layers } }[];
  const fields: string[][] = [[], []];
  const types: string[][] = [[], []];
  for (const { _source } of packets) {
    const { layers } = _source;
    const side = layers['tcp.srcport'][0] === '443' ? SERVER : CLIENT;
    const values = layers['http2.header.value'] ?? [];
    for (const [i, name] of (layers['http2.header.name'] ?? []).entries())
      fields[side]!.push(`${name}: ${values[i]}`);
    types[side]!.push(...(layers['http2.type'] ?? []));
  }
  return { fields, types };
}

const TYPES: Partial<Record<Told['call'], string>> = {
  data: '0',
  headers: '1',
  reset: '3',
  settings: '4',
  push: '5',
  ping: '6',
  goaway: '7',
  window: '8',
};

needs('tshark', 'shared-captures').test(
  'fields and frames of a capture are those that tshark finds',
  async () => {
    const theirs = dissected(CAPTURE);
    const { told } = play(await plaintextOf(CAPTURE));
    for (const side of [CLIENT, SERVER] as const) {
      const here = told.filter((one) => one.side === side);
      const fields = here.flatMap((one) =>
        'fields' in one ? one.fields.map(([name, value]) => `${name}: ${value}`) : [],
      );
      expect(fields.length).toBeGreaterThan(50);
      expect(fields).toEqual(theirs.fields[side]);
      expect(here.map(({ call }) => TYPES[call] ?? call)).toEqual(theirs.types[side]);
    }
  },
);
