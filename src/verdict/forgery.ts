/**
 * Whether a RST that bears the receiver's address came from somebody else: what it has in common with the packets
 * that are surely the receiver's (method: "who sends TCP RSTs", Weaver, Sommer and Paxson, NDSS 2009).
 */
import { type Facts, isBefore } from './facts.ts';
import type { Finding } from './rule.ts';

/** Routes may differ by a hop or two between packets; a host that answers for another is further off. */
const HOPS = 2;
/** One sign may have an innocent cause; this many point away from the receiver, one more strongly. */
const SIGNS = 2;

/** Another hop count than the receiver's own packets have. */
export function isFromElsewhere({ receiver }: Facts): boolean {
  const { rst, usual } = receiver;
  return rst !== null && usual !== null && Math.abs(rst.ttl - usual.ttl) > HOPS;
}

/** What a rule about the receiver's RST says in place of the catalogue when it looks forged; else nothing. */
export function forgery(f: Facts): Pick<Finding, 'fault' | 'base' | 'because'> {
  const { rst, usual, lastData } = f.receiver;
  if (rst === null || usual === null) return {};
  const signs: string[] = [];
  if (isFromElsewhere(f)) {
    signs.push(`the RST has TTL ${rst.ttl}, other packets of the receiver ${usual.ttl}`);
  }
  if (lastData !== null && isBefore(rst.at, lastData)) {
    signs.push('the receiver went on sending after it');
  } else if (rst.offset !== f.receiver.highest && rst.offset !== f.receiver.highest + 1) {
    // One more than the last byte where a FIN lies between.
    signs.push('its sequence number is not the next one of the receiver');
  }
  if (f.rtt !== null && f.transaction.request !== null) {
    const after = rst.at.time - f.transaction.request.lastByte.time;
    if (after >= 0 && after * 2 < f.rtt) signs.push('it came sooner than the receiver could have answered');
  }
  if (signs.length < SIGNS) return {};
  return { fault: ['network'], base: signs.length > SIGNS ? 'strong' : 'probable', because: signs };
}
