/** zstd frames made by hand, of raw and run-length blocks (RFC 8878 §3.1.1): Node 20 has no encoder. */

export interface Block {
  readonly raw?: Buffer;
  /** So many zeros. */
  readonly run?: number;
}

export function zstd(blocks: readonly Block[], windowLog = 20): Buffer {
  const parts: Uint8Array[] = [Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3)];
  blocks.forEach(({ raw, run }, i) => {
    const last = i === blocks.length - 1 ? 1 : 0;
    const size = raw?.length ?? run ?? 0;
    const header = (size << 3) | (raw === undefined ? 2 : 0) | last;
    parts.push(Buffer.of(header & 0xff, (header >> 8) & 0xff, header >> 16), raw ?? Buffer.of(0));
  });
  return Buffer.concat(parts);
}

/** A frame that holds `bytes` as they are. */
export function stored(bytes: Buffer): Buffer {
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) blocks.push({ raw: bytes.subarray(at, at + 65_536) });
  return zstd(blocks.length > 0 ? blocks : [{ raw: bytes }]);
}
