/**
 * What a language gives to the page: plain strings, because they travel inside it. `{name}` stands for a value;
 * where a number decides, there are two strings, for one and for more.
 */
import type { Confidence, Outcome, Party, Role } from '../../../verdict/verdict.ts';

/** For one, and for any other number; `{n}` is the number. */
export type Counted = readonly [one: string, other: string];

export interface VerdictWords {
  readonly title: string;
  /** What to do next. */
  readonly remedy: string;
}

export interface PageWords {
  /** BCP 47. */
  readonly tag: string;
  readonly title: string;
  readonly subtitle: string;
  readonly noScript: string;
  readonly headline: {
    readonly deliveries: Counted;
    readonly transactions: Counted;
    readonly allDelivered: string;
    readonly nothingFailed: string;
    readonly nothing: string;
  };
  readonly read: Counted;
  readonly transactions: Counted;
  readonly files: Counted;
  readonly duration: string;
  readonly theme: string;
  readonly print: string;
  readonly outcomes: Readonly<Record<Outcome, string>>;
  readonly outcomeHelp: Readonly<Record<Outcome, string>>;
  readonly parties: Readonly<Record<Party, string>>;
  readonly confidence: Readonly<Record<Confidence, string>>;
  readonly fault: string;
  readonly or: string;
  /** Between a name and its value. */
  readonly colon: string;
  /** Between the members of a list, and between sentences of one. */
  readonly comma: string;
  readonly semicolon: string;
  readonly nobody: string;
  readonly capture: {
    readonly heading: string;
    readonly sound: string;
    readonly file: string;
    readonly size: string;
    readonly packets: string;
    readonly dropped: string;
    readonly notTold: string;
    readonly truncated: string;
    readonly options: string;
    readonly madeBy: string;
  };
  readonly findings: {
    readonly heading: string;
    readonly recovered: Counted;
    readonly deliveries: Counted;
    readonly attempts: Counted;
    readonly ackedFirst: string;
    readonly neverAcked: string;
    readonly duplicates: Counted;
    readonly again: string;
    readonly more: Counted;
  };
  readonly timeline: {
    readonly heading: string;
    readonly label: string;
    readonly others: string;
    readonly mark: Counted;
  };
  readonly hosts: {
    readonly heading: string;
    readonly host: string;
    readonly attempts: string;
    readonly outcomes: string;
    readonly noSynAck: string;
    readonly resets: string;
    readonly resent: string;
    readonly wait: string;
    readonly gaveUp: string;
    readonly only: string;
    readonly more: Counted;
  };
  readonly list: {
    readonly heading: string;
    readonly search: string;
    readonly searchHint: string;
    readonly host: string;
    readonly allHosts: string;
    readonly all: string;
    readonly failed: string;
    readonly shown: string;
    readonly none: string;
    readonly clear: string;
    readonly span: string;
    readonly expand: Counted;
    readonly collapse: string;
    readonly attempt: string;
    readonly notListed: Counted;
    readonly noRequest: string;
    readonly loadMore: string;
  };
  readonly detail: {
    readonly copy: string;
    readonly copied: string;
    readonly link: string;
    readonly steps: Readonly<Record<'connected' | 'sent' | 'acked' | 'responded' | 'accepted', string>>;
    readonly extent: Readonly<Record<'full' | 'partial' | 'none' | 'unknown' | 'yes' | 'no', string>>;
    readonly why: string;
    readonly todo: string;
    readonly missing: string;
    readonly likely: string;
    readonly signals: string;
    readonly timings: string;
    readonly timing: Readonly<
      Record<'connect' | 'tls' | 'send' | 'ack' | 'wait' | 'receive' | 'total' | 'gaveUpAfter', string>
    >;
    readonly connection: string;
    readonly connectionText: string;
    readonly reused: string;
    readonly request: string;
    readonly response: string;
    readonly noResponse: string;
    readonly notReadable: string;
    readonly headers: string;
    readonly body: string;
    readonly noBody: string;
    readonly bodyBytes: Counted;
    readonly incomplete: string;
    readonly interim: string;
    readonly deliveryName: string;
  };
  readonly ladder: {
    readonly heading: string;
    readonly sender: string;
    readonly receiver: string;
    readonly network: string;
    readonly time: string;
    readonly frame: string;
    readonly again: string;
    readonly outOfOrder: string;
    readonly keepAlive: string;
    readonly zeroWindow: string;
    readonly window: string;
    readonly noArrival: string;
    readonly arrivalHelp: string;
    readonly bytes: string;
    readonly hex: string;
    readonly hexCut: string;
    readonly pause: string;
    readonly leftOut: Counted;
    readonly missing: Readonly<
      Record<
        'syn_ack' | 'ack' | 'response' | 'server_hello' | 'rest' | 'continue' | 'window' | 'flow',
        string
      >
    >;
    readonly missingFor: string;
    readonly evidence: string;
    readonly evidenceOnly: string;
    readonly icmp: string;
    readonly roles: Readonly<Record<Role, string>>;
  };
}
