/**
 * Every way in which a packet may be wrapped, from the link header to the tunnel: an IP packet in, a frame out.
 * Written from the RFCs and https://www.tcpdump.org/linktypes.html, sharing nothing with src/; wrappings.test.ts holds
 * each against tshark.
 */
import { ipFrame } from './frames.ts';

export interface Wrapping {
  readonly name: string;
  /** LINKTYPE_* of the frame. */
  readonly link: number;
  /** frame.protocols of tshark, up to the inner IP. */
  readonly protocols: string;
  wrap(ip: Buffer): Buffer;
}

const OUTER4 = { src: '192.0.2.1', dst: '192.0.2.2', dontFragment: false } as const;
const OUTER6 = { src: '2001:db8:1::1', dst: '2001:db8:1::2' } as const;
/** Of a known maker: that is how tshark tells a control word from an address. */
const MACS = hex('005056000001 005056000002');

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function isV6(ip: Buffer): boolean {
  return ip[0]! >> 4 === 6;
}

function etherType(ip: Buffer): Buffer {
  return hex(isV6(ip) ? '86dd' : '0800');
}

/** An Ethernet frame; `type` in hex. */
export function ether(type: string, ...payload: Buffer[]): Buffer {
  return Buffer.concat([MACS, hex(type), ...payload]);
}

function frameOf(ip: Buffer): Buffer {
  return Buffer.concat([MACS, etherType(ip), ip]);
}

function length16(value: number): Buffer {
  return hex(value.toString(16).padStart(4, '0'));
}

function snap(ip: Buffer, organization = '000000'): Buffer {
  return Buffer.concat([hex(`aaaa03 ${organization}`), etherType(ip), ip]);
}

function pppNumber(ip: Buffer): string {
  return isV6(ip) ? '0057' : '0021';
}

function pppoe(ip: Buffer): Buffer {
  return Buffer.concat([hex('1100 0007'), length16(ip.length + 2), hex(pppNumber(ip)), ip]);
}

/** GRE in IPv4 over Ethernet; the header in hex. */
export function gre(header: string, ...payload: Buffer[]): Buffer {
  return ipFrame(OUTER4, 47, Buffer.concat([hex(header), ...payload]));
}

/** UDP without a checksum, in IPv4 over Ethernet. */
export function udp(port: number, ...payload: Buffer[]): Buffer {
  return ipFrame(OUTER4, 17, datagram(port, ...payload));
}

function datagram(port: number, ...payload: Buffer[]): Buffer {
  const content = Buffer.concat(payload);
  return Buffer.concat([hex('d431'), length16(port), length16(content.length + 8), hex('0000'), content]);
}

/** Radiotap with a flags field behind a timestamp: 8 + 8 + 1 bytes. */
function radiotap(flags: string): Buffer {
  return hex(`00 00 1100 03000000 0807060504030201 ${flags}`);
}

/** A data frame to an access point, its control bytes in hex. */
function wlan(control: string, ...payload: Buffer[]): Buffer {
  const addresses = hex('020000000009 020000000001 020000000002');
  return Buffer.concat([hex(control), hex('0000'), addresses, hex('1000'), ...payload]);
}

/** NFLOG: a prefix attribute of odd length, then the payload. */
function nflog(ip: Buffer, bigEndian: boolean): Buffer {
  const halves = (...values: number[]) =>
    bigEndian ? Buffer.concat(values.map(length16)) : Buffer.concat(values.map(length16)).swap16();
  const padding = Buffer.alloc(-ip.length & 3);
  const family = hex(isV6(ip) ? '0a' : '02');
  const prefix = Buffer.concat([halves(4 + 3, 10), hex('6162 00 00')]);
  return Buffer.concat([family, hex('00 0000'), prefix, halves(4 + ip.length, 9), ip, padding]);
}

function ppi(link: number, fields: Buffer, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(8 + fields.length, 2);
  header.writeUInt32LE(link, 4);
  return Buffer.concat([header, fields, payload]);
}

type Row = readonly [name: string, link: number, protocols: string, wrap: (ip: Buffer) => Buffer];

const ROWS: readonly Row[] = [
  [
    '802.1ad',
    1,
    'eth:ethertype:ieee8021ad:ethertype:vlan:ethertype',
    (ip) => ether('88a8 0007 8100 0008', etherType(ip), ip),
  ],
  ['VN-Tag', 1, 'eth:ethertype:vntag:ethertype', (ip) => ether('8926 00000001', etherType(ip), ip)],
  ['802.1ah', 1, 'eth:ethertype:ieee8021ah:ethertype', (ip) => ether('88e7 00000001', frameOf(ip))],
  ['SNAP', 1, 'eth:llc', (ip) => ether(length16(ip.length + 8).toString('hex'), snap(ip))],
  ['PPPoE', 1, 'eth:ethertype:pppoes:ppp', (ip) => ether('8864', pppoe(ip))],
  ['MPLS', 1, 'eth:ethertype:mpls', (ip) => ether('8847 00010140', ip)],
  ['MPLS, three labels', 1, 'eth:ethertype:mpls', (ip) => ether('8847 00010040 00011040 00012140', ip)],
  [
    'MPLS, Ethernet',
    1,
    'eth:ethertype:mpls:pwethheuristic:pwethcw:eth:ethertype',
    (ip) => ether('8847 00010140 00000000', frameOf(ip)),
  ],
  ['IP in IP', 1, 'eth:ethertype:ip', (ip) => ipFrame(OUTER4, isV6(ip) ? 41 : 4, ip)],
  ['IP in IPv6', 1, 'eth:ethertype:ipv6', (ip) => ipFrame(OUTER6, isV6(ip) ? 41 : 4, ip)],
  ['GRE', 1, 'eth:ethertype:ip:gre', (ip) => gre('0000', etherType(ip), ip)],
  [
    'GRE over IPv6',
    1,
    'eth:ethertype:ipv6:gre',
    (ip) => ipFrame(OUTER6, 47, Buffer.concat([hex('0000'), etherType(ip), ip])),
  ],
  ['GRE, key', 1, 'eth:ethertype:ip:gre', (ip) => gre('2000', etherType(ip), hex('00000005'), ip)],
  ['GRE, sequence', 1, 'eth:ethertype:ip:gre', (ip) => gre('1000', etherType(ip), hex('00000006'), ip)],
  ['GRE, Ethernet', 1, 'eth:ethertype:ip:gre:eth:ethertype', (ip) => gre('2000 6558 00000500', frameOf(ip))],
  ['GRE, MPLS', 1, 'eth:ethertype:ip:gre:mpls', (ip) => gre('0000 8847 00010140', ip)],
  ['ERSPAN I', 1, 'eth:ethertype:ip:gre:erspan:eth:ethertype', (ip) => gre('0000 88be', frameOf(ip))],
  [
    'ERSPAN II',
    1,
    'eth:ethertype:ip:gre:erspan:eth:ethertype',
    (ip) => gre('1000 88be 00000001 1001 0002 00000003', frameOf(ip)),
  ],
  [
    'ERSPAN III',
    1,
    'eth:ethertype:ip:gre:erspan:eth:ethertype',
    (ip) => gre('1000 22eb 00000001 2001 0002 00000003 0000 0000', frameOf(ip)),
  ],
  [
    'ERSPAN III, subheader',
    1,
    'eth:ethertype:ip:gre:erspan:eth:ethertype',
    (ip) => gre('1000 22eb 00000001 2001 0002 00000003 0000 0001 0c00000000000000', frameOf(ip)),
  ],
  [
    'VXLAN',
    1,
    'eth:ethertype:ip:udp:vxlan:eth:ethertype',
    (ip) => udp(4789, hex('08000000 00002a00'), frameOf(ip)),
  ],
  [
    'VXLAN, group policy',
    1,
    'eth:ethertype:ip:udp:vxlan:eth:ethertype',
    (ip) => udp(4789, hex('88000123 00002a00'), frameOf(ip)),
  ],
  [
    'VXLAN, tagged',
    1,
    'eth:ethertype:ip:udp:vxlan:eth:ethertype:vlan:ethertype',
    (ip) => udp(4789, hex('08000000 00002a00'), ether('8100 0009', etherType(ip), ip)),
  ],
  [
    'Geneve',
    1,
    'eth:ethertype:ip:udp:geneve:eth:ethertype',
    (ip) => udp(6081, hex('00006558 00002a00'), frameOf(ip)),
  ],
  [
    'Geneve, options',
    1,
    'eth:ethertype:ip:udp:geneve:eth:ethertype',
    (ip) => udp(6081, hex('02006558 00002a00 0102 80 01 00000000'), frameOf(ip)),
  ],
  [
    'Geneve, IP',
    1,
    'eth:ethertype:ip:udp:geneve',
    (ip) => udp(6081, Buffer.concat([hex('0000'), etherType(ip), hex('00002a00')]), ip),
  ],
  ['PPP', 9, 'ppp', (ip) => Buffer.concat([hex(`ff03 ${pppNumber(ip)}`), ip])],
  ['PPP, compressed', 9, 'ppp', (ip) => Buffer.concat([hex(pppNumber(ip)).subarray(1), ip])],
  ['PPP, direction', 204, 'ppp', (ip) => Buffer.concat([hex(`01 ff03 ${pppNumber(ip)}`), ip])],
  ['PPP, HDLC framing', 50, 'ppp', (ip) => Buffer.concat([hex(`ff03 ${pppNumber(ip)}`), ip])],
  ['PPPoE alone', 51, 'pppoes:ppp', pppoe],
  ['Cisco HDLC', 104, 'chdlc', (ip) => Buffer.concat([hex('0f00'), etherType(ip), ip])],
  ['Cisco HDLC as PPP', 50, 'ppp:chdlc', (ip) => Buffer.concat([hex('8f00'), etherType(ip), ip])],
  ['FDDI', 10, 'fddi:llc', (ip) => Buffer.concat([hex('50'), MACS, snap(ip)])],
  ['NFLOG', 239, 'nflog', (ip) => nflog(ip, false)],
  ['802.11', 105, 'wlan:llc', (ip) => wlan('0801', snap(ip))],
  ['802.11, 802.1H', 105, 'wlan:llc', (ip) => wlan('0802', snap(ip, '0000f8'))],
  ['802.11, four addresses', 105, 'wlan:llc', (ip) => wlan('0803', hex('020000000003'), snap(ip))],
  ['802.11, QoS', 105, 'wlan:llc', (ip) => wlan('8801', hex('0000'), snap(ip))],
  ['802.11, HT control', 105, 'wlan:llc', (ip) => wlan('8881', hex('0000 00000000'), snap(ip))],
  [
    'radiotap',
    127,
    'radiotap:wlan_radio:wlan:llc',
    (ip) => Buffer.concat([radiotap('00'), wlan('0801', snap(ip))]),
  ],
  [
    'radiotap, padded',
    127,
    'radiotap:wlan_radio:wlan:llc',
    (ip) => Buffer.concat([radiotap('20'), wlan('8801', hex('0000 0000'), snap(ip))]),
  ],
  [
    'PPI, 802.11',
    192,
    'ppi:wlan_radio:wlan:llc',
    (ip) =>
      ppi(105, hex('0200 1400 0000000000000000 0000 0200 6c09 8000 00 00 d8 a1'), wlan('0801', snap(ip))),
  ],
  ['PPI, Ethernet', 192, 'ppi:pcap_pktdata:eth:ethertype', (ip) => ppi(1, Buffer.alloc(0), frameOf(ip))],
];

export const WRAPPINGS: readonly Wrapping[] = ROWS.map(([name, link, protocols, wrap]) => ({
  name,
  link,
  protocols,
  wrap,
}));

/** tshark reads this one in the byte order of its own machine only. */
export const NFLOG_BIG_ENDIAN: Wrapping = {
  name: 'NFLOG, big endian',
  link: 239,
  protocols: 'nflog',
  wrap: (ip) => nflog(ip, true),
};
