/**
 * Whether a capture could have seen what is missed in it. In: what is known of the capture at its end, its packets
 * that are no TCP, and which receivers it saw. Out: the reasons for which it may have missed a delivery; none where
 * its absence can be claimed.
 */
import { formatAddress, inNetwork, parseAddress, parseNetwork } from '../../address.ts';
import type { CaptureFacts, Time } from '../../capture/packet.ts';
import type { Segment } from '../../decode/segment.ts';
import { LIMITS } from '../../limits.ts';
import type { AnalysisOptions, Reason } from '../verdict.ts';
import type { Wanted } from './expected.ts';

/** Pairs of addresses that are remembered: a few are as good as all. */
const PAIRS = 64;
/** What should have been sent in the capture's last moments may have been sent after them. */
const END_MARGIN: Time = 0.5e9;

/** What the stages know at the end. */
export interface CaptureHealth {
  readonly facts: CaptureFacts;
  readonly ackedUnseen: number;
  readonly oneDirection: boolean;
  /** Packets that could not be read. */
  readonly undecoded: number;
  /** A limit has cost evidence. */
  readonly limitsHit: boolean;
}

export class Coverage {
  /** Packets that are neither TCP nor IP: no filter on hosts' TCP lets them in. */
  #other = false;
  #pairs = new Map<string, readonly [string, string]>();
  readonly #receivers = new Set<string>();
  /** `name port` and `address port` of every receiver. */
  readonly #seen = new Set<string>();
  /** Where requests that name a host went. */
  readonly #addresses = new Map<string, Set<string>>();
  readonly #named = new Set<string>();
  readonly #options: AnalysisOptions;

  constructor(options: AnalysisOptions) {
    this.#options = options;
  }

  /** A packet that is no TCP. */
  onOther(segment: Segment): void {
    if (segment.ipVersion === 0) {
      this.#other = true;
      return;
    }
    if (this.#pairs.size >= PAIRS) return;
    const { ipVersion, src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = segment;
    const key = `${src0} ${src1} ${src2} ${src3} ${dst0} ${dst1} ${dst2} ${dst3}`;
    if (this.#pairs.has(key)) return;
    this.#pairs.set(key, [
      formatAddress(ipVersion, src0, src1, src2, src3),
      formatAddress(ipVersion, dst0, dst1, dst2, dst3),
    ]);
  }

  /** @param host as a request to it names it; null where none did. */
  onReceiver(ip: string, host: string | null, port: number): void {
    if (this.#seen.size >= LIMITS.hosts) return;
    this.#receivers.add(ip);
    this.#seen.add(ip).add(`${ip} ${port}`);
    if (host === null || host === ip) return;
    this.#named.add(`${ip} ${port}`);
    this.#seen.add(host).add(`${host} ${port}`);
    const addresses = this.#addresses.get(host);
    if (addresses === undefined) this.#addresses.set(host, new Set([ip]));
    else addresses.add(ip);
  }

  /** Addresses of a name; undefined where no request named it. */
  addressesOf(host: string): ReadonlySet<string> | undefined {
    return this.#addresses.get(host);
  }

  /** A request to that address and port named a host. */
  isNamed(ip: string, port: number): boolean {
    return this.#named.has(`${ip} ${port}`);
  }

  /** Connections or requests to that host and port were captured. */
  saw({ host, port }: Wanted): boolean {
    if (host === null) return this.#seen.size > 0;
    return this.#seen.has(port === null ? host : `${host} ${port}`);
  }

  /** @param times when it should have been sent; empty where the list does not say. */
  doubts(wanted: Wanted, times: readonly Time[], health: CaptureHealth): Reason[] {
    const { facts } = health;
    const doubts: Reason[] = [];
    if (!this.#selects(wanted)) doubts.push({ reason: 'not_selected' });
    if ((wanted.host === null || !this.saw(wanted)) && !this.#unfiltered(wanted))
      doubts.push({ reason: 'filter_possible' });
    doubts.push(...timeDoubts(times, facts));
    if ((facts.dropped ?? 0) > 0) doubts.push({ reason: 'packets_dropped', packets: facts.dropped ?? 0 });
    if (health.ackedUnseen > 0) doubts.push({ reason: 'bytes_lost', bytes: health.ackedUnseen });
    if (health.oneDirection) doubts.push({ reason: 'one_direction_only' });
    if (health.undecoded > 0) doubts.push({ reason: 'undecoded', packets: health.undecoded });
    if (health.limitsHit) doubts.push({ reason: 'limit_hit' });
    return doubts;
  }

  /** The user asked for receivers among which it is. */
  #selects({ host, port }: Wanted): boolean {
    const { hosts, ports } = this.#options;
    if (port !== null && ports.length > 0 && !ports.includes(port)) return false;
    if (host === null || hosts.length === 0) return true;
    const address = parseAddress(host);
    return hosts.some((given) => {
      const network = parseNetwork(given);
      if (network === undefined) return given.toLowerCase() === host;
      return address !== undefined && inNetwork(network, address.version, ...address.words);
    });
  }

  /**
   * Nothing kept the place out of the capture: packets were let in that have to do with none of its receivers. For
   * another port of a host that was seen anything but TCP is enough.
   */
  #unfiltered({ host }: Wanted): boolean {
    const apart = [...this.#pairs.values()].some((pair) => !pair.some((ip) => this.#receivers.has(ip)));
    return apart || (host !== null && this.#seen.has(host) && (this.#other || this.#pairs.size > 0));
  }
}

/** One moment that was watched is enough: at that one it was missed. */
function timeDoubts(times: readonly Time[], facts: CaptureFacts): Reason[] {
  if (facts.firstTime === null || facts.lastTime === null) return [{ reason: 'not_covered' }];
  const gaps = [...(facts.live?.gaps ?? []), ...cuts(facts)];
  const missed = facts.warnings.some(({ code }) => code === 'file_gap');
  if (times.length === 0) return gaps.length > 0 || missed ? [{ reason: 'gaps_told' }] : [];
  const { firstTime, lastTime } = facts;
  const within = times.filter((time) => time >= firstTime && time <= lastTime);
  if (within.length === 0) return [{ reason: 'not_covered' }];
  const early = within.filter((time) => time <= lastTime - END_MARGIN);
  if (early.length === 0) return [{ reason: 'expected_at_end' }];
  const inGap = (time: Time) => gaps.some(({ from, to }) => time + END_MARGIN > from && time < to);
  return missed || early.every(inGap) ? [{ reason: 'gaps_told' }] : [];
}

/** From where a file was cut to where the next begins. */
function cuts({ files, lastTime }: CaptureFacts): { from: Time; to: Time }[] {
  return files.flatMap((file) => {
    if (!file.truncated) return [];
    const from = file.lastTime ?? Number.NEGATIVE_INFINITY;
    const starts = files.flatMap(({ firstTime }) =>
      firstTime !== null && firstTime > from ? firstTime : [],
    );
    return [{ from, to: Math.min(...starts, Number.POSITIVE_INFINITY) }].filter(
      ({ to }) => to > from && (lastTime === null || from <= lastTime),
    );
  });
}
