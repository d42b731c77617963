/**
 * Makes a failing input small (delta debugging, Zeller and Hildebrandt 2002): takes away files, then packets or blocks, then
 * runs of bytes, as long as the same rule stays broken.
 */

export type Fails = (files: readonly Buffer[]) => Promise<boolean>;

/** @param until milliseconds (performance.now) after which what was reached is returned. */
export async function minimised(files: readonly Buffer[], fails: Fails, until: number): Promise<Buffer[]> {
  let kept = await fewer(files, (some) => fails(some), until);
  for (let i = 0; i < kept.length; i++) {
    const withFile = (bytes: Buffer) => kept.map((file, j) => (i === j ? bytes : file));
    for (const split of [packetsIn, bytesIn]) {
      const [head, ...pieces] = split(kept[i]!);
      if (head === undefined || pieces.length === 0) continue;
      const least = await fewer(pieces, (some) => fails(withFile(Buffer.concat([head, ...some]))), until);
      kept = withFile(Buffer.concat([head, ...least]));
    }
  }
  return kept;
}

/** As few of the parts, in their order, as still fail: every run of them is tried away, halves first, single ones last. */
async function fewer<T>(
  parts: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  until: number,
): Promise<T[]> {
  let kept = [...parts];
  for (let length = kept.length >> 1; length >= 1; length >>= 1) {
    for (let at = 0; at < kept.length && kept.length > 1; ) {
      if (performance.now() > until) return kept;
      const rest = [...kept.slice(0, at), ...kept.slice(at + length)];
      if (rest.length > 0 && (await fails(rest))) kept = rest;
      else at += length;
    }
  }
  return kept;
}

/** The header of a classic capture and its records, or the blocks of a pcapng after the first; what is neither in one piece. */
export function packetsIn(bytes: Buffer): Buffer[] {
  if (bytes.length < 24) return [bytes];
  const magic = bytes.readUInt32LE(0);
  if (magic === 0x0a0d0d0a) return blocksIn(bytes, bytes.readUInt32LE(8) === 0x1a2b3c4d);
  const little = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].includes(magic);
  if (!little && ![0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].includes(bytes.readUInt32BE(0))) return [bytes];
  const header = (little ? magic : bytes.readUInt32BE(0)) === 0xa1b2cd34 ? 24 : 16;
  return cut(
    bytes,
    24,
    (at) => header + (little ? bytes.readUInt32LE(at + 8) : bytes.readUInt32BE(at + 8)),
    16,
  );
}

function blocksIn(bytes: Buffer, little: boolean): Buffer[] {
  const lengthAt = (at: number) => (little ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4));
  return cut(bytes, Math.min(bytes.length, Math.max(12, lengthAt(0))), lengthAt, 12);
}

/** The first `first` bytes, then pieces of the length that each tells; the rest is one piece from where that fails. */
function cut(bytes: Buffer, first: number, lengthAt: (at: number) => number, least: number): Buffer[] {
  const pieces: Buffer[] = [bytes.subarray(0, first)];
  for (let at = first; at < bytes.length; ) {
    const length = at + 16 <= bytes.length ? lengthAt(at) : 0;
    const end = length >= least && at + length <= bytes.length ? at + length : bytes.length;
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** Nothing, and all bytes one by one, or in up to 1024 runs. */
function bytesIn(bytes: Buffer): Buffer[] {
  const length = Math.ceil(bytes.length / 1024);
  const pieces: Buffer[] = [Buffer.alloc(0)];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}
