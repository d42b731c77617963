/** Others read the evidence: tshark opens it, finds the story in it and no checksum that overwriting has spoilt. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../../src/analyzer.ts';
import { openCapture } from '../../../src/capture/file.ts';
import { bufferSource } from '../../../src/capture/memory.ts';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { KeyLog } from '../../../src/tls/keylog.ts';
import { conversation } from '../../support/conversation.ts';
import { icmpError } from '../../support/frames.ts';
import { needs, sharedCaptures } from '../../support/needs.ts';
import { type Frame, pcapBytes } from '../../support/packets-source.ts';
import { WRAPPINGS } from '../../support/wrappings.ts';
import { fullOfSecrets } from '../redaction/full-of-secrets.ts';
import { again } from './again.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'evidence-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function evidenceOf(frames: readonly Frame[], link?: number): Promise<string> {
  const capture = pcapBytes(frames, link);
  const { evidence, before, after } = await again(() => bufferSource(capture), { all: true });
  expect(after).toEqual(before);
  const path = join(directory, 'evidence.pcapng');
  writeFileSync(path, evidence);
  return path;
}

function tshark(path: string, filter: string, ...fields: string[]): string[] {
  const checks = ['tcp', 'icmp', 'udp'].flatMap((name) =>
    name === 'icmp' ? [] : ['-o', `${name}.check_checksum:TRUE`],
  );
  const shown = ['-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const text = execFileSync('tshark', ['-r', path, ...checks, '-Y', filter, ...shown], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '');
}

needs('tshark').test('every packet has its comment, and every checksum that was right is right', async () => {
  const path = await evidenceOf(fullOfSecrets());
  const comments = tshark(path, 'frame', 'frame.comment');
  expect(comments.length).toBeGreaterThan(100);
  for (const comment of comments) expect(comment).toMatch(/frame \d+ of the capture$/);
  expect(comments.filter((comment) => comment.includes('bytes overwritten')).length).toBeGreaterThan(20);
  expect(tshark(path, 'frame.comment contains "request_last_byte"', 'frame.number').length).toBeGreaterThan(
    5,
  );
  expect(
    tshark(path, 'tcp.checksum.status == "Bad" || icmp.checksum.status == "Bad"', 'frame.number'),
  ).toEqual([]);
});

needs('tshark').test('within tunnels too', async () => {
  const wrapping = WRAPPINGS.find(({ name }) => name === 'VXLAN')!;
  const { frames } = conversation({ frame: { link: 'raw' } })
    .handshake()
    .clientSends('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\ntoken=SECRET&keep=KEE')
    .ack()
    .wait(500)
    .fin('client');
  const path = await evidenceOf(
    frames.map((frame) => {
      const bytes = wrapping.wrap(frame.bytes);
      return { ...frame, bytes, wireLength: bytes.length };
    }),
    wrapping.link,
  );
  const payloads = tshark(path, 'tcp.len > 0', 'tcp.payload').map((hex) =>
    Buffer.from(hex, 'hex').toString(),
  );
  expect(payloads).toEqual(['POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\ntoken=xxxxxx&keep=KEE']);
  expect(tshark(path, 'tcp.checksum.status == "Bad"', 'frame.number')).toEqual([]);
});

needs('tshark').test(
  'what an ICMP error quotes is overwritten like the packet itself, IPv6 too',
  async () => {
    for (const [client, server, router] of [
      ['10.0.0.1', '203.0.113.44', '192.0.2.9'],
      ['2001:db8::1', '2001:db8::2', '2001:db8::9'],
    ] as const) {
      const v6 = client.includes(':');
      const at = (address: string, port: number) => (v6 ? `[${address}]:${port}` : `${address}:${port}`);
      const talk = conversation({ client: at(client, 40_000), server: at(server, 80) }).handshake();
      const payload = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 19\r\n\r\ntoken=SECRET&keep=K';
      const quote = talk.fields('client', { flags: 'PA', payload });
      talk
        .clientSends(payload)
        .raw(icmpError({ src: router, dst: client, type: v6 ? 1 : 3, code: v6 ? 0 : 1, quote }));
      talk.wait(300).retransmit('client').wait(600).retransmit('client').wait(900).fin('client');
      const path = await evidenceOf(talk.frames);
      const name = v6 ? 'icmpv6' : 'icmp';
      expect(tshark(path, name, 'frame.number')).toHaveLength(1);
      expect(tshark(path, `${name}.checksum.status == "Bad"`, 'frame.number')).toEqual([]);
    }
  },
);

test('fragments of a datagram come along, their secrets overwritten', async () => {
  const talk = conversation().handshake();
  const payload =
    `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 819\r\n\r\ntoken=${'SECRET'.repeat(133)}&keep=KEEPING`.slice(
      0,
      860,
    );
  talk.clientSends(payload).ack().wait(500).fin('client');
  const frames = talk.frames.flatMap((frame) => (frame.bytes.length > 500 ? fragmented(frame) : [frame]));
  expect(frames.length).toBe(talk.frames.length + 1);
  const capture = pcapBytes(frames);
  const { before, after, evidence, packets } = await again(() => bufferSource(capture), { all: true });
  expect(after).toEqual(before);
  expect(before).toHaveLength(1);
  expect(packets).toEqual({ before: frames.length, after: frames.length });
  expect(evidence.includes('SECRET')).toBe(false);
  expect(evidence.includes('token=xxxxxx')).toBe(true);
});

/** Ethernet and an IPv4 header without options; two fragments (RFC 791 §3.2). */
function fragmented(frame: Frame): Frame[] {
  const headers = frame.bytes.subarray(0, 34);
  const data = frame.bytes.subarray(34);
  const cut = 400;
  return [[0, data.subarray(0, cut), 0x2000] as const, [cut, data.subarray(cut), 0] as const].map(
    ([offset, part, more], i) => {
      const bytes = Buffer.concat([headers, part]);
      bytes.writeUInt16BE(20 + part.length, 16);
      bytes.writeUInt16BE(77, 18);
      bytes.writeUInt16BE(more | (offset >> 3), 20);
      return { timeNs: frame.timeNs + i, bytes, wireLength: bytes.length };
    },
  );
}

needs('tshark', 'shared-captures').test(
  'what was decrypted opens decrypted where nothing is masked',
  async () => {
    const lab = join(sharedCaptures, 'lab/17-tls/ok-tls13');
    const keys = new KeyLog();
    keys.add(readFileSync(`${lab}.keys`, 'latin1'));
    const analysis = { ...DEFAULT_OPTIONS, secrets: keys };
    const path = join(directory, 'decrypted.pcapng');
    const requests: string[][] = [];
    for (const secrets of [null, new SecretNames()]) {
      const { evidence } = await again(() => openCapture([`${lab}.pcap`]), { all: true, analysis, secrets });
      writeFileSync(path, evidence);
      requests.push(tshark(path, 'http.request', 'http.request.method'));
    }
    expect(requests).toEqual([['POST', 'POST', 'POST'], []]);
  },
);
