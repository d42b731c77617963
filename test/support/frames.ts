/**
 * Builds link-layer frames that carry TCP segments or ICMP errors, for tests and the benchmark.
 * In: addresses as text and header fields as numbers. Out: the bytes of one packet, checksums right unless asked.
 * Written from the RFCs (791, 792, 4302, 4443, 8200, 9293) and https://www.tcpdump.org/linktypes.html,
 * sharing nothing with src/, so that a mistake there is not repeated here.
 * See conversation.ts for whole connections and packets-source.ts for feeding frames to the pipeline.
 */

export type LinkName = 'ethernet' | 'sll' | 'sll2' | 'null' | 'loop' | 'raw';

/** LINKTYPE_* number of each link. */
export const LINKTYPES: Readonly<Record<LinkName, number>> = {
  ethernet: 1,
  sll: 113,
  sll2: 276,
  null: 0,
  loop: 108,
  raw: 101,
};

export interface LinkOptions {
  /** Default 'ethernet'. */
  readonly link?: LinkName;
  /** VLAN ids, outermost first; 802.1Q tags, the outer one 802.1ad where there are several. Ethernet and SLL. */
  readonly vlan?: readonly number[];
  /** Interface index written into an SLL2 header; default 2. */
  readonly ifindex?: number;
  /** Address family in a NULL header, and whether it is written big endian; default: as macOS writes it, little endian. */
  readonly family?: number;
  readonly bigEndian?: boolean;
  /** Pads an Ethernet frame with these many bytes after the IP packet. */
  readonly padding?: number;
}

export type Ipv6Extension =
  | 'hopByHop'
  | 'routing'
  | 'destination'
  | 'ah'
  | 'atomicFragment'
  | { readonly fragment: number; readonly more: boolean };

export interface IpOptions {
  /** IPv4 or IPv6 is chosen by the address. */
  readonly src: string;
  readonly dst: string;
  /** TTL or hop limit; default 64. */
  readonly ttl?: number;
  readonly ipId?: number;
  /** Default true. */
  readonly dontFragment?: boolean;
  /** IPv4 only: offset in bytes and more-fragments flag. */
  readonly fragment?: { readonly offset: number; readonly more: boolean };
  /** IPv4 options, padded here to a multiple of 4. */
  readonly ipOptions?: Buffer;
  readonly ipv6Extensions?: readonly Ipv6Extension[];
  /** Overrides IPv4 total length or IPv6 payload length (0: segmentation offload). */
  readonly ipLength?: number;
  /** Makes every checksum wrong. */
  readonly badChecksums?: boolean;
}

export interface TcpOptionList {
  readonly mss?: number;
  readonly wscale?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: readonly [value: number, echo: number];
  /** Blocks of [left, right) edges. */
  readonly sack?: readonly (readonly [left: number, right: number])[];
}

export interface TcpFields {
  readonly srcPort: number;
  readonly dstPort: number;
  /** Taken modulo 2^32; default 0. */
  readonly seq?: number;
  readonly ack?: number;
  /** Letters of F S R P A U E C; default 'A'. */
  readonly flags?: string;
  /** Default 64240. */
  readonly window?: number;
  /** Raw bytes are padded here to a multiple of 4. */
  readonly options?: Buffer | TcpOptionList;
  readonly payload?: Buffer | string;
}

export interface TcpFrame extends LinkOptions, IpOptions, TcpFields {}

export interface IcmpError extends LinkOptions, IpOptions {
  readonly type: number;
  readonly code: number;
  /** Next-hop MTU field. */
  readonly mtu?: number;
  /** The packet it complains about: an IP packet, or the fields of a TCP frame (its link options are ignored). */
  readonly quote: Buffer | TcpFrame;
  /** Bytes of the quoted packet that are kept; default all. */
  readonly quoteBytes?: number;
}

/** A whole frame: link header, tags, IP header, TCP header, payload, padding. */
export function tcpFrame(frame: TcpFrame): Buffer {
  return linkFrame(frame, ipPacket(frame, 6, tcpSegment(frame)), frame.src.includes(':'));
}

/** An ICMP or ICMPv6 error (chosen by `src`) that quotes another packet. */
export function icmpError(error: IcmpError): Buffer {
  const v6 = error.src.includes(':');
  const quoted = Buffer.isBuffer(error.quote) ? error.quote : tcpFrame({ ...error.quote, ...BARE });
  const message = Buffer.concat([Buffer.alloc(8), quoted.subarray(0, error.quoteBytes ?? quoted.length)]);
  message[0] = error.type;
  message[1] = error.code;
  message.writeUInt32BE(error.mtu ?? 0, 4);
  const sum = checksum(v6 ? [pseudoHeader(error, 58, message.length), message] : [message]);
  message.writeUInt16BE(error.badChecksums ? sum ^ 0x5555 : sum, 2);
  return linkFrame(error, ipPacket(error, v6 ? 58 : 1, message), v6);
}

/** Any other IP packet, for protocols this file does not know. */
export function ipFrame(frame: LinkOptions & IpOptions, protocol: number, payload: Buffer): Buffer {
  return linkFrame(frame, ipPacket(frame, protocol, payload), frame.src.includes(':'));
}

const BARE = { link: 'raw', padding: 0, vlan: [] } as const;

const FLAG_LETTERS = 'FSRPAUEC';

function tcpSegment(fields: TcpFields & IpOptions): Buffer {
  const options = padded(
    Buffer.isBuffer(fields.options) ? fields.options : tcpOptions(fields.options ?? {}),
    4,
  );
  const payload = Buffer.from(fields.payload ?? '');
  const header = Buffer.alloc(20);
  header.writeUInt16BE(fields.srcPort, 0);
  header.writeUInt16BE(fields.dstPort, 2);
  header.writeUInt32BE((fields.seq ?? 0) >>> 0, 4);
  header.writeUInt32BE((fields.ack ?? 0) >>> 0, 8);
  header[12] = ((20 + options.length) / 4) << 4;
  let flags = 0;
  for (const letter of fields.flags ?? 'A') {
    const bit = FLAG_LETTERS.indexOf(letter);
    if (bit < 0) throw new Error(`unknown TCP flag ${letter}`);
    flags |= 1 << bit;
  }
  header[13] = flags;
  header.writeUInt16BE(fields.window ?? 64240, 14);
  const segment = Buffer.concat([header, options, payload]);
  const sum = checksum([pseudoHeader(fields, 6, segment.length), segment]);
  segment.writeUInt16BE(fields.badChecksums ? sum ^ 0x5555 : sum, 16);
  return segment;
}

/** TCP options in the order Linux writes them on a SYN. */
function tcpOptions(list: TcpOptionList): Buffer {
  const out: number[] = [];
  if (list.mss !== undefined) out.push(2, 4, list.mss >> 8, list.mss & 0xff);
  if (list.sackPermitted) out.push(4, 2);
  if (list.timestamps) out.push(8, 10, ...word(list.timestamps[0]), ...word(list.timestamps[1]));
  if (list.sack)
    out.push(5, 2 + 8 * list.sack.length, ...list.sack.flatMap(([l, r]) => [...word(l), ...word(r)]));
  if (list.wscale !== undefined) out.push(1, 3, 3, list.wscale);
  while (out.length % 4) out.push(1);
  return Buffer.from(out);
}

function ipPacket(ip: IpOptions, protocol: number, payload: Buffer): Buffer {
  return ip.src.includes(':') ? ipv6Packet(ip, protocol, payload) : ipv4Packet(ip, protocol, payload);
}

function ipv4Packet(ip: IpOptions, protocol: number, payload: Buffer): Buffer {
  const options = padded(ip.ipOptions ?? Buffer.alloc(0), 4);
  const header = Buffer.concat([Buffer.alloc(20), options]);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(ip.ipLength ?? header.length + payload.length, 2);
  header.writeUInt16BE(ip.ipId ?? 0, 4);
  const { offset, more } = ip.fragment ?? { offset: 0, more: false };
  const dontFragment = ip.dontFragment ?? !ip.fragment;
  header.writeUInt16BE((dontFragment ? 0x4000 : 0) | (more ? 0x2000 : 0) | (offset >> 3), 6);
  header[8] = ip.ttl ?? 64;
  header[9] = protocol;
  addressBytes(ip.src).copy(header, 12);
  addressBytes(ip.dst).copy(header, 16);
  const sum = checksum([header]);
  header.writeUInt16BE(ip.badChecksums ? sum ^ 0x5555 : sum, 10);
  return Buffer.concat([header, payload]);
}

const EXTENSION_NUMBERS = { hopByHop: 0, routing: 43, destination: 60, ah: 51, atomicFragment: 44 } as const;

function ipv6Packet(ip: IpOptions, protocol: number, payload: Buffer): Buffer {
  let next = protocol;
  let rest = payload;
  for (const extension of [...(ip.ipv6Extensions ?? [])].reverse()) {
    rest = Buffer.concat([extensionHeader(extension, next), rest]);
    next = typeof extension === 'string' ? EXTENSION_NUMBERS[extension] : 44;
  }
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(ip.ipLength ?? rest.length, 4);
  header[6] = next;
  header[7] = ip.ttl ?? 64;
  addressBytes(ip.src).copy(header, 8);
  addressBytes(ip.dst).copy(header, 24);
  return Buffer.concat([header, rest]);
}

function extensionHeader(extension: Ipv6Extension, next: number): Buffer {
  if (typeof extension !== 'string') {
    const header = Buffer.alloc(8);
    header[0] = next;
    header.writeUInt16BE((extension.fragment & 0xfff8) | (extension.more ? 1 : 0), 2);
    header.writeUInt32BE(0x01020304, 4);
    return header;
  }
  switch (extension) {
    case 'hopByHop': // PadN of 4
      return Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]);
    case 'destination': // 16 bytes: PadN of 12
      return Buffer.from([next, 1, 1, 12, ...new Uint8Array(12)]);
    case 'routing': // type 2, segments left 0, one home address
      return Buffer.from([next, 2, 2, 0, ...new Uint8Array(20)]);
    case 'ah': // length in 4-byte units minus 2: 24 bytes
      return Buffer.from([next, 4, 0, 0, ...new Uint8Array(20)]);
    case 'atomicFragment':
      return Buffer.from([next, 0, 0, 0, 1, 2, 3, 4]);
  }
}

function linkFrame(options: LinkOptions, ip: Buffer, v6: boolean): Buffer {
  const type = v6 ? 0x86dd : 0x0800;
  const tags = options.vlan ?? [];
  switch (options.link ?? 'ethernet') {
    case 'raw':
      return ip;
    case 'ethernet': {
      const macs = Buffer.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
      return Buffer.concat([macs, etherTypes(tags, type), ip, Buffer.alloc(options.padding ?? 0)]);
    }
    case 'sll': {
      const header = Buffer.from([0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
      return Buffer.concat([header, etherTypes(tags, type), ip]);
    }
    case 'sll2': {
      const types = etherTypes(tags, type);
      const header = Buffer.alloc(20);
      types.copy(header, 0, 0, 2);
      header.writeUInt32BE(options.ifindex ?? 2, 4);
      header.writeUInt16BE(1, 8);
      header[10] = 4;
      header[11] = 6;
      return Buffer.concat([header, types.subarray(2), ip]);
    }
    case 'null': {
      const header = Buffer.alloc(4);
      const family = options.family ?? (v6 ? 30 : 2);
      if (options.bigEndian) header.writeUInt32BE(family);
      else header.writeUInt32LE(family);
      return Buffer.concat([header, ip]);
    }
    case 'loop': {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(options.family ?? (v6 ? 24 : 2));
      return Buffer.concat([header, ip]);
    }
  }
}

/** The EtherType field, with its tags in front: each tag is its own type, then priority and id. */
function etherTypes(tags: readonly number[], type: number): Buffer {
  const out = Buffer.alloc(2 + 4 * tags.length);
  tags.forEach((id, i) => {
    out.writeUInt16BE(i === 0 && tags.length > 1 ? 0x88a8 : 0x8100, 4 * i);
    out.writeUInt16BE(id, 4 * i + 2);
  });
  out.writeUInt16BE(type, 4 * tags.length);
  return out;
}

/** 4 or 16 bytes of an address in text. */
function addressBytes(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  const groups = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
          return [(a << 8) | b, (c << 8) | d];
        });
  const [head = '', tail] = text.split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** RFC 9293 §3.1, RFC 8200 §8.1. */
function pseudoHeader(ip: IpOptions, protocol: number, length: number): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(length, 0);
  tail[7] = protocol;
  return Buffer.concat([addressBytes(ip.src), addressBytes(ip.dst), tail]);
}

/** RFC 1071 over parts of which each but the last has an even length. */
function checksum(parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function padded(bytes: Buffer, unit: number): Buffer {
  const over = bytes.length % unit;
  return over === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(unit - over)]);
}

function word(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
