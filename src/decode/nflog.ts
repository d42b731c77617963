/**
 * Packets that a Linux firewall rule handed to a program (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): a list of
 * attributes, one of which is the IP packet. Attribute headers are in the byte order of the machine that captured, which
 * nothing tells; types are small, so the half that is zero does.
 */
import { u16, u16le } from '../bytes.ts';
import { cut } from './cut.ts';
import { ip } from './ip.ts';
import type { Step } from './rest.ts';
import type { Segment } from './segment.ts';

/** Family, version, resource id. */
const HEADER = 4;
/** Length, of which these four bytes are part, and type. */
const ATTRIBUTE = 4;
const PAYLOAD = 9;
/** NFULA_MAX of Linux has 20 types, none of them twice. */
const ATTRIBUTES = 64;

export function nflog(bytes: Buffer, at: number, end: number, wireEnd: number, into: Segment): Step {
  if (at + HEADER > end) return cut(at + HEADER, wireEnd);
  if (bytes[at + 1] !== 0) return 'malformed';
  let attribute = at + HEADER;
  for (let i = 0; i < ATTRIBUTES; i++) {
    if (attribute === wireEnd) return 'other';
    if (attribute + ATTRIBUTE > end) return cut(attribute + ATTRIBUTE, wireEnd);
    const bigEndian = bytes[attribute + 2] === 0;
    const length = bigEndian ? u16(bytes, attribute) : u16le(bytes, attribute);
    if (length < ATTRIBUTE) return 'malformed';
    if ((bigEndian ? u16(bytes, attribute + 2) : u16le(bytes, attribute + 2)) === PAYLOAD) {
      const payloadEnd = Math.min(wireEnd, attribute + length);
      return ip(bytes, attribute + ATTRIBUTE, Math.min(end, payloadEnd), payloadEnd, 1, into);
    }
    attribute += (length + 3) & ~3;
  }
  return 'malformed';
}
