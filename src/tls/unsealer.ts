/**
 * One direction's records with the secrets of a key log: which keys are in force, which sequence number is next, and
 * what a record holds. Before TLS 1.3 keys change with ChangeCipherSpec; in TLS 1.3 there are up to three sets of them in
 * turn (RFC 8446 §7.1), and where one is not at hand the first record that the following one opens shows the change.
 */
import { LIMITS } from '../limits.ts';
import type { Agreed } from './derive.ts';
import { earlyOpener, legacyOpener, modernOpener, type Opened, type Opener } from './opener.ts';
import { HEADER, type RecordHead } from './record.ts';
import type { Secrets, TlsAnomaly } from './tls.ts';

/** Records of an epoch without keys that are passed over before its successor's are taken for wrong. */
const PATIENCE = 16;
/** Records in a row that open no more, after others did, until the keys are given up. */
const LOST_PATIENCE = 8;

interface Epoch {
  readonly label: string;
  opener: Opener | null;
  /** Of the next record. */
  sequence: number;
}

/** What opening told beside the content. */
export interface Unsealed extends Opened {
  /** Records that must have been among the missing bytes. */
  readonly skipped: number;
  /** Early data (RFC 8446 §2.3). */
  readonly early: boolean;
}

export class Unsealer {
  /** It is the client's direction. */
  client: boolean;
  #secrets: Secrets | null;
  #note: (anomaly: TlsAnomaly) => void;
  #agreed: Agreed | null = null;
  #random = '';
  #epochs: Epoch[] = [];
  #at = 0;
  /** `Secrets.size` when they were last looked through. */
  #looked = -1;
  #opened = false;
  #failures = 0;
  #givenUp = false;
  /** Records that passed before any was opened. */
  #unopened = 0;
  /** Bytes missing where a record boundary was. */
  #missing = 0;
  #tries: number = LIMITS.tlsSequenceTries;

  constructor(client: boolean, secrets: Secrets | null, note: (anomaly: TlsAnomaly) => void) {
    this.client = client;
    this.#secrets = secrets;
    this.#note = note;
  }

  /** Whether what comes may be opened. */
  get hopeful(): boolean {
    this.#look();
    return !this.#givenUp && this.#epochs.some(({ opener }, i) => i >= this.#at && opener !== null);
  }

  /** A record was opened. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Bytes by which protection lengthens a record now. */
  get overhead(): number {
    return this.#epochs[this.#at]?.opener?.overhead ?? 0;
  }

  /** The client offers early data, in a suite of the session before that no hello names. */
  beginEarly(clientRandom: Buffer): void {
    this.#begin(clientRandom, ['CLIENT_EARLY_TRAFFIC_SECRET']);
  }

  /** TLS 1.3 from the ServerHello on. */
  beginModern(agreed: Agreed): void {
    const side = this.client ? 'CLIENT' : 'SERVER';
    const early = this.#epochs.filter(({ opener }) => opener !== null);
    this.#begin(agreed.clientRandom, [`${side}_HANDSHAKE_TRAFFIC_SECRET`, `${side}_TRAFFIC_SECRET_0`]);
    this.#agreed = agreed;
    this.#epochs.unshift(...early);
  }

  /** ChangeCipherSpec before TLS 1.3. */
  change(agreed: Agreed): void {
    this.#opened = false;
    this.#begin(agreed.clientRandom, ['CLIENT_RANDOM']);
    this.#agreed = agreed;
  }

  /** Finished, or the end of early data: the next keys are in force. */
  advance(): void {
    if (this.#at === this.#epochs.length - 1) return;
    this.#at++;
    if (this.#epochs[this.#at]!.opener === null) this.#note('key_incomplete');
  }

  /** KeyUpdate. */
  update(): void {
    const epoch = this.#epochs[this.#at];
    if (epoch === undefined) return;
    epoch.opener = epoch.opener?.next() ?? null;
    epoch.sequence = 0;
  }

  /** `length` bytes are missing, and with them the end of a record. */
  lose(length: number): void {
    this.#missing += length;
    for (const { opener } of this.#epochs) opener?.pass(null);
  }

  /** A record that was not captured whole. */
  pass(): void {
    const epoch = this.#epochs[this.#at];
    if (epoch !== undefined) epoch.sequence++;
    this.#unopened++;
    epoch?.opener?.pass(null);
  }

  open(head: RecordHead, sealed: Buffer): Unsealed | null {
    this.#look();
    const found = this.#givenUp ? null : this.#try(head, sealed);
    const epoch = this.#epochs[this.#at];
    epoch?.opener?.pass(sealed);
    if (found !== null) {
      this.#opened = true;
      this.#failures = 0;
      this.#missing = 0;
      return found;
    }
    if (epoch !== undefined) epoch.sequence++;
    this.#unopened++;
    this.#fail(epoch);
    return null;
  }

  #begin(clientRandom: Buffer, labels: readonly string[]): void {
    this.#random = clientRandom.toString('hex');
    this.#epochs = labels.map((label) => ({ label, opener: null, sequence: 0 }));
    this.#at = 0;
    this.#looked = -1;
    this.#failures = 0;
    this.#unopened = 0;
    this.#missing = 0;
  }

  /** Looks for keys that are not known yet, when there are new ones. */
  #look(): void {
    if (this.#secrets === null || this.#looked === this.#secrets.size) return;
    this.#looked = this.#secrets.size;
    for (const epoch of this.#epochs) {
      if (epoch.opener !== null) continue;
      const secret = this.#secrets.find(epoch.label, this.#random);
      if (secret === null) continue;
      epoch.opener = this.#openerOf(secret);
    }
  }

  #openerOf(secret: Buffer): Opener {
    const agreed = this.#agreed;
    if (agreed === null) return earlyOpener(secret);
    return agreed.modern
      ? modernOpener(agreed.protection, secret)
      : legacyOpener(agreed, secret, this.client);
  }

  #try(head: RecordHead, sealed: Buffer): Unsealed | null {
    for (let at = this.#at; at < this.#epochs.length; at++) {
      const epoch = this.#epochs[at]!;
      if (epoch.opener === null) continue;
      const most = this.#reach(epoch.opener);
      for (let skipped = 0; skipped <= most; skipped++) {
        if (skipped > 0 && this.#tries-- <= 0) break;
        const opened = epoch.opener.open(head, sealed, epoch.sequence + skipped);
        if (opened === null) continue;
        epoch.sequence += skipped + 1;
        this.#at = at;
        return { ...opened, skipped, early: epoch.label === 'CLIENT_EARLY_TRAFFIC_SECRET' };
      }
    }
    return null;
  }

  /** How many records may have passed uncounted: in missing bytes, or before the keys came. */
  #reach({ overhead }: Opener): number {
    const uncounted = this.#opened ? 0 : this.#unopened;
    return uncounted + Math.ceil(this.#missing / (HEADER + overhead + 1));
  }

  #fail(epoch: Epoch | undefined): void {
    if (this.#givenUp || epoch === undefined || this.#missing > 0) return;
    const later = this.#epochs.some(({ opener }, i) => i > this.#at && opener !== null);
    if (epoch.opener === null && !later) return;
    this.#failures++;
    if (this.#opened && epoch.opener !== null) {
      this.#note('record_damaged');
      if (this.#failures >= LOST_PATIENCE) this.#giveUp('record_damaged');
    } else if (epoch.opener !== null || this.#failures >= PATIENCE) {
      this.#giveUp(epoch.opener === null ? 'key_incomplete' : 'key_does_not_fit');
    }
  }

  #giveUp(anomaly: TlsAnomaly): void {
    this.#givenUp = true;
    this.#note(anomaly);
  }
}
