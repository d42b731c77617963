/**
 * One packet in, one segment filled: link header, tags, tunnels, IP, extension headers, TCP or an ICMP error that quotes
 * TCP; of nested packets the innermost. Stateless but for the fragments it is given. Checksums are never looked at: on the
 * machine that sends, the network card writes them after the capture, so a wrong one proves nothing and must not cost a packet.
 *
 * Every layer takes the same arguments: `at`, where it begins; `end`, up to where bytes were captured; `wireEnd`, up to
 * where they were on the wire in the same numbering; `depth`, layers passed so far. All offsets are into `into.bytes`.
 */
import { LIMITS } from '../limits.ts';
import type { Fragments } from './fragments.ts';
import { reassembled } from './ip.ts';
import { linkLayer } from './link.ts';
import type { Step } from './rest.ts';
import type { Decode, Decoded, Segment } from './segment.ts';
import { tunnel } from './tunnel.ts';

/** Never throws. */
export const decode: Decode = (packet, into, fragments) => {
  into.time = packet.time;
  into.file = packet.file;
  into.frame = packet.frame;
  into.interfaceIndex = packet.interfaceIndex;
  into.link = packet.link;
  into.linkInterface = 0;
  into.vlan = -1;
  into.ipVersion = 0;
  into.bytes = packet.bytes;
  const { start, end, wireLength } = packet;
  // A record may claim any length on the wire; it only counts where the IP header tells none (offload).
  const wireEnd = Math.max(end, start + Math.min(wireLength, LIMITS.packetBytes));
  const step = linkLayer(packet.link, packet.bytes, start, end, wireEnd, into);
  return step === 'tunnel' || step === 'fragment' ? further(step, into, fragments) : step;
};

/** Through tunnels and fragments, which may hold each other; each step is at a greater depth, so it ends. */
function further(from: Step, into: Segment, fragments: Fragments | undefined): Decoded {
  let step = from;
  for (;;) {
    if (step === 'tunnel') step = tunnel(into);
    else if (step === 'fragment' && fragments?.add(into)) step = reassembled(into);
    else return step;
  }
}
