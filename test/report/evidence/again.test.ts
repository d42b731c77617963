/** The evidence says what the capture said: same verdict and same fault for every transaction, of whatever capture. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCapture } from '../../../src/capture/file.ts';
import { bufferSource } from '../../../src/capture/memory.ts';
import { collect } from '../../capture/collect.ts';
import { conversation } from '../../support/conversation.ts';
import { needs, projectRoot, sharedCaptures } from '../../support/needs.ts';
import { merged, packetsSource, pcapBytes } from '../../support/packets-source.ts';
import { again } from './again.ts';

const FIXTURES = join(projectRoot, 'fixtures');
const NAMES = readdirSync(FIXTURES).filter((name) => /\.pcap(ng)?$/.test(name));

for (const all of [false, true]) {
  test.each(NAMES)(`${all ? 'all' : 'the failed'} of %s`, async (name) => {
    const { before, after } = await again(() => openCapture([join(FIXTURES, name)]), { all });
    expect(after).toEqual(before);
  });
}

needs('shared-captures').test(
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
