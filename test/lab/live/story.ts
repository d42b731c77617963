/**
 * What happens in the lab: for each attempt what is wrong on the way or at the merchant, what both ends must have logged
 * for it to have happened so, and the verdicts that are right then.
 */
import type { Code } from '../../../src/verdict/verdict.ts';

/** One behaviour of the merchant each; the router's faults are told by port as well. */
export const PORTS = {
  answered: 8001,
  failed: 8002,
  silent: 8003,
  silentLong: 8004,
  reset: 8005,
  closed: 8006,
  cut: 8007,
  late: 8008,
  stale: 8009,
  blackHole: 8010,
  /** Nobody listens. */
  refused: 8011,
  /** The router drops, or refuses, what goes there. */
  dropped: 8012,
  prohibited: 8013,
  unreachable: 8014,
} as const;
export type Story = keyof typeof PORTS;

/** Chosen by the sender's program: what never connects has no other name that both it and the packets know. */
export function clientPort(story: Story, family: 4 | 6): number {
  return 30_000 + PORTS[story] + (family === 4 ? 0 : 1000);
}

/** What the sender's program logs of an attempt. */
export interface Attempt {
  readonly story: Story;
  readonly family: 4 | 6;
  /** Its own port. */
  readonly client: number;
  /** Which request on that connection, from 1. */
  readonly index: number;
  /** A status, `timeout` when it gave up, or the error's code. */
  readonly result: string;
}

export interface Truth {
  /** What the sender's program saw. */
  readonly result: RegExp;
  /** What reached the merchant's program on that connection, by the time all is over. */
  readonly merchant: readonly string[];
  readonly verdict: Code;
}

const NOTHING: readonly string[] = [];

/** By story; of `stale` the first request is answered, and the second is the one it is about. */
export const TRUTHS: Readonly<Record<Story | 'stale2', Truth>> = {
  answered: { result: /^200$/, merchant: ['request', 'answers'], verdict: 'delivered' },
  failed: { result: /^500$/, merchant: ['request', 'answers'], verdict: 'server_error' },
  silent: { result: /^timeout$/, merchant: ['request'], verdict: 'no_response_sender_closed' },
  silentLong: { result: /^timeout$/, merchant: ['request'], verdict: 'no_response_timeout' },
  reset: { result: /^ECONNRESET$/, merchant: ['request'], verdict: 'no_response_reset' },
  closed: { result: /^ECONNRESET$/, merchant: ['request'], verdict: 'no_response_receiver_closed' },
  cut: { result: /^ECONNRESET$/, merchant: ['request'], verdict: 'response_incomplete' },
  late: { result: /^timeout$/, merchant: ['request', 'answers'], verdict: 'response_late' },
  stale: { result: /^200$/, merchant: ['request', 'answers'], verdict: 'delivered' },
  stale2: { result: /^(?:ECONNRESET|EPIPE)$/, merchant: ['request', 'answers'], verdict: 'stale_connection' },
  blackHole: { result: /^timeout$/, merchant: NOTHING, verdict: 'request_not_acked' },
  refused: { result: /^ECONNREFUSED$/, merchant: NOTHING, verdict: 'connect_refused' },
  dropped: { result: /^timeout$/, merchant: NOTHING, verdict: 'connect_no_reply' },
  prohibited: {
    result: /^(?:EHOSTUNREACH|EACCES|ECONNREFUSED)$/,
    merchant: NOTHING,
    verdict: 'connect_prohibited',
  },
  unreachable: { result: /^EHOSTUNREACH$/, merchant: NOTHING, verdict: 'connect_unreachable' },
};

/** What the router does, as nftables wants it. */
export const FIREWALL = `
table inet lab {
  chain forward {
    type filter hook forward priority 0; policy accept;
    tcp dport ${PORTS.dropped} drop
    tcp dport ${PORTS.prohibited} meta nfproto ipv4 reject with icmp type admin-prohibited
    tcp dport ${PORTS.prohibited} meta nfproto ipv6 reject with icmpv6 type admin-prohibited
    tcp dport ${PORTS.unreachable} meta nfproto ipv4 reject with icmp type host-unreachable
    tcp dport ${PORTS.unreachable} meta nfproto ipv6 reject with icmpv6 type addr-unreachable
    tcp dport ${PORTS.blackHole} meta length > 150 drop
  }
}
`;

/** Milliseconds that the lab's captures wait for an answer. */
export const DEADLINE = 5000;
/** Milliseconds after which the sender's program gives up: far enough before the deadline for a machine that is busy. */
export const SHORT = 700;
