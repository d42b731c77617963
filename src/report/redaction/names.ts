/**
 * What is masked by default, in one place: names of headers and of fields (query, form, JSON, XML, multipart) whose
 * values are secrets or card data, and values that tell by themselves what they are. A name in, yes or no out.
 *
 * Names are compared by their words, so that `access_token`, `accessToken`, `Access-Token` and `card[number]` need one
 * entry each. Signatures count as secrets: with the body they stand for, they let a shared key be searched. Telephone
 * numbers, names and addresses of people do not: they are what payments are told apart by; `--redact phone` adds them.
 */

import { pathPattern } from './paths.ts';

/** Headers, whole names. */
const HEADERS = [
  'Authorization',
  'Proxy-Authorization',
  'Cookie',
  'Cookie2',
  'Set-Cookie',
  'Set-Cookie2',
  'X-Api-Key',
  'X-Hub-Signature-256',
  'X-Shopify-Hmac-Sha256',
  'X-Signature-Ed25519',
  'X-Hmac-Sha256',
];

/** Fields and headers, whole names. */
const NAMES = [
  'key',
  'pass',
  'auth',
  'mac',
  'hash',
  'pin',
  'otp',
  'jwt',
  'session',
  'sessionid',
  'jsessionid',
  'phpsessid',
  'cookie',
  'credentials',
  'check_mac_value',
  'mac_value',
  'sign_data',
  'sign_value',
  'sign_msg',
  'pin_block',
  // card data
  'card',
  'card_num',
  'bank_card',
  'bank_account',
  'acct_no',
  'acc_no',
  'account_no',
  'account_number',
  'iban',
  'valid_thru',
  'track',
  'track1',
  'track2',
  'track_data',
  // people's documents
  'id_card',
  'id_no',
  'id_number',
  'identity_card',
  'identity_no',
  'cert_no',
  'ssn',
  'passport',
  'passport_no',
];

/** Fields and headers that end in one of these words: `webhook-signature`, `client_secret`, `loginPwd`. */
const LAST_WORDS = [
  'authorization',
  'credential',
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'passcode',
  'secret',
  'token',
  'tokens',
  'sign',
  'sig',
  'signature',
  'hmac',
  'apikey',
  'pan',
  'cvv',
  'cvv2',
  'cvc',
  'cvc2',
  'cvn',
  'cvn2',
  'expiry',
];

/** Likewise for two words, written as one: `wx_app_secret` ends in a word above, `merchant_api_key` in these. */
const LAST_TWO_WORDS = [
  'apikey',
  'appkey',
  'authkey',
  'accesskey',
  'secretkey',
  'privatekey',
  'signkey',
  'signingkey',
  'merchantkey',
  'encryptionkey',
  'masterkey',
  'cardno',
  'cardnumber',
  'securitycode',
  'expirydate',
  'expiredate',
  'expirationdate',
  'expdate',
  'expmonth',
  'expyear',
  'idcard',
  'idno',
];

/** Schemes that may stay in front of masked credentials (RFC 9110 §11.1, and those of well-known gateways). */
export const AUTH_SCHEME =
  /^(?:basic|bearer|digest|negotiate|ntlm|token|hawk|hoba|mutual|scram-sha-\d+|aws4-hmac-sha256|wechatpay2-[\w-]+) +/i;

/** Names remembered with their answer: the same few come with every request. */
const REMEMBERED = 4_096;

export class SecretNames {
  /** Of path segments that are masked as well. */
  readonly paths: readonly RegExp[];
  readonly #whole: ReadonlySet<string>;
  readonly #answers = new Map<string, boolean>();

  /** @param more to mask beside the usual ones: names of headers or fields, and patterns of paths, which begin with `/`. */
  constructor(more: readonly string[] = []) {
    this.paths = more.filter((one) => one.startsWith('/')).map(pathPattern);
    const names = more.filter((one) => !one.startsWith('/'));
    this.#whole = new Set([...HEADERS, ...NAMES, ...names].map((name) => wordsOf(name).join('')));
  }

  /** Whether the value of a header or field of this name is masked. */
  has(name: string): boolean {
    let answer = this.#answers.get(name);
    if (answer === undefined) {
      answer = this.#judge(wordsOf(name));
      if (this.#answers.size >= REMEMBERED) this.#answers.clear();
      this.#answers.set(name, answer);
    }
    return answer;
  }

  #judge(words: readonly string[]): boolean {
    const last = words.at(-1) ?? '';
    if (this.#whole.has(words.join('')) || ENDS.has(last)) return true;
    return ENDS_IN_TWO.has(`${words.at(-2) ?? ''}${last}`);
  }
}

const ENDS: ReadonlySet<string> = new Set(LAST_WORDS);
const ENDS_IN_TWO: ReadonlySet<string> = new Set(LAST_TWO_WORDS);

/** `X-Api-Key`, `xApiKey`, `XAPIKey` and `x[api][key]` are `x api key`, in lower case. */
function wordsOf(name: string): string[] {
  return name
    .slice(0, 200)
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
