/**
 * A capture that is in memory already, as one file: bytes in, packets out, without the file system. For users
 * of the library and for tests. Read once, as it comes: not decompressed, and not put into time order.
 */
import type { OnLimit } from '../limits.ts';
import { Delivery, newFacts } from './delivery.ts';
import { Intake } from './intake.ts';
import type { PacketSource } from './packet.ts';

export interface BufferOptions {
  /** What messages and `FileFacts.path` call it; default 'memory'. */
  readonly name?: string;
  readonly onLimit?: OnLimit;
}

/**
 * @param bytes the content of one pcap, pcapng or snoop file, whole or in pieces of any size.
 * @returns a source that runs once. Its `run` throws UserError('file') when the bytes are no capture.
 */
export function bufferSource(
  bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: BufferOptions = {},
): PacketSource {
  const facts = newFacts();
  let ran = false;
  return {
    facts,
    async run(onPacket, signal) {
      if (ran) throw new Error('a packet source runs once');
      ran = true;
      const intake = new Intake(new Delivery(facts, onPacket, options.onLimit ?? (() => {})));
      intake.open(options.name ?? 'memory');
      for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
        if (signal?.aborted) break;
        intake.pour(chunk);
      }
      intake.close(signal?.aborted !== true);
      return facts;
    },
  };
}
