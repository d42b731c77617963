/** What the other tests stand on: frames that an independent program finds right, and a source that is as unkind as it says. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openCapture } from '../../src/capture/file.ts';
import type { PacketSource } from '../../src/capture/packet.ts';
import { type ConversationOptions, conversation } from './conversation.ts';
import { icmpError } from './frames.ts';
import { needs } from './needs.ts';
import { type Frame, merged, packetsSource, pcapBytes, snapped } from './packets-source.ts';

const V6: ConversationOptions = { client: '[2001:db8::1]:40000', server: '[2001:db8::2:1]:80', start: 3_000 };

function talk(options: ConversationOptions = {}): Frame[] {
  const talking = conversation(options)
    .handshake()
    .clientSends('POST / HTTP/1.1\r\n\r\n'.padEnd(3000, 'x'))
    .ack()
    .serverSends('HTTP/1.1 204 No Content\r\n\r\n')
    .ack()
    .close('client');
  const { src, dst } = talking.fields('server');
  const v6 = src.includes(':');
  return talking.raw(
    icmpError({
      src,
      dst,
      type: v6 ? 1 : 3,
      code: 1,
      quote: talking.fields('client', { flags: 'S', ack: 0 }),
    }),
  ).frames;
}

const folder = mkdtempSync(join(tmpdir(), 'wirewitness-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(frames: readonly Frame[]): string {
  const path = join(folder, 'frames.pcap');
  writeFileSync(path, pcapBytes(frames));
  return path;
}

interface Copy {
  readonly time: number;
  readonly wireLength: number;
  readonly hex: string;
}

async function packetsOf(source: PacketSource): Promise<Copy[]> {
  const copies: Copy[] = [];
  await source.run(({ time, wireLength, bytes, start, end }) => {
    copies.push({ time, wireLength, hex: bytes.toString('hex', start, end) });
  });
  return copies;
}

needs('tshark').describe('tshark', () => {
  const fields = [
    'ip.checksum.status',
    'tcp.checksum.status',
    'icmp.checksum.status',
    'icmpv6.checksum.status',
  ];
  /** Checksum states by frame (0 bad, 1 good), and what it is suspicious of. */
  function judged(frames: readonly Frame[]): { states: string[][]; suspicions: string } {
    const options = ['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE', '-E', 'occurrence=f'];
    const columns = [...fields, '_ws.malformed', 'tcp.analysis.flags'].flatMap((field) => ['-e', field]);
    const path = written(frames);
    const ended = spawnSync('tshark', ['-r', path, '-T', 'fields', ...options, ...columns], {
      encoding: 'utf8',
    });
    const rows = ended.stdout.split('\n').slice(0, -1);
    const cells = rows.map((row) => row.split('\t'));
    // A quoted segment is to tshark one of the connection, and out of place.
    const segments = cells.filter((row) => row[2] === '' && row[3] === '');
    return {
      states: cells.map((row) => row.slice(0, fields.length).filter((cell) => cell !== '')),
      suspicions: segments.map((row) => row.slice(fields.length).join('')).join(''),
    };
  }

  test('finds every checksum right and every sequence number in its place', () => {
    const frames = merged(talk(), talk({ ...V6, frame: { ipv6Extensions: ['hopByHop', 'routing', 'ah'] } }));
    const { states, suspicions } = judged(frames);
    expect(states.length).toBe(frames.length);
    for (const row of states) expect(row.length).toBeGreaterThan(0);
    for (const row of states) expect(new Set(row)).toEqual(new Set(['1']));
    expect(suspicions).toBe('');
  });

  test('finds those wrong that are asked to be', () => {
    const { states } = judged(talk({ frame: { badChecksums: true } }).slice(0, 3));
    for (const row of states) expect(row).toEqual(['0', '0']);
  });
});

describe('packetsSource', () => {
  test('agrees with a file of the same frames', async () => {
    const frames = snapped(merged(talk(), talk(V6)), 80);
    const fromFile = openCapture([written(frames)]);
    const source = packetsSource(frames);
    expect(await packetsOf(source)).toEqual(await packetsOf(fromFile));
    const { packets, epoch, firstTime, lastTime } = fromFile.facts;
    expect(source.facts).toMatchObject({ packets, epoch, firstTime, lastTime });
  });

  test('takes back what it lent', async () => {
    const seen = new Set<unknown>();
    let bytes: Buffer = Buffer.alloc(0);
    await packetsSource(talk()).run((packet) => {
      seen.add(packet);
      bytes = packet.bytes;
    });
    expect(seen.size).toBe(1);
    expect(new Set(bytes)).toEqual(new Set([0xee]));
  });
});

describe('conversation', () => {
  test('acknowledges what arrived: dropped packets, not lost ones', () => {
    const talking = conversation({ clientIsn: 1000 }).established();
    const acked = (): number => (talking.server.received ?? 0) - 1001;
    talking.drop().clientSends('1234');
    expect([talking.frames.length, acked()]).toEqual([0, 4]);
    talking.lose().clientSends('5678').clientSends('90');
    expect([talking.frames.length, acked()]).toEqual([2, 4]);
    talking.clientSends('5678', { seq: 1005 });
    expect(acked()).toBe(10);
    talking.fin('client').retransmit('client');
    expect(acked()).toBe(11);
  });

  test('wraps around', () => {
    const talking = conversation({ clientIsn: 0xfffffffe }).handshake().clientSends('1234').ack();
    expect(talking.client.next).toBe(3);
    expect(talking.server.received).toBe(3);
  });
});
