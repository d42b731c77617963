/**
 * What the user asks of the analysis, checked. Part of the border that `verdict.ts` is; a file of its own for its length.
 */
import type { Time } from '../capture/packet.ts';
import type { Secrets } from '../tls/tls.ts';

/** What holds for all receivers, or for some. */
export interface Policy {
  /** Response deadline after the last progress of an attempt, nanoseconds. */
  readonly timeout: Time;
  /** What counts as delivered, beyond a complete final 2xx. */
  readonly accept: AcceptRule;
  /** Where the business key of a request stands, first match wins; empty means the usual names. */
  readonly keys: readonly KeySpec[];
}

/** What holds for the receivers that fit. */
export interface HostRule extends Policy {
  /** `pay.example`, `*.shop.example:8080`, `203.0.113.44`, `203.0.113.0/24`, `[2001:db8::1]:443`. */
  readonly match: readonly string[];
}

/** What the user asks of the analysis. */
export interface AnalysisOptions extends Policy {
  /** Only these receivers: address, CIDR or host name as in Host or SNI; empty means all. */
  readonly hosts: readonly string[];
  /** Addresses that names among them are known to have; grows while a live capture asks for them. */
  readonly resolved?: ReadonlySet<string>;
  readonly ports: readonly number[];
  /** As on the wire, compared exactly after upper-casing; empty means all. */
  readonly methods: readonly string[];
  /** TLS secrets; null without any. */
  readonly secrets: Secrets | null;
  /** What holds instead for some receivers; the first that fits counts. */
  readonly rules: readonly HostRule[];
  /** What should have been sent; null without a list. */
  readonly expected: readonly ExpectedDelivery[] | null;
}

/** One line of the list of what should have been sent. */
export interface ExpectedDelivery {
  readonly key: string;
  /** In lower case, an address or a name without port; null for any. */
  readonly host: string | null;
  readonly port: number | null;
  /** Without query. */
  readonly path: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly time: number | null;
  /** From 1. */
  readonly line: number;
}

/** A place to look for a business key; `text` is how `--key` says it. */
export type KeySpec =
  /** RFC 6901. */
  | { readonly kind: 'json'; readonly pointer: string; readonly text: string }
  | { readonly kind: 'form' | 'query' | 'header'; readonly name: string; readonly text: string }
  /** The first group that matched, else the whole match. */
  | { readonly kind: 'body'; readonly pattern: RegExp; readonly text: string };

export interface AcceptRule {
  readonly body: RegExp | null;
  readonly rejectBody: RegExp | null;
  /** Final statuses that count as delivered; null means 200 to 299. */
  readonly statuses: readonly number[] | null;
}
