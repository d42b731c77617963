/**
 * In: the certificates of a server (RFC 5246 §7.4.2) as DER (RFC 5280), from a stranger. Out: who the first one names, who signed it, how long it is valid; null
 * where it cannot be parsed. Node's OpenSSL reads it; what that rejects is no certificate.
 */
import { X509Certificate } from 'node:crypto';
import { LIMITS } from '../limits.ts';
import type { TlsCertificate } from './tls.ts';

/** @param list of a Certificate message: its length, then each certificate behind its own; the server's comes first. */
export function firstCertificate(list: Buffer): TlsCertificate | null {
  if (list.length < 6) return null;
  const end = 6 + list.readUIntBE(3, 3);
  return end > list.length ? null : certificateOf(list.subarray(6, end));
}

function certificateOf(der: Buffer): TlsCertificate | null {
  try {
    const certificate = new X509Certificate(der);
    return {
      subject: oneLine(certificate.subject),
      issuer: oneLine(certificate.issuer),
      notBefore: rfc3339(certificate.validFrom),
      notAfter: rfc3339(certificate.validTo),
      names: namesOf(certificate.subjectAltName),
    };
  } catch {
    return null;
  }
}

/** Node gives a name as lines, and none at all for an empty one. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').slice(0, LIMITS.certificateNameLength);
}

function namesOf(alternatives: string | undefined): string[] {
  if (alternatives === undefined) return [];
  return alternatives
    .slice(0, LIMITS.certificateNames * LIMITS.certificateNameLength)
    .split(', ')
    .slice(0, LIMITS.certificateNames)
    .map((name) => name.slice(0, LIMITS.certificateNameLength));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** OpenSSL prints `Nov  2 12:00:00 2026 GMT`. */
function rfc3339(date: string): string | null {
  const parts = /^(\w{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4}) GMT$/.exec(date);
  if (parts === null) return null;
  const [, month = '', day = '', time, year] = parts;
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) return null;
  return `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}T${time}Z`;
}
