/**
 * Whether a RST that bears the receiver's address came from somebody else: what it has in common with the packets
 * that are surely the receiver's (method: "who sends TCP RSTs", Weaver, Sommer and Paxson, NDSS 2009).
 */
import { type Facts, isBefore } from './facts.ts';
import type { Finding } from './rule.ts';
import type { Reason } from './verdict.ts';

/** Routes may differ by a hop or two between packets; a host that answers for another is further off. */
const HOPS = 2;
/** One sign may have an innocent cause; this many point away from the receiver, one more strongly. */
const SIGNS = 2;

/** A host that numbers its packets one by one (RFC 6864 asks for no more) leaves gaps smaller than this between two. */
const ID_STEP = 64;
/** And this far away it does not get at once. */
const ID_FAR = 4_096;

/** Another hop count than the receiver's own packets have. */
export function isFromElsewhere({ receiver }: Facts): boolean {
  const { rst, usual } = receiver;
  return rst !== null && usual !== null && Math.abs(rst.ttl - usual.ttl) > HOPS;
}

/** What a rule about the receiver's RST says in place of the catalogue when it looks forged; else nothing. */
export function forgery(f: Facts): Pick<Finding, 'fault' | 'base' | 'because'> {
  const { rst, usual, lastData, rstStepped } = f.receiver;
  if (rst === null || usual === null) return {};
  const signs: Reason[] = [];
  if (isFromElsewhere(f)) signs.push({ reason: 'rst_ttl', rst: rst.ttl, usual: usual.ttl });
  if (lastData !== null && isBefore(rst.at, lastData)) {
    signs.push({ reason: 'sent_after_rst' });
  } else if (rst.offset !== f.receiver.highest && rst.offset !== f.receiver.highest + 1) {
    // One more than the last byte where a FIN lies between.
    signs.push({ reason: 'rst_sequence' });
  }
  if (rstStepped) signs.push({ reason: 'rst_stepped' });
  if (rst.dontFragment !== usual.dontFragment) signs.push({ reason: 'rst_dont_fragment' });
  if (isNumberedElsewhere(f)) signs.push({ reason: 'rst_ip_id' });
  if (f.rtt !== null && f.transaction.request !== null) {
    const after = rst.at.time - f.transaction.request.lastByte.time;
    if (after >= 0 && after * 2 < f.rtt) signs.push({ reason: 'rst_too_soon' });
  }
  if (signs.length < SIGNS) return {};
  return { fault: ['network'], base: signs.length > SIGNS ? 'strong' : 'probable', because: signs };
}

/** Its IP identification lies nowhere near those of the receiver's packets, which count; many hosts reset with 0. */
function isNumberedElsewhere({ receiver: { rst, lastIpId, ipIdStep } }: Facts): boolean {
  if (rst === null || rst.ipId <= 0 || lastIpId <= 0 || ipIdStep <= 0 || ipIdStep > ID_STEP) return false;
  const distance = (rst.ipId - lastIpId) & 0xffff;
  return Math.min(distance, 0x10000 - distance) > ID_FAR;
}
