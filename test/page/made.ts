/** Reports made for the tests that open them in a browser: packets or files in, a page in a folder of its own out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyze, DEFAULT_OPTIONS } from '../../src/analyzer.ts';
import { bufferSource } from '../../src/capture/memory.ts';
import type { PacketSource } from '../../src/capture/packet.ts';
import { createReporter } from '../../src/report/create.ts';
import { SecretNames } from '../../src/report/redaction/names.ts';
import { redacted } from '../../src/report/redaction/redact.ts';
import { LANGUAGES } from '../../src/report/summary/languages.ts';
import type { AcceptRule } from '../../src/verdict/verdict.ts';
import { collector, context } from '../report/records.ts';
import { type Frame, pcapBytes } from '../support/packets-source.ts';

export interface Asked {
  readonly language?: 'en' | 'zh';
  readonly accept?: Partial<AcceptRule>;
  /** Default true, as on the command line. */
  readonly redact?: boolean;
}

export async function pageOf(source: PacketSource, asked: Asked = {}): Promise<string> {
  const output = collector();
  const reporter = createReporter(
    'html',
    output,
    context({ clock: source.facts, language: LANGUAGES[asked.language ?? 'en'] }),
  );
  const sink = asked.redact === false ? reporter : redacted(reporter, new SecretNames());
  const accept = { ...DEFAULT_OPTIONS.accept, ...asked.accept };
  await analyze(source, { ...DEFAULT_OPTIONS, accept }, sink);
  await reporter.finish?.();
  return output.text;
}

export function framesSource(frames: readonly Frame[], name = 'notify.pcap'): PacketSource {
  return bufferSource(pcapBytes(frames), { name });
}

/** @returns where it was written. */
export function written(folder: string, name: string, page: string): string {
  const path = join(folder, name);
  writeFileSync(path, page);
  return path;
}
