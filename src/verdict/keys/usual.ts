/**
 * The names under which senders of webhooks and payment notifications put the id that stays the same when they send
 * again: Standard Webhooks, the Idempotency-Key draft, CloudEvents (HTTP binding), Svix, GitHub, Shopify, Amazon SNS;
 * `out_trade_no` and its kin of payment providers. Earlier ones win.
 */

import { pointerOf } from './json.ts';

/** Header fields, in lower case. */
export const USUAL_HEADERS: readonly string[] = [
  'webhook-id',
  'svix-id',
  'idempotency-key',
  'x-idempotency-key',
  'ce-id',
  'x-github-delivery',
  'x-shopify-webhook-id',
  'x-amz-sns-message-id',
];

const NAMES = [
  'out_trade_no',
  'notify_id',
  'order_id',
  'order_no',
  'mch_order_no',
  'merchant_order_id',
  'merchant_order_no',
  'out_order_no',
  'order_number',
  'out_refund_no',
  'trade_no',
  'transaction_id',
  'payment_id',
  'notification_id',
  'webhook_id',
  'event_id',
  'message_id',
];

/** Objects that hold what a notification is about. */
const WRAPPERS = [
  'data',
  'biz_content',
  'resource',
  'payload',
  'order',
  'object',
  'event',
  'content',
  'body',
];

/** Characters of a name as it is written. */
export const LONGEST = 32;
const ORDER: ReadonlyMap<string, number> = new Map(NAMES.map((name, i) => [plain(name), i]));
const OUTER: ReadonlySet<string> = new Set(WRAPPERS.map(plain));

/** `out_trade_no`, `outTradeNo` and `OUT-TRADE-NO` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** What a field's name says. */
export interface Meaning {
  readonly name: string;
  /** How early it comes in the list; infinite where it is not on it. */
  readonly rank: number;
  readonly wraps: boolean;
  /** It may stand for another name: escapes of JSON, or of forms, may be in it. */
  readonly escaped: boolean;
  /** Step of a JSON pointer. */
  readonly pointer: string;
  /** As `--key` says where such a field is, made once; `''` where nothing is wanted of it. */
  readonly json: string;
  readonly form: string;
  readonly query: string;
}

const MEANINGLESS: Meaning = {
  name: '',
  rank: Number.POSITIVE_INFINITY,
  wraps: false,
  escaped: false,
  pointer: '',
  json: '',
  form: '',
  query: '',
};

/** How early a field's name comes in the list; infinite where it is not on it. */
export function rankOf(name: string): number {
  return meaningOf(name).rank;
}

export function meaningOf(name: string): Meaning {
  return meaningIn(name, 0, name.length);
}

/** Power of two: names as they were written. The same few come with every request. */
const REMEMBERED = 1_024;
const known: Meaning[] = new Array(REMEMBERED).fill(MEANINGLESS);

/** Of the name `text[start, end)`, which is not cut out where it was met before. */
export function meaningIn(text: string, start: number, end: number): Meaning {
  const length = end - start;
  if (length > LONGEST || length <= 0) return MEANINGLESS;
  let hash = length;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  const slot = (hash ^ (hash >>> 10)) & (REMEMBERED - 1);
  const last = known[slot]!;
  if (last.name.length === length && text.startsWith(last.name, start)) return last;
  // A copy of its own: a piece of a body keeps all of that body in memory.
  const meaning = understood(Buffer.from(text.slice(start, end)).toString());
  known[slot] = meaning;
  return meaning;
}

function understood(name: string): Meaning {
  const word = plain(name);
  const rank = ORDER.get(word) ?? Number.POSITIVE_INFINITY;
  const wraps = OUTER.has(word);
  const escaped = /[\\%+]/.test(name);
  if (rank === Number.POSITIVE_INFINITY && !wraps) return { ...MEANINGLESS, name, escaped };
  const pointer = pointerOf(name);
  return {
    name,
    rank,
    wraps,
    escaped,
    pointer,
    json: `json:${pointer}`,
    form: `form:${name}`,
    query: `query:${name}`,
  };
}
