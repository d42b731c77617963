/**
 * Host names in, the addresses to capture out, for as long as a capture runs: merchants move. Every address of a name is
 * taken, of both families, from the system's resolver (which knows /etc/hosts) and from DNS, which tells how long an answer
 * holds; when that has passed the name is asked for again. Addresses are only added: connections to an old one live on.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { UserError } from '../error.ts';
import { LIMITS } from '../limits.ts';

/** Seconds. Where nobody says how long an answer holds, and bounds for what is said. */
const USUAL_TTL = 60;
const SHORTEST_TTL = 30;
const LONGEST_TTL = 3600;

export interface Answer {
  readonly addresses: readonly string[];
  /** Seconds; null when it was not told. */
  readonly ttl: number | null;
}

/** @returns no addresses when the name is not known now. */
export type Resolve = (name: string) => Promise<Answer>;

export class Names {
  /** Addresses and networks as given, then all addresses of the names. */
  readonly networks: string[];
  /** The addresses alone that names stand for; grows. */
  readonly resolved: Set<string>;
  #names: readonly string[];
  #resolve: Resolve;

  /** @param hosts addresses, networks (`10.0.0.0/8`) and names. */
  constructor(hosts: readonly string[], resolve: Resolve = bySystem) {
    this.#names = hosts.filter((host) => !isNetwork(host));
    this.networks = hosts.filter(isNetwork);
    this.resolved = new Set();
    this.#resolve = resolve;
  }

  /**
   * Asks for every name.
   * @throws UserError('flag') when a name has no address: nothing could be captured for it.
   */
  async start(): Promise<Refreshed> {
    const refreshed = await this.refresh();
    const unknown = refreshed.unknown[0];
    if (unknown !== undefined) {
      throw new UserError(
        'flag',
        `--host ${unknown}: the name has no address now; check it, or give the address`,
      );
    }
    return refreshed;
  }

  async refresh(): Promise<Refreshed> {
    const answers = await Promise.all(this.#names.map((name) => this.#resolve(name)));
    const added: string[] = [];
    let ttl = LONGEST_TTL;
    for (const answer of answers) {
      ttl = Math.min(ttl, Math.max(SHORTEST_TTL, answer.ttl ?? USUAL_TTL));
      for (const address of answer.addresses) {
        if (this.resolved.has(address) || this.resolved.size >= LIMITS.resolvedAddresses) continue;
        this.resolved.add(address);
        this.networks.push(address);
        added.push(address);
      }
    }
    const unknown = this.#names.filter((_, i) => answers[i]!.addresses.length === 0);
    return { added, unknown, again: this.#names.length === 0 ? null : ttl };
  }
}

export interface Refreshed {
  /** Addresses that were not known before. */
  readonly added: readonly string[];
  /** Names that have no address now. */
  readonly unknown: readonly string[];
  /** Seconds until the names are to be asked for again; null where there are none. */
  readonly again: number | null;
}

function isNetwork(host: string): boolean {
  return isIP(host.replace(/\/\d+$/, '')) !== 0;
}

/** A name server that does not answer may not hold up the capture for long: the system's resolver has its own way. */
const PATIENCE = { timeout: 2000, tries: 2 };

async function bySystem(name: string): Promise<Answer> {
  const nothing = () => [];
  const dns = new Resolver(PATIENCE);
  const [system, four, six] = await Promise.all([
    lookup(name, { all: true }).catch(nothing),
    dns.resolve4(name, { ttl: true }).catch(nothing),
    dns.resolve6(name, { ttl: true }).catch(nothing),
  ]);
  const records = [...four, ...six];
  // A link-local address with a zone is no address of a receiver, and a filter knows no zones.
  const known = [...system, ...records]
    .map(({ address }) => address)
    .filter((address) => !address.includes('%'));
  return {
    addresses: [...new Set(known)],
    ttl: records.length === 0 ? null : Math.min(...records.map(({ ttl }) => ttl)),
  };
}
