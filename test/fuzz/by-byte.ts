/** Mutations of files as bytes: flips, lengths and offsets in either byte order, cuts, insertions, two files in one. */
import type { Random } from './random.ts';

export function damaged(bytes: Buffer, random: Random, others: readonly Buffer[] = []): Buffer {
  let made = Buffer.from(bytes);
  for (let left = random.about(6); left > 0; left--) made = once(made, random, others);
  return made;
}

function once(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const length = random.about(64);
  switch (random.below(9)) {
    case 0:
      return Buffer.from(bytes.subarray(0, at));
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
    case 4: {
      const other = others.length > 0 ? random.pick(others) : bytes;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
    }
    case 5:
    case 6:
      return number(bytes, random);
    default: {
      const made = Buffer.from(bytes);
      if (at < made.length)
        made[at] = random.chance(0.5) ? random.word() : made[at]! ^ (1 << random.below(8));
      return made;
    }
  }
}

/** Blocks and records are aligned to 4 bytes, and begin with their lengths. */
function number(bytes: Buffer, random: Random): Buffer<ArrayBuffer> {
  const made = Buffer.from(bytes);
  if (made.length < 4) return made;
  const at = random.below(random.chance(0.3) ? Math.min(12, made.length >> 2) : made.length >> 2) * 4;
  const little = random.chance(0.7);
  const now = little ? made.readUInt32LE(at) : made.readUInt32BE(at);
  const value =
    random.pick([
      0,
      1,
      3,
      4,
      11,
      12,
      0xffff_ffff,
      0x7fff_ffff,
      0x8000_0000,
      now + 1,
      now - 1,
      now + 4,
      now * 2,
      random.word(),
    ]) >>> 0;
  if (little) made.writeUInt32LE(value, at);
  else made.writeUInt32BE(value, at);
  return made;
}
