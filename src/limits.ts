/**
 * Every bound of the program in one place. Everything that is read is hostile, so every store has its limit;
 * a limit that fires is counted by its name in the capture record's `limitsHit`.
 */

export const LIMITS = {
  /** Bytes of one captured packet. A larger captured length is a damaged file (libpcap's own MAXIMUM_SNAPLEN
   *  for odd link types is 128 MiB; 256 KiB is its default). Fires: reading stops there with a warning. */
  packetBytes: 16 * 1024 * 1024,
  /** Bytes of one pcapng block. Fires: reading stops there with a warning. */
  blockBytes: 64 * 1024 * 1024,
  /** Interfaces of one capture. Fires: packets of later ones are read as of an unknown link type. */
  interfaces: 65_536,
  /** Bytes of an interface's name. Fires: the name is cut there. */
  interfaceNameBytes: 256,
  /** Bytes read of each of several files to find its first packet. Fires: the file is taken after the others. */
  peekBytes: 4 * 1024 * 1024,
  /** Bytes of a zstd frame's window (zstd's own bound without --long). Fires: nothing more is decompressed. */
  zstdWindowBytes: 128 * 1024 * 1024,
  /** Stretches, in time order by themselves, of files that overlap. Fires: the next file is read in its own order. */
  runs: 262_144,
  /** Bytes of the buffers of all files and runs that are merged at one moment. Fires: those after wait, late. */
  mergeBytes: 256 * 1024 * 1024,
  /** Names in a directory that is given as a capture. Fires: an error, before anything is read. */
  directoryNames: 65_536,
  /** Layers before the transport header (tags, tunnels, IPv6 extension headers). Fires: counted as malformed. */
  layers: 16,
  /** Fragmented IP datagrams put together at once. Fires: the oldest is given up. */
  fragmentedDatagrams: 4_096,
  /** Bytes held of them. Fires: like fragmentedDatagrams. */
  fragmentBytes: 16 * 1024 * 1024,
  /** Bytes of one datagram: no IP length field tells more. Fires: the fragment beyond is counted as malformed. */
  datagramBytes: 65_535,
  /** Fragments of one datagram; 119 are enough for the largest one over an MTU of 576. Fires: it is given up. */
  datagramFragments: 512,
  /** Nanoseconds of packet time for which a datagram waits for its rest (Linux `ipfrag_time`). Fires: it is given up
   *  and told by a warning. */
  fragmentAge: 30e9,
  /** TCP connections followed at once: some 3 KB each, and no sender keeps so many open. Fires: the one that was silent
   *  longest is ended; what was undecided on it stays unknown. */
  connections: 100_000,
  /** Bytes held for all connections together: out of order, of unfinished heads, and of messages that are not judged.
   *  Fires: connections that hold some are ended, those silent longest first, until half of it is free. */
  storedBytes: 256 * 1024 * 1024,
  /** Closed connections remembered for their last retransmissions. Fires: the oldest are forgotten early. */
  closedConnections: 16_384,
  /** ICMP errors kept that quote a packet of no connection known: its SYN may follow. Fires: the oldest is forgotten,
   *  uncounted: they are about connections that are not in the capture. */
  earlyErrors: 64,
  /** Bytes held out of order in one direction. Fires: the first hole is given up as a gap. */
  heldBytes: 16 * 1024 * 1024,
  /** Segments held out of order in one direction. Fires: like heldBytes. */
  heldSegments: 8_192,
  /** Packets kept of one connection, its first and its last ones, when an output shows packets. Fires: those between
   *  are left out, and the next one kept tells how many. */
  loggedFirst: 24,
  loggedLast: 40,
  /** Payload bytes kept of each of them. Fires: the output shows that many. */
  loggedPayload: 1_024,
  /** Bytes that they weigh in memory, of all open connections. Fires: further packets are left out likewise. */
  loggedBytes: 256 * 1024 * 1024,
  /** Bytes of one TLS handshake message; certificate lists of a few hundred KiB exist. Fires: it is stepped over. */
  tlsHandshakeBytes: 512 * 1024,
  /** Records of a TLS direction whose place is remembered for a start line that goes over several. Fires: a start line
   *  over more begins, as far as the wire is concerned, with the first of these. */
  tlsRecords: 1_024,
  /** Secrets of key logs. Fires: the oldest is forgotten. */
  tlsSecrets: 1_000_000,
  /** Sequence numbers that are tried for a direction's records after missing bytes, beyond one each. Fires: what follows the
   *  next gap is not decrypted. */
  tlsSequenceTries: 8_192,
  /** Bytes of early data held until the server takes it. Fires: it counts as taken. */
  tlsEarlyBytes: 64 * 1024,
  /** Extensions of one hello message (some 60 are registered). Fires: the rest is not read. */
  tlsExtensions: 256,
  /** Protocols of one ALPN extension. Fires: the rest is not read. */
  tlsProtocols: 32,
  /** Characters of a server name in a ClientHello (RFC 1035 §2.3.4 allows 255). Fires: it is cut there. */
  tlsNameBytes: 1_024,
  /** Alerts and oddities of one connection that are named. Fires: further ones are dropped. */
  tlsAlerts: 16,
  /** Names of a certificate. Fires: the rest is dropped. */
  certificateNames: 64,
  /** Characters of one name in a certificate. Fires: it is cut there. */
  certificateNameLength: 1_024,
  /** Requests of one connection that wait for their answer. Fires: further requests are not paired. */
  pendingRequests: 1_000,
  /** Streams of an HTTP/2 connection with missing bytes that are remembered once they are over, so that what still comes of
   *  them is not taken for one that began unseen. Fires: the oldest are forgotten, uncounted. */
  forgottenStreams: 4_096,
  /** Bytes of one message head, start line included. Fires: the head is cut there and the message ends. */
  headBytes: 256 * 1024,
  /** Header fields of one head, and of one trailer section. Fires: further fields are dropped. */
  headFields: 2_000,
  /** Bytes of one direction's table of HTTP/2 fields, as RFC 7541 §4.1 counts them; browsers allow 64 KiB. Fires: the oldest
   *  are forgotten, and fields that refer to them are unknown. */
  http2TableBytes: 256 * 1024,
  /** CONTINUATION frames of one HTTP/2 field section; `headBytes` bounds its bytes. Fires: it is cut there. */
  http2Continuations: 1_024,
  /** Bytes held of an HTTP/2 direction to find the next frame behind a loss: some eight frames of the usual largest size.
   *  Fires: those that were held are lost too. */
  http2SearchBytes: 128 * 1024,
  /** Bytes of one chunk-size line with its extensions (RFC 9112 §7.1). Fires: the body is invalid. */
  chunkLineBytes: 16 * 1024,
  /** Interim (1xx) responses kept for one transaction. Fires: further ones are counted, not kept. */
  interimResponses: 32,
  /** Body bytes kept on the wire side of one message, before content decoding. Fires: `body` is a prefix. */
  bodyBytes: 64 * 1024,
  /** Body bytes after content decoding (gzip, deflate, br). Fires: `body` is a prefix. */
  decodedBodyBytes: 256 * 1024,
  /** Anomalies of one transaction that are named. Fires: further ones are dropped. */
  anomalies: 32,
  /** Letters of a connection's `history`. Fires: the string ends there. */
  historyLetters: 64,
  /** Receivers whose last failures and answers are remembered, to weigh those that follow. Fires: the one that was
   *  silent longest is forgotten; verdicts stay at their own confidence. */
  neighbours: 10_000,
  /** Hosts in the report. Fires: transactions of further hosts are counted in none. */
  hosts: 100_000,
  /** Characters of a request's body that are searched for its business key: a pattern that the user gives may be slow
   *  on a long text. Fires: a key behind them is not found. */
  keyTextLength: 64 * 1024,
  /** Levels of a JSON body that are searched for it. Fires: values below are not found. */
  keyDepth: 64,
  /** Characters of a key and of a path as deliveries carry them. Fires: the SHA-256 of it stands for it. */
  keyLength: 1_024,
  /** Deliveries in the report. Fires: the one without an attempt for longest is left out. */
  deliveries: 200_000,
  /** Transactions without an expected key that are weighed against a list of expected deliveries. Fires: none of those
   *  that were not seen is called missing. */
  sightings: 200_000,
  /** Lines of a list of expected deliveries. Fires: an error, before anything is read. */
  expectedLines: 1_000_000,
  /** Bytes of it. Fires: likewise. */
  expectedBytes: 256 * 1024 * 1024,
  /** Attempts of one delivery that are listed. Fires: further ones are only counted. */
  deliveryAttempts: 1_000,
  /** Pairs of host and verdict that the text report lists. Fires: transactions of further ones are only counted. */
  listedGroups: 1_000,
  /** Addresses of the names that a live capture follows. Fires: further ones are not captured. */
  resolvedAddresses: 1_024,
  /** Interruptions of a live capture that are remembered. Fires: the oldest are taken as one long one. */
  captureGaps: 256,
  /** Transactions in one HTML page. Fires: the page tells how many more there were. */
  pageTransactions: 50_000,
  /** Hosts that have a label of their own in the metrics. Fires: further ones are counted as `other`. */
  metricHosts: 100,
  /** Bytes of packets that wait for the verdict on their connection, with `--keep failed`. Fires: the oldest are given up. */
  keptBytes: 64 * 1024 * 1024,
  /** Characters of a JSON report held in memory. Fires: the rest waits in a temporary file. */
  spoolLength: 64 * 1024 * 1024,
  /** Transactions whose packets an evidence file holds. Fires: it tells how many were left out. */
  evidenceTransactions: 10_000,
  /** Bytes of one stream that are searched for secrets, for an evidence file. Fires: those beyond are overwritten. */
  evidenceStreamBytes: 16 * 1024 * 1024,
  /** Bytes of all of them. Fires: like evidenceStreamBytes. */
  evidenceBytes: 256 * 1024 * 1024,
  /** Characters of the comments on an evidence file; a reader takes a block of 16 MiB (Wireshark). Fires: the rest is
   *  left to the other formats. */
  evidenceCommentLength: 1024 * 1024,
} as const;

export type LimitName = keyof typeof LIMITS;

/** What is held for one connection, or for all: whoever holds bytes adds them, and takes them away again. */
export class Stored {
  bytes = 0;
  readonly #all: Stored | null;

  constructor(all: Stored | null = null) {
    this.#all = all;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.#all?.add(bytes);
  }
}

/** Called each time a limit fires. */
export type OnLimit = (name: LimitName) => void;

/** Limits that cost memory of what is over, or room in a report, and no evidence: they lower no confidence. */
const HARMLESS: ReadonlySet<LimitName> = new Set<LimitName>([
  'closedConnections',
  'interfaceNameBytes',
  'hosts',
  'keyTextLength',
  'keyDepth',
  'keyLength',
  'deliveries',
  'sightings',
  'deliveryAttempts',
  'listedGroups',
  'spoolLength',
  'loggedBytes',
]);

/** Whether a limit has fired that may have cost something that was captured. */
export function costsEvidence(limitsHit: Readonly<Partial<Record<LimitName, number>>>): boolean {
  for (const name in limitsHit) if (!HARMLESS.has(name as LimitName)) return true;
  return false;
}
