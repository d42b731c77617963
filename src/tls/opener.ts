/**
 * In: one sealed record and its sequence number. Out: its content, or null where the keys do not open it: AEAD and
 * block ciphers of TLS 1.0 to 1.2 (RFC 5246 §6.2.3, RFC 7366, RFC 5288, RFC 6655, RFC 7905), AEAD of TLS 1.3 (RFC 8446 §5.2).
 */
import {
  type CipherCCMTypes,
  type CipherGCMTypes,
  createDecipheriv,
  createHmac,
  timingSafeEqual,
} from 'node:crypto';
import { type Agreed, type DirectionKeys, legacyKeys, modernKeys, nextSecret } from './derive.ts';
import type { RecordHead } from './record.ts';
import { type Protection, protectionOf } from './suites.ts';

const MODERN_SUITES = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];

export interface Opened {
  /** ContentType of what was inside. */
  readonly type: number;
  readonly content: Buffer;
}

export interface Opener {
  /** Bytes by which a sealed record is longer than its content, as far as they do not depend on it. */
  readonly overhead: number;
  open(head: RecordHead, sealed: Buffer, sequence: number): Opened | null;
  /** The record at hand is over; null where it was not captured whole. */
  pass(sealed: Buffer | null): void;
  /** After a KeyUpdate (RFC 8446 §4.6.3). */
  next(): Opener;
}

export function modernOpener(protection: Protection, secret: Buffer): Opener {
  const keys = modernKeys(protection, secret);
  const { tagLength } = protection;
  return {
    overhead: tagLength + 1,
    open(head, sealed, sequence) {
      const header = Buffer.from([
        head.type,
        head.version >> 8,
        head.version & 0xff,
        head.length >> 8,
        head.length & 0xff,
      ]);
      const inner = aead(protection, keys.key, xored(keys.iv, sequence), header, sealed);
      if (inner === null) return null;
      // RFC 8446 §5.4: the type is the last byte that is not padding.
      let end = inner.length;
      while (end > 0 && inner[end - 1] === 0) end--;
      return end === 0 ? null : { type: inner[end - 1]!, content: inner.subarray(0, end - 1) };
    },
    pass() {},
    next: () => modernOpener(protection, nextSecret(protection, secret)),
  };
}

/** Early data, whose suite only the session before names: that of the hash that the secret is as long as. */
export function earlyOpener(secret: Buffer): Opener {
  const openers = MODERN_SUITES.map(protectionOf)
    .filter((protection) => protection !== null)
    .filter(({ hash }) => (hash === 'sha384' ? 48 : 32) === secret.length)
    .map((protection) => modernOpener(protection, secret));
  return {
    overhead: openers[0]?.overhead ?? 0,
    open(head, sealed, sequence) {
      for (const opener of openers) {
        const opened = opener.open(head, sealed, sequence);
        if (opened !== null) return opened;
      }
      return null;
    },
    pass() {},
    next() {
      return this;
    },
  };
}

/** @param client whose records it opens. */
export function legacyOpener(agreed: Agreed, master: Buffer, client: boolean): Opener {
  const keys = legacyKeys(agreed, master, client);
  const { kind } = agreed.protection;
  return kind === 'cbc' || kind === 'null' ? new MacOpener(agreed, keys) : aeadOpener(agreed, keys);
}

function aeadOpener(agreed: Agreed, keys: DirectionKeys): Opener {
  const { kind, tagLength } = agreed.protection;
  const explicit = kind === 'chacha' ? 0 : 8;
  const opener: Opener = {
    overhead: explicit + tagLength,
    open({ type, version }, sealed, sequence) {
      const length = sealed.length - opener.overhead;
      if (length < 0) return null;
      const nonce =
        explicit === 0 ? xored(keys.iv, sequence) : Buffer.concat([keys.iv, sealed.subarray(0, explicit)]);
      const content = aead(
        agreed.protection,
        keys.key,
        nonce,
        pseudoHeader(sequence, type, version, length),
        sealed.subarray(explicit),
      );
      return content === null ? null : { type, content };
    },
    pass() {},
    next: () => opener,
  };
  return opener;
}

/** A MAC beside the cipher: before what is encrypted, or after it (RFC 7366). */
class MacOpener implements Opener {
  readonly overhead: number;
  #agreed: Agreed;
  #keys: DirectionKeys;
  /** Last block of the record before, which in TLS 1.0 is the next one's initialization vector. */
  #chain: Buffer | null;

  constructor(agreed: Agreed, keys: DirectionKeys) {
    const { protection, version } = agreed;
    this.#agreed = agreed;
    this.#keys = keys;
    this.#chain = keys.iv;
    this.overhead =
      protection.tagLength + (version >= 0x0302 && protection.kind === 'cbc' ? protection.blockLength : 0);
  }

  open(head: RecordHead, sealed: Buffer, sequence: number): Opened | null {
    const { protection, encryptThenMac } = this.#agreed;
    const { tagLength, kind } = protection;
    if (kind === 'null') return this.#checked(head, sealed, sequence);
    if (!encryptThenMac) {
      const padded = this.#decrypt(sealed);
      return padded === null ? null : this.#checked(head, unpadded(padded), sequence);
    }
    const body = sealed.subarray(0, Math.max(0, sealed.length - tagLength));
    if (!this.#fits(head, body, sealed.subarray(body.length), sequence)) return null;
    const padded = this.#decrypt(body);
    const content = padded === null ? null : unpadded(padded);
    return content === null ? null : { type: head.type, content };
  }

  pass(sealed: Buffer | null): void {
    const { protection, encryptThenMac, version } = this.#agreed;
    if (version >= 0x0302 || protection.kind !== 'cbc') return;
    const end = (sealed?.length ?? 0) - (encryptThenMac ? protection.tagLength : 0);
    const begin = end - protection.blockLength;
    this.#chain = sealed === null || begin < 0 ? null : Buffer.from(sealed.subarray(begin, end));
  }

  next(): Opener {
    return this;
  }

  #decrypt(sealed: Buffer): Buffer | null {
    const { protection, version } = this.#agreed;
    const { cipher, blockLength } = protection;
    const explicit = version >= 0x0302 ? blockLength : 0;
    const iv = explicit > 0 ? sealed.subarray(0, blockLength) : this.#chain;
    const body = sealed.subarray(explicit);
    if (iv === null || iv.length < blockLength || body.length === 0 || body.length % blockLength > 0)
      return null;
    const decipher = createDecipheriv(cipher, this.#keys.key, iv).setAutoPadding(false);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  }

  /** Content with its MAC behind it. */
  #checked(head: RecordHead, inner: Buffer | null, sequence: number): Opened | null {
    if (inner === null || inner.length < this.#agreed.protection.tagLength) return null;
    const content = inner.subarray(0, inner.length - this.#agreed.protection.tagLength);
    const fits = this.#fits(head, content, inner.subarray(content.length), sequence);
    return fits ? { type: head.type, content } : null;
  }

  #fits({ type, version }: RecordHead, bytes: Buffer, mac: Buffer, sequence: number): boolean {
    const hash = this.#agreed.protection.mac ?? '';
    const header = pseudoHeader(sequence, type, version, bytes.length);
    const right = createHmac(hash, this.#keys.mac).update(header).update(bytes).digest();
    return mac.length === right.length && timingSafeEqual(mac, right);
  }
}

/** RFC 5246 §6.2.3.2: the last byte tells how many of the same value stand before it. */
function unpadded(padded: Buffer): Buffer | null {
  const count = (padded.at(-1) ?? 255) + 1;
  if (count > padded.length) return null;
  const content = padded.subarray(0, padded.length - count);
  return padded.subarray(content.length).every((byte) => byte === count - 1) ? content : null;
}

/** Sequence number, type, version and length: what TLS 1.2 and earlier authenticate beside the content. */
function pseudoHeader(sequence: number, type: number, version: number, length: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeBigUInt64BE(BigInt(sequence));
  header[8] = type;
  header.writeUInt16BE(version, 9);
  header.writeUInt16BE(length, 11);
  return header;
}

/** RFC 8446 §5.3, RFC 7905 §2: the nonce of a record. */
function xored(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ BigInt(sequence), 4);
  return nonce;
}

function aead(
  { cipher, kind, tagLength }: Protection,
  key: Buffer,
  nonce: Buffer,
  header: Buffer,
  sealed: Buffer,
) {
  const length = sealed.length - tagLength;
  if (length < 0) return null;
  try {
    // Node types each mode by the names of its ciphers; ChaCha20 is of the same shape as CCM without its length.
    const decipher =
      kind === 'gcm'
        ? createDecipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: tagLength })
        : createDecipheriv(cipher as CipherCCMTypes, key, nonce, { authTagLength: tagLength });
    decipher.setAuthTag(sealed.subarray(length));
    decipher.setAAD(header, { plaintextLength: length });
    const content = decipher.update(sealed.subarray(0, length));
    decipher.final();
    return content;
  } catch {
    return null;
  }
}
