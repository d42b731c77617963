/**
 * What counts as delivered, how long an answer may take and where the key stands, by receiver. In: an attempt as far as
 * it is known. Out: the policy of the first rule of the configuration that fits its host, else that of the options.
 */
import { inNetwork, type Network, parseAddress, parseNetwork } from '../address.ts';
import type { Time } from '../capture/packet.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { hostNamed, nameIn } from './record.ts';
import type { AnalysisOptions, HostRule, Policy } from './verdict.ts';

/** What is asked about: before its request a connection has an address only. */
export type Attempt = Pick<Transaction, 'connection' | 'sender' | 'request'>;

interface Match {
  /** Null for a network. */
  readonly name: string | null;
  readonly network: Network | null;
  /** Null for any. */
  readonly port: number | null;
}

export class Policies {
  readonly #base: Policy;
  readonly #rules: readonly { readonly policy: Policy; readonly matches: readonly Match[] }[];

  constructor(options: AnalysisOptions) {
    this.#base = options;
    this.#rules = options.rules.map((rule) => ({ policy: rule, matches: matchesOf(rule) }));
  }

  /** Of all: whoever waits for less looks as often as the most impatient. */
  get shortestTimeout(): Time {
    return Math.min(this.#base.timeout, ...this.#rules.map(({ policy }) => policy.timeout));
  }

  /** Some rule reads the body of an answer. */
  get readsAnswers(): boolean {
    return [this.#base, ...this.#rules.map(({ policy }) => policy)].some(
      ({ accept }) => accept.body !== null || accept.rejectBody !== null,
    );
  }

  of({ connection, sender, request }: Attempt): Policy {
    if (this.#rules.length === 0) return this.#base;
    const side = sender === 0 ? 1 : 0;
    const ip = connection.addresses[side];
    const given = connection.ports[side];
    const head = request?.head ?? null;
    const { host, port } = hostNamed(head === null ? null : nameIn(head), { ip, port: given });
    const address = parseAddress(ip);
    const fits = ({ name, network, port: wanted }: Match) => {
      if (wanted !== null && wanted !== port && wanted !== given) return false;
      if (network !== null) {
        return address !== undefined && inNetwork(network, address.version, ...address.words);
      }
      return name!.startsWith('*.') ? host.endsWith(name!.slice(1)) : host === name;
    };
    return this.#rules.find(({ matches }) => matches.some(fits))?.policy ?? this.#base;
  }
}

function matchesOf({ match }: HostRule): Match[] {
  return match.map((text) => {
    const whole = parseNetwork(text);
    if (whole !== undefined) return { name: null, network: whole, port: null };
    const [, host = text, port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    const network = parseNetwork(bare) ?? null;
    return {
      name: network === null ? host.toLowerCase() : null,
      network,
      port: port === undefined ? null : Number(port),
    };
  });
}
