/**
 * In: the body of a ClientHello or ServerHello (RFC 8446 §4.1.2, §4.1.3; RFC 5246 §7.4.1). Out: what it offers or
 * chooses. Every length is checked against what is there; what does not fit ends the reading, and is told.
 */
import { u16 } from '../bytes.ts';
import { LIMITS } from '../limits.ts';

/** Extension numbers (IANA TLS ExtensionType Values). */
const SERVER_NAME = 0;
const ALPN = 16;
const ENCRYPT_THEN_MAC = 22;
const PRE_SHARED_KEY = 41;
const EARLY_DATA = 42;
const SUPPORTED_VERSIONS = 43;

/** RFC 8446 §4.1.3: the random of a ServerHello that is a HelloRetryRequest. */
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

const RANDOM = 2;
const SESSION_ID = 34;

interface Hello {
  /** Of the field, which for TLS 1.3 says 1.2. */
  readonly version: number;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly alpn: readonly string[];
  /** `supported_versions`, in the order of preference. */
  readonly versions: readonly number[];
  readonly preSharedKey: boolean;
  readonly earlyData: boolean;
  readonly encryptThenMac: boolean;
  /** False: cut short where a length did not fit. */
  readonly sound: boolean;
  readonly tooMany: boolean;
}

export interface ClientHello extends Hello {
  readonly sni: string | null;
}

export interface ServerHello extends Hello {
  readonly suite: number;
  readonly retry: boolean;
}

/** @param body without the handshake header. Null where not even the fixed fields are there. */
export function clientHello(body: Buffer): ClientHello | null {
  const at = afterSession(body);
  if (at === null || at + 2 > body.length) return null;
  const suites = at + 2 + u16(body, at);
  if (suites >= body.length) return null;
  const extensions = readExtensions(body, suites + 1 + body[suites]!);
  return { ...fixed(body), ...extensions, sni: extensions.name };
}

/** @param body without the handshake header. Null where not even the fixed fields are there. */
export function serverHello(body: Buffer): ServerHello | null {
  const at = afterSession(body);
  if (at === null || at + 3 > body.length) return null;
  const start = fixed(body);
  const retry = start.random.toString('hex') === RETRY;
  return { ...start, ...readExtensions(body, at + 3), suite: u16(body, at), retry };
}

/** `application_layer_protocol_negotiation` and `early_data` of EncryptedExtensions (RFC 8446 §4.3.1). */
export function encryptedExtensions(body: Buffer): { alpn: readonly string[]; earlyData: boolean } {
  return readExtensions(body, 0);
}

function afterSession(body: Buffer): number | null {
  if (body.length < SESSION_ID + 1) return null;
  const end = SESSION_ID + 1 + body[SESSION_ID]!;
  return end > body.length ? null : end;
}

function fixed(body: Buffer) {
  const idEnd = SESSION_ID + 1 + body[SESSION_ID]!;
  return {
    version: u16(body, 0),
    random: Buffer.from(body.subarray(RANDOM, SESSION_ID)),
    sessionId: Buffer.from(body.subarray(SESSION_ID + 1, idEnd)),
  };
}

/** @param at where the length of all extensions stands; a hello without any ends there. */
function readExtensions(body: Buffer, at: number) {
  const found = {
    name: null as string | null,
    alpn: [] as string[],
    versions: [] as number[],
    preSharedKey: false,
    earlyData: false,
    encryptThenMac: false,
    sound: true,
    tooMany: false,
  };
  if (at + 2 > body.length) {
    found.sound = at === body.length;
    return found;
  }
  const end = Math.min(body.length, at + 2 + u16(body, at));
  found.sound = at + 2 + u16(body, at) <= body.length;
  let pos = at + 2;
  for (let count = 0; pos + 4 <= end; count++) {
    if (count === LIMITS.tlsExtensions) {
      found.tooMany = true;
      return found;
    }
    const type = u16(body, pos);
    const start = pos + 4;
    pos = start + u16(body, pos + 2);
    if (pos > end) break;
    if (type === SERVER_NAME) found.name ??= serverName(body, start, pos);
    else if (type === ALPN) found.alpn = protocols(body, start, pos);
    else if (type === SUPPORTED_VERSIONS) found.versions = versions(body, start, pos);
    else if (type === PRE_SHARED_KEY) found.preSharedKey = true;
    else if (type === EARLY_DATA) found.earlyData = true;
    else if (type === ENCRYPT_THEN_MAC) found.encryptThenMac = true;
  }
  if (pos !== end) found.sound = false;
  return found;
}

/** RFC 6066 §3: the first host name of the list. */
function serverName(body: Buffer, start: number, end: number): string | null {
  if (start + 5 > end || body[start + 2] !== 0) return null;
  const nameEnd = start + 5 + u16(body, start + 3);
  return nameEnd > end ? null : body.toString('latin1', start + 5, nameEnd).slice(0, LIMITS.tlsNameBytes);
}

/** RFC 7301 §3.1. */
function protocols(body: Buffer, start: number, end: number): string[] {
  const found: string[] = [];
  let pos = start + 2;
  while (pos < end && found.length < LIMITS.tlsProtocols) {
    const next = pos + 1 + body[pos]!;
    if (next > end) break;
    found.push(body.toString('latin1', pos + 1, next));
    pos = next;
  }
  return found;
}

/** RFC 8446 §4.2.1: a list in a ClientHello, one version in a ServerHello. */
function versions(body: Buffer, start: number, end: number): number[] {
  if (end - start === 2) return [u16(body, start)];
  const found: number[] = [];
  for (let pos = start + 1; pos + 2 <= end; pos += 2) found.push(u16(body, pos));
  return found;
}
