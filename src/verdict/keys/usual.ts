/**
 * The names under which senders of webhooks and payment notifications put the id that stays the same when they send
 * again: Standard Webhooks, the Idempotency-Key draft, CloudEvents (HTTP binding), Svix, GitHub, Shopify, Amazon SNS;
 * `out_trade_no` and its kin of payment providers. Earlier ones win.
 */

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

const LONGEST = 32;
const ORDER: ReadonlyMap<string, number> = new Map(NAMES.map((name, i) => [plain(name), i]));
const OUTER: ReadonlySet<string> = new Set(WRAPPERS.map(plain));

/** `out_trade_no`, `outTradeNo` and `OUT-TRADE-NO` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** How early a field's name comes in the list; infinite where it is not on it. */
export function rankOf(name: string): number {
  return name.length <= LONGEST ? meaningOf(name).rank : Number.POSITIVE_INFINITY;
}

export function isWrapper(name: string): boolean {
  return name.length <= LONGEST && meaningOf(name).wraps;
}

interface Meaning {
  readonly rank: number;
  readonly wraps: boolean;
}

/** Names as they were written: the same few come with every request. */
const known = new Map<string, Meaning>();
const REMEMBERED = 4_096;

function meaningOf(name: string): Meaning {
  let meaning = known.get(name);
  if (meaning === undefined) {
    const word = plain(name);
    meaning = { rank: ORDER.get(word) ?? Number.POSITIVE_INFINITY, wraps: OUTER.has(word) };
    if (known.size >= REMEMBERED) known.clear();
    // A copy of its own: a piece of a body keeps all of that body in memory.
    known.set(Buffer.from(name).toString(), meaning);
  }
  return meaning;
}
