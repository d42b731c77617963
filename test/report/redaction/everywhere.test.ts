/** No secret of a capture that is full of them is in any output, in any writing; what is none is there. */
import { beforeAll, describe, expect, test } from 'vitest';
import { analyze, DEFAULT_OPTIONS, retrace } from '../../../src/analyzer.ts';
import { bufferSource } from '../../../src/capture/memory.ts';
import { createReporter, FORMATS, type Format } from '../../../src/report/create.ts';
import { SecretNames } from '../../../src/report/redaction/names.ts';
import { redacted } from '../../../src/report/redaction/redact.ts';
import { zh } from '../../../src/report/summary/zh.ts';
import { OUTCOMES } from '../../../src/verdict/verdict.ts';
import { pcapBytes } from '../../support/packets-source.ts';
import { collector, context } from '../records.ts';
import { CARDS, COMPRESSED, fullOfSecrets, SEGMENTS } from './full-of-secrets.ts';

const CAPTURE = pcapBytes(fullOfSecrets());
const SECRETS = ['HUSH', 'SH3-', '9183746', ...CARDS];

/** @param names null: nothing is masked. */
async function written(format: Format, names: SecretNames | null): Promise<Buffer> {
  const source = bufferSource(CAPTURE, { name: 'notify.pcap' });
  const output = collector();
  const again: Parameters<typeof retrace>[0] = bufferSource(CAPTURE, { name: 'notify.pcap' });
  const reporter = createReporter(
    format,
    output,
    context({
      clock: source.facts,
      only: OUTCOMES,
      verbose: true,
      language: zh,
      secrets: names,
      retrace: (trace, packets) => retrace(again, DEFAULT_OPTIONS, trace, packets),
    }),
  );
  await analyze(source, DEFAULT_OPTIONS, names === null ? reporter : redacted(reporter, names));
  await reporter.finish?.();
  return output.bytes;
}

/** The same in every writing that it may be in. */
function writings(bytes: Buffer): string[] {
  const text = bytes.toString('latin1');
  const unescaped = text.replace(/\\u([\da-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const decoded = text.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const octal = text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return [text, unescaped, decoded, octal, text.replaceAll(/[ -]/g, '')];
}

function coded(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Of the three ways to lie in base64 one begins where the secret does.
  return [
    secret,
    bytes.toString('hex'),
    bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64'),
  ];
}

describe.each(FORMATS)('%s', (format) => {
  let bytes: Buffer = Buffer.alloc(0);
  beforeAll(async () => {
    bytes = await written(format, new SecretNames(SEGMENTS));
  });

  test('no secret is in it', () => {
    const found = writings(bytes).flatMap((text) =>
      SECRETS.flatMap(coded).flatMap((secret) => {
        const at = text.indexOf(secret);
        return at < 0 ? [] : [text.slice(Math.max(0, at - 60), at + 40)];
      }),
    );
    expect(found).toEqual([]);
    expect(bytes.includes(COMPRESSED.subarray(10, 30))).toBe(false);
  });
});

test('all of them are there, where nothing is masked', async () => {
  const evidence = await written('pcapng', null);
  const text = evidence.toString('latin1');
  // Parted over packets, chunks and groups they are not whole.
  for (const secret of ['HUSH2set', 'HUSH5', 'HUSH8', 'HUSHDbehind', '9183746', CARDS[2]]) {
    expect(text).toContain(secret);
  }
  expect(evidence.includes(COMPRESSED)).toBe(true);
  const records = (await written('ndjson', null)).toString();
  for (const secret of [
    'HUSH1bearer',
    'HUSH2',
    'SH3-',
    'HUSH4',
    'HUSH6',
    'HUSHE',
    'HUSHF',
    'HUSHGbearer',
    'HUSHGbody',
    CARDS[0],
  ]) {
    expect(records).toContain(secret);
  }
});

test('what is no secret stays', async () => {
  const marks = [
    'KEEP1',
    'KEEP2',
    'KEEP3',
    'KEEP4',
    'KEEP5',
    'KEEP6',
    'KEEP7',
    'KEEP8',
    'KEEP9',
    'KEEP10',
    'KEEP14',
    'KEEP15',
    'KEEP16',
  ];
  for (const format of ['ndjson', 'json', 'har', 'pcapng'] as const) {
    const text = (await written(format, new SecretNames(SEGMENTS))).toString('latin1');
    // Of the first conversation the evidence has it in small segments.
    for (const mark of marks.slice(format === 'pcapng' ? 1 : 0)) expect(text).toContain(mark);
  }
});
