/**
 * Numbers of the protocol in the words of its registries: versions, alerts (RFC 8446 §6, RFC 5246 §7.2).
 */

/** Two bytes of a version field; null for one that is no version, as the reserved values of RFC 8701. */
export function versionName(version: number): string | null {
  switch (version) {
    case 0x0300:
      return 'SSL 3.0';
    case 0x0301:
      return 'TLS 1.0';
    case 0x0302:
      return 'TLS 1.1';
    case 0x0303:
      return 'TLS 1.2';
    case 0x0304:
      return 'TLS 1.3';
    default:
      // Drafts of TLS 1.3 wrote their own number.
      return version >> 8 === 0x7f ? `TLS 1.3 draft ${version & 0xff}` : null;
  }
}

export const CLOSE_NOTIFY = 0;
export const USER_CANCELED = 90;

const ALERTS: Readonly<Record<number, string>> = {
  [CLOSE_NOTIFY]: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  52: 'too_many_cids_requested',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  [USER_CANCELED]: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
  121: 'ech_required',
};

export function alertName(code: number): string {
  return ALERTS[code] ?? `alert ${code}`;
}

/** TLS 1.3, and the drafts of it (RFC 8446 §4.2.1). */
export const isModern = (version: number): boolean => version === 0x0304 || version >> 8 === 0x7f;
