/**
 * Keys of a connection from its secrets: the PRF of TLS 1.0 to 1.2 (RFC 2246 §5, RFC 5246 §5, §6.3) and the
 * HKDF-Expand-Label of TLS 1.3 (RFC 8446 §7.1, §7.3).
 */
import { createHmac } from 'node:crypto';
import type { Protection } from './suites.ts';

export interface DirectionKeys {
  readonly mac: Buffer;
  readonly key: Buffer;
  /** Salt of the nonce, or the first initialization vector. */
  readonly iv: Buffer;
}

/** What a hello exchange settles. Randoms are 32 bytes. */
export interface Agreed {
  readonly modern: boolean;
  /** As in record headers: 0x0301 for TLS 1.0. */
  readonly version: number;
  readonly protection: Protection;
  readonly clientRandom: Buffer;
  readonly serverRandom: Buffer;
  readonly encryptThenMac: boolean;
}

/** RFC 5246 §6.3: both sides' keys are cut from one block. */
export function legacyKeys(agreed: Agreed, master: Buffer, client: boolean): DirectionKeys {
  const { protection, version } = agreed;
  const mac = protection.mac === null ? 0 : protection.tagLength;
  const iv = ivLength(protection, version);
  const { keyLength } = protection;
  const seed = Buffer.concat([Buffer.from('key expansion'), agreed.serverRandom, agreed.clientRandom]);
  const block = prf(version, protection.hash, master, seed, 2 * (mac + keyLength + iv));
  const cut = (at: number, length: number) => block.subarray(at, at + length);
  const which = client ? 0 : 1;
  return {
    mac: cut(which * mac, mac),
    key: cut(2 * mac + which * keyLength, keyLength),
    iv: cut(2 * (mac + keyLength) + which * iv, iv),
  };
}

/** A block cipher takes one from the key block only in TLS 1.0; of AEAD nonces all or four bytes are implicit. */
function ivLength({ kind, blockLength }: Protection, version: number): number {
  if (kind === 'chacha') return 12;
  if (kind === 'gcm' || kind === 'ccm') return 4;
  return kind === 'cbc' && version < 0x0302 ? blockLength : 0;
}

function prf(version: number, hash: string, secret: Buffer, seed: Buffer, length: number): Buffer {
  if (version >= 0x0303) return expand(hash, secret, seed, length);
  // RFC 2246 §5: each half of the secret, which may share their middle byte, through another hash.
  const half = Math.ceil(secret.length / 2);
  const a = expand('md5', secret.subarray(0, half), seed, length);
  const b = expand('sha1', secret.subarray(secret.length - half), seed, length);
  return Buffer.from(a.map((byte, i) => byte ^ b[i]!));
}

/** P_hash of RFC 5246 §5. */
function expand(hash: string, secret: Buffer, seed: Buffer, length: number): Buffer {
  const parts: Buffer[] = [];
  let a = seed;
  for (let got = 0; got < length; got += parts.at(-1)!.length) {
    a = createHmac(hash, secret).update(a).digest();
    parts.push(createHmac(hash, secret).update(a).update(seed).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** RFC 8446 §7.3. */
export function modernKeys({ hash, keyLength }: Protection, secret: Buffer): DirectionKeys {
  return {
    mac: Buffer.alloc(0),
    key: expandLabel(hash, secret, 'key', keyLength),
    iv: expandLabel(hash, secret, 'iv', 12),
  };
}

/** RFC 8446 §7.2: the secret that follows a KeyUpdate. */
export function nextSecret({ hash }: Protection, secret: Buffer): Buffer {
  return expandLabel(hash, secret, 'traffic upd', secret.length);
}

/** No key is longer than the hash, so one block of HKDF-Expand (RFC 5869 §2.3) is enough. */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([
    Buffer.from([length >> 8, length & 0xff, name.length]),
    name,
    Buffer.from([0, 1]),
  ]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
