/**
 * In: the messages in which both sides agree on a version, a suite and who the server is (RFC 5246 §7.4, RFC 8446 §4). Out:
 * the facts that they tell, and what keys are derived from.
 */
import type { Time } from '../capture/packet.ts';
import { firstCertificate } from './certificate.ts';
import type { Agreed } from './derive.ts';
import { type newFacts, noteClientHello } from './facts.ts';
import {
  type ClientHello,
  clientHello,
  encryptedExtensions,
  type ServerHello,
  serverHello,
} from './hello.ts';
import { isModern, versionName } from './names.ts';
import { protectionOf, suiteName } from './suites.ts';
import type { Secrets, TlsAnomaly } from './tls.ts';

type Note = (anomaly: TlsAnomaly, limit?: 'tlsHandshakeBytes' | 'tlsExtensions') => void;

export class Negotiation {
  /** TLS 1.3. */
  modern = false;
  /** Null where nothing is, or the suite is not supported. */
  agreed: Agreed | null = null;
  /** The server has sent its certificate. */
  full = false;
  /** When the last ClientHello came: the second, where the server has asked for another (RFC 8446 §2.1). */
  asked: Time | null = null;
  readonly #facts: ReturnType<typeof newFacts>;
  readonly #secrets: Secrets | null;
  readonly #note: Note;
  #clientRandom: Buffer = Buffer.alloc(0);
  #sessionId: Buffer | null = null;

  constructor(facts: ReturnType<typeof newFacts>, secrets: Secrets | null, note: Note) {
    this.#facts = facts;
    this.#secrets = secrets;
    this.#note = note;
  }

  /** @returns null where it cannot be read. */
  onClientHello(body: Buffer, now: Time): ClientHello | null {
    const hello = this.#sound(clientHello(body));
    if (hello === null) return null;
    this.asked = now;
    this.#sessionId = hello.sessionId;
    this.#clientRandom = hello.random;
    noteClientHello(this.#facts, hello);
    return hello;
  }

  /** @returns null where it cannot be read. */
  onServerHello(body: Buffer): ServerHello | null {
    const hello = this.#sound(serverHello(body));
    if (hello === null) return null;
    const facts = this.#facts;
    const version = hello.versions[0] ?? hello.version;
    facts.version = versionName(version);
    facts.cipher = suiteName(hello.suite);
    // Also of a HelloRetryRequest: the ChangeCipherSpec behind it changes nothing (RFC 8446 §D.4).
    this.modern = isModern(version);
    if (hello.retry) return hello;
    facts.alpn = hello.alpn[0] ?? null;
    this.#agree(hello);
    if (this.modern) {
      facts.resumed = hello.preSharedKey;
    } else if (this.#sessionId !== null && this.#sessionId.length > 0) {
      facts.resumed = hello.sessionId.equals(this.#sessionId) ? true : null;
    }
    return hello;
  }

  /** @returns whether the server takes early data. */
  onEncryptedExtensions(body: Buffer): boolean {
    const { alpn, earlyData } = encryptedExtensions(body);
    this.#facts.alpn = alpn[0] ?? null;
    return earlyData;
  }

  onCertificate(body: Buffer): void {
    this.full = true;
    if (this.#facts.certificate !== null) return;
    // TLS 1.3 has a context before the list, which a server leaves empty (RFC 8446 §4.4.2).
    this.#facts.certificate = firstCertificate(this.modern ? body.subarray(1) : body);
    if (this.#facts.certificate === null) this.#note('certificate_invalid');
  }

  #sound<Hello extends ClientHello | ServerHello>(hello: Hello | null): Hello | null {
    if (hello === null || !hello.sound) this.#note('handshake_invalid');
    if (hello?.tooMany) this.#note('too_many_extensions', 'tlsExtensions');
    return hello;
  }

  #agree({ suite, version, random, encryptThenMac }: ServerHello): void {
    const protection = protectionOf(suite);
    const clientRandom = this.#clientRandom;
    this.agreed = null;
    if (protection !== null) {
      const { modern } = this;
      this.agreed = { modern, version, protection, clientRandom, serverRandom: random, encryptThenMac };
    } else if (this.#secrets?.find('CLIENT_RANDOM', clientRandom.toString('hex'))) {
      this.#note('suite_not_supported');
    }
  }
}
