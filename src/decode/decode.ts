/**
 * One packet in, one segment filled: link header, tags, IP, extension headers, TCP or an ICMP error that quotes TCP.
 * Stateless. Checksums are never looked at: on the machine that sends, the network card writes them after the
 * capture, so a wrong one proves nothing and must not cost a packet.
 *
 * Every layer takes the same arguments: `at`, where it begins; `end`, up to where bytes were captured; `wireEnd`, up to
 * where they were on the wire in the same numbering; `depth`, layers passed so far. All offsets are into `packet.bytes`.
 */
import { LIMITS } from '../limits.ts';
import { linkLayer } from './link.ts';
import type { Decode } from './segment.ts';

/** Never throws. */
export const decode: Decode = (packet, into) => {
  into.time = packet.time;
  into.file = packet.file;
  into.frame = packet.frame;
  into.interfaceIndex = packet.interfaceIndex;
  into.link = packet.link;
  into.linkInterface = 0;
  into.vlan = -1;
  const { start, end, wireLength } = packet;
  // A record may claim any length on the wire; it only counts where the IP header tells none (offload).
  const wireEnd = Math.max(end, start + Math.min(wireLength, LIMITS.packetBytes));
  return linkLayer(packet.link, packet.bytes, start, end, wireEnd, into);
};
