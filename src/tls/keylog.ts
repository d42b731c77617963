/**
 * In: an NSS key log, as text in any pieces (draft-ietf-tls-keylogfile §2). Out: its secrets by label and client random.
 * Lines that are none are passed over: a log that is being written has comments and half lines.
 */
import { LIMITS, type OnLimit } from '../limits.ts';
import type { Secrets } from './tls.ts';

/** Those that open records; exporters and early exporters do not. */
const LABELS: ReadonlySet<string> = new Set([
  'CLIENT_RANDOM',
  'CLIENT_EARLY_TRAFFIC_SECRET',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
]);

/** A label, the random of the ClientHello, a secret of up to 64 bytes. */
const LINE = /^([A-Z][A-Z0-9_]*) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2}){16,64})$/;
/** No line that counts is longer. */
const LONGEST_LINE = 512;

export class KeyLog implements Secrets {
  /** Secrets in hexadecimal by `label random`. */
  #secrets = new Map<string, string>();
  #onLimit: OnLimit;
  /** The last line, while its end has not come. */
  #rest = '';
  #added = 0;

  constructor(onLimit: OnLimit = () => {}) {
    this.#onLimit = onLimit;
  }

  /** Grows with every secret that is added, also when an old one had to go for it. */
  get size(): number {
    return this.#added;
  }

  /** @param text the next piece; a line counts when its end has come. */
  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) this.#addLine(line.trimEnd());
  }

  /** Nothing follows: the last line may be without an end. */
  end(): void {
    this.add('\n');
  }

  find(label: string, clientRandom: string): Buffer | null {
    const secret = this.#secrets.get(`${label} ${clientRandom}`);
    return secret === undefined ? null : Buffer.from(secret, 'hex');
  }

  #addLine(line: string): void {
    const parts = LINE.exec(line);
    if (parts === null) return;
    const [, label = '', random = '', secret = ''] = parts;
    if (!LABELS.has(label)) return;
    if (this.#secrets.size >= LIMITS.tlsSecrets) {
      this.#onLimit('tlsSecrets');
      this.#secrets.delete(this.#secrets.keys().next().value ?? '');
    }
    const key = `${label} ${random.toLowerCase()}`;
    if (this.#secrets.get(key) === secret) return;
    this.#secrets.set(key, secret);
    this.#added++;
  }
}

/** The lines of a key log that open one connection; none where it has no secret of it. */
export function keyLogLines(secrets: Secrets, clientRandom: string): string {
  return [...LABELS]
    .map((label) => [label, secrets.find(label, clientRandom)] as const)
    .flatMap(([label, secret]) =>
      secret === null ? [] : `${label} ${clientRandom} ${secret.toString('hex')}\n`,
    )
    .join('');
}

/**
 * The secrets of a key log that was given and of those that the capture holds.
 * @param embedded texts that are taken out when they have been read.
 */
export function withEmbedded(given: Secrets | null, embedded: string[], onLimit: OnLimit): Secrets {
  const own = new KeyLog(onLimit);
  return {
    get size() {
      for (const text of embedded.splice(0)) {
        own.add(text);
        own.end();
      }
      return own.size + (given?.size ?? 0);
    },
    find: (label, clientRandom) => given?.find(label, clientRandom) ?? own.find(label, clientRandom),
  };
}
