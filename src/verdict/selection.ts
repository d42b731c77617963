/**
 * Which records the user asked for: by receiver (address, network or name), port and method. What a record cannot
 * tell does not exclude it: a connection that failed before its request has no method, and may have been any.
 */
import { inNetwork, type Network, parseAddress, parseNetwork } from '../address.ts';
import { hostOf } from './record.ts';
import type { AnalysisOptions, TransactionRecord } from './verdict.ts';

/** Addresses remembered for the names asked for. */
const ADDRESSES = 1_024;

export class Selection {
  #networks: Network[] = [];
  #names = new Set<string>();
  #ports: ReadonlySet<number>;
  #methods: ReadonlySet<string>;
  /** Where the names asked for were seen, so that failed connections to them count too. */
  #addresses = new Set<string>();

  constructor(options: AnalysisOptions) {
    for (const host of options.hosts) {
      const network = parseNetwork(host);
      if (network === undefined) this.#names.add(host.toLowerCase());
      else this.#networks.push(network);
    }
    this.#ports = new Set(options.ports);
    this.#methods = new Set(options.methods.map((method) => method.toUpperCase()));
  }

  wants(record: TransactionRecord): boolean {
    return this.#wantsHost(record) && this.#wantsPort(record) && this.#wantsMethod(record);
  }

  #wantsHost(record: TransactionRecord): boolean {
    if (this.#networks.length === 0 && this.#names.size === 0) return true;
    const { ip } = record.connection.receiver;
    const { host } = hostOf(record);
    if (this.#names.has(host)) {
      if (this.#addresses.size < ADDRESSES) this.#addresses.add(ip);
      return true;
    }
    if (record.request === null && this.#addresses.has(ip)) return true;
    const address = parseAddress(ip);
    return (
      address !== undefined &&
      this.#networks.some((network) => inNetwork(network, address.version, ...address.words))
    );
  }

  #wantsPort({ connection }: TransactionRecord): boolean {
    return this.#ports.size === 0 || this.#ports.has(connection.receiver.port);
  }

  #wantsMethod({ request }: TransactionRecord): boolean {
    const method = request?.method ?? null;
    return this.#methods.size === 0 || method === null || this.#methods.has(method.toUpperCase());
  }
}
