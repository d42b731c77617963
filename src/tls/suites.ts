/**
 * Cipher suites by their number (IANA TLS Cipher Suites registry), and how each protects records: cipher, key, nonce,
 * tag, MAC and the hash of its key derivation, all read off its name.
 */

/** How the records of a suite are protected. */
export interface Protection {
  /** Node's name of the cipher. */
  readonly cipher: string;
  readonly kind: 'gcm' | 'ccm' | 'chacha' | 'cbc' | 'null';
  readonly keyLength: number;
  readonly blockLength: number;
  /** Bytes of the authentication tag (AEAD) or of the MAC. */
  readonly tagLength: number;
  /** Of the MAC; null for AEAD. */
  readonly mac: string | null;
  /** Of PRF or HKDF; before TLS 1.2 the PRF is MD5 with SHA-1 whatever it says. */
  readonly hash: string;
}

const NAMES: ReadonlyMap<number, string> = new Map(
  `
    0001 RSA_WITH_NULL_MD5
    0002 RSA_WITH_NULL_SHA
    0004 RSA_WITH_RC4_128_MD5
    0005 RSA_WITH_RC4_128_SHA
    000a RSA_WITH_3DES_EDE_CBC_SHA
    0016 DHE_RSA_WITH_3DES_EDE_CBC_SHA
    002c PSK_WITH_NULL_SHA
    002d DHE_PSK_WITH_NULL_SHA
    002e RSA_PSK_WITH_NULL_SHA
    002f RSA_WITH_AES_128_CBC_SHA
    0032 DHE_DSS_WITH_AES_128_CBC_SHA
    0033 DHE_RSA_WITH_AES_128_CBC_SHA
    0034 DH_anon_WITH_AES_128_CBC_SHA
    0035 RSA_WITH_AES_256_CBC_SHA
    0038 DHE_DSS_WITH_AES_256_CBC_SHA
    0039 DHE_RSA_WITH_AES_256_CBC_SHA
    003a DH_anon_WITH_AES_256_CBC_SHA
    003b RSA_WITH_NULL_SHA256
    003c RSA_WITH_AES_128_CBC_SHA256
    003d RSA_WITH_AES_256_CBC_SHA256
    0040 DHE_DSS_WITH_AES_128_CBC_SHA256
    0041 RSA_WITH_CAMELLIA_128_CBC_SHA
    0044 DHE_DSS_WITH_CAMELLIA_128_CBC_SHA
    0045 DHE_RSA_WITH_CAMELLIA_128_CBC_SHA
    0046 DH_anon_WITH_CAMELLIA_128_CBC_SHA
    0067 DHE_RSA_WITH_AES_128_CBC_SHA256
    006a DHE_DSS_WITH_AES_256_CBC_SHA256
    006b DHE_RSA_WITH_AES_256_CBC_SHA256
    006c DH_anon_WITH_AES_128_CBC_SHA256
    006d DH_anon_WITH_AES_256_CBC_SHA256
    0084 RSA_WITH_CAMELLIA_256_CBC_SHA
    0087 DHE_DSS_WITH_CAMELLIA_256_CBC_SHA
    0088 DHE_RSA_WITH_CAMELLIA_256_CBC_SHA
    0089 DH_anon_WITH_CAMELLIA_256_CBC_SHA
    008c PSK_WITH_AES_128_CBC_SHA
    008d PSK_WITH_AES_256_CBC_SHA
    0090 DHE_PSK_WITH_AES_128_CBC_SHA
    0091 DHE_PSK_WITH_AES_256_CBC_SHA
    0094 RSA_PSK_WITH_AES_128_CBC_SHA
    0095 RSA_PSK_WITH_AES_256_CBC_SHA
    009c RSA_WITH_AES_128_GCM_SHA256
    009d RSA_WITH_AES_256_GCM_SHA384
    009e DHE_RSA_WITH_AES_128_GCM_SHA256
    009f DHE_RSA_WITH_AES_256_GCM_SHA384
    00a2 DHE_DSS_WITH_AES_128_GCM_SHA256
    00a3 DHE_DSS_WITH_AES_256_GCM_SHA384
    00a6 DH_anon_WITH_AES_128_GCM_SHA256
    00a7 DH_anon_WITH_AES_256_GCM_SHA384
    00a8 PSK_WITH_AES_128_GCM_SHA256
    00a9 PSK_WITH_AES_256_GCM_SHA384
    00aa DHE_PSK_WITH_AES_128_GCM_SHA256
    00ab DHE_PSK_WITH_AES_256_GCM_SHA384
    00ac RSA_PSK_WITH_AES_128_GCM_SHA256
    00ad RSA_PSK_WITH_AES_256_GCM_SHA384
    00ae PSK_WITH_AES_128_CBC_SHA256
    00af PSK_WITH_AES_256_CBC_SHA384
    00b0 PSK_WITH_NULL_SHA256
    00b1 PSK_WITH_NULL_SHA384
    00b2 DHE_PSK_WITH_AES_128_CBC_SHA256
    00b3 DHE_PSK_WITH_AES_256_CBC_SHA384
    00b4 DHE_PSK_WITH_NULL_SHA256
    00b5 DHE_PSK_WITH_NULL_SHA384
    00b6 RSA_PSK_WITH_AES_128_CBC_SHA256
    00b7 RSA_PSK_WITH_AES_256_CBC_SHA384
    00b8 RSA_PSK_WITH_NULL_SHA256
    00b9 RSA_PSK_WITH_NULL_SHA384
    00ba RSA_WITH_CAMELLIA_128_CBC_SHA256
    00bd DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256
    00be DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256
    00bf DH_anon_WITH_CAMELLIA_128_CBC_SHA256
    00c0 RSA_WITH_CAMELLIA_256_CBC_SHA256
    00c3 DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256
    00c4 DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256
    00c5 DH_anon_WITH_CAMELLIA_256_CBC_SHA256
    1301 AES_128_GCM_SHA256
    1302 AES_256_GCM_SHA384
    1303 CHACHA20_POLY1305_SHA256
    1304 AES_128_CCM_SHA256
    1305 AES_128_CCM_8_SHA256
    c004 ECDH_ECDSA_WITH_AES_128_CBC_SHA
    c005 ECDH_ECDSA_WITH_AES_256_CBC_SHA
    c006 ECDHE_ECDSA_WITH_NULL_SHA
    c007 ECDHE_ECDSA_WITH_RC4_128_SHA
    c008 ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
    c009 ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    c00a ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    c00e ECDH_RSA_WITH_AES_128_CBC_SHA
    c00f ECDH_RSA_WITH_AES_256_CBC_SHA
    c010 ECDHE_RSA_WITH_NULL_SHA
    c011 ECDHE_RSA_WITH_RC4_128_SHA
    c012 ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
    c013 ECDHE_RSA_WITH_AES_128_CBC_SHA
    c014 ECDHE_RSA_WITH_AES_256_CBC_SHA
    c015 ECDH_anon_WITH_NULL_SHA
    c018 ECDH_anon_WITH_AES_128_CBC_SHA
    c019 ECDH_anon_WITH_AES_256_CBC_SHA
    c01d SRP_SHA_WITH_AES_128_CBC_SHA
    c01e SRP_SHA_RSA_WITH_AES_128_CBC_SHA
    c01f SRP_SHA_DSS_WITH_AES_128_CBC_SHA
    c020 SRP_SHA_WITH_AES_256_CBC_SHA
    c021 SRP_SHA_RSA_WITH_AES_256_CBC_SHA
    c022 SRP_SHA_DSS_WITH_AES_256_CBC_SHA
    c023 ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    c024 ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
    c027 ECDHE_RSA_WITH_AES_128_CBC_SHA256
    c028 ECDHE_RSA_WITH_AES_256_CBC_SHA384
    c02b ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    c02c ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    c02f ECDHE_RSA_WITH_AES_128_GCM_SHA256
    c030 ECDHE_RSA_WITH_AES_256_GCM_SHA384
    c035 ECDHE_PSK_WITH_AES_128_CBC_SHA
    c036 ECDHE_PSK_WITH_AES_256_CBC_SHA
    c037 ECDHE_PSK_WITH_AES_128_CBC_SHA256
    c038 ECDHE_PSK_WITH_AES_256_CBC_SHA384
    c039 ECDHE_PSK_WITH_NULL_SHA
    c03a ECDHE_PSK_WITH_NULL_SHA256
    c03b ECDHE_PSK_WITH_NULL_SHA384
    c050 RSA_WITH_ARIA_128_GCM_SHA256
    c051 RSA_WITH_ARIA_256_GCM_SHA384
    c052 DHE_RSA_WITH_ARIA_128_GCM_SHA256
    c053 DHE_RSA_WITH_ARIA_256_GCM_SHA384
    c056 DHE_DSS_WITH_ARIA_128_GCM_SHA256
    c057 DHE_DSS_WITH_ARIA_256_GCM_SHA384
    c05c ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256
    c05d ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384
    c060 ECDHE_RSA_WITH_ARIA_128_GCM_SHA256
    c061 ECDHE_RSA_WITH_ARIA_256_GCM_SHA384
    c06a PSK_WITH_ARIA_128_GCM_SHA256
    c06b PSK_WITH_ARIA_256_GCM_SHA384
    c06c DHE_PSK_WITH_ARIA_128_GCM_SHA256
    c06d DHE_PSK_WITH_ARIA_256_GCM_SHA384
    c06e RSA_PSK_WITH_ARIA_128_GCM_SHA256
    c06f RSA_PSK_WITH_ARIA_256_GCM_SHA384
    c072 ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256
    c073 ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384
    c076 ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256
    c077 ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384
    c094 PSK_WITH_CAMELLIA_128_CBC_SHA256
    c095 PSK_WITH_CAMELLIA_256_CBC_SHA384
    c096 DHE_PSK_WITH_CAMELLIA_128_CBC_SHA256
    c097 DHE_PSK_WITH_CAMELLIA_256_CBC_SHA384
    c098 RSA_PSK_WITH_CAMELLIA_128_CBC_SHA256
    c099 RSA_PSK_WITH_CAMELLIA_256_CBC_SHA384
    c09a ECDHE_PSK_WITH_CAMELLIA_128_CBC_SHA256
    c09b ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384
    c09c RSA_WITH_AES_128_CCM
    c09d RSA_WITH_AES_256_CCM
    c09e DHE_RSA_WITH_AES_128_CCM
    c09f DHE_RSA_WITH_AES_256_CCM
    c0a0 RSA_WITH_AES_128_CCM_8
    c0a1 RSA_WITH_AES_256_CCM_8
    c0a2 DHE_RSA_WITH_AES_128_CCM_8
    c0a3 DHE_RSA_WITH_AES_256_CCM_8
    c0a4 PSK_WITH_AES_128_CCM
    c0a5 PSK_WITH_AES_256_CCM
    c0a6 DHE_PSK_WITH_AES_128_CCM
    c0a7 DHE_PSK_WITH_AES_256_CCM
    c0a8 PSK_WITH_AES_128_CCM_8
    c0a9 PSK_WITH_AES_256_CCM_8
    c0aa PSK_DHE_WITH_AES_128_CCM_8
    c0ab PSK_DHE_WITH_AES_256_CCM_8
    c0ac ECDHE_ECDSA_WITH_AES_128_CCM
    c0ad ECDHE_ECDSA_WITH_AES_256_CCM
    c0ae ECDHE_ECDSA_WITH_AES_128_CCM_8
    c0af ECDHE_ECDSA_WITH_AES_256_CCM_8
    cca8 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    cca9 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    ccaa DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    ccab PSK_WITH_CHACHA20_POLY1305_SHA256
    ccac ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256
    ccad DHE_PSK_WITH_CHACHA20_POLY1305_SHA256
    ccae RSA_PSK_WITH_CHACHA20_POLY1305_SHA256
  `
    .trim()
    .split('\n')
    .map((line) => {
      const [number = '', name = ''] = line.trim().split(' ');
      return [Number.parseInt(number, 16), `TLS_${name}`];
    }),
);

export function suiteName(number: number): string {
  return NAMES.get(number) ?? `0x${number.toString(16).padStart(4, '0')}`;
}

/** How the suite protects records; null for one whose cipher Node does not have (RC4) or that is not known. */
export function protectionOf(number: number): Protection | null {
  const name = NAMES.get(number);
  if (name === undefined) return null;
  const parts = /^TLS_(?:.*_WITH_)?(?<cipher>.+?)(?:_(?<hash>MD5|SHA|SHA256|SHA384))?$/.exec(name)?.groups;
  const cipher = parts?.['cipher'] ?? '';
  const last = parts?.['hash'];
  // The suites of RFC 5288 and later name the PRF's hash; CCM suites of RFC 6655 leave SHA-256 out.
  const hash = last === 'SHA384' ? 'sha384' : 'sha256';
  if (cipher === 'CHACHA20_POLY1305') {
    return {
      cipher: 'chacha20-poly1305',
      kind: 'chacha',
      keyLength: 32,
      blockLength: 1,
      tagLength: 16,
      mac: null,
      hash,
    };
  }
  const mac = last === 'MD5' ? 'md5' : last === 'SHA' ? 'sha1' : hash;
  const macLength = { md5: 16, sha1: 20, sha256: 32, sha384: 48 }[mac] ?? 0;
  if (cipher === 'NULL') {
    return { cipher: '', kind: 'null', keyLength: 0, blockLength: 1, tagLength: macLength, mac, hash };
  }
  if (cipher === '3DES_EDE_CBC') {
    return {
      cipher: 'des-ede3-cbc',
      kind: 'cbc',
      keyLength: 24,
      blockLength: 8,
      tagLength: macLength,
      mac,
      hash,
    };
  }
  const block = /^(AES|ARIA|CAMELLIA)_(128|256)_(CBC|GCM|CCM|CCM_8)$/.exec(cipher);
  if (block === null) return null;
  const [, family = '', bits = '', mode = ''] = block;
  const keyLength = Number(bits) / 8;
  if (mode === 'CBC') {
    const node = `${family.toLowerCase()}-${bits}-cbc`;
    return { cipher: node, kind: 'cbc', keyLength, blockLength: 16, tagLength: macLength, mac, hash };
  }
  const kind = mode === 'GCM' ? 'gcm' : 'ccm';
  const node = `${family.toLowerCase()}-${bits}-${kind}`;
  const tagLength = mode === 'CCM_8' ? 8 : 16;
  return { cipher: node, kind, keyLength, blockLength: 1, tagLength, mac: null, hash };
}
