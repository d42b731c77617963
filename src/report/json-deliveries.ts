/**
 * Deliveries, which come by the hundred thousand, as `json-values.ts` would write them: one line each, the contract's
 * fields in its order, put into a `JsonLine` value by value.
 */
import type { DeliveryRecord } from '../verdict/verdict.ts';
import { inner, JsonLine, LINE_END, names, piece, safeJson } from './json-line.ts';
import { type Clock, rfc3339 } from './time.ts';

/** One for all: each line is taken before the next is begun. */
const line = new JsonLine();

export function deliveryJson(record: DeliveryRecord, clock: Clock): string {
  putDelivery(record, clock);
  return line.toString();
}

/** The same with the end of a line; lent until the next. */
export function deliveryLine(record: DeliveryRecord, clock: Clock): Uint8Array {
  putDelivery(record, clock);
  line.put(LINE_END);
  return line.bytes;
}

const END = piece('}');
const DELIVERY = {
  ...names('attempts', 'attemptCount', 'intervals', 'firstSent', 'firstAcked', 'deliveredAt'),
  ...names('duplicatesAfterAck', 'duplicatesAfterDelivery', 'expected'),
  key: piece('{"type":"delivery","key":'),
  noDuplicates: piece(',"duplicatesAfterAck":0,"duplicatesAfterDelivery":0'),
};

function putDelivery(record: DeliveryRecord, clock: Clock): void {
  const { duplicatesAfterAck, duplicatesAfterDelivery, expected } = record;
  const around = aroundOf(record);
  line.clear();
  line.put(DELIVERY.key);
  line.text(record.key);
  line.put(around.before);
  line.put(DELIVERY.attempts);
  line.texts(record.attempts);
  line.put(DELIVERY.attemptCount);
  line.number(record.attemptCount);
  line.put(DELIVERY.intervals);
  line.durations(record.intervals, clock);
  line.time(DELIVERY.firstSent, record.firstSent, clock);
  line.time(DELIVERY.firstAcked, record.firstAcked, clock);
  line.time(DELIVERY.deliveredAt, record.deliveredAt, clock);
  if (duplicatesAfterAck === 0 && duplicatesAfterDelivery === 0) line.put(DELIVERY.noDuplicates);
  else {
    line.put(DELIVERY.duplicatesAfterAck);
    line.number(duplicatesAfterAck);
    line.put(DELIVERY.duplicatesAfterDelivery);
    line.number(duplicatesAfterDelivery);
  }
  line.put(around.behind);
  line.put(DELIVERY.expected);
  if (expected === null) line.text(null);
  else {
    const { lines, firstTime, lastTime } = expected;
    line.json(safeJson({ lines, firstTime: rfc3339(firstTime, clock), lastTime: rfc3339(lastTime, clock) }));
  }
  line.put(END);
}

type Surroundings = Pick<
  DeliveryRecord,
  'host' | 'outcome' | 'verdict' | 'method' | 'port' | 'path' | 'keyFrom' | 'inferred'
>;

interface Around {
  readonly of: Surroundings;
  /** What stands before its attempts, and behind the times of them. */
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

/** Places remembered by their host: deliveries of many receivers come in turn, those of one are much alike. */
const HOSTS = 1_024;
/** Characters of what is remembered of one. */
const LONGEST = 1_024;
const arounds = new Map<string | null, Around>();

function aroundOf(record: DeliveryRecord): Around {
  const { host, outcome, verdict, method, port, path, keyFrom, inferred } = record;
  const known = arounds.get(host);
  if (
    known !== undefined &&
    known.of.verdict === verdict &&
    known.of.outcome === outcome &&
    known.of.path === path &&
    known.of.method === method &&
    known.of.port === port &&
    known.of.keyFrom === keyFrom &&
    known.of.inferred === inferred
  ) {
    return known;
  }
  const around: Around = {
    of: { host, outcome, verdict, method, port, path, keyFrom, inferred },
    before: inner({ host, outcome, verdict }),
    behind: inner({ method, port, path, keyFrom, inferred }),
  };
  if (around.before.length + around.behind.length <= LONGEST) {
    if (arounds.size >= HOSTS) arounds.clear();
    arounds.set(host, around);
  }
  return around;
}
