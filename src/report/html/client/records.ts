/**
 * What the page reads: the records of the JSON formats (of those fields that it shows, in their names), and what the
 * reporter adds for the page itself: a short row for each transaction, and the words of the language.
 */
export type Outcome = 'delivered' | 'refused' | 'unanswered' | 'unsent' | 'pending' | 'unknown' | 'missing';

/** Worst first: what a reader looks for. */
export const OUTCOMES: readonly Outcome[] = [
  'unanswered',
  'unsent',
  'missing',
  'refused',
  'unknown',
  'pending',
  'delivered',
];
export const FAILED: ReadonlySet<Outcome> = new Set<Outcome>(['unanswered', 'unsent', 'missing', 'refused']);

/** One transaction as lists and charts need it. */
export interface Row {
  readonly id: string;
  readonly outcome: Outcome;
  readonly verdict: string;
  /** Counts as failed: an unused connection does not. */
  readonly failed: boolean;
  readonly fault: readonly string[];
  /** `name:port`. */
  readonly host: string;
  readonly client: string;
  /** Milliseconds from the capture's first packet; null when nothing of it has a time. */
  readonly start: number | null;
  /** Milliseconds that it took, as far as it is known. */
  readonly took: number | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly status: number | null;
  /** Of an expected delivery that left no packet; those with attempts are told by their deliveries. */
  readonly key: string | null;
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

export interface Evidence {
  readonly file: string;
  readonly frame: number;
  readonly time: string | null;
  readonly role: string;
}

export interface PacketRecord {
  readonly file: string;
  readonly frame: number;
  readonly time: string | null;
  readonly from: 'sender' | 'receiver' | 'network';
  readonly flags: readonly string[];
  readonly seq: number | null;
  readonly ack: number | null;
  readonly length: number;
  readonly window: number | null;
  readonly note: string | null;
  readonly icmp: {
    readonly version: number;
    readonly type: number;
    readonly code: number;
    readonly reporter: string;
    readonly mtu: number | null;
  } | null;
  readonly roles: readonly string[];
  readonly leftOut: number;
  readonly payload: string | null;
}

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

interface Message {
  readonly version: string | null;
  readonly headers: readonly HeaderField[];
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly complete: boolean;
  readonly body: string | null;
}

export interface RequestRecord extends Message {
  readonly method: string | null;
  readonly target: string | null;
  readonly url: string | null;
}

export interface ResponseRecord extends Message {
  readonly status: number | null;
  readonly reason: string | null;
  readonly interim: readonly number[];
}

export interface TransactionRecord {
  readonly id: string;
  readonly outcome: Outcome;
  readonly verdict: string;
  readonly fault: readonly string[];
  readonly confidence: string;
  readonly because: readonly string[];
  readonly summary: string;
  readonly facts: Readonly<Record<'sent' | 'acked' | 'responded' | 'accepted', string>> & {
    readonly closedBy: string | null;
  };
  readonly request: RequestRecord | null;
  readonly response: ResponseRecord | null;
  readonly times: Readonly<Record<string, string | null>>;
  readonly timings: Readonly<Record<string, number | null>>;
  /** Null for an expected delivery that left no packet. */
  readonly connection: {
    readonly id: number;
    readonly sender: Endpoint;
    readonly receiver: Endpoint;
    readonly index: number;
    readonly reused: boolean;
    readonly history: string;
    readonly retransmissions: number;
    readonly rtt: number | null;
    readonly link: string;
    readonly vlan: number | null;
    readonly interface: string | null;
    readonly tls: Readonly<Record<string, string | boolean | null>> | null;
  } | null;
  readonly signals: readonly string[];
  readonly likely: string | null;
  readonly missing: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly packets: readonly PacketRecord[] | null;
}

export interface HostRecord {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly attempts: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly synUnanswered: number;
  readonly resets: { readonly bySender: number; readonly byReceiver: number };
  readonly retransmissionRate: number | null;
  readonly wait: { readonly p50: number | null; readonly p95: number | null; readonly max: number | null };
  readonly inferredSenderTimeout: number | null;
}

export interface DeliveryRecord {
  readonly key: string;
  readonly host: string;
  readonly outcome: Outcome;
  readonly verdict: string;
  readonly attempts: readonly string[];
  readonly attemptCount: number;
  readonly intervals: readonly number[];
  readonly firstSent: string | null;
  readonly firstAcked: string | null;
  readonly deliveredAt: string | null;
  readonly duplicatesAfterAck: number;
  readonly method: string | null;
  readonly path: string | null;
  /** `identical` where the key is the whole request, of which it holds no more than a digest. */
  readonly keyFrom: string;
}

export interface Head {
  readonly capture: {
    readonly files: readonly {
      readonly path: string;
      readonly sha256: string | null;
      readonly format: string | null;
      readonly bytes: number;
      readonly packets: number;
      readonly truncated: boolean;
    }[];
    readonly packets: number;
    readonly firstTime: string | null;
    readonly lastTime: string | null;
    readonly dropped: number | null;
    readonly version: string;
    readonly options: Readonly<Record<string, unknown>>;
  };
  /** The moment that rows count from. */
  readonly origin: string | null;
  /** What the capture is to be blamed for, in words. */
  readonly warnings: readonly string[];
  readonly summary: {
    readonly transactions: number;
    readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
    readonly verdicts: Readonly<Record<string, number>>;
  };
  readonly hosts: readonly HostRecord[];
  readonly deliveries: readonly DeliveryRecord[];
  /** Transactions in each block of records. */
  readonly blockSize: number;
  /** Transactions for which the page has no room. */
  readonly notListed: number;
}
