/** No secret of a connection of HTTP/2 in clear is in its evidence, however its field blocks were coded; the verdicts are. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS } from '../../../src/analyzer.ts';
import { openCapture } from '../../../src/capture/file.ts';
import { bufferSource } from '../../../src/capture/memory.ts';
import { fromHuffman } from '../../../src/http2/huffman.ts';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { redacted } from '../../../src/report/redaction/redact.ts';
import type { TransactionRecord } from '../../../src/verdict/verdict.ts';
import { conversation } from '../../support/conversation.ts';
import { data, goAway, headers, PREFACE, settings } from '../../support/http2.ts';
import { projectRoot } from '../../support/needs.ts';
import { type Frame, merged, packetsSource } from '../../support/packets-source.ts';
import { again } from './again.ts';

/** Node's own client: Huffman codes, and from the second request on the index of what the first said. */
const NODE = join(projectRoot, 'fixtures/recorded/h2c-node-two-streams-one-cancelled.pcap');
const SECRET = 'Bearer hush-1';

async function recordsOf(bytes: Buffer): Promise<TransactionRecord[]> {
  const records: TransactionRecord[] = [];
  await analyze(bufferSource(bytes), DEFAULT_OPTIONS, { transaction: (r) => records.push(r), end() {} });
  return records;
}

test('of a real client', async () => {
  const original: TransactionRecord[] = [];
  await analyze(openCapture([NODE]), DEFAULT_OPTIONS, { transaction: (r) => original.push(r), end() {} });
  expect(JSON.stringify(original)).toContain(SECRET);
  const { before, after, evidence } = await again(() => openCapture([NODE]), { all: true });
  expect(after).toEqual(before);
  const shown = await recordsOf(evidence);
  expect(shown).toHaveLength(4);
  expect(JSON.stringify(shown)).not.toContain('hush');
  expect(shown.map(({ request }) => request?.target)).toEqual(original.map(({ request }) => request?.target));
  const whole = await again(() => openCapture([NODE]), { all: true, secrets: null });
  expect(isCodedIn(whole.evidence)).toBe(true);
  expect(isCodedIn(evidence)).toBe(false);
});

/** Some bytes of it stand for the secret in the code of RFC 7541 Appendix B. */
function isCodedIn(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    for (let length = 8; length <= 13; length++) {
      if (fromHuffman(bytes, at, Math.min(bytes.length, at + length)) === SECRET) return true;
    }
  }
  return false;
}

test('in fields, trailers, bodies, padding, debug data and packets that are shown', async () => {
  const secret = 'hush-2-very-secret';
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': `/notify?token=${secret}&a=1`,
    ':authority': `user:${secret}@m.example`,
    authorization: `Bearer ${secret}`,
    cookie: `sid=${secret}`,
  };
  const frames = conversation()
    .handshake()
    .clientSends(
      Buffer.concat([
        PREFACE,
        settings(),
        headers(1, fields, { end: false, coding: 'indexed' }),
        data(1, `{"out_trade_no":"7","password":"${secret}"}`, { end: false, padding: 9 }),
        headers(1, { 'x-api-key': secret }),
      ]),
    )
    .serverSends(
      Buffer.concat([
        settings(),
        headers(1, { ':status': '500', 'set-cookie': `sid=${secret}` }, { end: false }),
        data(1, `token=${secret}`),
        goAway(1, 2, `token=${secret}`),
      ]),
    )
    .ack('client')
    .close('client').frames;
  const { before, after, evidence } = await again(() => source(frames), { all: true });
  expect(after).toEqual(before);
  expect(after[0]!.verdict).toBe('refused server_error receiver');
  expect(evidence.toString('latin1')).not.toContain(secret);
  const records: TransactionRecord[] = [];
  const sink = { packets: true, transaction: (r: TransactionRecord) => records.push(r), end() {} };
  await analyze(source(frames), DEFAULT_OPTIONS, redacted(sink, new SecretNames()));
  const text = JSON.stringify(records);
  expect(text).not.toContain(secret);
  expect(text).not.toContain(Buffer.from(secret).toString('hex'));
  expect(text).toContain('out_trade_no');
});

const source = (frames: readonly Frame[]) => packetsSource(merged(frames));
