/**
 * Which records the user asked for: by receiver (address, network or name), port and method. What a record cannot
 * tell does not exclude it: a connection that failed before its request has no method, and may have been any.
 */
import { inNetwork, type Network, parseAddress, parseNetwork } from '../address.ts';
import { hostNamed, type Judged } from './record.ts';
import type { AnalysisOptions } from './verdict.ts';

/** Addresses remembered for the names asked for. */
const ADDRESSES = 1_024;

export class Selection {
  #networks: Network[] = [];
  #names = new Set<string>();
  #ports: ReadonlySet<number>;
  #methods: ReadonlySet<string>;
  /** Where the names asked for were seen, so that failed connections to them count too. */
  #addresses = new Set<string>();
  #resolved: ReadonlySet<string>;

  constructor(options: AnalysisOptions) {
    for (const host of options.hosts) {
      const network = parseNetwork(host);
      if (network === undefined) this.#names.add(host.toLowerCase());
      else this.#networks.push(network);
    }
    this.#resolved = options.resolved ?? new Set();
    this.#ports = new Set(options.ports);
    this.#methods = new Set(options.methods.map((method) => method.toUpperCase()));
  }

  wants(judged: Judged): boolean {
    return this.#wantsHost(judged) && this.#wantsPort(judged) && this.#wantsMethod(judged);
  }

  #wantsHost({ name, ip, port, transaction }: Judged): boolean {
    if (this.#networks.length === 0 && this.#names.size === 0) return true;
    const { host } = hostNamed(name, { ip, port });
    if (this.#names.has(host)) {
      if (this.#addresses.size < ADDRESSES) this.#addresses.add(ip);
      return true;
    }
    if (transaction.request === null && (this.#addresses.has(ip) || this.#resolved.has(ip))) return true;
    const address = parseAddress(ip);
    return (
      address !== undefined &&
      this.#networks.some((network) => inNetwork(network, address.version, ...address.words))
    );
  }

  #wantsPort({ port }: Judged): boolean {
    return this.#ports.size === 0 || this.#ports.has(port);
  }

  #wantsMethod({ method }: Judged): boolean {
    return this.#methods.size === 0 || method === null || this.#methods.has(method.toUpperCase());
  }
}
