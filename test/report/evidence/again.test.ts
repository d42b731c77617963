/** The evidence says what the capture said: same verdict and same fault for every transaction, of whatever capture. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../../src/analyzer.ts';
import { openCapture } from '../../../src/capture/file.ts';
import { bufferSource } from '../../../src/capture/memory.ts';
import type { PacketSource } from '../../../src/capture/packet.ts';
import { KeyLog } from '../../../src/tls/keylog.ts';
import type { AnalysisOptions } from '../../../src/verdict/verdict.ts';
import { collect } from '../../capture/collect.ts';
import { conversation } from '../../support/conversation.ts';
import { needs, projectRoot, sharedCaptures } from '../../support/needs.ts';
import { merged, packetsSource, pcapBytes } from '../../support/packets-source.ts';
import { again } from './again.ts';

const FIXTURES = join(projectRoot, 'fixtures');
const NAMES = readdirSync(FIXTURES).filter((name) => /\.pcap(ng)?$/.test(name));

const shared = needs('shared-captures');

for (const all of [false, true]) {
  test.each(NAMES)(`${all ? 'all' : 'the failed'} of %s`, async (name) => {
    const { before, after } = await again(() => openCapture([join(FIXTURES, name)]), { all });
    expect(after).toEqual(before);
  });
}

shared.test(
  'all of every capture of the lab',
  async () => {
    const lab = join(sharedCaptures, 'lab');
    const names = readdirSync(lab, { recursive: true, encoding: 'utf8' });
    const captures = names.filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name));
    let transactions = 0;
    for (const name of captures) {
      const { before, after } = await again(() => openCapture([join(lab, name)]), { all: true });
      expect({ name, told: after }).toEqual({ name, told: before });
      transactions += before.length;
    }
    expect(transactions).toBeGreaterThan(300);
  },
  60_000,
);

describe('what was decrypted', () => {
  const tls = join(sharedCaptures, 'lab/17-tls');
  const keyed = existsSync(tls) ? readdirSync(tls).filter((name) => name.endsWith('.keys')) : [];

  function withKeys(path: string): { open: () => PacketSource; analysis: AnalysisOptions; lines: string } {
    const lines = readFileSync(path, 'latin1');
    const secrets = new KeyLog();
    secrets.add(lines);
    secrets.end();
    const capture = path.replace(/keys$/, 'pcap');
    return { open: () => openCapture([capture]), analysis: { ...DEFAULT_OPTIONS, secrets }, lines };
  }

  shared.test('is told again with the same key log, which is not in the file', async () => {
    expect(keyed.length).toBeGreaterThan(5);
    for (const name of keyed) {
      const { open, analysis } = withKeys(join(tls, name));
      const { before, after, evidence } = await again(open, { all: true, analysis });
      expect({ name, told: after }).toEqual({ name, told: before });
      expect(evidence.includes('_SECRET') || evidence.includes('CLIENT_RANDOM')).toBe(false);
      expect(commentsOf(evidence)).toContain('their keys are not in this file');
    }
  });

  shared.test('is told again without one where nothing is masked: the file holds the secrets', async () => {
    for (const name of keyed) {
      const { open, analysis } = withKeys(join(tls, name));
      const options = { all: true, analysis, secrets: null, keysAgain: false };
      const { before, after, evidence } = await again(open, options);
      expect({ name, told: after }).toEqual({ name, told: before });
      expect(commentsOf(evidence)).toContain('TLS secrets of these connections, and of no other');
    }
  });

  shared.test('of a capture that holds the secrets itself too', async () => {
    const open = () => openCapture([join(tls, 'dsb-embedded.pcapng')]);
    const masked = await again(open, { all: true });
    expect(masked.before.map(({ verdict }) => verdict)).toContain('delivered delivered ');
    expect(masked.after).toEqual(masked.before);
    expect(masked.evidence.includes('_SECRET')).toBe(false);
    const bare = await again(open, { all: true, secrets: null, keysAgain: false });
    expect(bare.after).toEqual(masked.before);
  });

  shared.test('the secrets are those of the connections in the file, and of no other', async () => {
    const names = ['ok-tls13', 'never-answers-tls13'];
    const lines = names.map((name) => withKeys(join(tls, `${name}.keys`)).lines).join('');
    const secrets = new KeyLog();
    secrets.add(lines);
    const paths = names.map((name) => join(tls, `${name}.pcap`));
    const analysis = { ...DEFAULT_OPTIONS, secrets };
    const { evidence } = await again(() => openCapture(paths), { all: false, analysis, secrets: null });
    const randoms = [...new Set([...lines.matchAll(/^\S+ ([\da-f]{64}) /gm)].map(([, random]) => random!))];
    // A ClientHello has it as bytes, the key log as text.
    const present = randoms.filter((random) => evidence.includes(Buffer.from(random, 'hex')));
    expect(randoms.filter((random) => evidence.includes(random))).toEqual(present);
    expect(present.length).toBeGreaterThan(0);
    expect(present.length).toBeLessThan(randoms.length);
  });
});

function commentsOf(evidence: Buffer): string {
  return evidence.toString('utf8', 0, 2_000);
}

test('the time between the last packet and the end of the capture is told', async () => {
  const talk = conversation().handshake().clientSends('GET / HTTP/1.1\r\nHost: h\r\n\r\n').ack();
  const other = conversation({ client: '10.0.0.2:50000', start: 40e9 }).handshake();
  const whole = pcapBytes(merged(talk.frames, other.frames));
  const { before, after, packets } = await again(() => bufferSource(whole), { all: false });
  expect(before).toMatchObject([{ verdict: 'unanswered no_response_timeout receiver' }]);
  expect(after).toEqual(before);
  expect(packets).toEqual({ before: 8, after: 5 });
});

test('a capture without failures has its evidence too: a file that can be read, with nothing in it', async () => {
  const capture = pcapBytes(conversation().handshake().frames);
  const { before, evidence } = await again(() => bufferSource(capture), { all: false });
  expect(before).toEqual([]);
  const { packets, facts } = await collect(bufferSource(evidence));
  expect([packets, facts.warnings, facts.interfaces]).toEqual([[], [], [{ name: null, link: 1 }]]);
});

test('drops of the capture are told, so that absences are worth no more than before', async () => {
  const { frames } = conversation()
    .handshake()
    .clientSends('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    .ack()
    .wait(900)
    .fin('client');
  const open = () => packetsSource(frames, { dropped: 3 });
  const { before, after } = await again(open, { all: false });
  expect(before).toMatchObject([{ confidence: 'probable' }]);
  expect(after).toEqual(before);
});
