/**
 * The facts of one TLS connection while they are collected: what hellos, alerts and foreign bytes add to them.
 */
import { keep, type Moment } from '../capture/packet.ts';
import { LIMITS } from '../limits.ts';
import type { Side } from '../tcp/stream.ts';
import type { ClientHello } from './hello.ts';
import { alertName, CLOSE_NOTIFY, USER_CANCELED, versionName } from './names.ts';
import type { TlsFacts } from './tls.ts';

/** Bytes kept of what answers a ClientHello without being TLS. */
const PREFIX_BYTES = 64;

export type Draft = {
  -readonly [K in keyof TlsFacts]: TlsFacts[K] extends readonly (infer T)[] ? T[] : TlsFacts[K];
};

export function newFacts(): Draft {
  return {
    clientRandom: null,
    sni: null,
    offered: [],
    version: null,
    cipher: null,
    alpnOffered: [],
    alpn: null,
    resumed: null,
    alerts: [],
    certificate: null,
    clientHello: null,
    serverFirst: null,
    serverHello: null,
    done: null,
    notTls: null,
    sealedAlert: null,
    decrypted: false,
    anomalies: [],
  };
}

export function noteClientHello(facts: Draft, hello: ClientHello): void {
  const { random, sni, alpn, versions, version } = hello;
  facts.clientRandom = random.toString('hex');
  facts.sni = sni;
  facts.alpnOffered = [...alpn];
  const names = (versions.length > 0 ? versions : [version]).map(versionName);
  facts.offered = [...new Set(names.filter((name) => name !== null))];
}

/** @param alert its level and code; in TLS 1.3 the code alone tells whether it is fatal (RFC 8446 §6). */
export function noteAlert(facts: Draft, side: Side, alert: Buffer, modern: boolean, at: Moment): void {
  if (facts.alerts.length >= LIMITS.tlsAlerts) return;
  const [level = 0, code = 0] = alert;
  const fatal = modern ? code !== CLOSE_NOTIFY && code !== USER_CANCELED : level === 2;
  facts.alerts.push({ side, fatal, name: alertName(code), at: keep(at) });
}

export function noteForeign(facts: Draft, bytes: Buffer, start: number, end: number): void {
  const known = facts.notTls ?? Buffer.alloc(0);
  const more = bytes.subarray(start, Math.min(end, start + PREFIX_BYTES - known.length));
  if (more.length > 0) facts.notTls = Buffer.concat([known, more]);
}
