/**
 * Names of link types, as libpcap calls them (https://www.tcpdump.org/linktypes.html).
 */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'NULL'],
  [1, 'EN10MB'],
  [6, 'IEEE802'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [12, 'RAW'],
  [14, 'RAW'],
  [50, 'PPP_SERIAL'],
  [51, 'PPP_ETHER'],
  [101, 'RAW'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [108, 'LOOP'],
  [113, 'LINUX_SLL'],
  [127, 'IEEE802_11_RADIO'],
  [192, 'PPI'],
  [204, 'PPP_WITH_DIR'],
  [228, 'IPV4'],
  [229, 'IPV6'],
  [239, 'NFLOG'],
  [276, 'LINUX_SLL2'],
]);

export function linkName(link: number): string {
  return NAMES.get(link) ?? (link < 0 ? 'unknown' : `LINKTYPE_${link}`);
}
